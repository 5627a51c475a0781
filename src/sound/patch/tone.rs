//! Steady and gliding tones: whistles, drones, dial tones, birds.

use std::ops::RangeInclusive;

use crate::diag::Diagnostics;
use crate::document::{Fields, Value, number};
use crate::dsp::oscillator::{Wave, add, sine};
use crate::sound::patch::canvas::{Canvas, Placing, factor, ratio};
use crate::sound::patch::curve::{Curve, number_or, pair};
use crate::sound::patch::notes::score::{hertz, no_note};
use crate::sound::patch::variation::{Sounding, Wander};
use crate::sound::patch::words::find;
use crate::units::narrow;

/// Frames for which the frequency stands still.
const STEP: usize = 16;

/// What a frequency may be, Hz.
const HZ: RangeInclusive<f64> = 8.0..=20_000.0;

const WAVES: [(&str, Wave); 4] =
    [("sine", Wave::Sine), ("triangle", Wave::Triangle), ("square", Wave::Square), ("saw", Wave::Saw)];

/// A tone of one or more voices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tone {
    hz: Curve,
    wave: Wave,
    /// Ratio and factor of each partial; empty for the wave alone.
    partials: Vec<(f64, f64)>,
    vibrato: Vibrato,
    /// Random wandering of pitch, semitones, and how many turns a second.
    drift: f64,
    drift_rate: f64,
    voices: u32,
    /// How far apart the outer voices are, semitones.
    detune: f64,
    width: f64,
}

/// A regular wavering of pitch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Vibrato {
    rate: f64,
    depth: f64,
    delay: f64,
}

impl Tone {
    /// Reads a `tone` table.
    pub(super) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Tone {
        let note = fields.string("note", diagnostics).and_then(|note| {
            let found = hertz(&note.value);
            if found.is_none() {
                diagnostics.push(no_note(&note.value, note.span));
            }
            found.map(Curve::constant)
        });
        let hz = Curve::read(&mut fields, "hz", HZ, "Hz", diagnostics);
        if fields.any("hz").is_none() && fields.any("note").is_none() {
            fields.missing("hz", diagnostics);
        }
        let waves = WAVES.map(|(name, _)| name);
        let wave = fields.word("wave", &waves, |word| find(&WAVES, word), diagnostics);
        let partials = match fields.array("partials", diagnostics) {
            Some(items) => {
                items.value.iter().filter_map(|item| partial(item, diagnostics)).take(64).collect()
            }
            None => Vec::new(),
        };
        let voices = fields.integer("voices", 1..=16, diagnostics);
        let tone = Tone {
            hz: hz.or(note).unwrap_or(Curve::constant(440.0)),
            wave: wave.map_or(Wave::Sine, |w| w.value),
            partials,
            vibrato: vibrato(&mut fields, diagnostics),
            drift: number_or(&mut fields, "drift", 0.0..=12.0, "semitones", 0.0, diagnostics),
            drift_rate: number_or(&mut fields, "drift-rate", 0.05..=100.0, "per second", 2.0, diagnostics),
            voices: voices.and_then(|n| u32::try_from(n.value).ok()).unwrap_or(1),
            detune: number_or(&mut fields, "detune", 0.0..=24.0, "semitones", 0.0, diagnostics),
            width: number_or(&mut fields, "width", 0.0..=1.0, "", 0.0, diagnostics),
        };
        fields.finish(diagnostics);
        tone
    }

    /// Whether it has two channels.
    pub(super) fn wide(&self) -> bool {
        self.width > 0.0 && self.voices > 1
    }

    /// How many oscillators run.
    pub(super) fn count(&self) -> usize {
        self.partials.len().max(1) * self.voices as usize
    }

    /// The tone over `frames`: all voices together peak near 0.5.
    pub(super) fn render(&self, sounding: &Sounding, frames: usize) -> Canvas {
        let mut canvas = sounding.spares.canvas(frames, self.wide());
        let scale = 0.5 / libm::sqrt(f64::from(self.voices));
        for voice in 0..self.voices {
            let side =
                if self.voices > 1 { 2.0 * f64::from(voice) / f64::from(self.voices - 1) - 1.0 } else { 0.0 };
            let samples = self.voice(sounding, frames, voice, ratio(side * self.detune / 2.0), scale);
            // Neighbours in pitch stand on opposite sides.
            let pan = self.width * if voice % 2 == 0 { side } else { -side };
            let placing = Placing { at: 0, factor: 1.0, pan, wrap: false };
            let samples = Canvas::mono(samples);
            canvas.add(&samples, placing);
            sounding.spares.put(samples);
        }
        canvas
    }

    fn voice(&self, sounding: &Sounding, frames: usize, voice: u32, detune: f64, scale: f64) -> Vec<f32> {
        let fs = sounding.fs();
        let length = frames as f64 / fs;
        let mut random = sounding.random(&format!("voice {voice}"));
        let start = if self.voices > 1 || sounding.lap.is_some() { random.unit() } else { 0.0 };
        let wander = Wander::new(&mut random, self.drift_rate, length, sounding.lap);
        let turn = random.unit();
        let mut steps: Vec<f64> = (0..frames.div_ceil(STEP))
            .map(|block| {
                let t = (block * STEP) as f64 / fs;
                let swing =
                    if t < self.vibrato.delay { 0.0 } else { ((t - self.vibrato.delay) * 2.0).min(1.0) };
                let turns = self.vibrato.rate * t + turn;
                let vibrato = swing * self.vibrato.depth * sine(turns - libm::floor(turns));
                let bend = if self.drift > 0.0 { self.drift * wander.at(t) } else { 0.0 };
                self.hz.at(t) * sounding.pitch * detune * ratio(vibrato + bend) / fs
            })
            .collect();
        if sounding.lap.is_some() {
            // In a loop the phase must come round: the whole tone is tuned to the nearest number of periods.
            let blocks = steps.iter().enumerate();
            let turns: f64 = blocks.map(|(n, step)| step * STEP.min(frames - n * STEP) as f64).sum();
            let tuning = turns.round().max(1.0) / turns;
            steps.iter_mut().for_each(|step| *step *= tuning);
        }
        let single = [(1.0, 1.0)];
        let partials = if self.partials.is_empty() { &single[..] } else { &self.partials };
        let mut out = sounding.spares.silence(frames);
        for &(partial, gain) in partials {
            // Whole ratios come round with the fundamental; in a loop others are the nearest that do.
            let partial = match sounding.lap {
                Some(lap) => {
                    let turns = self.hz.at(0.0) * sounding.pitch * detune * lap;
                    (partial * turns).round().max(1.0) / turns.round().max(1.0)
                }
                None => partial,
            };
            let mut phase = (start * partial) % 1.0;
            for (block, step) in out.chunks_mut(STEP).zip(&steps) {
                let step = step * partial;
                if step >= 0.45 {
                    // Beyond what the rate can carry: silent, but the phase goes on.
                    phase += step * block.len() as f64;
                    phase -= libm::floor(phase);
                    continue;
                }
                let mut drawn = [0.0; STEP];
                phase = add(self.wave, phase, step, gain * scale, &mut drawn[..block.len()]);
                block.iter_mut().zip(drawn).for_each(|(sample, drawn)| *sample += narrow(drawn));
            }
        }
        out
    }
}

fn vibrato(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Vibrato {
    let Some(mut fields) = fields.table("vibrato", "a vibrato", diagnostics) else {
        return Vibrato::default();
    };
    let vibrato = Vibrato {
        rate: number_or(&mut fields, "rate", 0.05..=200.0, "Hz", 5.5, diagnostics),
        depth: number_or(&mut fields, "depth", 0.0..=24.0, "semitones", 0.2, diagnostics),
        delay: number_or(&mut fields, "delay", 0.0..=60.0, "s", 0.0, diagnostics),
    };
    fields.finish(diagnostics);
    vibrato
}

fn partial(item: &Value, diagnostics: &mut Diagnostics) -> Option<(f64, f64)> {
    let [ratio, gain] = pair(item, "partials", diagnostics)?;
    let ratio = number(ratio, "partials", 0.01..=100.0, "", diagnostics);
    let gain = number(gain, "partials", -80.0..=24.0, "dB", diagnostics);
    Some((ratio?.value, factor(gain?.value)))
}
