//! The master: never above its ceiling, and untouched below it.

use radioplay::dsp::limiter::Report;
use radioplay::master::{Master, Settings};
use radioplay::units::level::Level;
use radioplay::units::time::{SampleRate, Seconds};

use super::{at, check_near, db, gain, noise, sine};

fn rate() -> SampleRate {
    SampleRate::DEFAULT
}

/// What the master makes of interleaved frames that come `piece` at a time.
fn mastered(settings: Settings, mix: &[f32], piece: usize) -> (Vec<f32>, Report) {
    let mut master = Master::new(settings, rate());
    let mut out = Vec::new();
    for piece in mix.chunks(piece * 2) {
        master.push(piece, &mut out);
    }
    let report = master.finish(&mut out);
    (out, report)
}

fn ceiling() -> f32 {
    Settings::default().ceiling.amplitude()
}

/// The same in both channels.
fn both(mono: &[f32]) -> Vec<f32> {
    mono.iter().flat_map(|x| [*x, *x]).collect()
}

fn hostile() -> Vec<(&'static str, Vec<f32>)> {
    let square = |period: usize, level: f32| -> Vec<f32> {
        (0..48_000).map(|frame| if (frame / period).is_multiple_of(2) { level } else { -level }).collect()
    };
    let mut impulses = vec![0.0; 48_000];
    for (index, frame) in [0, 1, 7, 500, 740, 979, 980, 981, 47_998, 47_999].into_iter().enumerate() {
        impulses[frame] = if index % 2 == 0 { 50.0 } else { -1e9 };
    }
    let bursts: Vec<f32> = noise(3, 48_000)
        .iter()
        .enumerate()
        .map(|(frame, x)| if frame / 1000 % 3 == 0 { x * 30.0 } else { x * 0.5 })
        .collect();
    let swell: Vec<f32> = (0..48_000_u16).map(|frame| f32::from(frame) / 480.0).collect();
    vec![
        ("a slow square wave 20 dB too loud", square(400, 10.0)),
        ("alternating samples 20 dB too loud", square(1, 10.0)),
        ("single impulses", impulses),
        ("bursts of noise", bursts),
        ("a swell", swell),
        ("hair above the ceiling", square(3, ceiling() * 1.000_001)),
        ("a sine", sine(97.0, 48_000.0, 48_000).iter().map(|x| x * 4.0).collect()),
        ("the largest number", vec![f32::MAX; 2000]),
        ("the smallest numbers", vec![f32::MIN_POSITIVE / 8.0; 2000]),
    ]
}

#[test]
fn no_sample_ever_passes_the_ceiling_and_the_clamp_is_idle() {
    for (name, mono) in hostile() {
        for lookahead in [0.0, 0.000_02, 0.001, 0.005, 0.02] {
            let lookahead = Seconds::new(lookahead).expect("a time");
            let settings = Settings { lookahead, ..Settings::default() };
            let (out, report) = mastered(settings, &both(&mono), 1024);
            assert_eq!(out.len(), mono.len() * 2);
            let highest = out.iter().fold(0.0_f32, |highest, x| highest.max(x.abs()));
            assert!(highest <= ceiling(), "{name}: {highest}");
            assert_eq!(report.clamped, 0, "{name}");
        }
    }
}

#[test]
fn the_ceiling_is_reached_not_merely_kept() {
    let (out, report) = mastered(Settings::default(), &both(&vec![10.0; 20_000]), 1024);
    let highest = out.iter().fold(0.0_f32, |highest, x| highest.max(x.abs()));
    check_near(db(f64::from(highest)), -1.0, 1e-5);
    check_near(f64::from(report.deepest.db()), -21.0, 1e-4);
    assert_eq!(report.at, Some(at(0)));
}

#[test]
fn what_stays_below_passes_bit_by_bit_and_in_place() {
    let quiet: Vec<f32> = noise(4, 20_000).iter().map(|x| x * 0.89).collect();
    let (out, report) = mastered(Settings::default(), &quiet, 777);
    assert!(out == quiet);
    assert_eq!((report.at, report.deepest.db()), (None, 0.0));
}

#[test]
fn the_gain_comes_first_and_is_exact() {
    let mix = noise(5, 2000);
    let settings = Settings { gain: gain(-6.0), ..Settings::default() };
    let (out, _) = mastered(settings, &mix, 100);
    let wanted: Vec<f32> = mix.iter().map(|x| x * gain(-6.0).factor()).collect();
    assert!(out == wanted);
}

#[test]
fn how_the_input_is_cut_makes_no_difference() {
    for (name, mono) in hostile() {
        let mix = both(&mono);
        let whole = mastered(Settings::default(), &mix, mono.len());
        for piece in [1, 3, 239, 240, 241, 1024, 5000] {
            assert!(mastered(Settings::default(), &mix, piece) == whole, "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn a_mix_shorter_than_the_lookahead_keeps_its_length() {
    for length in [0, 1, 2, 239, 240, 241] {
        let mix = both(&vec![0.5; length]);
        assert!(mastered(Settings::default(), &mix, 1024).0 == mix, "{length} frames");
    }
}

#[test]
fn a_peak_is_turned_down_where_it_is_and_the_rest_recovers() {
    let mut mono = vec![0.25; 200_000];
    mono[50_000] = 4.0;
    let (out, report) = mastered(Settings::default(), &both(&mono), 1024);
    assert_eq!(report.at, Some(at(50_000)));
    check_near(f64::from(report.deepest.db()), -1.0 - db(4.0), 1e-4);
    let gains: Vec<f32> = out.iter().step_by(2).zip(&mono).map(|(out, x)| out / x).collect();
    // 5 ms of look-ahead are 240 frames.
    assert!(gains[..49_760].iter().all(|gain| *gain == 1.0));
    assert!(gains[49_760..=50_000].windows(2).all(|pair| pair[0] >= pair[1]));
    assert!(gains[50_000..].windows(2).all(|pair| pair[0] <= pair[1]));
    // After the time constant of 100 ms 63 % of the way back is done; the windows delay that by up to 10 ms.
    let way_back = |frame: usize| f64::from((gains[frame] - gains[50_000]) / (1.0 - gains[50_000]));
    assert!(way_back(50_000 + 4800) < 0.633 && way_back(50_000 + 4800 + 480) > 0.632);
    assert!(gains[150_000..].iter().all(|gain| *gain == 1.0), "it ends at exactly one");
    // The gain has no corners: from frame to frame its slope hardly changes.
    let bend = gains.windows(3).map(|it| (it[2] - 2.0 * it[1] + it[0]).abs()).fold(0.0, f32::max);
    assert!(bend < 1e-4, "{bend}");
}

#[test]
fn without_lookahead_and_release_only_the_peak_itself_is_turned_down() {
    let mut mono = vec![0.25; 100];
    mono[50] = 4.0;
    let settings = Settings { lookahead: Seconds::ZERO, release: Seconds::ZERO, ..Settings::default() };
    let (out, _) = mastered(settings, &both(&mono), 1024);
    mono[50] = ceiling();
    assert!(out == both(&mono));
}

#[test]
fn both_channels_are_turned_down_together() {
    for peak in [20_000, 20_001] {
        let mut mix = vec![0.5; 40_000];
        mix[peak] = 8.0;
        let (out, _) = mastered(Settings::default(), &mix, 1024);
        for frame in (0..20_000).filter(|frame| *frame != 10_000) {
            assert_eq!(out[frame * 2].to_bits(), out[frame * 2 + 1].to_bits());
        }
        check_near(f64::from(out[peak]), f64::from(ceiling()), 1e-6);
        check_near(f64::from(out[peak ^ 1]), f64::from(ceiling()) / 16.0, 1e-6);
    }
}

#[test]
fn a_master_started_the_settling_time_early_puts_out_the_same_bits() {
    let mono: Vec<f32> = noise(7, 300_000)
        .iter()
        .enumerate()
        .map(|(frame, x)| if frame / 20_000 % 2 == 0 { x * 3.0 } else { x * 0.3 })
        .collect();
    let mix = both(&mono);
    let (all, _) = mastered(Settings::default(), &mix, 1024);
    let settle = Master::new(Settings::default(), rate()).settle().index();
    assert!(settle < 100_000, "{settle}");
    for start in [30_000, 47_000, 99_999] {
        let (late, _) = mastered(Settings::default(), &mix[start * 2..], 1024);
        assert!(late[settle * 2..] == all[(start + settle) * 2..], "from {start} on");
        assert!(late[..2000] != all[start * 2..][..2000], "the limiter had something to remember");
    }
}

#[test]
fn what_is_not_a_number_is_silenced_and_counted() {
    let mut mix = vec![0.5; 2000];
    (mix[100], mix[301], mix[500]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let (out, report) = mastered(Settings::default(), &mix, 64);
    assert_eq!(report.not_finite, 3);
    assert_eq!((out[100], out[301], out[500], out[101]), (0.0, 0.0, 0.0, 0.5));
    assert!(out.iter().all(|x| x.is_finite()));
}

#[test]
fn a_ceiling_can_be_anywhere() {
    for dbfs in [-20.0, -3.0, 0.0, 6.0, f32::NEG_INFINITY] {
        let ceiling = Level::new(dbfs).expect("a level");
        let (out, _) = mastered(Settings { ceiling, ..Settings::default() }, &both(&vec![3.0; 3000]), 1024);
        let highest = out.iter().fold(0.0_f32, |highest, x| highest.max(x.abs()));
        assert!(highest <= ceiling.amplitude());
        assert!(highest >= ceiling.amplitude() * 0.9999);
    }
}
