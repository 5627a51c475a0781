//! Stretches of sound in the making: mono until something stands off-centre.

use std::f64::consts::FRAC_PI_4;

use multiversion::multiversion;

use crate::units::narrow;

/// One or two channels of equal length, as separate slices.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Canvas {
    pub(super) left: Vec<f32>,
    pub(super) right: Option<Vec<f32>>,
}

/// How one canvas goes onto another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placing {
    /// The frame it starts at.
    pub(super) at: usize,
    /// Factor on its samples.
    pub(super) factor: f64,
    /// −1 left to 1 right.
    pub(super) pan: f64,
    /// What runs past the end comes in again at the beginning.
    pub(super) wrap: bool,
}

impl Canvas {
    /// Silence in one channel.
    pub(super) fn silent(frames: usize) -> Canvas {
        Canvas { left: vec![0.0; frames], right: None }
    }

    /// One channel of sound.
    pub(super) fn mono(samples: Vec<f32>) -> Canvas {
        Canvas { left: samples, right: None }
    }

    /// The length in frames.
    pub(super) fn frames(&self) -> usize {
        self.left.len()
    }

    /// Makes two channels of one.
    pub(super) fn widen(&mut self) {
        if self.right.is_none() {
            self.right = Some(self.left.clone());
        }
    }

    /// Appends silence.
    pub(super) fn extend(&mut self, frames: usize) {
        for channel in self.channels_mut() {
            channel.resize(channel.len() + frames, 0.0);
        }
    }

    /// The channels there are.
    pub(super) fn channels(&self) -> impl Iterator<Item = &Vec<f32>> {
        std::iter::once(&self.left).chain(&self.right)
    }

    /// Where there is anything but silence: its first frame, and the one after its last.
    pub(super) fn extent(&self) -> Option<(usize, usize)> {
        let loud = |x: &f32| x.abs() > 0.0;
        let first = |channel: &Vec<f32>| channel.iter().position(loud);
        let last = |channel: &Vec<f32>| channel.iter().rposition(loud);
        Some((self.channels().filter_map(first).min()?, self.channels().filter_map(last).max()? + 1))
    }

    /// The same, to be changed.
    pub(super) fn channels_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        std::iter::once(&mut self.left).chain(&mut self.right)
    }

    /// Adds another canvas. Pan keeps the power: both sides of a centred mono sound are as loud as the sound
    /// itself; of a stereo sound, pan takes the far side down.
    pub(super) fn add(&mut self, other: &Canvas, placing: Placing) {
        self.blend(other, placing, |onto, from, factor| mix(onto, from, factor, placing));
    }

    /// Has `other` added to this by whoever knows how, channel by channel, with the factor that it is placed with.
    pub(super) fn blend(
        &mut self,
        other: &Canvas,
        placing: Placing,
        mut add: impl FnMut(&mut [f32], &[f32], f32),
    ) {
        if placing.pan.abs() > 1e-6 || other.right.is_some() {
            self.widen();
        }
        let (left, right) = match (&other.right, placing.pan) {
            (None, pan) => {
                let (sin, cos) = libm::sincos((pan + 1.0) * FRAC_PI_4);
                (cos * std::f64::consts::SQRT_2, sin * std::f64::consts::SQRT_2)
            }
            (Some(_), pan) => ((1.0 - pan).min(1.0), (1.0 + pan).min(1.0)),
        };
        let mono = self.right.is_none();
        let factor = |side: f64| narrow(if mono { placing.factor } else { placing.factor * side });
        add(&mut self.left, &other.left, factor(left));
        if let Some(own) = &mut self.right {
            add(own, other.right.as_ref().unwrap_or(&other.left), factor(right));
        }
    }
}

/// Adds one channel to another, from the frame on at which it is placed.
pub(super) fn mix(onto: &mut [f32], from: &[f32], factor: f32, placing: Placing) {
    if onto.is_empty() {
        return;
    }
    let mut start = if placing.wrap { placing.at % onto.len() } else { placing.at.min(onto.len()) };
    let mut rest = from;
    while !rest.is_empty() && start < onto.len() {
        let count = rest.len().min(onto.len() - start);
        add_scaled(&mut onto[start..start + count], rest, factor);
        rest = &rest[count..];
        if !placing.wrap {
            break;
        }
        start = 0;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_scaled(onto: &mut [f32], from: &[f32], factor: f32) {
    for (o, s) in onto.iter_mut().zip(from) {
        *o += s * factor;
    }
}

/// A number that is never negative as a whole number, rounded to the nearest; saturates.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded first; the cast saturates and NaN becomes 0"
)]
pub(super) fn whole(x: f64) -> usize {
    x.round() as usize
}

/// Decibels as a factor on amplitude.
pub(super) fn factor(db: f64) -> f64 {
    libm::exp(db * (std::f64::consts::LN_10 / 20.0))
}

/// Semitones as a factor on frequency.
pub(super) fn ratio(semitones: f64) -> f64 {
    libm::exp2(semitones / 12.0)
}
