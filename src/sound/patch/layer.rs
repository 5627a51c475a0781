//! A layer: one source, when it enters, how its level moves, what it goes through.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Value};
use crate::sound::patch::canvas::whole;
use crate::sound::patch::curve::number_or;
use crate::sound::patch::envelope::Envelope;
use crate::sound::patch::filter::{Filter, chain};
use crate::sound::patch::grains::Grains;
use crate::sound::patch::modes::Modes;
use crate::sound::patch::noise::Noise;
use crate::sound::patch::notes::Notes;
use crate::sound::patch::pulses::Pulses;
use crate::sound::patch::rendition::Rendition;
use crate::sound::patch::tone::Tone;
use crate::sound::patch::variation::Sounding;

/// The keys that name a source.
const KINDS: [&str; 6] = ["modes", "noise", "grains", "pulses", "tone", "notes"];

/// What a layer sounds with.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Modes(Modes),
    Noise(Noise),
    Grains(Grains),
    Pulses(Pulses),
    Tone(Tone),
    Notes(Notes),
}

/// A layer of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    source: Source,
    /// Seconds after the event's moment.
    pub(super) at: f64,
    /// dB.
    pub(super) gain: f64,
    /// −1 left to 1 right.
    pub(super) pan: f64,
    envelope: Option<Envelope>,
    /// Seconds; `None` for as long as the source or the patch lasts.
    duration: Option<f64>,
    filters: Vec<Filter>,
}

impl Layer {
    /// Reads one table of `layers`.
    pub(super) fn read(value: &Value, diagnostics: &mut Diagnostics) -> Option<Layer> {
        let mut fields = Fields::of(value, "a layer", diagnostics)?;
        let given: Vec<&str> = KINDS.into_iter().filter(|&kind| fields.any(kind).is_some()).collect();
        let layer = match given[..] {
            [kind] => source(kind, &mut fields, diagnostics).map(|source| Layer {
                source,
                at: number_or(&mut fields, "at", 0.0..=600.0, "s", 0.0, diagnostics),
                gain: number_or(&mut fields, "gain", -80.0..=40.0, "dB", 0.0, diagnostics),
                pan: number_or(&mut fields, "pan", -1.0..=1.0, "", 0.0, diagnostics),
                envelope: Envelope::read(&mut fields, diagnostics),
                duration: fields.number("duration", 0.0005..=600.0, "s", diagnostics).map(|n| n.value),
                filters: chain(&mut fields, diagnostics),
            }),
            _ => {
                let message = "a layer needs exactly one source";
                let report = Diagnostic::error(Code::Conflict, message).at(value.span, "");
                diagnostics.push(report.help(format!("one of `{}`", KINDS.join("`, `"))));
                return None;
            }
        };
        fields.finish(diagnostics);
        layer
    }

    /// Whether it has two channels.
    pub(super) fn wide(&self) -> bool {
        let source = match &self.source {
            Source::Modes(_) | Source::Pulses(_) => false,
            Source::Noise(noise) => noise.wide(),
            Source::Grains(grains) => grains.wide(),
            Source::Tone(tone) => tone.wide(),
            Source::Notes(notes) => notes.wide(),
        };
        source || self.pan.abs() > 0.0 || self.filters.iter().any(Filter::wide)
    }

    /// How much work one sounding is in a patch of `length` seconds: modes times seconds.
    pub(super) fn work(&self, length: f64) -> f64 {
        let seconds = self.seconds().unwrap_or(length).min(length);
        let source = match &self.source {
            Source::Modes(modes) => modes.count() as f64 * modes.ring().min(length),
            Source::Noise(_) => 4.0 * seconds,
            Source::Grains(grains) => 4.0 * grains.work(seconds),
            Source::Pulses(pulses) => pulses.work() * seconds,
            Source::Tone(tone) => 8.0 * tone.count() as f64 * seconds,
            Source::Notes(notes) => notes.work(),
        };
        source + self.filters.iter().map(|f| f.work() * (seconds + f.ring()).min(length)).sum::<f64>()
    }

    /// One sounding.
    pub(super) fn render(&self, sounding: &Sounding) -> Rendition {
        let mut sounding = sounding.clone();
        let fs = sounding.fs();
        let seconds = self.seconds();
        let frames = seconds.map_or(sounding.room, |s| whole(s * fs).min(sounding.room));
        if seconds.is_some() || matches!(self.source, Source::Modes(_)) {
            // What ends by itself does not come round with the loop.
            sounding.lap = None;
        }
        let mut rendition = match &self.source {
            Source::Modes(modes) => Rendition::Whole(modes.render(&sounding)),
            Source::Noise(noise) => Rendition::Whole(noise.render(&sounding, frames)),
            Source::Grains(grains) => Rendition::Whole(grains.render(&sounding, frames)),
            Source::Pulses(pulses) => Rendition::Whole(pulses.render(&sounding, frames)),
            Source::Tone(tone) => Rendition::Whole(tone.render(&sounding, frames)),
            Source::Notes(notes) => notes.render(&sounding),
        };
        if let Some(envelope) = &self.envelope {
            let (canvas, rate) = rendition.samples(sounding.rate);
            canvas.channels_mut().for_each(|channel| envelope.apply(channel, rate));
        }
        if self.filters.is_empty() {
            return rendition;
        }
        let mut canvas = rendition.whole(&sounding.spares);
        if sounding.lap.is_none() {
            let ring: f64 = self.filters.iter().map(Filter::ring).sum();
            canvas.extend(whole(ring * fs).min(sounding.room.saturating_sub(canvas.frames())));
        }
        self.filters.iter().for_each(|filter| filter.apply(&mut canvas, &sounding));
        Rendition::Whole(canvas)
    }

    /// How long the layer sounds, before its filters ring on; `None` for as long as there is room.
    fn seconds(&self) -> Option<f64> {
        let shaped = self.envelope.as_ref().and_then(Envelope::end);
        match (self.duration, shaped) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

fn source(kind: &str, fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Source> {
    Some(match kind {
        "modes" => Source::Modes(Modes::read(fields.table("modes", "`modes`", diagnostics)?, diagnostics)),
        "noise" => Source::Noise(Noise::read(fields.table("noise", "`noise`", diagnostics)?, diagnostics)),
        "grains" => {
            Source::Grains(Grains::read(fields.table("grains", "`grains`", diagnostics)?, diagnostics))
        }
        "pulses" => {
            Source::Pulses(Pulses::read(fields.table("pulses", "`pulses`", diagnostics)?, diagnostics))
        }
        "tone" => Source::Tone(Tone::read(fields.table("tone", "`tone`", diagnostics)?, diagnostics)),
        _ => Source::Notes(Notes::read(fields.table("notes", "`notes`", diagnostics)?, diagnostics)),
    })
}
