//! The resampler against arithmetic, against itself cut in pieces, and against an independent one.

use std::f64::consts::TAU;

use radioplay::audio::buffer::{AudioBuffer, Channels};
use radioplay::dsp::resample::{Resampler, resample, resampled_length};
use radioplay::units::time::{FrameCount, SampleRate};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

/// Ratios with exact rows, with interpolated rows, upwards and downwards.
const PAIRS: [(u32, u32); 10] = [
    (16_000, 48_000),
    (44_100, 48_000),
    (48_000, 44_100),
    (13_600, 48_000),
    (22_050, 44_100),
    (96_000, 48_000),
    (192_000, 44_100),
    (8_000, 192_000),
    (17_123, 48_000),
    (48_000, 44_101),
];

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).unwrap()
}

fn sine(hz: f64, level: f64, from: u32, frames: usize) -> Vec<f32> {
    (0..frames).map(|n| (level * (TAU * hz * n as f64 / f64::from(from)).sin()) as f32).collect()
}

fn mono(samples: Vec<f32>, from: u32, to: u32) -> Vec<f32> {
    resample(&AudioBuffer::new(samples, Channels::Mono, rate(from)), rate(to)).into_samples()
}

/// Amplitude and phase (against a sine starting at 0) of the tone at `hz`, and the power of all else, by least
/// squares over the middle of `samples`.
fn fit(samples: &[f32], hz: f64, rate: u32, margin: usize) -> (f64, f64, f64) {
    let range = margin..samples.len() - margin;
    let (mut ss, mut sc, mut cc, mut sx, mut cx) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for n in range.clone() {
        let (s, c) = (TAU * hz * n as f64 / f64::from(rate)).sin_cos();
        let x = f64::from(samples[n]);
        (ss, sc, cc, sx, cx) = (ss + s * s, sc + s * c, cc + c * c, sx + s * x, cx + c * x);
    }
    let det = ss * cc - sc * sc;
    let (a, b) = ((sx * cc - cx * sc) / det, (cx * ss - sx * sc) / det);
    let rest: f64 = range
        .clone()
        .map(|n| {
            let (s, c) = (TAU * hz * n as f64 / f64::from(rate)).sin_cos();
            (f64::from(samples[n]) - a * s - b * c).powi(2)
        })
        .sum::<f64>()
        / range.len() as f64;
    ((a * a + b * b).sqrt(), b.atan2(a), rest)
}

fn db(x: f64) -> f64 {
    20.0 * x.log10()
}

#[test]
fn a_tone_keeps_level_and_place_and_gains_nothing_else() {
    for (from, to) in PAIRS {
        let out = mono(sine(997.0, 0.5, from, from as usize), from, to);
        let (amplitude, phase, rest) = fit(&out, 997.0, to, to as usize / 8);
        let thd_n = db(rest.sqrt() / (amplitude / 2.0_f64.sqrt()));
        assert!(
            db(amplitude / 0.5).abs() < 0.0001,
            "{from} to {to}: level moved by {} dB",
            db(amplitude / 0.5)
        );
        assert!(phase.abs() < 1e-6, "{from} to {to}: {phase} rad off");
        assert!(thd_n < -120.0, "{from} to {to}: THD+N {thd_n} dB");
    }
}

#[test]
fn the_pass_band_is_flat_and_what_lies_above_the_new_nyquist_is_gone() {
    for (from, to) in PAIRS {
        let nyquist = f64::from(from.min(to)) / 2.0;
        let edge = 0.915 * nyquist;
        let out = mono(sine(edge, 0.5, from, from as usize / 4), from, to);
        let (amplitude, _, rest) = fit(&out, edge, to, out.len() / 8);
        assert!(db(amplitude / 0.5).abs() < 0.001, "{from} to {to}: {} dB at the edge", db(amplitude / 0.5));
        assert!(db(rest.sqrt() / 0.5) < -110.0, "{from} to {to}: images at {} dB", db(rest.sqrt() / 0.5));
        if to < from {
            let out = mono(sine(1.001 * nyquist, 0.5, from, from as usize / 4), from, to);
            let (margin, peak) = (out.len() / 8, |s: &[f32]| s.iter().fold(0.0_f32, |p, s| p.max(s.abs())));
            let alias = db(f64::from(peak(&out[margin..out.len() - margin])) / 0.5);
            assert!(alias < -115.0, "{from} to {to}: aliases at {alias} dB");
        }
    }
}

#[test]
fn an_impulse_stays_where_it_is_in_time() {
    for (from, to) in PAIRS {
        let at = from as usize / 10;
        let mut input = vec![0.0; at * 2];
        input[at] = 1.0;
        let out = mono(input, from, to);
        assert_eq!(out.len(), resampled_length(FrameCount::new(at as u64 * 2), rate(from), rate(to)).index());
        let (mut sum, mut moment) = (0.0, 0.0);
        for (n, sample) in out.iter().enumerate() {
            let power = f64::from(*sample).powi(2);
            (sum, moment) = (sum + power, moment + power * n as f64);
        }
        let expected = at as f64 * f64::from(to) / f64::from(from);
        assert!((moment / sum - expected).abs() < 0.001, "{from} to {to}: {} not {expected}", moment / sum);
    }
}

#[test]
fn however_the_input_is_cut_the_output_is_the_same_bits() {
    for (from, to) in PAIRS.into_iter().chain([(48_000, 48_000)]) {
        let mut random = radioplay::dsp::noise::Random::new(7);
        let noise: Vec<f32> = (0..20_002).map(|_| random.bipolar() as f32).collect();
        let input = AudioBuffer::new(noise, Channels::Stereo, rate(from));
        let whole = resample(&input, rate(to));
        assert_eq!(whole.frames(), resampled_length(input.frames(), rate(from), rate(to)));
        let mut out = Vec::new();
        let mut resampler = Resampler::new(rate(from), rate(to), Channels::Stereo);
        let (mut at, mut piece) = (0, 1);
        while at < input.samples().len() {
            let end = (at + piece * 2).min(input.samples().len());
            resampler.push(&input.samples()[at..end], &mut out);
            (at, piece) = (end, piece * 7 % 1009);
        }
        resampler.finish(&mut out);
        assert!(whole.samples() == out, "{from} to {to}");
    }
}

#[test]
fn left_and_right_do_not_meet() {
    let left = sine(440.0, 0.5, 44_100, 4_410);
    let right = sine(3_000.0, 0.25, 44_100, 4_410);
    let both = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    let out = resample(&AudioBuffer::new(both, Channels::Stereo, rate(44_100)), rate(48_000));
    let (l, r) = (mono(left, 44_100, 48_000), mono(right, 44_100, 48_000));
    let expected: Vec<f32> = l.iter().zip(&r).flat_map(|(l, r)| [*l, *r]).collect();
    assert!(out.samples() == expected);
}

#[test]
fn a_constant_stays_itself_and_nothing_stays_nothing() {
    for (from, to) in PAIRS {
        let out = mono(vec![0.25; from as usize / 10], from, to);
        let margin = out.len() / 4;
        for sample in &out[margin..out.len() - margin] {
            assert!((sample - 0.25).abs() < 1e-6, "{from} to {to}: {sample}");
        }
        assert!(mono(Vec::new(), from, to).is_empty());
        assert_eq!(mono(vec![0.5], from, to).len(), ((to * 2 + from) / (from * 2)) as usize);
    }
}

/// Both pass the same band, so on a signal inside it they must agree far below what 16 bits can show.
#[test]
fn it_agrees_with_rubato() {
    // Its blocks, of the third number of frames, must halve on both sides, or its delay is no whole number.
    for (from, to, block) in [
        (16_000_u32, 48_000_u32, 1024),
        (44_100, 48_000, 8 * 147),
        (48_000, 44_100, 8 * 160),
        (96_000, 48_000, 1024),
    ] {
        let frames = from as usize;
        let mut input = vec![0.0_f32; frames];
        for hz in [110.0, 997.0, 2_500.0, 6_100.0] {
            for (sample, tone) in input.iter_mut().zip(sine(hz, 0.2, from, frames)) {
                *sample += tone;
            }
        }
        let adapter = InterleavedSlice::new(&input, 1, frames).unwrap();
        let mut oracle = Fft::<f32>::new(from as usize, to as usize, block, 1, FixedSync::Both).unwrap();
        let theirs = oracle.process_all(&adapter, frames, None).unwrap().take_data();
        let ours = mono(input, from, to);
        let margin = to as usize / 10;
        let worst = (margin..ours.len() - margin).fold(0.0_f32, |w, n| w.max((ours[n] - theirs[n]).abs()));
        assert!(db(f64::from(worst)) < -100.0, "{from} to {to}: they differ by {} dB", db(f64::from(worst)));
    }
}
