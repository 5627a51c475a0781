//! The wave between the samples: how high it rises.
//!
//! Oversampling by a polyphase filter, as ITU-R BS.1770-5, Annex 2, has it; with filters of our own, longer than the
//! example there: sincs under a Kaiser window, of 32 taps a phase for measuring (flat within 0.02 dB to 0.43 of the sample
//! rate, 20.6 kHz at 48 kHz) and of 96 for staying below a ceiling (to 0.475, so that others who look farther find
//! nothing). What lies between two oversampled points is
//! missed: at most 20·log₁₀ cos(π·f / (n·fs)), for n-fold oversampling of a sine f, which is 0.46 dB at 20 kHz for
//! n = 4 and 0.12 dB for n = 8.

use crate::units::narrow;
use crate::units::time::SampleRate;

/// The window's β: 63 dB of stop band.
const BETA: f64 = 6.0;
/// How many points are worked on at once: the longer, the fewer vectors start anew; the shorter, the more are skipped.
const CHUNK: usize = 32;

/// A sinc interpolator for one channel: the highest point of the wave between samples. No state; latency:
/// [`Oversampling::reach`].
#[derive(Clone, Debug)]
pub struct Interpolator {
    /// How many frames a point between two of them looks ahead: half the taps.
    reach: usize,
    /// The taps of each point between two samples, the first at the sample itself left out.
    phases: Vec<Vec<f32>>,
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
    /// How many frames a point between two of them looks ahead: half the taps.
    pub fn reach(self) -> usize {
        match self {
            Oversampling::Standard => 16,
            Oversampling::Fine => 48,
        }
    }

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
        let (reach, factor) = (oversampling.reach(), oversampling.factor(rate));
        let phases: Vec<Vec<f32>> =
            (1..factor).map(|phase| taps(reach, f64::from(phase) / f64::from(factor))).collect();
        let sum = |taps: &Vec<f32>| taps.iter().map(|tap| tap.abs()).sum::<f32>();
        // A hair more, for the rounding of the sums this bounds.
        let overshoot = phases.iter().map(sum).fold(1.0, f32::max) * 1.0001;
        Interpolator { reach, phases, overshoot }
    }

    /// How many samples a chunk looks at.
    fn window(&self) -> usize {
        CHUNK + 2 * self.reach - 1
    }

    /// For each of `highest`, the highest point of the wave from its sample up to but not including the next. The
    /// first of them is the sample at `window[reach - 1]`.
    fn chunk(&self, window: &[f32], highest: &mut [f32; CHUNK]) {
        for (highest, sample) in highest.iter_mut().zip(&window[self.reach - 1..]) {
            *highest = sample.abs();
        }
        for taps in &self.phases {
            // Point by point beside each other, tap after tap: the same sums in vectors of any width.
            let mut sums = [0.0_f32; CHUNK];
            for (samples, tap) in window.windows(CHUNK).zip(taps) {
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

/// The taps of the point `at` of the way from the sample before it to the one after.
fn taps(reach: usize, at: f64) -> Vec<f32> {
    let tap = |index: usize| {
        let t = index as f64 - (reach as f64 - 1.0) - at;
        sinc(t) * kaiser(t / reach as f64)
    };
    let taps: Vec<f64> = (0..2 * reach).map(tap).collect();
    // A constant passes as it is.
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| narrow(tap / sum)).collect()
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
/// from the sample before it to the one after. Latency: [`Oversampling::reach`] frames.
#[derive(Clone, Debug)]
pub struct Follower {
    /// The last samples and, while working, the next.
    window: Vec<f32>,
    /// The highest point of the wave in the interval before the one that comes next.
    before: f32,
}

impl Follower {
    /// After nothing but silence.
    pub fn new(interpolator: &Interpolator) -> Follower {
        Follower { window: vec![0.0; interpolator.window()], before: 0.0 }
    }

    /// Takes `samples` and appends as many heights to `heights`: those of the samples [`Oversampling::reach`] frames
    /// earlier. Where the wave certainly stays at or below `floor`, the height is that of the samples alone.
    pub fn push(&mut self, interpolator: &Interpolator, samples: &[f32], floor: f32, heights: &mut Vec<f32>) {
        let limit = floor / interpolator.overshoot;
        let history = 2 * interpolator.reach - 1;
        for piece in samples.chunks(CHUNK) {
            self.window[history..history + piece.len()].copy_from_slice(piece);
            let filled = &self.window[..history + piece.len()];
            let mut highest = [0.0; CHUNK];
            // Not `any`, which stops early and so looks at one sample at a time.
            if filled.iter().fold(false, |above, sample| above | (sample.abs() > limit)) {
                // What lies past the piece is old, but has a part only in points past it.
                interpolator.chunk(&self.window, &mut highest);
            } else {
                for (highest, sample) in highest.iter_mut().zip(&self.window[interpolator.reach - 1..]) {
                    *highest = sample.abs();
                }
            }
            for &height in &highest[..piece.len()] {
                heights.push(height.max(self.before));
                self.before = height;
            }
            self.window.copy_within(piece.len()..history + piece.len(), 0);
        }
    }
}
