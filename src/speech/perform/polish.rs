//! What makes a voice sit: effort, evenness, sibilants, air.
//!
//! In this order, each measured against the speech's own active level, so that nothing depends on how loud the engine
//! is:
//!
//! - *Effort* tilts the spectrum around 1.3 kHz, where vocal effort does (Traunmüller and Eriksson 2000, see
//!   [`crate::speech::mood`]); a raised voice is also pressed harder together and driven a little into saturation.
//! - *Compression*, gently, so that a line sits evenly in a mix.
//! - *De-essing*: what is above 5 kHz gives way where it is louder than a consonant needs.
//! - *Air*: an engine that speaks at 16 kHz has nothing above 8 kHz, where the energy of `s` and `sh` goes on (C. H.
//!   Shadle, "The acoustics of fricative consonants", 1985). Noise that follows the highest octave there is takes its
//!   place, in sibilants and whispers only; vowels have next to nothing there.
//!
//! Latency: none.

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::noise::Random;
use crate::dsp::saturate::saturate;
use crate::speech::engine::Voice;
use crate::speech::perform::loudness::{active_power, power};
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Where effort tilts the spectrum, in Hz.
const TILT_HZ: f64 = 1300.0;
/// How much of that is taken back in the highest highs: effort is the vocal cords', not the sibilants'.
const VOICED: f64 = 0.6;
/// The effort from which a voice is raised, and how much more makes it shouted, in dB.
const RAISED_DB: f64 = 3.0;
const SHOUTED_DB: f64 = 9.0;
/// Saturation of a shout: how far above the active level it bends, as an amplitude.
const BEND: f64 = 2.2;
/// From where on it is compressed, against the active level, in dB; by how much, for a voice at rest and a shout.
const KNEE_DB: f64 = -2.0;
const RATIO: f64 = 1.5;
const SHOUTED_RATIO: f64 = 3.5;
/// How fast it is compressed, and how fast let go, in seconds.
const COMPRESSION: [f64; 2] = [0.008, 0.250];
/// Sibilants: where they begin, in Hz; how loud they may be against the active level, in dB; what of the excess stays;
/// how fast they are caught, and let go, in seconds.
const SIBILANT_HZ: f64 = 5000.0;
const SIBILANT_DB: f64 = -12.0;
const SIBILANT_RATIO: f64 = 2.5;
const SIBILANCE: [f64; 2] = [0.001, 0.030];
/// Air: the part of the band below its end that it follows; how strong it is against that, as an amplitude; where it
/// fades out, in Hz; and the share of the power that must lie up there.
const AIR_FROM: f64 = 0.62;
const AIR: f64 = 0.75;
const AIR_END_HZ: f64 = 12_500.0;
const AIR_SHARE: f64 = 0.25;
/// How often gains are worked out, per second; they glide between.
const STEPS_PER_SECOND: u32 = 3000;

/// Polishes one part of a line, in place. `band` is the rate the engine spoke at.
pub(super) fn apply(samples: &mut [f32], rate: SampleRate, band: SampleRate, voice: &Voice, seed: u64) {
    let effort = f64::from(voice.effort.db()).clamp(*Voice::EFFORTS.start(), *Voice::EFFORTS.end());
    let shouted = ((effort - RAISED_DB) / SHOUTED_DB).clamp(0.0, 1.0);
    if effort.abs() > 0.01 {
        let tilt = [
            Shape::HighShelf { hz: TILT_HZ, db: effort },
            Shape::HighShelf { hz: SIBILANT_HZ, db: -VOICED * effort },
        ];
        Biquad::sift(&tilt, rate, samples);
    }
    let Some(active) = active_power(samples, rate) else { return };
    if shouted > 0.0 {
        bend(samples, libm::sqrt(active), shouted);
    }
    let ratio = RATIO + (SHOUTED_RATIO - RATIO) * shouted;
    let knee = active * from_db(KNEE_DB);
    let control = samples.to_vec();
    ride(samples, &control, rate, COMPRESSION, |power| above(power, knee, ratio));
    let mut high = samples.to_vec();
    let sibilants = Shape::HighPass { hz: SIBILANT_HZ, q: std::f64::consts::FRAC_1_SQRT_2 };
    Biquad::sift(&[sibilants], rate, &mut high);
    let most = active * from_db(SIBILANT_DB);
    let mut tamed = high.clone();
    ride(&mut tamed, &high, rate, SIBILANCE, |power| above(power, most, SIBILANT_RATIO));
    for (sample, (tamed, high)) in samples.iter_mut().zip(tamed.iter().zip(&high)) {
        *sample += tamed - high;
    }
    add_air(samples, rate, band, seed);
}

/// Saturation, mixed in.
fn bend(samples: &mut [f32], active: f64, share: f64) {
    let scale = BEND * active;
    for sample in samples {
        let x = f64::from(*sample);
        *sample = narrow(x + (saturate(x / scale, 1.0) * scale - x) * share);
    }
}

/// The gain that leaves of a power above `most` only one part in `ratio` of the decibels.
fn above(power: f64, most: f64, ratio: f64) -> f64 {
    if power <= most { 1.0 } else { libm::pow(power / most, 0.5 * (1.0 / ratio - 1.0)) }
}

/// Multiplies samples by the gain that `law` gives for the power of `control`, which is followed within the two times:
/// rising, falling.
fn ride(samples: &mut [f32], control: &[f32], rate: SampleRate, times: [f64; 2], law: impl Fn(f64) -> f64) {
    let step = (rate.hz() / STEPS_PER_SECOND).max(1) as usize;
    let [rise, fall] = times.map(|time| libm::exp(-(step as f64) / (time * f64::from(rate.hz()))));
    let mut followed = 0.0;
    let mut gain = 1.0;
    for (samples, control) in samples.chunks_mut(step).zip(control.chunks(step)) {
        let now = power(control);
        followed = now + (followed - now) * if now > followed { rise } else { fall };
        let next = law(followed);
        let glide = (next - gain) / samples.len() as f64;
        for sample in samples {
            gain += glide;
            *sample *= narrow(gain);
        }
        gain = next;
    }
}

/// Noise above the band of the engine, where it ends in noise.
fn add_air(samples: &mut [f32], rate: SampleRate, band: SampleRate, seed: u64) {
    let edge = f64::from(band.hz()) / 2.0;
    if edge * 1.1 > f64::from(rate.hz()) / 2.0 || edge > AIR_END_HZ {
        return;
    }
    let q = std::f64::consts::FRAC_1_SQRT_2;
    let mut top = samples.to_vec();
    Biquad::sift(&[Shape::HighPass { hz: edge * AIR_FROM, q }], rate, &mut top);
    let mut random = Random::named(seed, "air");
    let mut air: Vec<f32> = (0..samples.len()).map(|_| narrow(random.bipolar())).collect();
    let band = [
        Shape::HighPass { hz: edge, q: 0.54 },
        Shape::HighPass { hz: edge, q: 1.31 },
        Shape::LowPass { hz: AIR_END_HZ, q },
    ];
    Biquad::sift(&band, rate, &mut air);
    // The noise at the strength of the top octave, where most of the power lies there.
    let scale = AIR / libm::sqrt(power(&air).max(1e-12));
    let step = (rate.hz() / STEPS_PER_SECOND).max(1) as usize;
    let keep = libm::exp(-(step as f64) / (0.004 * f64::from(rate.hz())));
    let (mut all, mut high, mut gain) = (0.0, 0.0, 0.0);
    for ((samples, top), air) in samples.chunks_mut(step).zip(top.chunks(step)).zip(air.chunks(step)) {
        let [now, now_high] = [&*samples, top].map(power);
        all = now + (all - now) * keep;
        high = now_high + (high - now_high) * keep;
        let open = ((high / (all + 1e-15) - AIR_SHARE) / AIR_SHARE).clamp(0.0, 1.0);
        let next = libm::sqrt(high) * scale * open;
        let glide = (next - gain) / samples.len() as f64;
        for (sample, air) in samples.iter_mut().zip(air) {
            gain += glide;
            *sample += narrow(gain) * air;
        }
        gain = next;
    }
}

/// A power ratio from decibels.
fn from_db(db: f64) -> f64 {
    libm::pow(10.0, db / 10.0)
}
