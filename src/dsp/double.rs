//! Twice the rate.

use multiversion::multiversion;

use crate::dsp::kaiser;
use crate::units::narrow;

/// Samples on each side that have a part in one in between.
const SIDE: usize = 16;

/// The Kaiser window's β: 0.1102 × (70 dB − 8.7).
const BETA: f64 = 6.755;

/// What of the lower rate passes unchanged: the transition, (70 dB − 8) / (14.36 × 4 `SIDE`) of the higher one, lies half
/// on each side of the lower one's Nyquist frequency.
pub const PASSED: f64 = 0.43;

/// How many samples are found at once.
const BLOCK: usize = 256;

/// How many sums are kept in registers.
const FEW: usize = 32;

/// A half-band filter that puts a sample between each two. Mirrored frequencies are 70 dB down. Latency: none.
#[derive(Clone, Debug)]
pub struct Doubler {
    taps: [f32; SIDE],
}

impl Doubler {
    /// The filter. A sinc under a Kaiser window, of which every second sample but the middle one is nothing.
    pub fn new() -> Doubler {
        let from_middle: [f64; SIDE] = std::array::from_fn(|k| k as f64 + 0.5);
        let mut taps = from_middle.map(|distance| distance / SIDE as f64);
        kaiser::window(&mut taps, BETA);
        for (k, (tap, distance)) in taps.iter_mut().zip(from_middle).enumerate() {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            *tap *= sign / (std::f64::consts::PI * distance);
        }
        // A constant passes unchanged.
        let sum: f64 = 2.0 * taps.iter().sum::<f64>();
        Doubler { taps: taps.map(|tap| narrow(tap / sum)) }
    }

    /// Hands over the first `count` of twice as many samples, piece by piece. Beyond their ends there is silence; in a loop,
    /// the other end.
    pub fn double(&self, samples: &[f32], is_loop: bool, count: usize, mut take: impl FnMut(&[f32])) {
        let mut around = [0.0; BLOCK + 2 * SIDE];
        for (first, done) in (0..).step_by(BLOCK).zip((0..count).step_by(2 * BLOCK)) {
            let start = first as i64 - (SIDE as i64 - 1);
            let inside = usize::try_from(start).ok().and_then(|at| samples.get(at..at + around.len()));
            match inside {
                Some(inside) => around.copy_from_slice(inside),
                None => {
                    for (x, at) in around.iter_mut().zip(start..) {
                        let at = if is_loop { at.rem_euclid(samples.len().max(1) as i64) } else { at };
                        let found = usize::try_from(at).ok().and_then(|at| samples.get(at));
                        *x = found.copied().unwrap_or(0.0);
                    }
                }
            }
            let pairs = pairs(&self.taps, &around);
            take(&pairs.as_flattened()[..(count - done).min(2 * BLOCK)]);
        }
    }
}

impl Default for Doubler {
    fn default() -> Doubler {
        Doubler::new()
    }
}

/// Each sample, and the one between it and the next.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn pairs(taps: &[f32; SIDE], around: &[f32; BLOCK + 2 * SIDE]) -> [[f32; 2]; BLOCK] {
    let mut pairs = [[0.0; 2]; BLOCK];
    for (first, pairs) in (0..).step_by(FEW).zip(pairs.as_chunks_mut::<FEW>().0) {
        let mut sums = [0.0; FEW];
        for (k, tap) in taps.iter().enumerate() {
            let (before, after) =
                (&around[first + SIDE - 1 - k..][..FEW], &around[first + SIDE + k..][..FEW]);
            for n in 0..FEW {
                sums[n] += tap * (before[n] + after[n]);
            }
        }
        for n in 0..FEW {
            pairs[n] = [around[first + SIDE - 1 + n], sums[n]];
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{Doubler, PASSED};
    use crate::units::narrow;

    fn tone(rate: f64, hz: f64, count: u32) -> Vec<f32> {
        (0..count).map(|n| narrow(libm::sin(2.0 * std::f64::consts::PI * hz * f64::from(n) / rate))).collect()
    }

    #[test]
    fn what_passes_is_what_it_would_be_at_twice_the_rate() {
        for hz in [10.0, 1000.0, PASSED * 24_000.0] {
            let expected = tone(48_000.0, hz, 4801);
            let mut doubled = Vec::new();
            Doubler::new()
                .double(&tone(24_000.0, hz, 2401), false, 4801, |piece| doubled.extend_from_slice(piece));
            for n in 200..4600 {
                assert!(
                    (doubled[n] - expected[n]).abs() < 5e-4,
                    "{hz} Hz at {n}: {} instead of {}",
                    doubled[n],
                    expected[n]
                );
            }
        }
    }

    #[test]
    fn a_loop_runs_on_into_its_beginning() {
        let expected = tone(48_000.0, 480.0, 1000);
        let mut doubled = Vec::new();
        Doubler::new()
            .double(&tone(24_000.0, 480.0, 500), true, 1000, |piece| doubled.extend_from_slice(piece));
        for (n, (x, y)) in doubled.iter().zip(&expected).enumerate() {
            assert!((x - y).abs() < 5e-4, "at {n}");
        }
    }
}
