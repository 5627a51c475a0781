//! Reading what several tables share: settings, voices, gaps, seconds and decibels.

use crate::diag::Diagnostics;
use crate::document::{Fields, Kind, Value, number, wrong_type};
use crate::script::anchor::{self, Anchor};
use crate::script::{Gap, Playback, Range, Repeat, Settings, VoiceSpec};
use crate::source::Spanned;
use crate::staging::{Mood, Perspective, Through};
use crate::units::distance::Metres;
use crate::units::level::Gain;
use crate::units::narrow;
use crate::units::pan::Pan;
use crate::units::time::Seconds;

/// The longest pause, gap, fade or crossfade, in seconds.
const LONGEST: f64 = 3600.0;
/// The farthest anything can be heard, in metres.
const FARTHEST: f64 = 1000.0;
/// How much faster or slower a clip may be played.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=4.0;
/// How far one voice may be raised or lowered, dB.
const VOLUMES: std::ops::RangeInclusive<f64> = -24.0..=12.0;
/// The ranges a voice's factors may take, by key.
const RATES: std::ops::RangeInclusive<f64> = 0.5..=2.0;
const TIMBRES: std::ops::RangeInclusive<f64> = 0.6..=1.6;
const RANGES: std::ops::RangeInclusive<f64> = 0.0..=2.0;
const SHARES: std::ops::RangeInclusive<f64> = 0.0..=1.0;
/// How much stronger or weaker effort makes the highs, dB.
const EFFORTS: std::ops::RangeInclusive<f64> = -12.0..=12.0;

pub(super) fn settings(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Settings {
    let bus = fields.string("bus", diagnostics);
    Settings { bus, ..settings_without_bus(fields, diagnostics) }
}

pub(super) fn settings_without_bus(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Settings {
    let words = |all: &[Perspective]| all.iter().map(|it| it.word()).collect::<Vec<_>>();
    Settings {
        gain: gain(fields, "gain", diagnostics),
        pan: movement(fields, "pan", -1.0..=1.0, "", diagnostics)
            .and_then(|[from, to]| Some([Pan::new(narrow(from))?, Pan::new(narrow(to))?])),
        perspective: fields
            .word("as", &words(Perspective::ALL), Perspective::from_word, diagnostics)
            .map(|w| w.value),
        distance: movement(fields, "distance", 0.0..=FARTHEST, "metres", diagnostics)
            .and_then(|[from, to]| Some([Metres::new(from)?, Metres::new(to)?])),
        through: fields
            .word(
                "through",
                &Through::ALL.iter().map(|it| it.word()).collect::<Vec<_>>(),
                Through::from_word,
                diagnostics,
            )
            .map(|w| w.value),
        mood: fields
            .word(
                "mood",
                &Mood::ALL.iter().map(|it| it.word()).collect::<Vec<_>>(),
                Mood::from_word,
                diagnostics,
            )
            .map(|w| w.value),
        bus: None,
    }
}

/// A number, or two that an entry moves between: `[from, to]` or `{ from, to }`.
fn movement(
    fields: &mut Fields<'_>,
    key: &'static str,
    range: std::ops::RangeInclusive<f64>,
    unit: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<[f64; 2]> {
    let value = fields.any(key)?;
    match &value.value {
        Kind::Array(items) => {
            let [from, to] = items.as_slice() else {
                let expected = "a number, `[from, to]` or `{ from, to }`";
                diagnostics.push(wrong_type(value.span, &value.value, &format!("`{key}`"), expected));
                return None;
            };
            let mut one = |value| number(value, key, range.clone(), unit, diagnostics);
            let (from, to) = (one(from), one(to));
            Some([from?.value, to?.value])
        }
        Kind::Table(_) => {
            let mut fields = Fields::of(value, "a movement", diagnostics)?;
            let mut end = |key| {
                if !fields.has(key) {
                    fields.missing(key, diagnostics);
                }
                fields.number(key, range.clone(), unit, diagnostics)
            };
            let (from, to) = (end("from"), end("to"));
            fields.finish(diagnostics);
            Some([from?.value, to?.value])
        }
        _ => number(value, key, range, unit, diagnostics).map(|n| [n.value; 2]),
    }
}

pub(super) fn voice(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> VoiceSpec {
    let Some(mut fields) = fields.table("voice", "a voice", diagnostics) else { return VoiceSpec::default() };
    let spec = VoiceSpec {
        engine: fields.string("engine", diagnostics),
        lang: fields.string("lang", diagnostics),
        rate: pace(&mut fields, diagnostics),
        pitch: pitch(&mut fields, diagnostics),
        timbre: fields.number("timbre", TIMBRES, "", diagnostics).map(|n| n.value),
        volume: fields.number("volume", VOLUMES, "dB", diagnostics).and_then(|n| Gain::new(narrow(n.value))),
        range: fields.number("range", RANGES, "", diagnostics).map(|n| n.value),
        breath: fields.number("breath", SHARES, "", diagnostics).map(|n| n.value),
        rough: fields.number("rough", SHARES, "", diagnostics).map(|n| n.value),
        tremor: fields.number("tremor", SHARES, "", diagnostics).map(|n| n.value),
        effort: fields.number("effort", EFFORTS, "dB", diagnostics).and_then(|n| Gain::new(narrow(n.value))),
    };
    fields.finish(diagnostics);
    spec
}

/// `rate`, a factor: a voice's or a line's own.
pub(super) fn pace(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<f64> {
    fields.number("rate", RATES, "", diagnostics).map(|n| n.value)
}

/// `pitch`, a factor: a voice's or a line's own.
pub(super) fn pitch(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<f64> {
    fields.number("pitch", RATES, "", diagnostics).map(|n| n.value)
}

pub(super) fn gap(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Gap {
    let Some(mut fields) = fields.table("gap", "a gap", diagnostics) else { return Gap::default() };
    let gap = Gap {
        same: seconds(&mut fields, "same", diagnostics).map(|s| s.value),
        turn: seconds(&mut fields, "turn", diagnostics).map(|s| s.value),
        scene: seconds(&mut fields, "scene", diagnostics).map(|s| s.value),
    };
    fields.finish(diagnostics);
    gap
}

pub(super) fn playback(fields: &mut Fields<'_>, may_loop: bool, diagnostics: &mut Diagnostics) -> Playback {
    Playback {
        range: range(fields, diagnostics),
        fade: fade(fields, diagnostics),
        speed: fields.number("speed", SPEEDS, "", diagnostics).map(|n| n.value),
        repeat: if may_loop { repeat(fields, diagnostics) } else { None },
        cut: false,
    }
}

pub(super) fn range(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Range {
    let mut end = |key| {
        let n = fields.number(key, 0.0..=Seconds::MAX, "seconds", diagnostics)?;
        Some(Spanned::new(Seconds::new(n.value)?, n.span))
    };
    Range { from: end("in"), to: end("out") }
}

fn fade(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Spanned<[Seconds; 2]>> {
    let value = fields.any("fade")?;
    let one = |value: &Value, diagnostics: &mut Diagnostics| {
        number(value, "fade", 0.0..=LONGEST, "seconds", diagnostics).and_then(|n| Seconds::new(n.value))
    };
    let both = match &value.value {
        Kind::Array(items) => match items.as_slice() {
            [rise, fall] => [one(rise, diagnostics)?, one(fall, diagnostics)?],
            _ => {
                diagnostics.push(wrong_type(value.span, &value.value, "`fade`", "seconds, or `[in, out]`"));
                return None;
            }
        },
        _ => [one(value, diagnostics)?; 2],
    };
    Some(Spanned::new(both, value.span))
}

fn repeat(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Spanned<Repeat>> {
    let value = fields.any("loop")?;
    let repeat = match value.value {
        Kind::Boolean(true) => Repeat::Loop,
        Kind::Boolean(false) => Repeat::Once,
        Kind::Integer(_) | Kind::Float(_) => {
            let n = number(value, "loop", 0.0..=60.0, "seconds", diagnostics)?;
            Repeat::Crossfade(Seconds::new(n.value)?)
        }
        ref other => {
            diagnostics.push(wrong_type(
                value.span,
                other,
                "`loop`",
                "`true`, `false`, or a crossfade in seconds",
            ));
            return None;
        }
    };
    Some(Spanned::new(repeat, value.span))
}

pub(super) fn seconds(
    fields: &mut Fields<'_>,
    key: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<Seconds>> {
    let n = fields.number(key, 0.0..=LONGEST, "seconds", diagnostics)?;
    Some(Spanned::new(Seconds::new(n.value)?, n.span))
}

pub(super) fn gain(
    fields: &mut Fields<'_>,
    key: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<Gain> {
    let n = fields.number(key, Gain::MIN_DB..=Gain::MAX_DB, "dB", diagnostics)?;
    Gain::new(narrow(n.value))
}

pub(super) fn anchor(
    fields: &mut Fields<'_>,
    key: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<Anchor>> {
    let text = fields.string(key, diagnostics)?;
    anchor::parse(&text, diagnostics)
}
