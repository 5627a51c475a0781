//! Countless small events: drops, crackles, rustles, claps, bubbles.

use std::f64::consts::PI;

use multiversion::multiversion;

use crate::diag::Diagnostics;
use crate::document::Fields;
use crate::dsp::noise::Random;
use crate::dsp::oscillator::{sine, turned};
use crate::sound::patch::canvas::{Canvas, Placing, whole};
use crate::sound::patch::curve::{Curve, number_or, span_or};
use crate::sound::patch::moments::scatter;
use crate::sound::patch::noise::Gusts;
use crate::sound::patch::variation::Sounding;
use crate::units::narrow;

/// How many samples of a grain are made at once.
const FEW: usize = 32;
/// The highest a grain sounds, of the rate.
const HIGHEST: f64 = 0.45;

/// Grains scattered in time. P. R. Cook, "Physically informed sonic modeling (PhISM): synthesis of percussive
/// sounds", Computer Music Journal 21(3), 1997: particles collide at random, each collision a short decaying
/// burst. A tonal grain with a rising pitch is a bubble: K. van den Doel, "Physically based models for liquid
/// sounds", ACM Transactions on Applied Perception 2(4), 2005.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grains {
    rate: Curve,
    hz: [f64; 2],
    ring: [f64; 2],
    attack: f64,
    tonal: f64,
    bend: f64,
    spread: f64,
    width: f64,
    gusts: Option<Gusts>,
}

impl Grains {
    /// Reads a `grains` table.
    pub(super) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Grains {
        let rate = Curve::read(&mut fields, "rate", 0.0..=20_000.0, "per second", diagnostics);
        if fields.any("rate").is_none() {
            fields.missing("rate", diagnostics);
        }
        let hz = 20.0..=22_000.0;
        let grains = Grains {
            rate: rate.unwrap_or(Curve::constant(0.0)),
            hz: span_or(&mut fields, "hz", hz, "Hz", [1000.0, 6000.0], diagnostics),
            ring: span_or(&mut fields, "ring", 0.0002..=2.0, "s", [0.002, 0.01], diagnostics),
            attack: number_or(&mut fields, "attack", 0.0..=1.0, "s", 0.0003, diagnostics),
            tonal: number_or(&mut fields, "tonal", 0.0..=1.0, "", 0.0, diagnostics),
            bend: number_or(&mut fields, "bend", -48.0..=48.0, "semitones", 0.0, diagnostics),
            spread: number_or(&mut fields, "spread", 0.0..=60.0, "dB", 18.0, diagnostics),
            width: number_or(&mut fields, "width", 0.0..=1.0, "", 0.0, diagnostics),
            gusts: Gusts::read(&mut fields, diagnostics),
        };
        fields.finish(diagnostics);
        grains
    }

    /// Whether it has two channels.
    pub(super) fn wide(&self) -> bool {
        self.width > 0.0
    }

    /// Seconds of sound all grains add up to in `length` seconds, about.
    pub(super) fn work(&self, length: f64) -> f64 {
        let most = self.rate.points().iter().map(|&(_, v)| v).fold(0.0, f64::max);
        most * length * (self.attack + self.ring[1])
    }

    /// Grains over `frames`.
    pub(super) fn render(&self, sounding: &Sounding, frames: usize) -> Canvas {
        let fs = sounding.fs();
        let length = frames as f64 / fs;
        let mut random = sounding.random("grains");
        let mut canvas = sounding.spares.canvas(frames, self.wide());
        let wrap = sounding.lap.is_some();
        let moments = scatter(&self.rate, [0.0, length], 0.0, length, &mut random);
        let mut grain = Canvas::silent(0);
        // Evenly over the octaves of a range.
        let [hzs, rings] = [self.hz, self.ring].map(|[low, high]| {
            let octaves = libm::log2(high / low);
            move |random: &mut Random| low * libm::exp2(octaves * random.unit())
        });
        // Small ones are many, large ones few: evenly distributed in dB.
        let halvings = self.spread / 20.0 * std::f64::consts::LOG2_10;
        for (n, (time, _)) in moments.into_iter().enumerate() {
            let hz = hzs(&mut random) * sounding.pitch;
            let ring = rings(&mut random);
            let gain = libm::exp2(-halvings * random.unit());
            let pan = self.width * random.bipolar();
            self.grain(&mut grain.left, hz, ring, sounding, n as u64);
            canvas.add(&grain, Placing { at: whole(time * fs), factor: gain, pan, wrap });
        }
        if let Some(gusts) = self.gusts {
            gusts.apply(&mut canvas, sounding);
        }
        canvas
    }

    /// One grain: a decaying sine, a decaying band of noise, or some of both.
    fn grain(&self, out: &mut Vec<f32>, hz: f64, ring: f64, sounding: &Sounding, n: u64) {
        let fs = sounding.fs();
        let rise = self.attack.max(0.5 / fs);
        let frames = whole((rise + ring) * fs).max(1);
        let mut random = Random::new(sounding.seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        out.clear();
        out.resize(frames, 0.0);
        if self.tonal < 1.0 {
            // Noise is given its band by a two-pole resonator an octave and a half wide.
            let hz = hz.min(HIGHEST * fs);
            let radius = libm::exp(-PI * hz * 0.7 / fs);
            let (cos, square) = (2.0 * radius * libm::cos(2.0 * PI * hz / fs), radius * radius);
            let level = (1.0 - self.tonal) * (1.0 - square) * 1.5 * sounding.density();
            let (mut y1, mut y2) = (0.0, 0.0);
            let mut noise = [[0.0; 2]; FEW / 2];
            for few in out.chunks_mut(FEW) {
                random.fill(&mut noise[..few.len().div_ceil(2)]);
                for (sample, noise) in few.iter_mut().zip(noise.as_flattened()) {
                    let y = (noise * level - square * y2) + cos * y1;
                    (y2, y1) = (y1, y);
                    *sample = narrow(y);
                }
            }
        }
        if self.tonal > 0.0 {
            let bend = libm::exp2(self.bend / 12.0 / frames as f64);
            // How many first steps each of a few samples is ahead of the first of them.
            let (mut ahead, mut all, mut bent) = ([0.0; FEW], 0.0, 1.0);
            for ahead in &mut ahead {
                *ahead = all;
                (all, bent) = (all + bent, bent * bend);
            }
            let (mut phase, mut step) = (0.0, hz.min(HIGHEST * fs) / fs);
            for few in out.chunks_mut(FEW) {
                if step * bent <= HIGHEST {
                    sing(few, (phase, step), &ahead, self.tonal);
                    (phase, step) = (turned(phase + step * all), step * bent);
                    continue;
                }
                for sample in few {
                    *sample += narrow(self.tonal * sine(phase));
                    (phase, step) = (turned(phase + step), (step * bend).min(HIGHEST));
                }
            }
        }
        let attack = whole((rise * fs - 0.5).ceil().max(0.0)).min(frames);
        for (k, sample) in out[..attack].iter_mut().enumerate() {
            *sample *= narrow((k as f64 + 0.5) / (rise * fs));
        }
        die_away(&mut out[attack..], narrow(libm::exp(-libm::log(1000.0) / (ring * fs))));
    }
}

/// Adds a sine of so much, from a phase on, of which each sample is so many steps ahead.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn sing(samples: &mut [f32], (phase, step): (f64, f64), ahead: &[f64; FEW], much: f64) {
    for (sample, ahead) in samples.iter_mut().zip(ahead) {
        *sample += narrow(much * sine(turned(phase + step * ahead)));
    }
}

/// Scales samples by 1, `fall`, and so on: gains side by side, none of which waits for another.
#[multiversion(targets("x86_64+avx2"))]
fn die_away(samples: &mut [f32], fall: f32) {
    let mut gains = [1.0; 16];
    for n in 1..16 {
        gains[n] = gains[n - 1] * fall;
    }
    let stride = gains[15] * fall;
    let (many, rest) = samples.as_chunks_mut::<16>();
    for samples in many {
        for n in 0..16 {
            samples[n] *= gains[n];
            gains[n] *= stride;
        }
    }
    rest.iter_mut().zip(gains).for_each(|(sample, gain)| *sample *= gain);
}
