//! Reading a patch from TOML.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Table, number};
use crate::sound::patch::Patch;
use crate::sound::patch::curve::number_or;
use crate::sound::patch::event::Event;
use crate::sound::patch::filter::{Filter, chain};
use crate::sound::patch::finish::Normal;
use crate::source::Spanned;
use crate::units::time::Seconds;

/// How many events a patch may have.
const MAX_EVENTS: usize = 64;

/// The most work a patch may be, in modes times seconds: some ten seconds of computing.
const MAX_WORK: f64 = 150_000.0;

/// Reads a whole patch.
pub(super) fn patch(table: &Spanned<Table>, diagnostics: &mut Diagnostics) -> Patch {
    let mut fields = Fields::new(&table.value, table.span, "a patch");
    let description = fields.string("description", diagnostics);
    if fields.any("description").is_none() {
        fields.missing("description", diagnostics);
    }
    let length = length(&mut fields, diagnostics);
    let hit = fields.number("hit", 0.0..=Patch::MAX_SECONDS, "s", diagnostics);
    if let Some(hit) = hit.filter(|hit| hit.value >= length.get()) {
        let message = "`hit` must lie within the patch's `length`";
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(hit.span, ""));
    }
    let looped = fields.boolean("loop", diagnostics).is_some_and(|yes| yes.value);
    let seed = fields.integer("seed", 0..=i64::MAX, diagnostics).map_or(0, |n| n.value.unsigned_abs());
    let variants = fields.integer("variants", 1..=64, diagnostics);
    let level = Normal::read(&mut fields, diagnostics);
    let fade = fade(&mut fields, looped, length.get(), diagnostics);
    let filters = chain(&mut fields, diagnostics);
    let (events, work) = events(&mut fields, length.get(), diagnostics);
    fields.finish(diagnostics);
    let work = work + filters.iter().map(|filter| filter.work() * length.get()).sum::<f64>();
    if work > MAX_WORK {
        let message = "the patch has too much going on to be rendered in reasonable time";
        let report = Diagnostic::error(Code::TooLong, message).at(table.span, "");
        diagnostics.push(report.help("shorten it, or use fewer moments, grains, modes or notes"));
    }
    Patch {
        description: description.map_or(String::new(), |d| d.value),
        length,
        hit: hit.and_then(|hit| Seconds::new(hit.value)).filter(|hit| hit.get() < length.get()),
        looped,
        seed,
        variants: variants.and_then(|n| u32::try_from(n.value).ok()).unwrap_or(8),
        level,
        fade,
        stereo: events.iter().any(Event::wide) || filters.iter().any(Filter::wide),
        // What would take too long is not performed at all: no script may stall the program.
        events: if work > MAX_WORK { Vec::new() } else { events },
        filters,
    }
}

fn length(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Seconds {
    let fallback = Seconds::new(1.0).unwrap_or(Seconds::ZERO);
    let Some(value) = fields.any("length") else {
        fields.missing("length", diagnostics);
        return fallback;
    };
    let most = Patch::MAX_SECONDS;
    let Some(length) = fields.number("length", 0.01..=Seconds::MAX, "s", diagnostics) else {
        return fallback;
    };
    if length.value > most {
        let message = format!("a patch may last {most} s at most");
        let report = Diagnostic::error(Code::TooLong, message).at(value.span, "");
        diagnostics.push(report.help("a bed repeats by itself: give it `loop = true` and half a minute"));
        return fallback;
    }
    Seconds::new(length.value).unwrap_or(fallback)
}

fn fade(fields: &mut Fields<'_>, looped: bool, length: f64, diagnostics: &mut Diagnostics) -> [f64; 2] {
    let default = if looped { [0.0, 0.0] } else { [0.001, (length / 4.0).min(0.02)] };
    let Some(items) = fields.array("fade", diagnostics) else { return default };
    if looped {
        let message = "a loop has no ends to fade";
        diagnostics.push(Diagnostic::error(Code::Conflict, message).at(items.span, ""));
        return default;
    }
    let [first, last] = items.value else {
        let message = "`fade` must be two numbers: in and out";
        diagnostics.push(Diagnostic::error(Code::WrongType, message).at(items.span, ""));
        return default;
    };
    let mut one = |value| number(value, "fade", 0.0..=600.0, "s", diagnostics);
    let (Some(first), Some(last)) = (one(first), one(last)) else { return default };
    if first.value + last.value > length {
        let message = "the fades are longer than the patch";
        diagnostics.push(Diagnostic::error(Code::FadeTooLong, message).at(items.span, ""));
        return default;
    }
    [first.value, last.value]
}

fn events(fields: &mut Fields<'_>, length: f64, diagnostics: &mut Diagnostics) -> (Vec<Event>, f64) {
    let Some(items) = fields.array("event", diagnostics) else {
        if fields.any("event").is_none() {
            fields.missing("event", diagnostics);
        }
        return (Vec::new(), 0.0);
    };
    if items.value.is_empty() || items.value.len() > MAX_EVENTS {
        let message = format!("a patch must have between 1 and {MAX_EVENTS} events");
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(items.span, ""));
    }
    let read = items.value.iter().take(MAX_EVENTS);
    let events: Vec<Event> = read.filter_map(|item| Event::read(item, diagnostics)).collect();
    let work = events.iter().map(|event| event.work(length)).sum();
    (events, work)
}

impl Normal {
    /// Reads `level`: `{ peak = dBFS }` or `{ rms = dBFS }`.
    fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Normal {
        let Some(mut level) = fields.table("level", "a level", diagnostics) else { return Normal::DEFAULT };
        let given = [level.any("peak").is_some(), level.any("rms").is_some()];
        if given[0] == given[1] {
            let message = "a level needs either `peak` or `rms`";
            diagnostics.push(Diagnostic::error(Code::Conflict, message).at(level.span(), ""));
        }
        let peak = number_or(&mut level, "peak", -60.0..=-0.5, "dBFS", -3.0, diagnostics);
        let rms = number_or(&mut level, "rms", -80.0..=-6.0, "dBFS", -24.0, diagnostics);
        level.finish(diagnostics);
        if given[1] { Normal::Rms(rms) } else { Normal::Peak(peak) }
    }
}
