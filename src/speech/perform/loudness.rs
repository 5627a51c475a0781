//! How loud speech is, and the gain that makes every take equally loud.
//!
//! Takes are levelled by their *loudness* after ITU-R BS.1770-5: K-weighted, because a bright voice is louder than a dark
//! one of the same power, and gated, so that pauses do not count. A take shorter than a gating block of 400 ms is a block
//! of its own.
//!
//! What is done to speech on the way is measured against its *active speech level*, which leaves out the silence between words, so that a slow reader is not taken for a quiet one.
//! It is found in the spirit of ITU-T P.56 (2011), method B: the power over those stretches that lie no more than
//! 15.9 dB below the active level itself. P.56 follows an envelope sample by sample; here stretches are blocks of
//! 20 ms, and the level is found by repetition.

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::sums;
use crate::speech::engine::Voice;
use crate::speech::perform::{CEILING, LEVEL};
use crate::units::level::{Gain, Level};
use crate::units::time::SampleRate;

/// How far below the active level a stretch still is active, in dB: P.56's margin.
const MARGIN_DB: f64 = 15.9;
/// The stretches, in parts of a second.
const STRETCHES_PER_SECOND: u32 = 50;

/// K-weighting: the head's shelf and the high-pass of BS.1770's tables at 48 kHz, as analogue shapes for any rate (B. De
/// Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018).
const K_WEIGHTING: [Shape; 2] =
    [Shape::HighShelf { hz: 1682.0, db: 4.0 }, Shape::HighPass { hz: 38.1, q: 0.5 }];

/// Quarters of a gating block, per second.
const QUARTERS_PER_SECOND: u32 = 10;
/// The absolute gate in LUFS, the relative one as a power ratio (10 dB), and what loudness lies below the weighted power.
const ABSOLUTE_GATE: f64 = -70.0;
const RELATIVE_GATE: f64 = 0.1;
const OFFSET: f64 = 0.691;

/// The mean square of samples; 0 for none.
pub(super) fn power(samples: &[f32]) -> f64 {
    sums::of_samples(samples, samples) / samples.len().max(1) as f64
}

/// The power of the active stretches, or `None` where all is silence.
pub(super) fn active_power(samples: &[f32], rate: SampleRate) -> Option<f64> {
    let stretch = (rate.hz() / STRETCHES_PER_SECOND).max(1) as usize;
    let powers: Vec<f64> = samples.chunks(stretch).map(power).collect();
    let mean = |least: f64| {
        let (sum, count) =
            powers.iter().filter(|&&p| p >= least).fold((0.0, 0_u32), |(sum, count), p| (sum + p, count + 1));
        sum / f64::from(count.max(1))
    };
    let mut active = mean(0.0);
    // Each round leaves out more stretches or none, so this ends; the bound only says so.
    for _ in 0..powers.len() {
        let next = mean(active * libm::pow(10.0, -MARGIN_DB / 10.0));
        if next <= active {
            break;
        }
        active = next;
    }
    (active > 0.0).then_some(active)
}

/// The loudness, in LUFS, or `None` where all is silence.
fn loudness(samples: &[f32], rate: SampleRate) -> Option<f64> {
    let mut weighted = samples.to_vec();
    Biquad::sift(&K_WEIGHTING, rate, &mut weighted);
    // Blocks of 400 ms overlap by three quarters: powers of quarters are added up in fours.
    let quarter = (rate.hz() / QUARTERS_PER_SECOND).max(1) as usize;
    let quarters: Vec<f64> = weighted.chunks_exact(quarter).map(power).collect();
    let blocks: Vec<f64> = match quarters.len() {
        0..4 => vec![power(&weighted)],
        _ => quarters.windows(4).map(|four| four.iter().sum::<f64>() / 4.0).collect(),
    };
    let mean = |least: f64| {
        let (sum, count) =
            blocks.iter().filter(|&&p| p > least).fold((0.0, 0_u32), |(sum, count), p| (sum + p, count + 1));
        sum / f64::from(count.max(1))
    };
    let absolute = libm::pow(10.0, (ABSOLUTE_GATE + OFFSET) / 10.0);
    let gated = mean((mean(absolute) * RELATIVE_GATE).max(absolute));
    // Speech below the absolute gate is measured all the same: it is about to be levelled.
    let gated = if gated > 0.0 { gated } else { mean(0.0) };
    (gated > 0.0).then(|| 10.0 * libm::log10(gated) - OFFSET)
}

/// Brings a take to [`LEVEL`] and then to its voice's volume, as far as its peak stays below [`CEILING`].
#[expect(clippy::cast_possible_truncation, reason = "gains are 32-bit")]
pub(super) fn level(samples: &mut [f32], rate: SampleRate, voice: &Voice) {
    let Some(now) = loudness(samples, rate) else { return };
    let peak = Level::of_amplitude(samples.iter().fold(0.0, |most, sample| f32::max(most, sample.abs())));
    let most = CEILING - peak.dbfs();
    let wanted = Gain::new((f64::from(LEVEL) - now) as f32).unwrap_or_default() + voice.volume;
    let factor = Gain::new(wanted.db().min(most)).unwrap_or_default().factor();
    for sample in samples {
        *sample *= factor;
    }
}
