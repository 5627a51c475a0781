//! The wave between the samples: how high it rises.
//!
//! Oversampling by a polyphase filter, as ITU-R BS.1770-5, Annex 2, has it; with a filter of our own, longer than the
//! example there: 24 taps a phase, a sinc under a Kaiser window, flat within 0.02 dB to 0.43 of the sample rate
//! (20.6 kHz at 48 kHz). What lies between two oversampled points is missed: at most 20·log₁₀ cos(π·f / (n·fs)), for
//! n-fold oversampling of a sine f, which is 0.46 dB at 20 kHz for n = 4 and 0.12 dB for n = 8.

use crate::units::time::SampleRate;

/// Taps of each phase; an even number, half of them on either side.
const TAPS: usize = 24;
/// How many frames a point between two of them looks ahead: half the taps.
pub const REACH: usize = TAPS / 2;
/// The window's β: 55 dB of stop band, narrow enough a slope to keep 20 kHz.
const BETA: f64 = 5.0;
/// How many points are worked on at once: the longer, the fewer vectors start anew; the shorter, the more are skipped.
pub const CHUNK: usize = 32;

/// A sinc interpolator for one channel: the highest point of the wave between samples. No state; latency: [`REACH`].
#[derive(Clone, Debug)]
pub struct Interpolator {
    /// The taps of each point between two samples, the first at the sample itself left out.
    phases: Vec<[f32; TAPS]>,
    /// By how much a point may pass the highest sample around it, at most: the largest sum of a phase's taps.
    overshoot: f32,
}

/// How finely the wave is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oversampling {
    /// To at least 192 kHz, as BS.1770-5 asks: 4-fold at 48 kHz, 2-fold at 96 kHz, none at 192 kHz.
    Standard,
    /// To twice that, for who has to stay below a ceiling that others measure.
    Fine,
}

impl Oversampling {
    fn factor(self, rate: SampleRate) -> u32 {
        let standard = if rate.hz() < 80_000 {
            4
        } else if rate.hz() < 160_000 {
            2
        } else {
            1
        };
        match self {
            Oversampling::Standard => standard,
            Oversampling::Fine => standard * 2,
        }
    }
}

impl Interpolator {
    /// An interpolator for audio at `rate`.
    pub fn new(oversampling: Oversampling, rate: SampleRate) -> Interpolator {
        let factor = oversampling.factor(rate);
        let phases: Vec<[f32; TAPS]> =
            (1..factor).map(|phase| taps(f64::from(phase) / f64::from(factor))).collect();
        let sum = |taps: &[f32; TAPS]| taps.iter().map(|tap| tap.abs()).sum::<f32>();
        // A hair more, for the rounding of the sums this bounds.
        let overshoot = phases.iter().map(sum).fold(1.0, f32::max) * 1.0001;
        Interpolator { phases, overshoot }
    }

    /// By how much the wave may pass the highest sample around it, a factor.
    pub fn overshoot(&self) -> f32 {
        self.overshoot
    }

    /// For each of `highest`, the highest point of the wave from its sample up to but not including the next. The
    /// first of them is the sample at `samples[REACH - 1]`; there must be [`CHUNK`] + 2 × [`REACH`] − 1 samples, of
    /// which the last [`REACH`] follow the last point's sample.
    pub fn chunk(&self, samples: &[f32; WINDOW], highest: &mut [f32; CHUNK]) {
        for (highest, sample) in highest.iter_mut().zip(&samples[REACH - 1..]) {
            *highest = sample.abs();
        }
        for taps in &self.phases {
            // Point by point beside each other, tap after tap: the same sums in vectors of any width.
            let mut sums = [0.0_f32; CHUNK];
            for (offset, tap) in taps.iter().enumerate() {
                let samples: &[f32; CHUNK] =
                    samples[offset..].first_chunk().expect("the window is a chunk and all taps but one");
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum += sample * tap;
                }
            }
            for (highest, sum) in highest.iter_mut().zip(&sums) {
                *highest = highest.max(sum.abs());
            }
        }
    }
}

/// How many samples a [`CHUNK`] looks at.
pub const WINDOW: usize = CHUNK + 2 * REACH - 1;

/// The taps of the point `at` of the way from the sample before it to the one after.
fn taps(at: f64) -> [f32; TAPS] {
    let mut taps = [0.0; TAPS];
    for (index, tap) in taps.iter_mut().enumerate() {
        let t = index as f64 - (REACH as f64 - 1.0) - at;
        *tap = sinc(t) * kaiser(t / REACH as f64);
    }
    // A constant passes as it is.
    let sum: f64 = taps.iter().sum();
    #[expect(clippy::cast_possible_truncation, reason = "coefficients are 32-bit, like samples")]
    taps.map(|tap| (tap / sum) as f32)
}

fn sinc(t: f64) -> f64 {
    let angle = std::f64::consts::PI * t;
    if angle == 0.0 { 1.0 } else { libm::sin(angle) / angle }
}

/// The Kaiser window at `x`, between −1 and 1.
fn kaiser(x: f64) -> f64 {
    bessel(BETA * libm::sqrt((1.0 - x * x).max(0.0))) / bessel(BETA)
}

/// The modified Bessel function of the first kind and order zero, by its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

/// A channel's wave, sample by sample as it comes: for each sample the highest point of the wave that belongs to it,
/// from the sample before it to the one after. Latency: [`REACH`] frames.
#[derive(Clone, Debug)]
pub struct Follower {
    /// The last samples, the newest at the end.
    history: Vec<f32>,
    /// The highest point of the wave in the interval before the one that comes next.
    before: f32,
}

impl Follower {
    /// After nothing but silence.
    pub fn new() -> Follower {
        Follower { history: vec![0.0; 2 * REACH - 1], before: 0.0 }
    }

    /// Takes `samples` and appends as many heights to `heights`: those of the samples [`REACH`] frames earlier.
    /// Where the wave certainly stays at or below `floor`, the height is that of the samples alone.
    pub fn push(&mut self, interpolator: &Interpolator, samples: &[f32], floor: f32, heights: &mut Vec<f32>) {
        let limit = floor / interpolator.overshoot;
        for piece in samples.chunks(CHUNK) {
            let mut window = [0.0; WINDOW];
            let filled = self.history.len() + piece.len();
            window[..self.history.len()].copy_from_slice(&self.history);
            window[self.history.len()..filled].copy_from_slice(piece);
            let mut highest = [0.0; CHUNK];
            let peak = window.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            if peak > limit {
                interpolator.chunk(&window, &mut highest);
            } else {
                for (highest, sample) in highest.iter_mut().zip(&window[REACH - 1..]) {
                    *highest = sample.abs();
                }
            }
            for &height in &highest[..piece.len()] {
                heights.push(height.max(self.before));
                self.before = height;
            }
            self.history.copy_from_slice(&window[piece.len()..filled]);
        }
    }
}

impl Default for Follower {
    fn default() -> Follower {
        Follower::new()
    }
}
