//! Meter, limiter, dither and the search for the gain, against standards, oracles and other programs.

#![expect(clippy::float_cmp, reason = "where these tests compare exactly, exactness is the claim")]

mod delivered;
mod limiter;
mod meter;
mod oracle;
mod speed;

use radioplay::audio::buffer::Channels;
use radioplay::dsp::loudness::Meter;
use radioplay::dsp::loudness::profile::Profile;
use radioplay::dsp::noise::Random;
use radioplay::units::time::{FrameCount, SampleRate};

const HZ: u32 = 48_000;

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

fn measured(channels: Channels, hz: u32, interleaved: &[f32]) -> Profile {
    let mut meter = Meter::new(channels, rate(hz), FrameCount::ZERO);
    meter.push(interleaved);
    meter.finish()
}

fn stereo(hz: u32, interleaved: &[f32]) -> Profile {
    measured(Channels::Stereo, hz, interleaved)
}

/// A stereo sine of 1 kHz, both channels in phase, in stretches of a level (dBFS of its crest) and a length (s). Its
/// phase runs through.
fn tones(hz: u32, stretches: &[(f64, f64)]) -> Vec<f32> {
    let mut out = Vec::new();
    for (dbfs, seconds) in stretches {
        let amplitude = libm::pow(10.0, dbfs / 20.0);
        for _ in 0..whole(seconds * f64::from(hz)) {
            let frame = out.len() / 2;
            let angle = 2.0 * std::f64::consts::PI * 1000.0 * (frame as f64 / f64::from(hz));
            let sample = single(amplitude * libm::sin(angle));
            out.extend([sample, sample]);
        }
    }
    out
}

fn noise(seed: u64, length: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..length).map(|_| single(random.bipolar())).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
fn single(sample: f64) -> f32 {
    sample as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths are small and not negative"
)]
fn whole(frames: f64) -> usize {
    frames.round() as usize
}

#[track_caller]
fn check_near(what: &str, found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within, "{what}: found {found}, wanted {wanted} ± {within}");
}

/// The true peak by other means than ours: 16-fold, a sinc under a Blackman window of 64 samples to either side, in
/// `f64`. Around peaks only: where the samples stay 12 dB below the highest, the wave cannot pass it.
fn true_peak_oracle(samples: &[f32]) -> f64 {
    const SIDE: usize = 64;
    const FACTOR: usize = 16;
    let highest = samples.iter().fold(0.0_f64, |peak, sample| peak.max(f64::from(sample.abs())));
    let table: Vec<Vec<f64>> = (0..FACTOR)
        .map(|phase| {
            let at = phase as f64 / FACTOR as f64;
            let tap = |index: usize| {
                let t = index as f64 - (SIDE as f64 - 1.0) - at;
                let angle = std::f64::consts::PI * t;
                let x = angle / SIDE as f64;
                let window = 0.42 + 0.5 * libm::cos(x) + 0.08 * libm::cos(2.0 * x);
                if t == 0.0 { 1.0 } else { libm::sin(angle) / angle * window.max(0.0) }
            };
            (0..2 * SIDE).map(tap).collect()
        })
        .collect();
    let mut padded = vec![0.0_f64; SIDE - 1];
    padded.extend(samples.iter().map(|sample| f64::from(*sample)));
    padded.extend(vec![0.0; SIDE + 1]);
    let mut peak = highest;
    for first in 0..samples.len() {
        let here = padded[first + SIDE - 1].abs().max(padded[first + SIDE].abs());
        if here < highest * 0.25 {
            continue;
        }
        let window = &padded[first..first + 2 * SIDE];
        for taps in &table[1..] {
            let sum: f64 = taps.iter().zip(window).map(|(tap, sample)| tap * sample).sum();
            peak = peak.max(sum.abs());
        }
    }
    peak
}

fn channel(interleaved: &[f32], channel: usize) -> Vec<f32> {
    interleaved.iter().skip(channel).step_by(2).copied().collect()
}
