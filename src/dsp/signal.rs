//! What a filter carries: one channel's sample, or both channels' at once.

use std::ops::{Add, Mul, Sub};

/// One moment of a signal. Each sample of a filter waits for the one before; two channels that are filtered alike do
/// not wait for each other, so that both together take hardly longer than one.
pub trait Signal: Copy + Default + Add<Output = Self> + Sub<Output = Self> + Mul<f64, Output = Self> {}

impl Signal for f64 {}

/// A sample of each of two channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair(pub f64, pub f64);

impl Signal for Pair {}

impl Add for Pair {
    type Output = Pair;

    fn add(self, other: Pair) -> Pair {
        Pair(self.0 + other.0, self.1 + other.1)
    }
}

impl Sub for Pair {
    type Output = Pair;

    fn sub(self, other: Pair) -> Pair {
        Pair(self.0 - other.0, self.1 - other.1)
    }
}

impl Mul<f64> for Pair {
    type Output = Pair;

    fn mul(self, factor: f64) -> Pair {
        Pair(self.0 * factor, self.1 * factor)
    }
}

/// A number, or nothing where it is below 10⁻²⁰ (−400 dB): what goes round for ever and becomes less each time would end in
/// numbers that processors are a hundred times slower with, and stay there.
#[inline]
pub fn audible(x: f32) -> f32 {
    if x.abs() < 1e-20 { 0.0 } else { x }
}

/// The same for what a filter remembers: nothing where it is below 10⁻³⁰.
#[inline]
pub fn remembered(x: f64) -> f64 {
    if x.abs() < 1e-30 { 0.0 } else { x }
}
