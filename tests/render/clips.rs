//! Clips of every kind of file, mono and stereo, of other rates: the sound they hold, where it belongs.

use std::f64::consts::TAU;
use std::path::Path;

use super::{level, rendered, script, timeline};
use crate::show::TestShow;

/// A show that plays one fixture (`tests/fixtures/audio/make.sh`: 0.2 s of a 500 Hz sine) half a second in.
fn show_of(fixture: &str) -> TestShow {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio").join(fixture);
    let definitions = format!("[sound.tone]\nfile = \"sfx/{fixture}\"\n");
    TestShow::with_script(&script(
        &definitions,
        r#"{ pause = 1 }, { sfx = "tone", at = "scene.start+500ms" }"#,
    ))
    .file(&format!("sfx/{fixture}"), std::fs::read(file).expect("the fixture is there"))
}

/// How strong 500 Hz is, as the amplitude of a sine, and how strong everything else is, dBFS.
fn tone(samples: &[f32]) -> (f64, f64) {
    let turn = |n: usize| TAU * 500.0 * n as f64 / 48_000.0;
    let sum = |part: fn(f64) -> f64| -> f64 {
        samples.iter().enumerate().map(|(n, sample)| f64::from(*sample) * part(turn(n))).sum::<f64>() * 2.0
            / samples.len() as f64
    };
    let (sine, cosine) = (sum(f64::sin), sum(f64::cos));
    let rest: Vec<f32> = samples
        .iter()
        .enumerate()
        .map(|(n, sample)| sample - (sine * turn(n).sin() + cosine * turn(n).cos()) as f32)
        .collect();
    (sine.hypot(cosine), level(&rest))
}

#[test]
fn a_clip_is_heard_as_it_was_recorded_whatever_its_format_and_rate() {
    // How far the level may be off, dB, and what else may be heard, dBFS: the format's own losses and noise.
    let stereo = [
        ("pcm-s16.wav", 0.01, -85.0),
        ("pcm-s24.wav", 0.01, -90.0),
        ("flac-16.flac", 0.01, -85.0),
        ("flac-24.flac", 0.01, -90.0),
        ("lame.mp3", 0.5, -50.0),
        ("vorbis.ogg", 0.2, -40.0),
        ("aac.m4a", 0.2, -25.0),
    ];
    for (fixture, loss, noise) in stereo {
        let [left, right] = rendered(&show_of(fixture), &[]);
        // From 10 ms after the sine has begun to 10 ms before it ends: whole turns of it.
        let heard = 24_480..33_120;
        for (side, amplitude) in [(&left, 0.5), (&right, 0.25)] {
            let (found, rest) = tone(&side[heard.clone()]);
            assert!((20.0 * (found / amplitude).log10()).abs() < loss, "{fixture}: {found}, not {amplitude}");
            assert!(rest < noise, "{fixture}: {rest} dBFS beside the tone");
        }
        assert!(level(&left[..23_900]) < -90.0, "{fixture}: silence before it begins");
        assert!(level(&left[24_000..24_048]) > -20.0, "{fixture}: it begins where it should");
    }
}

#[test]
fn a_mono_clip_stands_in_the_middle_with_equal_power() {
    let [left, right] = rendered(&show_of("mono-s16.wav"), &[]);
    assert_eq!(left, right);
    let (found, _) = tone(&left[24_480..33_120]);
    assert!((20.0 * (found / 0.5).log10() + 3.0103).abs() < 0.05, "{found}");
}

#[test]
fn a_clip_of_another_rate_is_as_long_and_as_loud_as_it_was() {
    for rate in [8_000_u32, 22_050, 44_100, 96_000] {
        for channels in [1_u16, 2] {
            let sine = (0..rate).map(|n| (TAU * 500.0 * f64::from(n) / f64::from(rate)).sin() as f32 / 4.0);
            let samples: Vec<f32> = sine.flat_map(|sample| vec![sample; usize::from(channels)]).collect();
            let show = TestShow::with_script(&script(
                "[sound.tone]\nfile = \"sfx/tone.wav\"\n",
                r#"{ sfx = "tone" }, { id = "after", pause = 0.1 }"#,
            ))
            .clip_at("sfx/tone.wav", &samples, channels, rate);
            assert_eq!(timeline(&show, &[])["entries"][0]["end"].as_u64(), Some(48_000), "{rate} {channels}");
            let (found, rest) = tone(&rendered(&show, &[])[1][4_800..43_200]);
            let gain = if channels == 1 { -3.0103 } else { 0.0 };
            assert!((20.0 * (found / 0.25).log10() - gain).abs() < 0.01, "{rate} {channels}: {found}");
            assert!(rest < -100.0, "{rate} {channels}: {rest} dBFS beside the tone");
        }
    }
}

#[test]
fn speed_changes_pitch_and_length_together() {
    let sine: Vec<f32> =
        (0..48_000).map(|n| (TAU * 250.0 * f64::from(n) / 48_000.0).sin() as f32 / 4.0).collect();
    let show = TestShow::with_script(&script(
        "[sound.tone]\nfile = \"sfx/tone.wav\"\n",
        r#"{ sfx = "tone", speed = 2, pan = -1 }, { pause = 0.1 }"#,
    ))
    .clip("sfx/tone.wav", &sine);
    assert_eq!(timeline(&show, &[])["entries"][0]["end"].as_u64(), Some(24_000));
    let (found, rest) = tone(&rendered(&show, &[])[0][2_400..21_600]);
    assert!((found - 0.25).abs() < 0.001 && rest < -90.0, "{found}, {rest} dBFS beside the tone");
}
