//! The resampler's coefficients: a sinc under a Kaiser window, one row of taps per position between two input
//! frames.
//!
//! J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (ISCAS 1974): 192 taps and
//! a transition of 0.085 of the Nyquist frequency give 124 dB. When the rate falls, the sinc is stretched, so that
//! the cutoff follows the lower rate, and there are as many more taps.
//!
//! Where the ratio of rates reduces to few positions, each has its exact row. Else [`STEPS`] positions are stored,
//! and rows between them follow by cubic interpolation, whose error (below −190 dB) is far under 32-bit rounding.

use multiversion::multiversion;

use crate::dsp::kaiser;
use crate::dsp::resample::LANES;

/// Taps on each side of the middle, at the lower rate.
const LOBES: f64 = 96.0;
/// The Kaiser window's β: 0.1102 × (124.4 dB − 8.7).
const BETA: f64 = 12.75;
/// Middle of the transition, as a part of the lower rate's Nyquist frequency.
const CUTOFF: f64 = 0.9575;
/// The most positions that get exact rows; 44.1 to 48 kHz has 160, 11.025 to 48 kHz has 640.
const MOST_EXACT: u32 = 1024;
/// Positions stored between two input frames where rows are interpolated.
const STEPS: u32 = 256;

/// The coefficients for one pair of rates.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    /// The output rate over the common divisor: positions between two input frames.
    up: u32,
    /// The input rate over the common divisor.
    down: u32,
    /// Taps per row, a multiple of [`LANES`].
    taps: usize,
    /// Rows one after another: one per position, or one per step with one more before and two after.
    rows: Vec<f32>,
    /// Where an interpolated row is put together; empty where rows are exact.
    blend: Vec<f32>,
}

impl Kernel {
    /// The kernel for two different rates, in Hz.
    pub(super) fn new(from: u32, to: u32) -> Kernel {
        let common = gcd(from, to);
        let (up, down) = (to / common, from / common);
        let stretch = (f64::from(from) / f64::from(to)).max(1.0);
        let reach = LOBES * stretch;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 2 × 96 × 768 000"
        )]
        let taps = (libm::ceil(2.0 * reach) as usize).next_multiple_of(LANES);
        let exact = up <= MOST_EXACT;
        let steps = if exact { up } else { STEPS };
        let half = taps / 2;

        // One side of the curve, sampled at every distance that occurs; the other side is its mirror.
        let points = half * steps as usize + steps as usize;
        let distances = (0..=points).map(|i| i as f64 / f64::from(steps));
        let mut curve: Vec<f64> = distances.clone().map(|t| t / reach).collect();
        kaiser::window(&mut curve, BETA);
        for (value, t) in curve.iter_mut().zip(distances) {
            *value = if t < reach { *value * kaiser::sinc(CUTOFF / stretch * t) } else { 0.0 };
        }
        let positions = if exact { 0..i64::from(up) } else { -1..i64::from(STEPS) + 2 };
        let mut rows = Vec::with_capacity(taps * (steps as usize + 3));
        let mut row = Vec::with_capacity(taps);
        for position in positions {
            row.clear();
            let mut distance = -((half as i64 - 1) * i64::from(steps)) - position;
            for _ in 0..taps {
                let index = usize::try_from(distance.unsigned_abs()).unwrap_or(usize::MAX);
                row.push(curve.get(index).copied().unwrap_or(0.0));
                distance += i64::from(steps);
            }
            // Every row passes a constant unchanged; else the positions would differ by what leaks through.
            let sum: f64 = row.iter().sum();
            #[expect(clippy::cast_possible_truncation, reason = "coefficients are 32-bit, like samples")]
            rows.extend(row.iter().map(|c| (c / sum) as f32));
        }
        Kernel { up, down, taps, rows, blend: if exact { Vec::new() } else { vec![0.0; taps] } }
    }

    /// Coefficients per output sample.
    pub(super) fn taps(&self) -> usize {
        self.taps
    }

    /// How many input frames after the one an output frame stands at, or follows, have a part in it; one fewer
    /// before it.
    pub(super) fn half(&self) -> usize {
        self.taps / 2
    }

    /// The coefficients of an output frame that stands `phase` / (reduced output rate) after an input frame.
    pub(super) fn row(&mut self, phase: u32) -> &[f32] {
        let taps = self.taps;
        if self.blend.is_empty() {
            return &self.rows[phase as usize * taps..][..taps];
        }
        let scaled = u64::from(phase) * u64::from(STEPS);
        let up = u64::from(self.up);
        // Rows begin at step −1, so the four around the position begin at its own step.
        let first = usize::try_from(scaled / up).unwrap_or(0);
        let weights = lagrange((scaled % up) as f64 / up as f64);
        blend(&self.rows[first * taps..][..4 * taps], weights, &mut self.blend);
        &self.blend
    }

    /// The next output frame's place: its input frame and its phase.
    pub(super) fn step(&self, frame: usize, phase: u32) -> (usize, u32) {
        let sum = u64::from(phase) + u64::from(self.down);
        let up = u64::from(self.up);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a remainder by, and a quotient of, 32-bit numbers"
        )]
        let (frames, phase) = ((sum / up) as usize, (sum % up) as u32);
        (frame + frames, phase)
    }
}

/// Puts a row together from four stored ones.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn blend(around: &[f32], weights: [f32; 4], row: &mut [f32]) {
    let taps = row.len();
    let (a, rest) = around.split_at(taps);
    let (b, rest) = rest.split_at(taps);
    let (c, d) = rest.split_at(taps);
    for ((row, (a, b)), (c, d)) in row.iter_mut().zip(a.iter().zip(b)).zip(c.iter().zip(d)) {
        *row = (a * weights[0] + d * weights[3]) + (b * weights[1] + c * weights[2]);
    }
}

/// The weights of four neighbours (at −1, 0, 1, 2) for a value at `x` between 0 and 1: Lagrange's cubic.
fn lagrange(x: f64) -> [f32; 4] {
    let (before, one, two) = (x + 1.0, x - 1.0, x - 2.0);
    #[expect(clippy::cast_possible_truncation, reason = "coefficients are 32-bit, like samples")]
    let narrow = |weight: f64| weight as f32;
    [
        narrow(-x * one * two / 6.0),
        narrow(before * one * two / 2.0),
        narrow(-before * x * two / 2.0),
        narrow(before * x * one / 6.0),
    ]
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
