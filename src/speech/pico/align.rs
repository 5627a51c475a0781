//! One phrase said twice, a little faster here and with a break there: the places of one in the other.
//!
//! Both are described every 5 ms by their loudness and their resonances, and the descriptions are laid side by side so
//! that they differ least (dynamic time warping; H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for
//! spoken word recognition", IEEE Trans. ASSP 26, 1978). What one has and the other has not, a break, costs little.

use crate::dsp::lpc::{autocorrelation, predictor, reflections};

/// Samples from one description to the next: 5 ms.
const STEP: usize = 80;
/// Samples described together: 20 ms.
const WINDOW: usize = 4 * STEP;
/// Resonances: a pair for each kHz, and a pair more.
const ORDER: usize = 12;
/// The most descriptions of one phrase. Of longer ones every other is left out, or more.
const MOST: usize = 6000;
/// What a step counts in which only one of the two goes on, against one in which both do.
const ALONE: f32 = 0.6;

/// A description: the cepstrum, loudness first.
type Feature = [f32; ORDER + 1];

/// For places in `from`, rising, the places in `to` that sound the same.
pub(super) fn align(from: &[i16], to: &[i16], places: &[usize]) -> Vec<usize> {
    if from == to {
        return places.to_vec();
    }
    let step = STEP * from.len().max(to.len()).div_ceil(MOST * STEP).max(1);
    let (a, b) = (features(from, step), features(to, step));
    if a.is_empty() || b.is_empty() {
        return places.iter().map(|&place| place.min(to.len())).collect();
    }
    let partners = partners(&a, &b);
    let mut least = 0;
    let place = |place: &usize| {
        let index = (place / step).min(a.len() - 1);
        // Within a step both go on alike.
        least = (partners[index] * step + place % step).clamp(least, to.len().max(least));
        least
    };
    places.iter().map(place).collect()
}

/// For each description of `a`, the last of those of `b` that it is laid beside.
fn partners(a: &[Feature], b: &[Feature]) -> Vec<usize> {
    const BOTH: u8 = 0;
    const FIRST: u8 = 1;
    const SECOND: u8 = 2;
    let width = b.len();
    let mut came = vec![BOTH; a.len() * width];
    let mut before = vec![f32::INFINITY; width];
    let mut now = vec![f32::INFINITY; width];
    for (i, one) in a.iter().enumerate() {
        for (j, other) in b.iter().enumerate() {
            let apart = distance(one, other);
            let corner = i == 0 && j == 0;
            let both = match (i, j) {
                _ if corner => 0.0,
                (0, _) | (_, 0) => f32::INFINITY,
                _ => before[j - 1],
            } + apart;
            let first = if i > 0 { before[j] + ALONE * apart } else { f32::INFINITY };
            let second = if j > 0 { now[j - 1] + ALONE * apart } else { f32::INFINITY };
            let (least, how) = if both <= first && both <= second {
                (both, BOTH)
            } else if first <= second {
                (first, FIRST)
            } else {
                (second, SECOND)
            };
            now[j] = least;
            came[i * width + j] = how;
        }
        std::mem::swap(&mut before, &mut now);
    }
    let mut partners = vec![usize::MAX; a.len()];
    let (mut i, mut j) = (a.len() - 1, width - 1);
    loop {
        partners[i] = partners[i].min(j);
        match came[i * width + j] {
            FIRST => i -= 1,
            SECOND => j -= 1,
            _ if i == 0 || j == 0 => break,
            _ => (i, j) = (i - 1, j - 1),
        }
    }
    partners
}

fn distance(a: &Feature, b: &Feature) -> f32 {
    let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    sum.sqrt()
}

/// A description for every `step` of a sound.
fn features(samples: &[i16], step: usize) -> Vec<Feature> {
    let count = samples.len().div_ceil(step);
    (0..count).map(|index| feature(samples, index * step)).collect()
}

/// What is heard from a sample on.
fn feature(samples: &[i16], start: usize) -> Feature {
    let weight =
        |n: usize| 0.5 - 0.5 * libm::cos(2.0 * std::f64::consts::PI * (n as f64 + 0.5) / WINDOW as f64);
    let stretch = &samples[start..samples.len().min(start + WINDOW)];
    let frame: Vec<f64> = stretch.iter().enumerate().map(|(n, s)| f64::from(*s) * weight(n)).collect();
    let mut correlations = autocorrelation(&frame, ORDER);
    // As if there were a little noise in everything: silence is all alike.
    correlations[0] += WINDOW as f64;
    let a = predictor(reflections(&correlations));
    let mut cepstrum = [0.0_f64; ORDER + 1];
    // A tenth of the loudness in dB counts as much as the spectrum's shape.
    cepstrum[0] = libm::log10(correlations[0]);
    for n in 1..=ORDER {
        let fed: f64 = (1..n).map(|k| k as f64 / n as f64 * cepstrum[k] * a[n - k - 1]).sum();
        cepstrum[n] = -a[n - 1] - fed;
    }
    cepstrum.map(crate::units::narrow)
}
