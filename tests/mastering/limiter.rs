//! The true-peak limiter and the dither.

use radioplay::audio::buffer::Channels;
use radioplay::dsp::limiter::Detect;
use radioplay::master::dither::Dither;
use radioplay::master::{Master, Settings};
use radioplay::units::depth::BitDepth;
use radioplay::units::level::{Gain, Level};
use radioplay::units::time::Seconds;

use super::{HZ, channel, check_near, noise, rate, true_peak_oracle};

fn settings() -> Settings {
    // What the search asks of the limiter for a ceiling of −1 dBTP.
    Settings { detect: Detect::Wave, ceiling: Level::new(-1.15).expect("a level"), ..Settings::default() }
}

fn mastered(settings: Settings, mix: &[f32], piece: usize) -> Vec<f32> {
    let mut master = Master::new(settings, rate(HZ));
    let mut out = Vec::new();
    mix.chunks(piece * 2).for_each(|piece| master.push(piece, &mut out));
    assert_eq!(master.finish(&mut out).clamped, 0);
    out
}

fn signals() -> Vec<(&'static str, Vec<f32>)> {
    let sine = |share: f64, level: f64| -> Vec<f32> {
        (0..96_000)
            .map(|i| super::single(level * libm::sin(f64::from(i / 2) * std::f64::consts::PI * share + 0.7)))
            .collect()
    };
    let bursts = noise(3, 96_000)
        .into_iter()
        .enumerate()
        .map(|(i, x)| if i / 3000 % 3 == 0 { x * 4.0 } else { x * 0.3 });
    let mut impulses = vec![0.0; 96_000];
    for (index, at) in [2000, 2001, 9001, 20_000, 20_003, 50_000, 50_002].into_iter().enumerate() {
        impulses[at] = if index % 2 == 0 { 3.0 } else { -20.0 };
    }
    let square = |period: usize| {
        (0..96_000).map(|i| if (i / 2 / period).is_multiple_of(2) { 1.4 } else { -1.4 }).collect()
    };
    vec![
        ("a sine of 12 kHz between samples", sine(0.5, 1.4)),
        ("a sine of 18 kHz", sine(0.75, 2.0)),
        ("a sine of 20 kHz", sine(0.8333, 2.0)),
        ("a sine of 97 Hz", sine(97.0 / 24_000.0, 4.0)),
        ("noise", noise(4, 96_000).iter().map(|x| x * 2.0).collect()),
        ("bursts", bursts.collect()),
        ("impulses", impulses),
        ("a square wave", square(50)),
        ("a fast square wave", square(3)),
    ]
}

#[test]
fn the_wave_stays_below_the_ceiling_by_a_sixteenfold_look() {
    for (name, mix) in signals() {
        let out = mastered(settings(), &mix, 1024);
        assert_eq!(out.len(), mix.len());
        let peak = (0..2).map(|c| true_peak_oracle(&channel(&out, c))).fold(0.0, f64::max);
        let dbtp = 20.0 * libm::log10(peak);
        assert!(dbtp <= -1.0, "{name}: {dbtp} dBTP");
        assert!(dbtp >= -1.6, "{name}: {dbtp} dBTP is lower than it need be");
    }
}

#[test]
fn how_the_input_is_cut_makes_no_difference() {
    for (name, mix) in signals() {
        let whole = mastered(settings(), &mix, 48_000);
        for piece in [1, 31, 240, 1024, 5000] {
            assert!(mastered(settings(), &mix, piece) == whole, "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn what_stays_below_passes_bit_by_bit_and_in_place() {
    let quiet: Vec<f32> = noise(5, 40_000).iter().map(|x| x * 0.3).collect();
    assert!(mastered(settings(), &quiet, 777) == quiet);
}

/// Loud and soft by turns: what is known to be soft is pushed as calm, in pieces shorter and longer than what a master holds.
#[test]
fn what_is_known_to_be_calm_gets_the_same_bits_as_what_is_looked_at() {
    let gain = Gain::new(-3.0).expect("a gain");
    let no_lookahead = Seconds::new(0.0).expect("a time");
    for settings in [
        Settings { gain, ..settings() },
        Settings { gain, ..Settings::default() },
        Settings { gain, lookahead: no_lookahead, ..settings() },
    ] {
        let (mut looked_at, mut known) = (Master::new(settings, rate(HZ)), Master::new(settings, rate(HZ)));
        let (mut wanted, mut found, mut calm) = (Vec::new(), Vec::new(), 0);
        let mut rest = &noise(9, 400_000)[..];
        for (index, frames) in [1, 100, 1024, 300, 4000, 289, 7].into_iter().cycle().enumerate() {
            if rest.is_empty() {
                break;
            }
            let (piece, later) = rest.split_at((frames * 2).min(rest.len()));
            rest = later;
            // One in twenty is loud; the wave of what is near one is taken for loud too.
            let is_loud = index % 20 == 0;
            let piece: Vec<f32> =
                piece.iter().map(|sample| sample * if is_loud { 4.0 } else { 0.05 }).collect();
            looked_at.push(&piece, &mut wanted);
            if index % 20 > 1 && index % 20 < 19 {
                known.push_calm(&piece, &mut found);
                calm += 1;
            } else {
                known.push(&piece, &mut found);
            }
            assert_eq!(wanted, found, "piece {index} of {settings:?}");
        }
        assert!(calm > 100, "too few were calm");
        let reports = (looked_at.finish(&mut wanted), known.finish(&mut found));
        assert_eq!((reports.0, wanted), (reports.1, found));
    }
}

#[test]
fn a_master_started_the_settling_time_early_puts_out_the_same_bits() {
    let mix: Vec<f32> = noise(7, 600_000)
        .iter()
        .enumerate()
        .map(|(i, x)| if i / 40_000 % 2 == 0 { x * 2.0 } else { x * 0.2 })
        .collect();
    let all = mastered(settings(), &mix, 1024);
    let settle = Master::new(settings(), rate(HZ)).settle().index();
    for start in [30_000, 47_000, 99_999] {
        let late = mastered(settings(), &mix[start * 2..], 1024);
        assert!(late[settle * 2..] == all[(start + settle) * 2..], "from {start} on");
    }
}

#[test]
fn mono_is_the_mean_of_both_channels() {
    let mono = Settings { channels: Channels::Mono, ..settings() };
    let mix: Vec<f32> = (0..4000_u16).map(|i| if i % 2 == 0 { 0.5 } else { 0.25 }).collect();
    let out = mastered(mono, &mix, 100);
    assert!(out == vec![0.375; 2000]);
}

#[test]
fn dither_makes_the_error_independent_of_the_sound() {
    let quiet: Vec<f32> =
        (0..200_000_u32).map(|i| super::single(libm::sin(f64::from(i) * 0.05) * 1e-5)).collect();
    let mut out = quiet.clone();
    Dither::new(BitDepth::Int16, Channels::Stereo, 0).process(&mut out);
    let step = 1.0 / 32_768.0;
    let errors: Vec<f64> =
        out.iter().zip(&quiet).map(|(o, q)| (f64::from(*o) - f64::from(*q)) / step).collect();
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let power = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
    // A quarter of a step squared: 1/12 of rounding and twice 1/12 of the noise (Lipshitz et al., 1992).
    check_near("mean", mean, 0.0, 0.01);
    check_near("power", power, 0.25, 0.005);
    // The tone, a third of a step high, is still all there.
    let tone = out.iter().zip(&quiet).map(|(o, q)| f64::from(*o) * f64::from(*q)).sum::<f64>();
    let own = quiet.iter().map(|q| f64::from(*q) * f64::from(*q)).sum::<f64>();
    check_near("tone", tone / own, 1.0, 0.05);
    // Whole steps only, and no rounding left to the file.
    assert!(out.iter().all(|x| (x / super::single(step)).fract() == 0.0));
}

#[test]
fn dither_depends_on_the_place_alone_and_leaves_silence_and_floats_alone() {
    let sound = noise(8, 20_000);
    for depth in [BitDepth::Int16, BitDepth::Int24] {
        let mut all = sound.clone();
        Dither::new(depth, Channels::Stereo, 0).process(&mut all);
        let mut part = sound[6000..].to_vec();
        let mut dither = Dither::new(depth, Channels::Stereo, 3000);
        part.chunks_mut(62).for_each(|part| dither.process(part));
        assert!(part == all[6000..]);
        // Who goes back finds the noise again that silence had gone without.
        let mut dither = Dither::new(depth, Channels::Stereo, 0);
        dither.process(&mut [0.0; 400]);
        dither.seek(0);
        let mut again = sound.clone();
        dither.process(&mut again);
        assert!(again == all);
        let mut silence = vec![0.0; 1000];
        Dither::new(depth, Channels::Mono, 0).process(&mut silence);
        assert!(silence == vec![0.0; 1000]);
    }
    let mut floats = sound.clone();
    Dither::new(BitDepth::Float32, Channels::Stereo, 0).process(&mut floats);
    assert!(floats == sound);
}
