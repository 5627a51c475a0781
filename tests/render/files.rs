//! The file: its length, its layout, its bytes.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use super::{rendered, script, sides, timeline};
use crate::show::{TestShow, has_program, run_in};

/// A show with speech, a patch, a bed across scenes, treatment, music that gives way, and tails.
fn drama() -> TestShow {
    let noise: Vec<f32> =
        (0..70_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5).collect();
    TestShow::with_script(
        r#"
format = 1
deliver = "none"
title = "Drama"
[cast.ann]
[cast.ben]
voice = { lang = "en-US", timbre = 0.85 }
pan = 0.3
[sound.knock]
file = "sfx/knock.toml"
[sound.rain]
file = "sfx/rain.wav"
[place.hall]
tone = { sound = "rain", gain = -50 }
[bus.music]
duck = { under = "dialogue" }
[[scene]]
id = "door"
place = "hall"
script = [
  { bed = "rain", from = "scene.start", to = "inside.start+1s", gain = -30, fade = [1, 0.5] },
  { by = "ann", line = "Listen. {k}There it is again." },
  { sfx = "knock", at = "prev@k", gain = -12 },
  { by = "ben", line = "Let me in.", through = "door" },
]
[[scene]]
id = "inside"
place = "hall"
script = [
  { music = "rain", gain = -24, at = "scene.start", to = "scene.end+700ms", loop = true, fade = [0.1, 0.3] },
  { by = "ben", line = "You were right." },
  { by = "ann", line = "I know.", as = "far" },
]
[[scene]]
id = "after"
script = [{ by = "ann", line = "That was all." }, { sfx = "knock", gain = -12, at = "prev.end-100ms" }]
"#,
    )
    .file("sfx/knock.toml", include_str!("../../sfx/knock.toml"))
    .clip("sfx/rain.wav", &noise)
}

/// The drama, rendered once for all tests that only read: `full.wav`, 32-bit float.
fn shared() -> &'static TestShow {
    static SHOW: OnceLock<TestShow> = OnceLock::new();
    SHOW.get_or_init(|| {
        let show = drama();
        let run = show.run(&["render", "--bits", "32f", "-o", "full.wav"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        // Where the limiter has to turn down, scenes depend on each other; here it has nothing to do.
        assert!(!run.stderr.contains("limited"), "{}", run.stderr);
        show
    })
}

fn bytes(show: &TestShow, path: &str) -> Vec<u8> {
    std::fs::read(show.path(path)).expect("it was rendered")
}

#[test]
fn the_length_is_what_check_said() {
    let show = drama();
    let checked = show.json(&["check", "--format", "json"])["result"]["frames"].as_u64().expect("a length");
    let report = show.json(&["render", "--format", "json"]);
    assert_eq!(report["result"]["frames"].as_u64(), Some(checked));
    assert_eq!(timeline(&show, &[])["length"].as_u64(), Some(checked));
    assert_eq!(report["result"]["file"], "output/test.wav");
    let header = hound::WavReader::open(show.path("output/test.wav")).expect("it is a WAV");
    assert_eq!(u64::from(header.duration()), checked);
    let (samples, spec) = show.wav("output/test.wav");
    assert_eq!(
        (samples.len() as u64 / 2, spec.channels, spec.bits_per_sample, spec.sample_rate),
        (checked, 2, 24, 48_000)
    );
}

#[test]
fn the_same_script_gives_the_same_bytes() {
    let show = drama();
    let renders: [&[&str]; 4] = [
        &["-o", "a.wav"],
        &["-o", "b.wav"],
        &["-o", "one.wav", "--jobs", "1"],
        &["-o", "four.wav", "--jobs", "4"],
    ];
    for args in renders {
        let all: Vec<&str> = std::iter::once("render").chain(args.iter().copied()).collect();
        assert_eq!(show.run(&all).code, 0);
    }
    let first = bytes(&show, "a.wav");
    for other in ["b.wav", "one.wav", "four.wav"] {
        assert!(bytes(&show, other) == first, "{other}");
    }
    // From elsewhere, by the script's path; the output stays in the show.
    let elsewhere = tempfile::tempdir().expect("a temporary folder can be made");
    let script = show.path("script/test.toml");
    let run = run_in(elsewhere.path(), &["render", script.to_str().expect("it is UTF-8")]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(bytes(&show, "output/test.wav") == first);
    // From the folder of the script itself.
    let run = run_in(&show.path("script"), &["render", "test.toml", "-o", "here.wav"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(bytes(&show, "script/here.wav") == first);
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("it can be listed").count(), 0);
}

#[test]
fn scenes_are_cuts_of_the_episode() {
    let show = shared();
    let full = show.wav("full.wav").0;
    let dump = timeline(show, &[]);
    let mut joined = Vec::new();
    for scene in dump["scenes"].as_array().expect("scenes") {
        let id = scene["id"].as_str().expect("an id");
        let target = format!("{id}.wav");
        let run = show.run(&["render", "--quiet", "--bits", "32f", "--scene", id, "-o", &target]);
        assert_eq!((run.code, run.stdout.trim()), (0, target.as_str()), "{}", run.stderr);
        let frame = |what: &str| usize::try_from(scene[what].as_u64().expect("a frame")).expect("a frame");
        let cut = show.wav(&target).0;
        assert!(cut == full[2 * frame("start")..2 * frame("boundary")], "{id}");
        joined.extend(cut);
    }
    assert!(joined == full, "joined end to end they are the episode");
    // Two scenes in one file, in the episode's order whatever order they are asked for in.
    let run = show
        .run(&["render", "--quiet", "--bits", "32f", "--scene", "after", "--scene", "door", "-o", "two.wav"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let boundary = |scene: usize, what: &str| {
        2 * usize::try_from(dump["scenes"][scene][what].as_u64().expect("a frame")).expect("a frame")
    };
    let expected = [&full[..boundary(0, "boundary")], &full[boundary(2, "start")..]].concat();
    assert!(show.wav("two.wav").0 == expected);
}

#[test]
fn every_rate_and_word_length_is_written() {
    let show = TestShow::with_script(&script(
        "[sound.click]\nfile = \"sfx/click.wav\"\n",
        r#"{ pause = 0.75 }, { id = "a", sfx = "click", at = "scene.start+500ms", pan = -1 }"#,
    ))
    .clip("sfx/click.wav", &[0.5]);
    for rate in ["44100", "48000", "96000", "192000"] {
        let hz: u32 = rate.parse().expect("a rate");
        for (bits, depth, format) in [
            ("16", 16, hound::SampleFormat::Int),
            ("24", 24, hound::SampleFormat::Int),
            ("32f", 32, hound::SampleFormat::Float),
        ] {
            let run = show.run(&["render", "--rate", rate, "--bits", bits, "-o", "out.wav"]);
            assert_eq!(run.code, 0, "{}", run.stderr);
            let (samples, spec) = show.wav("out.wav");
            assert_eq!(
                (spec.sample_rate, spec.channels, spec.bits_per_sample, spec.sample_format),
                (hz, 2, depth, format)
            );
            let [left, _] = sides(&samples);
            assert_eq!(left.len(), hz as usize * 3 / 4, "{rate} {bits}");
            let loudest = (0..left.len()).max_by(|a, b| left[*a].abs().total_cmp(&left[*b].abs()));
            assert_eq!(loudest, Some(hz as usize / 2), "{rate} {bits}");
        }
    }
}

#[test]
fn speech_is_as_long_at_every_rate() {
    let show = TestShow::with_script(&script("", r#"{ id = "x", by = "ann", line = "As long as ever." }"#));
    let seconds = |rate: &str| {
        show.json(&["check", "--format", "json", "--rate", rate])["result"]["seconds"]
            .as_f64()
            .expect("a length")
    };
    let usual = seconds("48000");
    assert!(usual > 0.5);
    for rate in ["44100", "96000", "192000"] {
        assert!((seconds(rate) - usual).abs() < 0.001, "{rate}: {} s, not {usual} s", seconds(rate));
    }
}

#[test]
fn the_limiter_holds_every_sample_under_its_ceiling() {
    let loud: Vec<f32> = (0..48_000).map(|n| (n as f32 * 0.05).sin()).collect();
    let show = TestShow::with_script(&script(
        "[sound.loud]\nfile = \"sfx/loud.wav\"\n",
        r#"{ sfx = "loud", gain = 18 }, { sfx = "loud", at = "prev.start" }"#,
    ))
    .clip("sfx/loud.wav", &loud);
    let ceiling = 10.0_f32.powf(-1.0 / 20.0);
    for bits in ["16", "24", "32f"] {
        let run = show.run(&["render", "--bits", bits, "-o", "out.wav"]);
        assert!(run.stderr.contains("limiter -"), "{}", run.stderr);
        let peak = show.wav("out.wav").0.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        // Of 16 bits: dither goes a step beyond at most, and rounding half a step.
        assert!(peak <= ceiling + 1.5 / 32_768.0 && peak > 0.8, "{bits}: {peak}");
    }
}

const SOX_QUIRK: &str = "sox WARN wav: wave header missing extended part of fmt chunk";

/// What another program says about a file.
fn told(program: &str, args: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(args).arg(file).output().expect("it starts");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    // sox misses something in the floating-point header that the extensible format does not have.
    let complaints = String::from_utf8_lossy(&output.stderr).replace(SOX_QUIRK, "");
    assert_eq!(complaints.trim(), "", "{program} complains");
    String::from_utf8(output.stdout).expect("it is UTF-8").trim().to_owned()
}

#[test]
fn ffprobe_and_sox_read_the_file_and_agree_on_its_length() {
    let show = shared();
    let frames = timeline(show, &[])["length"].as_u64().expect("a length");
    for (bits, format, precision) in
        [("16", "pcm_s16le,s16", "16"), ("24", "pcm_s24le,s32", "24"), ("32f", "pcm_f32le,flt", "25")]
    {
        let target = format!("tools-{bits}.wav");
        assert_eq!(show.run(&["render", "--bits", bits, "-o", &target]).code, 0);
        let file = show.path(&target);
        if has_program("ffprobe", &["-version"]) {
            let asked = "stream=codec_name,sample_fmt,sample_rate,channels,duration_ts";
            let args = ["-v", "warning", "-show_entries", asked, "-of", "csv=p=0"];
            assert_eq!(told("ffprobe", &args, &file), format!("{format},48000,2,{frames}"));
        }
        if has_program("sox", &["--version"]) {
            let ask = |what: &str| told("sox", &["--info", what], &file);
            assert_eq!(
                [ask("-s"), ask("-r"), ask("-c"), ask("-p")],
                [frames.to_string(), "48000".into(), "2".into(), precision.into()]
            );
        }
    }
}

#[test]
fn a_tail_past_the_last_scene_is_in_the_file() {
    let show = TestShow::with_script(&script(
        "[sound.ring]\nfile = \"sfx/ring.wav\"\n",
        r#"{ pause = 0.1 }, { sfx = "ring", at = "scene.end-50ms", pan = -1 }"#,
    ))
    .clip("sfx/ring.wav", &[0.25; 48_000]);
    let [left, _] = rendered(&show, &[]);
    assert_eq!((left.len(), left[2_399], left[2_400], left[50_399]), (50_400, 0.0, 0.25, 0.25));
}
