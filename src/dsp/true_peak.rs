//! The wave between the samples: how high it rises.
//!
//! Oversampling by a polyphase filter, as ITU-R BS.1770-5, Annex 2, has it; with filters of our own, longer than the
//! example there: sincs under a Kaiser window, of 32 taps a phase for measuring (flat within 0.02 dB to 0.43 of the sample
//! rate, 20.6 kHz at 48 kHz) and of 96 for staying below a ceiling (to 0.475, so that others who look farther find
//! nothing). What lies between two oversampled points is
//! missed: at most 20·log₁₀ cos(π·f / (n·fs)), for n-fold oversampling of a sine f, which is 0.46 dB at 20 kHz for
//! n = 4 and 0.12 dB for n = 8.

use multiversion::multiversion;

use crate::dsp::kaiser;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// The window's β: 63 dB of stop band.
const BETA: f64 = 6.0;
/// How many points are worked on at once: the longer, the fewer vectors start anew; the shorter, the more are skipped.
const CHUNK: usize = 32;
/// How many samples are compared side by side.
const LANES: usize = 16;
/// What bounds are raised by, for the rounding of the sums they bound.
const HAIR: f32 = 1.000_2;

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
    /// By how many times the sharpest bend around it a point may pass the highest sample, at most: see [`bending`].
    bending: f32,
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
        let overshoot = phases.iter().map(sum).fold(1.0, f32::max) * HAIR;
        let bending = phases.iter().map(|taps| bending(taps)).fold(0.0, f32::max) * HAIR;
        Interpolator { reach, phases, overshoot, bending }
    }

    /// What no point of the wave passes whose taps reach no farther than samples of this `peak` and this sharpest
    /// `bend` (see [`bend`]).
    pub fn bound(&self, peak: f32, bend: f32) -> f32 {
        (peak * self.overshoot).min(peak * HAIR + bend * self.bending)
    }

    /// Whether no point of the wave whose taps reach no farther than `samples` can pass `floor`. Costs a small part of
    /// finding the points.
    fn stays_below(&self, samples: &[f32], floor: f32) -> bool {
        let peak = peak(samples);
        if peak * self.overshoot <= floor {
            return true;
        }
        if peak > floor || samples.len() < 3 {
            return false;
        }
        let bend = bend(samples);
        peak * HAIR + bend * self.bending <= floor
    }

    /// How many samples before the one that comes next have a part in what it completes.
    pub fn history(&self) -> usize {
        2 * self.reach - 1
    }

    /// For each of `highest`, the highest point of the wave from its sample up to but not including the next. The
    /// first of them is the sample at `window[reach - 1]`.
    fn chunk(&self, window: &[f32], highest: &mut [f32; CHUNK]) {
        for (highest, sample) in highest.iter_mut().zip(&window[self.reach - 1..]) {
            *highest = sample.abs();
        }
        raise(highest, &self.phases, window);
    }
}

/// Raises each of `highest` to the highest of the points that phases of taps make of the samples from its own on.
#[multiversion(targets("x86_64+avx2"))]
fn raise(highest: &mut [f32; CHUNK], phases: &[Vec<f32>], window: &[f32]) {
    for taps in phases {
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

/// The sum of what the taps make of bends, which are second differences, sample − 2·next + next but one.
///
/// Any filter whose taps add up to one is a straight line between the two samples in the middle, drawn to the taps' own
/// centre, plus a sum over the bends around; the line does not pass the higher of the two samples. Speech bends little
/// between samples, so this bound comes far nearer to the wave than the sum of the taps does.
fn bending(taps: &[f32]) -> f32 {
    let middle = taps.len() / 2;
    let centre: f64 = taps
        .iter()
        .enumerate()
        .map(|(index, tap)| f64::from(*tap) * (index as f64 - (middle as f64 - 1.0)))
        .sum();
    // Summing twice undoes taking differences twice.
    let (mut once, mut twice, mut sum) = (0.0, 0.0, 0.0_f64);
    for (index, tap) in taps.iter().enumerate() {
        let line = if index == middle - 1 {
            1.0 - centre
        } else if index == middle {
            centre
        } else {
            0.0
        };
        once += f64::from(*tap) - line;
        twice += once;
        sum += twice.abs();
    }
    // Where the line would be drawn past its samples, no bound is known.
    if (0.0..=1.0).contains(&centre) { narrow(sum) } else { f32::INFINITY }
}

/// The highest sample.
#[multiversion(targets("x86_64+avx2"))]
pub fn peak(samples: &[f32]) -> f32 {
    // Side by side, as a maximum is the same in any order.
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut peaks = [0.0_f32; LANES];
    for chunk in chunks {
        for (peak, sample) in peaks.iter_mut().zip(chunk) {
            *peak = if sample.abs() > *peak { sample.abs() } else { *peak };
        }
    }
    for (peak, sample) in peaks.iter_mut().zip(rest) {
        *peak = if sample.abs() > *peak { sample.abs() } else { *peak };
    }
    highest(&peaks)
}

/// The highest of all lanes, none of which is negative. Not inlined, or the loop before it would be done in the narrow
/// vectors of the last steps here.
#[inline(never)]
fn highest(peaks: &[f32; LANES]) -> f32 {
    let mut peaks = *peaks;
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        let (low, high) = peaks.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low = if *high > *low { *high } else { *low };
        }
    }
    peaks[0]
}

/// The sharpest bend, which is how far a sample's two neighbours together lie from twice itself; 0 for fewer than three
/// samples.
#[multiversion(targets("x86_64+avx2"))]
pub fn bend(samples: &[f32]) -> f32 {
    let Some(count) = samples.len().checked_sub(2) else { return 0.0 };
    let (before, middle, after) = (&samples[..count], &samples[1..=count], &samples[2..]);
    let bend = |before: f32, middle: f32, after: f32| ((before - middle) + (after - middle)).abs();
    let mut peaks = [0.0_f32; LANES];
    let chunks = before.as_chunks::<LANES>().0.iter().zip(middle.as_chunks::<LANES>().0);
    for ((before, middle), after) in chunks.zip(after.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            let bend = bend(before[lane], middle[lane], after[lane]);
            peaks[lane] = if bend > peaks[lane] { bend } else { peaks[lane] };
        }
    }
    for (peak, at) in peaks.iter_mut().zip(count / LANES * LANES..count) {
        let bend = bend(before[at], middle[at], after[at]);
        *peak = if bend > *peak { bend } else { *peak };
    }
    highest(&peaks)
}

/// The taps of the point `at` of the way from the sample before it to the one after.
fn taps(reach: usize, at: f64) -> Vec<f32> {
    let distances = (0..2 * reach).map(|index| index as f64 - (reach as f64 - 1.0) - at);
    let mut taps: Vec<f64> = distances.clone().map(|t| t / reach as f64).collect();
    kaiser::window(&mut taps, BETA);
    taps.iter_mut().zip(distances).for_each(|(tap, t)| *tap *= kaiser::sinc(t));
    // A constant passes as it is.
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| narrow(tap / sum)).collect()
}

/// A channel's wave, sample by sample as it comes: the highest point from each sample up to but not including the next.
/// Latency: [`Oversampling::reach`] frames.
#[derive(Clone, Debug)]
pub struct Follower {
    /// The last samples and, while working, the next.
    window: Vec<f32>,
}

impl Follower {
    /// After nothing but silence.
    pub fn new(interpolator: &Interpolator) -> Follower {
        Follower { window: vec![0.0; interpolator.history()] }
    }

    /// Takes `samples` and appends as many heights to `heights`: those of the samples [`Oversampling::reach`] frames
    /// earlier. Where the wave certainly stays at or below `floor`, the height is that of the samples alone.
    ///
    /// Memory: as many samples as have come at once.
    pub fn push(&mut self, interpolator: &Interpolator, samples: &[f32], floor: f32, heights: &mut Vec<f32>) {
        let history = interpolator.history();
        self.window.extend_from_slice(samples);
        let first = heights.len();
        // The samples' own heights.
        heights
            .extend(self.window[interpolator.reach - 1..][..samples.len()].iter().map(|sample| sample.abs()));
        let heights = &mut heights[first..];
        if !interpolator.stays_below(&self.window, floor) {
            // Room for a whole chunk at the end. It has a part only in points past the samples.
            self.window.resize(history + samples.len().next_multiple_of(CHUNK), 0.0);
            for (index, heights) in heights.chunks_mut(CHUNK).enumerate() {
                let around = &self.window[index * CHUNK..][..CHUNK + history];
                if !interpolator.stays_below(&around[..heights.len() + history], floor) {
                    let mut points = [0.0; CHUNK];
                    interpolator.chunk(around, &mut points);
                    heights.copy_from_slice(&points[..heights.len()]);
                }
            }
        }
        self.forget(samples.len(), history);
    }

    /// Takes `samples` of which nobody wants to know the heights.
    pub fn skip(&mut self, interpolator: &Interpolator, samples: impl ExactSizeIterator<Item = f32>) {
        let (history, count) = (interpolator.history(), samples.len());
        self.window.extend(samples.skip(count.saturating_sub(history)));
        self.forget(count.min(history), history);
    }

    fn forget(&mut self, count: usize, history: usize) {
        self.window.copy_within(count..count + history, 0);
        self.window.truncate(history);
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Follower, Interpolator, Oversampling};
    use crate::dsp::noise::Random;
    use crate::units::time::SampleRate;

    /// Dull and sharp, loud and soft by turns, ending nowhere near a chunk's end.
    fn signal() -> Vec<f32> {
        let mut random = Random::new(7);
        let mut low = 0.0;
        (0..20_003)
            .map(|frame| {
                let dull = [1.0, 0.3, 0.03, 0.005][frame / 1000 % 4];
                low += (random.bipolar() - low) * dull;
                crate::units::narrow(low * [1.0, 4.0, 0.1][frame / 700 % 3])
            })
            .collect()
    }

    #[test]
    fn what_is_skipped_stays_below_the_floor() {
        for oversampling in [Oversampling::Standard, Oversampling::Fine] {
            let interpolator = Interpolator::new(oversampling, SampleRate::DEFAULT);
            let all = |floor: f32, piece: usize| {
                let (mut follower, mut heights) = (Follower::new(&interpolator), Vec::new());
                for piece in signal().chunks(piece) {
                    follower.push(&interpolator, piece, floor, &mut heights);
                }
                heights
            };
            // Nothing is below a floor that is below silence.
            let exact = all(-1.0, CHUNK);
            for floor in [0.05, 0.3, 0.6, 1.0, 2.0] {
                for piece in [1, 31, 256, 480, 5000] {
                    let skipping = all(floor, piece);
                    assert_eq!(skipping.len(), exact.len());
                    for (exact, skipping) in exact.iter().zip(skipping) {
                        assert!(
                            exact.to_bits() == skipping.to_bits() || (*exact <= floor && skipping <= *exact)
                        );
                    }
                }
            }
        }
    }
}
