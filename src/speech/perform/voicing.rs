//! Where a voice sounds in speech, and at what pitch.
//!
//! Engines tell neither, so both are measured: the normalised cross-correlation of D. Talkin, "A robust algorithm for
//! pitch tracking" (Speech Coding and Synthesis, 1995), on speech brought down to about 4 kHz, in two passes of which
//! the second looks only near the middle pitch of the first, which rules out octaves.

use crate::dsp::sums::products;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// The pitches looked for, in Hz: a deep man's to a shouting woman's.
const LOWEST_HZ: f64 = 55.0;
const HIGHEST_HZ: f64 = 560.0;
/// How far from the middle the second pass looks, a factor.
const WITHIN: f64 = 1.8;
/// The rate that pitch is looked for at, in Hz.
const COARSE_HZ: f64 = 4000.0;
/// How often, and over how long a stretch, in seconds.
const HOP: f64 = 0.008;
const STRETCH: f64 = 0.025;
/// The correlation from which on a stretch is voiced.
const VOICED: f64 = 0.55;
/// How far below the loudest stretch a voice can lie, as a power: 35 dB.
const FAINTEST: f64 = 3e-4;
/// A shorter lag is preferred to a longer one that correlates no better than this many times as well.
const PREFERENCE: f64 = 1.12;

/// The pitch of some speech over time.
#[derive(Clone, Debug)]
pub(super) struct Voicing {
    /// Frames from one stretch to the next.
    hop: f64,
    /// Periods in frames, one for each stretch; 0 where there is no voice.
    periods: Vec<f64>,
    /// The middle period, in frames; 0 where there is no voice anywhere.
    middle: f64,
}

impl Voicing {
    /// Measures speech.
    pub(super) fn of(samples: &[f32], rate: SampleRate) -> Voicing {
        let fs = f64::from(rate.hz());
        let factor = whole(fs / COARSE_HZ).max(1);
        let coarse = decimate(samples, factor);
        let coarse_rate = fs / factor as f64;
        let search = |lowest: f64, highest: f64| Search {
            shortest: whole(coarse_rate / highest).max(2),
            longest: whole(coarse_rate / lowest) + 1,
            hop: HOP * coarse_rate,
            stretch: whole(STRETCH * coarse_rate),
        };
        let first = search(LOWEST_HZ, HIGHEST_HZ).run(&coarse);
        let middle = median(&first);
        let periods = if middle > 0.0 {
            let hz = coarse_rate / middle;
            search((hz / WITHIN).max(LOWEST_HZ), (hz * WITHIN).min(HIGHEST_HZ * 1.1)).run(&coarse)
        } else {
            first
        };
        let periods: Vec<f64> = smooth(&periods).into_iter().map(|period| period * factor as f64).collect();
        let middle = median(&periods);
        Voicing { hop: HOP * fs, periods, middle }
    }

    /// The middle period in frames; 0 where there is no voice at all.
    pub(super) fn middle(&self) -> f64 {
        self.middle
    }

    /// The period at a frame, interpolated; `None` where there is no voice.
    pub(super) fn period(&self, frame: f64) -> Option<f64> {
        let place = (frame / self.hop).max(0.0);
        let (before, share) = parted(place);
        let at = |i: usize| self.periods.get(i).copied().filter(|&period| period > 0.0);
        match (at(before), at(before + 1)) {
            (Some(a), Some(b)) => Some(a + (b - a) * share),
            (a, b) => {
                if share < 0.5 {
                    a
                } else {
                    b
                }
            }
        }
    }

    /// How voiced a frame is, 0 to 1, rising and falling over a stretch.
    pub(super) fn share(&self, frame: usize) -> f32 {
        let place = frame as f64 / self.hop;
        let (before, share) = parted(place);
        let at = |i: usize| f64::from(u8::from(self.periods.get(i).is_some_and(|&period| period > 0.0)));
        narrow(at(before) * (1.0 - share) + at(before + 1) * share)
    }

    /// The runs of frames in which a voice sounds.
    pub(super) fn runs(&self, frames: usize) -> Vec<std::ops::Range<usize>> {
        let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
        for (i, _) in self.periods.iter().enumerate().filter(|(_, period)| **period > 0.0) {
            let start = whole((i as f64 - 0.5) * self.hop).min(frames);
            let end = whole((i as f64 + 0.5) * self.hop).min(frames);
            match runs.last_mut() {
                Some(last) if last.end + 1 >= start => last.end = end,
                _ => runs.push(start..end),
            }
        }
        runs
    }
}

/// One pass over the speech.
struct Search {
    shortest: usize,
    longest: usize,
    hop: f64,
    stretch: usize,
}

impl Search {
    fn run(&self, samples: &[f64]) -> Vec<f64> {
        let count = whole(samples.len() as f64 / self.hop) + 1;
        let half = (self.stretch + self.longest) / 2;
        // The power up to each sample, so that the power of a stretch is a difference.
        let mut energies = Vec::with_capacity(samples.len() + 1);
        energies.push(0.0);
        energies.extend(samples.iter().scan(0.0, |sum, x| {
            *sum += x * x;
            Some(*sum)
        }));
        let stretch = |i: usize, lag: usize| {
            let from = (whole(i as f64 * self.hop) + lag).checked_sub(half)?;
            let power = energies.get(from + self.stretch)? - energies[from];
            Some((&samples[from..from + self.stretch], f64::max(power, 0.0)))
        };
        let powers = (0..count).filter_map(|i| stretch(i, 0)).map(|here| here.1);
        let least = FAINTEST * powers.fold(0.0, f64::max);
        let mut values = vec![0.0; self.longest + 2];
        (0..count)
            .map(|i| {
                let Some((here, own)) = stretch(i, 0).filter(|here| here.1 > least) else { return 0.0 };
                for (lag, value) in values.iter_mut().enumerate().skip(self.shortest - 1) {
                    *value = stretch(i, lag).map_or(0.0, |(there, power)| {
                        products(here, there) / libm::sqrt(own * power + 1e-12)
                    });
                }
                peak(&values, self.shortest, self.longest)
            })
            .collect()
    }
}

/// The lag of the best peak, between whole ones; 0 where none is good enough.
fn peak(values: &[f64], shortest: usize, longest: usize) -> f64 {
    let mut best = (0, 0.0);
    for lag in shortest..=longest {
        let value = values[lag];
        let is_peak = value > values[lag - 1] && value >= values[lag + 1] && value > best.1 * PREFERENCE;
        let is_beside = value > best.1 && lag < best.0 + 2;
        if is_peak || is_beside {
            best = (lag, value);
        }
    }
    if best.1 < VOICED {
        return 0.0;
    }
    let (a, b, c) = (values[best.0 - 1], values[best.0], values[best.0 + 1]);
    let curve = a - 2.0 * b + c;
    let shift = if curve < 0.0 { (0.5 * (a - c) / curve).clamp(-0.5, 0.5) } else { 0.0 };
    best.0 as f64 + shift
}

/// Every `factor`th sample of the running mean over as many.
fn decimate(samples: &[f32], factor: usize) -> Vec<f64> {
    let mean = |part: &[f32]| part.iter().map(|&x| f64::from(x)).sum::<f64>() / factor as f64;
    samples.chunks(factor).map(mean).collect()
}

/// The middle one of those that are not 0.
fn median(periods: &[f64]) -> f64 {
    let mut voiced: Vec<f64> = periods.iter().copied().filter(|&period| period > 0.0).collect();
    voiced.sort_by(f64::total_cmp);
    voiced.get(voiced.len() / 2).copied().unwrap_or(0.0)
}

/// Without single errors: each the median of three, gaps and islands of one closed.
fn smooth(periods: &[f64]) -> Vec<f64> {
    let at = |i: usize| periods.get(i).copied().unwrap_or(0.0);
    let middle = |i: usize| {
        let (a, b, c) = (if i > 0 { at(i - 1) } else { 0.0 }, at(i), at(i + 1));
        match (a > 0.0, b > 0.0, c > 0.0) {
            (true, true, true) => a.max(b).min(c.max(a.min(b))),
            (true, false, true) => (a + c) / 2.0,
            (false, true, false) => 0.0,
            _ => b,
        }
    };
    (0..periods.len()).map(middle).collect()
}

/// What of a number not below 0 is whole, and what is left.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "frames, far below 2^53")]
fn parted(value: f64) -> (usize, f64) {
    let whole = value as usize;
    (whole, value - whole as f64)
}

/// To the nearest whole number, none below 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "frames, far below 2^53")]
pub(super) fn whole(value: f64) -> usize {
    value.max(0.0).round() as usize
}
