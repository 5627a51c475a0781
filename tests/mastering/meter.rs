//! The minimum requirements of EBU Tech 3341 (table 1) and Tech 3342 (table 1), their signals synthesized.
//!
//! Left out: 3341 number 6, which has five channels, and 7, 8 and 3342's 5, 6, which are recordings.

use radioplay::audio::buffer::Channels;
use radioplay::dsp::loudness::Meter;
use radioplay::dsp::loudness::profile::{Hop, Measures, Profile};
use radioplay::units::level::Loudness;
use radioplay::units::time::FrameCount;

use super::{HZ, check_near, measured, noise, rate, single, stereo, tones, whole};

/// Levels in dBFS, and how long each lasts in seconds.
type Stretches = &'static [(f64, f64)];

fn lufs(loudness: Option<Loudness>) -> f64 {
    loudness.map_or(f64::NEG_INFINITY, Loudness::lufs)
}

fn momentary(measures: &Measures) -> f64 {
    lufs(measures.momentary.map(|found| found.value))
}

fn short_term(measures: &Measures) -> f64 {
    lufs(measures.short_term.map(|found| found.value))
}

#[test]
fn tech_3341_signals_1_to_5_have_their_integrated_loudness() {
    let signals: [(&str, Stretches, f64); 5] = [
        ("1", &[(-23.0, 20.0)], -23.0),
        ("2", &[(-33.0, 20.0)], -33.0),
        ("3", &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        ("4", &[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        ("5", &[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ];
    for hz in [44_100, 48_000, 96_000] {
        for (name, stretches, wanted) in signals {
            let measures = stereo(hz, &tones(hz, stretches)).measures();
            check_near(&format!("{name} at {hz} Hz"), lufs(measures.integrated), wanted, 0.1);
            if stretches.len() == 1 {
                check_near(name, momentary(&measures), wanted, 0.1);
                check_near(name, short_term(&measures), wanted, 0.1);
            }
        }
    }
}

#[test]
fn tech_3341_signal_9_has_a_constant_short_term_loudness() {
    let stretches: Vec<(f64, f64)> = (0..5).flat_map(|_| [(-20.0, 1.34), (-30.0, 1.66)]).collect();
    let profile = stereo(HZ, &tones(HZ, &stretches));
    for (index, energy) in profile.short_term().enumerate().skip(30) {
        let loudness = Loudness::of_energy(f64::from(energy));
        check_near(&format!("hop {index}"), loudness.lufs(), -23.0, 0.1);
    }
}

#[test]
fn tech_3341_signals_10_and_11_find_the_loudest_three_seconds_wherever_they_begin() {
    for index in 0..20_u8 {
        let shift = f64::from(index) * 0.15;
        for (name, level) in [("10", -23.0), ("11", -38.0 + f64::from(index))] {
            let signal = tones(HZ, &[(f64::NEG_INFINITY, shift), (level, 3.0), (f64::NEG_INFINITY, 1.0)]);
            let name = format!("{name}, {index}");
            check_near(&name, short_term(&stereo(HZ, &signal).measures()), level, 0.1);
        }
    }
}

#[test]
fn tech_3341_signal_12_has_a_constant_momentary_loudness() {
    let stretches: Vec<(f64, f64)> = (0..25).flat_map(|_| [(-20.0, 0.18), (-30.0, 0.22)]).collect();
    let profile = stereo(HZ, &tones(HZ, &stretches));
    assert_eq!(profile.momentary().count(), profile.hops().len());
    for momentary in profile.momentary().skip(10) {
        check_near("12", Loudness::of_energy(f64::from(momentary)).lufs(), -23.0, 0.1);
    }
}

#[test]
fn tech_3341_signals_13_and_14_find_the_loudest_400_ms_wherever_they_begin() {
    for index in 0..20_u8 {
        let shift = f64::from(index) * 0.02;
        for (name, level) in [("13", -23.0), ("14", -38.0 + f64::from(index))] {
            let signal = tones(HZ, &[(f64::NEG_INFINITY, shift), (level, 0.4), (f64::NEG_INFINITY, 1.0)]);
            let name = format!("{name}, {index}");
            check_near(&name, momentary(&stereo(HZ, &signal).measures()), level, 0.1);
        }
    }
}

/// Both channels, faded in and out, so that no edge has a peak of its own.
fn sine(share: f64, amplitude: f64, degrees: f64, hz: u32) -> Vec<f32> {
    let length = whole(f64::from(hz));
    let frame = |index: usize| {
        let edge = index.min(length - 1 - index) as f64 / (0.1 * f64::from(hz));
        let fade = 0.5 - 0.5 * libm::cos(std::f64::consts::PI * edge.min(1.0));
        let angle = std::f64::consts::PI * (2.0 * index as f64 / share + degrees / 180.0);
        [single(amplitude * fade * libm::sin(angle)); 2]
    };
    (0..length).flat_map(frame).collect()
}

#[track_caller]
fn check_true_peak(name: &str, signal: &[f32], hz: u32, wanted: f64) {
    let found = f64::from(stereo(hz, signal).measures().true_peak.expect("it sounds").value.dbtp());
    assert!(
        found - wanted <= 0.2 && found - wanted >= -0.4,
        "{name} at {hz} Hz: {found}, not {wanted} +0.2 −0.4"
    );
}

#[test]
fn tech_3341_signals_15_to_19_have_their_true_peak() {
    for hz in [44_100, 48_000, 96_000] {
        check_true_peak("15", &sine(4.0, 0.5, 0.0, hz), hz, -6.0);
        check_true_peak("16", &sine(4.0, 0.5, 45.0, hz), hz, -6.0);
        check_true_peak("17", &sine(6.0, 0.5, 60.0, hz), hz, -6.0);
        check_true_peak("18", &sine(8.0, 0.5, 67.5, hz), hz, -6.0);
        check_true_peak("19", &sine(4.0, 1.41, 45.0, hz), hz, 3.0);
    }
}

/// In the manner of 20 to 23, whose pulse is given as a picture only: a pulse limited to the band, made at four times
/// the rate with its peak of 1.0 on one of the samples, and of those every fourth kept, beginning at 0, 1, 2 and 3.
#[test]
fn tech_3341_signals_20_to_23_have_their_true_peak_wherever_the_samples_fall() {
    for offset in 0..4 {
        let sample = |frame: usize| {
            let t = (frame as f64 * 4.0 + f64::from(offset) - 8000.0) / 4.0;
            let angle = std::f64::consts::PI * t * 0.8;
            let pulse = if t == 0.0 { 1.0 } else { libm::sin(angle) / angle };
            let tone = 0.5 * libm::cos(std::f64::consts::PI * t / 3.0);
            let edge = (t.abs() / 1900.0).min(1.0);
            let fade = 0.5 + 0.5 * libm::cos(std::f64::consts::PI * edge);
            [single((0.5 * pulse + tone) * fade); 2]
        };
        let signal: Vec<f32> = (0..4000).flat_map(sample).collect();
        check_true_peak(&format!("{}", 20 + offset), &signal, HZ, 0.0);
    }
}

#[test]
fn tech_3342_signals_1_to_4_have_their_loudness_range() {
    let signals: [(&str, &[f64], f64); 4] = [
        ("1", &[-20.0, -30.0], 10.0),
        ("2", &[-20.0, -15.0], 5.0),
        ("3", &[-40.0, -20.0], 20.0),
        ("4", &[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    for (name, levels, wanted) in signals {
        let stretches: Vec<(f64, f64)> = levels.iter().map(|level| (*level, 20.0)).collect();
        let range = stereo(HZ, &tones(HZ, &stretches)).measures().range.expect("it is long enough");
        check_near(name, range, wanted, 1.0);
    }
}

#[test]
fn one_channel_is_three_lu_softer_than_the_same_in_two() {
    let both = tones(HZ, &[(-20.0, 5.0)]);
    let mono = measured(Channels::Mono, HZ, &super::channel(&both, 0)).measures();
    check_near("mono", lufs(mono.integrated), lufs(stereo(HZ, &both).measures().integrated) - 3.01, 0.01);
    check_near("RMS", f64::from(mono.rms.dbfs()), -23.01, 0.01);
}

#[test]
fn how_the_input_is_cut_makes_no_difference() {
    for hz in [44_100, 44_101, 48_000] {
        let signal = noise(1, 200_000);
        let whole = stereo(hz, &signal);
        for piece in [2, 960, 2048, 9602] {
            let mut meter = Meter::new(Channels::Stereo, rate(hz), FrameCount::ZERO);
            signal.chunks(piece).for_each(|piece| meter.push(piece));
            let cut = meter.finish();
            // What is skipped of the true peak depends on where pieces end, but never what is found.
            assert!(cut == whole, "{hz} Hz in pieces of {piece}");
        }
    }
}

#[test]
fn a_meter_started_late_has_the_hops_of_the_whole() {
    let signal = noise(2, 480_000);
    let whole = stereo(HZ, &signal);
    let mut meter = Meter::new(Channels::Stereo, rate(HZ), FrameCount::new(24_000));
    meter.push(&signal[48_000..]);
    for (late, all) in meter.finish().hops()[3..].iter().zip(&whole.hops()[8..]) {
        let measured = |hop: &Hop| (hop.energy, hop.sample_peak, hop.true_peak);
        assert_eq!(measured(late), measured(all));
    }
}

#[test]
fn the_noise_floor_is_the_quietest_half_second_that_is_not_silence() {
    let mut signal = tones(HZ, &[(-20.0, 2.0), (-70.0, 0.7), (-20.0, 2.0), (-50.0, 1.0)]);
    signal.extend(vec![0.0; 200_000]);
    let floor = stereo(HZ, &signal).measures().noise_floor.expect("there is one");
    check_near("floor", f64::from(floor.value.dbfs()), -73.01, 0.01);
    assert_eq!(floor.start.get(), 96_000);
}

#[test]
fn silence_and_what_is_too_short_have_no_loudness() {
    let silent = stereo(HZ, &vec![0.0; 480_000]).measures();
    assert_eq!(
        (silent.integrated, silent.range, silent.true_peak, silent.noise_floor),
        (None, None, None, None)
    );
    assert_eq!(silent.rms.dbfs(), f32::NEG_INFINITY);
    for length in [0, 1, 2, 4799, 4800, 19_199] {
        let short = stereo(HZ, &noise(3, length * 2)).measures();
        assert_eq!((short.integrated, short.momentary, short.range), (None, None, None), "{length} frames");
    }
    assert!(stereo(HZ, &noise(3, 19_200 * 2)).measures().integrated.is_some());
}

#[test]
fn a_stretch_is_measured_as_if_nothing_else_were_there() {
    let signal = tones(HZ, &[(-10.0, 5.0), (-30.0, 10.0), (-10.0, 5.0)]);
    let profile = stereo(HZ, &signal);
    let at = |seconds: u64| radioplay::units::time::FramePos::ZERO.after(FrameCount::new(seconds * 48_000));
    let measures = profile.measures_of(profile.within(at(5), at(15)));
    check_near("integrated", lufs(measures.integrated), -30.0, 0.1);
    check_near("momentary", momentary(&measures), -30.0, 0.1);
    check_near("short-term", short_term(&measures), -30.0, 0.1);
    let loudest = profile.measures().short_term.expect("it is long enough");
    assert!(loudest.start.get() <= 2 * 48_000);
}

/// What was measured of two halves on grids of their own adds up to what is measured in one go: exactly where the grids
/// are one, and but for hundredths of a second where they are not.
#[test]
fn parts_measured_apart_add_up() {
    let mut sound = tones(HZ, &[(-30.0, 1.3), (-12.0, 0.35), (-40.0, 2.0), (-18.0, 1.77), (-26.0, 4.0)]);
    sound.truncate(2 * 450_001);
    let whole = stereo(HZ, &sound);
    for cut in [48_000, 96_000, 96_001, 99_999, 143_760, 240_123] {
        let (first, second) = sound.split_at(2 * cut);
        let mut joined = stereo(HZ, first);
        // As if what came before had been heard: its filters have swung in.
        let mut meter = Meter::new(Channels::Stereo, rate(HZ), FrameCount::ZERO);
        meter.push(&first[first.len() - 2 * 14_400..]);
        meter.push(second);
        let mut second = meter.finish();
        second.leave_out(3);
        joined.append(&second);
        assert_eq!((joined.frames(), joined.hops().len()), (whole.frames(), whole.hops().len()));
        let [found, wanted] = [&joined, &whole].map(Profile::measures);
        let loudness = |it: &Measures| {
            [lufs(it.integrated), momentary(it), short_term(it), it.range.expect("it is long enough")]
        };
        for (found, wanted) in loudness(&found).iter().zip(loudness(&wanted)) {
            let apart = (found - wanted).abs();
            assert!(apart < if cut % 4800 == 0 { 1e-6 } else { 0.03 }, "{cut}: {apart}");
        }
        assert_eq!(found.sample_peak, wanted.sample_peak);
        let rms = f64::from((found.rms.dbfs() - wanted.rms.dbfs()).abs());
        assert!(rms < 1e-4, "{cut}: {rms}");
        let peak = |it: &Measures| it.true_peak.map(|it| it.value.dbtp()).expect("loud enough");
        assert!((peak(&found) - peak(&wanted)).abs() < 0.01, "{cut}");
        // A part of it is what was measured there.
        let mut part = Profile::empty(rate(HZ));
        part.append_part(&joined, &(84_001..170_000));
        let level = momentary(&part.measures());
        assert!((level + 40.0).abs() < 0.1 && part.frames() == 85_999, "{level}");
    }
}

/// A long profile that is joined from portions keeps no steps that are over, and says the same of every tenth of a second.
#[test]
fn a_long_joined_profile_says_the_same_in_less_room() {
    let pieces: Vec<(f64, f64)> = (0..40).map(|index| (-20.0 - f64::from(index % 7), 2.73)).collect();
    let sound = tones(HZ, &pieces);
    let whole = stereo(HZ, &sound);
    let portion = 2 * 480_000;
    let mut joined = stereo(HZ, &sound[..portion]);
    for start in (portion..sound.len()).step_by(portion) {
        let mut meter = Meter::new(Channels::Stereo, rate(HZ), FrameCount::ZERO);
        meter.push(&sound[start - 2 * 14_400..sound.len().min(start + portion)]);
        let mut next = if start + portion < sound.len() { meter.leave() } else { meter.finish() };
        next.leave_out(3);
        joined.append(&next);
    }
    // Of 10,900 steps there are those of 3 s, and at most as many as are forgotten at once.
    assert!(joined.to_bytes().len() < 40 + joined.hops().len() * 40 + (300 + 4_010) * 4);
    assert_eq!(joined.hops().len(), whole.hops().len());
    let near = |found: f32, wanted: f32| (found - wanted).abs() <= wanted * 1e-6;
    assert!(joined.momentary().zip(whole.momentary()).all(|(found, wanted)| near(found, wanted)));
    assert!(joined.short_term().zip(whole.short_term()).all(|(found, wanted)| near(found, wanted)));
    let [found, wanted] = [&joined, &whole].map(Profile::measures);
    assert!((short_term(&found) - short_term(&wanted)).abs() < 1e-5);
    assert_eq!(found.momentary.map(|it| it.start), wanted.momentary.map(|it| it.start));
    let again = Profile::from_bytes(rate(HZ), &joined.to_bytes());
    assert_eq!(again.as_ref(), Some(&joined));
    // With what comes after it, which needs steps from before it.
    let (mut longer, more) = (joined, stereo(HZ, &sound[..portion]));
    longer.append(&more);
    assert_eq!(longer.frames(), whole.frames() + 480_000);
}
