//! Music: a score played on an instrument.

use std::ops::RangeInclusive;

use crate::diag::Diagnostics;
use crate::document::{Fields, Kind};
use crate::dsp::double::PASSED;
use crate::sound::patch::canvas::{Canvas, Placing, ratio, whole};
use crate::sound::patch::curve::number_or;
use crate::sound::patch::rendition::Rendition;
use crate::sound::patch::track::sift;
use crate::sound::patch::variation::Sounding;
use crate::sound::patch::words::find;

use instrument::{Instrument, Stroke};
use score::Note;

mod instrument;
pub(super) mod score;

/// How many notes are played at once: each lasts for seconds.
const AT_ONCE: usize = 16;

const INSTRUMENTS: [(&str, Instrument); 6] = [
    ("piano", Instrument::Piano),
    ("bowed", Instrument::Bowed),
    ("pad", Instrument::Pad),
    ("pluck", Instrument::Pluck),
    ("organ", Instrument::Organ),
    ("music-box", Instrument::MusicBox),
];

/// A score, the instrument and the player.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Notes {
    instrument: Instrument,
    notes: Vec<Note>,
    /// Beats per minute.
    tempo: f64,
    /// Semitones.
    transpose: f64,
    /// How hard the player plays, 0 to 1.
    strength: f64,
    /// 0 dull to 1 bright.
    brightness: f64,
    /// Seconds a note may come early or late.
    human: f64,
    attack: f64,
    release: f64,
    width: f64,
}

impl Notes {
    /// Reads a `notes` table.
    pub(super) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Notes {
        let names = INSTRUMENTS.map(|(name, _)| name);
        let instrument =
            fields.word("instrument", &names, |word| find(&INSTRUMENTS, word), diagnostics).map(|i| i.value);
        let instrument = instrument.unwrap_or(Instrument::Piano);
        let mut notes = Vec::new();
        match fields.any("score") {
            None => fields.missing("score", diagnostics),
            Some(value) => match &value.value {
                Kind::Array(voices) => {
                    for voice in voices {
                        score::read(voice, &mut notes, diagnostics);
                    }
                }
                _ => score::read(value, &mut notes, diagnostics),
            },
        }
        let unit: RangeInclusive<f64> = 0.0..=1.0;
        let (attack, release) = instrument.times();
        let notes = Notes {
            instrument,
            notes,
            tempo: number_or(&mut fields, "tempo", 5.0..=400.0, "beats per minute", 60.0, diagnostics),
            transpose: number_or(&mut fields, "transpose", -48.0..=48.0, "semitones", 0.0, diagnostics),
            strength: number_or(&mut fields, "strength", unit.clone(), "", 0.6, diagnostics),
            brightness: number_or(&mut fields, "brightness", unit.clone(), "", 0.5, diagnostics),
            human: number_or(&mut fields, "human", 0.0..=1.0, "s", 0.012, diagnostics),
            attack: number_or(&mut fields, "attack", 0.0..=20.0, "s", attack, diagnostics),
            release: number_or(&mut fields, "release", 0.005..=20.0, "s", release, diagnostics),
            width: number_or(&mut fields, "width", unit, "", 0.4, diagnostics),
        };
        fields.finish(diagnostics);
        notes
    }

    /// Whether it has two channels.
    pub(super) fn wide(&self) -> bool {
        self.width > 0.0
    }

    /// Seconds of sound all notes add up to, times what runs for each.
    pub(super) fn work(&self) -> f64 {
        let beat = 60.0 / self.tempo;
        self.notes.iter().map(|note| (note.beats * beat + self.release) * 32.0).sum()
    }

    /// When the last note has died away, seconds.
    pub(super) fn end(&self) -> f64 {
        let beat = 60.0 / self.tempo;
        self.notes.iter().map(|note| (note.at + note.beats) * beat + self.release).fold(0.0, f64::max)
    }

    /// The whole score. Notes that ring past the end of a loop come in again at its beginning.
    pub(super) fn render(&self, sounding: &Sounding) -> Rendition {
        let strokes = self.strokes(sounding);
        let highest = strokes.iter().map(|(stroke, ..)| self.instrument.highest(stroke)).fold(0.0, f64::max);
        // Most music is dull: half the samples tell all of it.
        match sounding.at_half_rate().filter(|slow| highest <= PASSED * slow.fs()) {
            Some(slow) => {
                let canvas = self.render(&slow).whole(&slow.spares);
                let frames = (2 * canvas.frames()).min(sounding.room);
                Rendition::Half { canvas, rate: slow.rate, frames, is_loop: sounding.lap.is_some() }
            }
            None => Rendition::Whole(self.perform(&strokes, sounding)),
        }
    }

    /// Every note as it is played: when, in seconds, and −1 left to 1 right.
    fn strokes(&self, sounding: &Sounding) -> Vec<(Stroke, f64, f64)> {
        let beat = 60.0 / self.tempo;
        let mut random = sounding.random("player");
        let stroke = |note: &Note| {
            let late = self.human * random.bipolar();
            let strength = (self.strength * note.strength * (1.0 + 0.12 * random.bipolar())).clamp(0.02, 1.0);
            let stroke = Stroke {
                hz: note.hz * ratio(self.transpose) * sounding.pitch,
                strength,
                brightness: self.brightness,
                length: note.beats * beat,
                attack: self.attack,
                release: self.release,
                fs: sounding.fs(),
                rate: sounding.rate,
                seed: random.next_u64(),
            };
            let octaves = libm::log2(note.hz / 261.6);
            let pan = self.width * (octaves * 0.35).clamp(-1.0, 1.0);
            (stroke, (note.at * beat + late).max(0.0), pan)
        };
        self.notes.iter().map(stroke).collect()
    }

    fn perform(&self, strokes: &[(Stroke, f64, f64)], sounding: &Sounding) -> Canvas {
        let fs = sounding.fs();
        let wrap = sounding.lap.is_some();
        let end = whole(self.end() * fs) + 1;
        let frames = if wrap { sounding.room } else { end.min(sounding.room) };
        let mut canvas = sounding.spares.canvas(frames, self.wide());
        let play = |n: usize| {
            let stroke = &strokes[n].0;
            let mut out = sounding.spares.silence(stroke.frames());
            instrument::play(self.instrument, stroke, &mut out);
            Canvas::mono(out)
        };
        let mut notes = strokes.iter();
        sounding.hands.each(strokes.len(), AT_ONCE, play, |note| {
            if let Some(&(ref stroke, at, pan)) = notes.next() {
                let factor = 0.1 + 0.9 * stroke.strength;
                canvas.add(&note, Placing { at: whole(at * fs), factor, pan, wrap });
                sounding.spares.put(note);
            }
        });
        if self.instrument.resounds() {
            // The narrowest resonance has forgotten all but −100 dB after a tenth of a second.
            let warm = if wrap { whole(0.1 * fs) } else { 0 };
            sift(&mut canvas, warm, &instrument::resonances(sounding.rate));
        }
        canvas
    }
}
