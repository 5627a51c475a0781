//! Noise of a colour, moving of its own accord.

use multiversion::multiversion;

use crate::diag::Diagnostics;
use crate::document::Fields;
use crate::dsp::colour::{Colour, tint};
use crate::sound::patch::canvas::{Canvas, factor};
use crate::sound::patch::curve::number_or;
use crate::sound::patch::track::sift;
use crate::sound::patch::variation::{Sounding, Wander};
use crate::sound::patch::words::find;
use crate::units::narrow;

/// Frames between two values of a slow movement.
const STEP: usize = 32;

/// How many pairs of random numbers are made at once.
const BLOCK: usize = 256;

const COLOURS: [(&str, Colour); 3] =
    [("white", Colour::White), ("pink", Colour::Pink), ("brown", Colour::Brown)];

/// A layer of noise.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Noise {
    colour: Colour,
    width: f64,
    gusts: Option<Gusts>,
}

/// Slow random swells: how many a second, and how deep, dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gusts {
    rate: f64,
    depth: f64,
}

impl Noise {
    /// Reads a `noise` table.
    pub(super) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Noise {
        let colours = COLOURS.map(|(name, _)| name);
        let colour = fields.word("colour", &colours, |word| find(&COLOURS, word), diagnostics);
        let noise = Noise {
            colour: colour.map_or(Colour::White, |c| c.value),
            width: number_or(&mut fields, "width", 0.0..=1.0, "", 0.0, diagnostics),
            gusts: Gusts::read(&mut fields, diagnostics),
        };
        fields.finish(diagnostics);
        noise
    }

    /// Whether it has two channels.
    pub(super) fn wide(&self) -> bool {
        self.width > 0.0
    }

    /// Noise of `frames` with an RMS of about 0.25 where it is white. `width` 1 gives two unrelated channels.
    pub(super) fn render(&self, sounding: &Sounding, frames: usize) -> Canvas {
        let mut random = sounding.random("noise");
        let scale = 0.25 * 1.732 * sounding.density();
        let room = || sounding.spares.room(frames);
        let mut canvas = Canvas { left: room(), right: self.wide().then(room) };
        let (sin, cos) = libm::sincos(self.width * std::f64::consts::FRAC_PI_4);
        let (near, far) = (cos * scale, sin * scale);
        let mut pairs = [[0.0; 2]; BLOCK];
        while canvas.left.len() < frames {
            let left = frames - canvas.left.len();
            if let Some(right) = &mut canvas.right {
                let pairs = &mut pairs[..left.min(BLOCK)];
                random.fill(pairs);
                canvas.left.extend(pairs.iter().map(|[a, b]| narrow(near * a + far * b)));
                right.extend(pairs.iter().map(|[a, b]| narrow(near * a - far * b)));
            } else {
                let count = left.min(2 * BLOCK);
                random.fill(&mut pairs[..count.div_ceil(2)]);
                canvas.left.extend(pairs.as_flattened()[..count].iter().map(|x| narrow(x * scale)));
            }
        }
        if self.colour != Colour::White {
            // No noise starts from rest, and noise that comes round must find its filter as it left it: the slowest
            // section has forgotten all but −100 dB after a fifth of a second.
            sift(&mut canvas, sounding.rate.hz() as usize / 5, &tint(self.colour, sounding.rate));
        }
        if let Some(gusts) = &self.gusts {
            gusts.apply(&mut canvas, sounding);
        }
        canvas
    }
}

impl Gusts {
    /// Reads `gusts` of a table.
    pub(super) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Gusts> {
        let mut fields = fields.table("gusts", "gusts", diagnostics)?;
        let gusts = Gusts {
            rate: number_or(&mut fields, "rate", 0.01..=200.0, "per second", 0.3, diagnostics),
            depth: number_or(&mut fields, "depth", 0.0..=40.0, "dB", 6.0, diagnostics),
        };
        fields.finish(diagnostics);
        Some(gusts)
    }

    /// Makes a canvas swell; both channels differ a little.
    pub(super) fn apply(self, canvas: &mut Canvas, sounding: &Sounding) {
        let fs = sounding.fs();
        let seconds = canvas.frames() as f64 / fs;
        let common = Wander::new(&mut sounding.random("gusts"), self.rate, seconds, sounding.lap);
        let steps = canvas.frames().div_ceil(STEP) + 1;
        let time = |n: usize| (n * STEP) as f64 / fs;
        let shared: Vec<f64> = (0..steps).map(|n| 0.75 * common.at(time(n))).collect();
        let mut purpose = "gusts left";
        for channel in canvas.channels_mut() {
            let own = Wander::new(&mut sounding.random(purpose), self.rate, seconds, sounding.lap);
            purpose = "gusts right";
            let gain = |n: usize| factor(0.5 * self.depth * (shared[n] + 0.25 * own.at(time(n))));
            let gains: Vec<f64> = (0..steps).map(gain).collect();
            swell(channel, &gains);
        }
    }
}

/// Scales samples by gains that lie [`STEP`] frames apart, and straight lines between them.
#[multiversion(targets("x86_64+avx2"))]
fn swell(samples: &mut [f32], gains: &[f64]) {
    for (block, ends) in samples.chunks_mut(STEP).zip(gains.windows(2)) {
        let slope = (ends[1] - ends[0]) / STEP as f64;
        for (sample, k) in block.iter_mut().zip(0_i32..) {
            *sample *= narrow(ends[0] + slope * f64::from(k));
        }
    }
}
