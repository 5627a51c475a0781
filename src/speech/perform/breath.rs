//! Breath in a voice, up to a whisper.
//!
//! The speech is taken apart into the resonances of the mouth and what excites them (linear prediction of order 18,
//! [`crate::dsp::lpc`]), breath takes the place of some or all of the excitation, and the resonances are put
//! back. Breath is noise that follows the excitation's strength: with a voice, period by period, for it
//! comes through cords that open and close (D. Klatt and L. Klatt, "Analysis, synthesis, and perception of voice
//! quality variations", JASA 87, 1990); in a whisper, evenly.
//!
//! A whisper has no voice at all, vowels that lose 15 to 20 dB while consonants stay what they are, and a flatter
//! spectrum (S. Jovičić, "Formant feature differences between whispered and voiced sustained vowels", Acustica 84,
//! 1998; T. Ito, K. Takeda and F. Itakura, "Analysis and recognition of whispered speech", Speech Communication 45,
//! 2005). Its higher formants are [`Voice::timbre`]'s.
//!
//! Latency: none.
//!
//! [`Voice::timbre`]: crate::speech::engine::Voice::timbre

use std::ops::Range;

use multiversion::multiversion;

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::lpc::{autocorrelation, predictor, reflections};
use crate::dsp::noise::Random;
use crate::speech::perform::voicing::{Voicing, whole};
use crate::units::narrow;
use crate::units::time::SampleRate;

/// The order of prediction: a pair of poles for each kHz, and one for the slope.
const ORDER: usize = 18;
/// The stretch whose resonances are found, and how often, in seconds.
const STRETCH: f64 = 0.020;
const HOP: f64 = 0.008;
/// Into how many steps a hop is divided as resonances glide.
const STEPS: usize = 4;
/// What keeps resonances from settling on single harmonics: correlations fade with lag as if each pitch were this
/// wide, in Hz; and a floor of white noise, as a share of the power.
const WIDTH_HZ: f64 = 90.0;
const FLOOR: f64 = 1e-5;
/// How the signal is flattened before prediction, and unflattened at the end.
const EMPHASIS: f64 = 0.9;
/// Over how long the strength is followed, in seconds: within a period of a voice, and across several.
const WITHIN_PERIOD: f64 = 0.0012;
const ACROSS_PERIODS: f64 = 0.012;
/// How much less of a vowel is left in a whisper than of a consonant, as an amplitude: 8 dB. The flatter slope takes
/// as much again.
const VOWEL: f64 = 0.4;
/// What a whisper lacks of a voice's lowest part, in Hz and dB.
const CHEST_HZ: f64 = 550.0;
const CHEST_DB: f64 = -9.0;
/// Breath is stronger in the highs: the share of the last sample that is taken off.
const BRIGHT: f64 = 0.6;

/// Puts breath into the speech, in place; a share of 1 leaves nothing else.
pub(super) fn apply(samples: &mut [f32], rate: SampleRate, voicing: &Voicing, share: f64, seed: u64) {
    if share <= 0.0 || samples.is_empty() {
        return;
    }
    let fs = f64::from(rate.hz());
    let mut flat = Vec::with_capacity(samples.len());
    let mut last = 0.0;
    for &sample in samples.iter() {
        let x = f64::from(sample);
        flat.push(x - EMPHASIS * last);
        last = x;
    }
    let resonances = Resonances::of(&flat, fs);
    let excitation = resonances.remove(&flat);
    let even = strength(&excitation, whole(ACROSS_PERIODS * fs));
    let pulsing = strength(&excitation, whole(WITHIN_PERIOD * fs));
    let mut random = Random::named(seed, "breath");
    let mut white = vec![0.0; samples.len() + 1];
    random.fill_normal(&mut white);
    // The difference of two samples is that much louder than one.
    let scale = 1.0 / libm::sqrt(1.0 + BRIGHT * BRIGHT);
    let mixed: Vec<f64> = excitation
        .iter()
        .enumerate()
        .map(|(i, &voice)| {
            let noise = (white[i + 1] - BRIGHT * white[i]) * scale;
            let voiced = f64::from(voicing.share(i));
            // Unvoiced sounds are noise already: they are replaced only as far as the voice is.
            let part = share * (voiced + (1.0 - voiced) * share);
            let whisper = share * share * share * share;
            let strength = pulsing[i] + (even[i] - pulsing[i]) * whisper;
            let vowel = 1.0 - (1.0 - VOWEL) * voiced * whisper;
            voice * libm::sqrt(1.0 - part) + noise * strength * libm::sqrt(part) * vowel
        })
        .collect();
    let mut last = 0.0;
    for (sample, flat) in samples.iter_mut().zip(resonances.put_back(&mixed)) {
        last = flat + EMPHASIS * last;
        *sample = narrow(last);
    }
    let whisper = share * share * share * share;
    Biquad::sift(&[Shape::LowShelf { hz: CHEST_HZ, db: CHEST_DB * whisper }], rate, samples);
}

/// Resonances that glide over time.
struct Resonances {
    /// Frames from one predictor to the next.
    step: f64,
    /// What the sample before counts, then the one before that.
    predictors: Vec<[f64; ORDER]>,
}

impl Resonances {
    fn of(samples: &[f64], fs: f64) -> Resonances {
        let hop = HOP * fs;
        let length = whole(STRETCH * fs);
        let tau = std::f64::consts::TAU;
        let window: Vec<f64> =
            (0..length).map(|i| 0.5 - 0.5 * libm::cos(tau * (i as f64 + 0.5) / length as f64)).collect();
        let fading: Vec<f64> = (0..=ORDER)
            .map(|lag| {
                let angle = tau * WIDTH_HZ * lag as f64 / fs;
                libm::exp(-0.5 * angle * angle)
            })
            .collect();
        let count = whole(samples.len() as f64 / hop) + 2;
        let mut frame = vec![0.0; length];
        let found: Vec<Vec<f64>> = (0..count)
            .map(|i| {
                let start = whole(i as f64 * hop) as isize - (length / 2) as isize;
                for (k, (value, window)) in frame.iter_mut().zip(&window).enumerate() {
                    let at = usize::try_from(start + k as isize).ok();
                    *value = window * at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
                }
                let mut correlations = autocorrelation(&frame, ORDER);
                correlations.iter_mut().zip(&fading).for_each(|(c, fading)| *c *= fading);
                correlations[0] = correlations[0] * (1.0 + FLOOR) + 1e-12;
                reflections(&correlations)
            })
            .collect();
        let between = |pair: &[Vec<f64>]| {
            (0..STEPS)
                .map(|s| {
                    let share = (s as f64 + 0.5) / STEPS as f64;
                    let found = predictor(pair[0].iter().zip(&pair[1]).map(|(a, b)| a + (b - a) * share));
                    std::array::from_fn(|i| found.get(i).copied().unwrap_or(0.0))
                })
                .collect::<Vec<_>>()
        };
        Resonances { step: hop / STEPS as f64, predictors: found.windows(2).flat_map(between).collect() }
    }

    /// Which frames, of so many, each predictor holds for.
    fn spans(&self, frames: usize) -> impl Iterator<Item = (&[f64; ORDER], Range<usize>)> {
        let start = move |index: usize| whole((index as f64 * self.step).ceil()).min(frames);
        let last = self.predictors.len() - 1;
        let end = move |index: usize| if index < last { start(index + 1) } else { frames };
        self.predictors.iter().enumerate().map(move |(index, it)| (it, start(index)..end(index)))
    }

    /// What is left when the resonances are taken away.
    fn remove(&self, samples: &[f64]) -> Vec<f64> {
        let known = [&[0.0; ORDER], samples].concat();
        let mut left = samples.to_vec();
        for (predictor, span) in self.spans(samples.len()) {
            take_away(predictor, &known[span.start..span.end + ORDER], &mut left[span]);
        }
        left
    }

    /// The inverse of [`Resonances::remove`].
    fn put_back(&self, excitation: &[f64]) -> Vec<f64> {
        let mut out = [&[0.0; ORDER], excitation].concat();
        for (predictor, span) in self.spans(excitation.len()) {
            for n in span {
                let (past, rest) = out[n..].split_at_mut(ORDER);
                // The latest sample last: everything else can be added up before it is there.
                let oldest_first = predictor.iter().rev().zip(past);
                rest[0] -= oldest_first.map(|(a, y)| a * *y).sum::<f64>();
            }
        }
        out.drain(..ORDER);
        out
    }
}

/// Adds to samples what a predictor makes of those before each; `known` begins [`ORDER`] earlier.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn take_away(predictor: &[f64; ORDER], known: &[f64], samples: &mut [f64]) {
    for (before, a) in predictor.iter().enumerate() {
        samples.iter_mut().zip(&known[ORDER - 1 - before..]).for_each(|(sample, x)| *sample += a * x);
    }
}

/// The root of the mean square around each sample: a triangle as wide as twice `reach`.
fn strength(samples: &[f64], reach: usize) -> Vec<f64> {
    let squares: Vec<f64> = samples.iter().map(|x| x * x).collect();
    let twice = running_mean(&running_mean(&squares, reach), reach);
    twice.into_iter().map(|mean| libm::sqrt(mean.max(0.0))).collect()
}

/// The mean over `reach` samples around each.
fn running_mean(values: &[f64], reach: usize) -> Vec<f64> {
    let half = reach / 2;
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0.0);
    for value in values {
        sums.push(sums[sums.len() - 1] + value);
    }
    (0..values.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(half), (i + half + 1).min(values.len()));
            (sums[to] - sums[from]) / (to - from) as f64
        })
        .collect()
}
