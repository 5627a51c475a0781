//! Files as they are delivered, measured by another program: ffmpeg.

use std::ops::Range;
use std::process::Command;
use std::sync::Arc;

use radioplay::audio::buffer::Channels;
use radioplay::cache::Cache;
use radioplay::host::Show;
use radioplay::master::measure::{self, Heard};
use radioplay::master::mixture::Mixture;
use radioplay::master::preset::specification;
use radioplay::master::{limit, perform};
use radioplay::mix::error::Error;
use radioplay::mix::plan::Plan;
use radioplay::pipeline::{self, Settings};
use radioplay::progress::Silent;
use radioplay::staging::Preset;
use radioplay::units::time::FrameCount;

use crate::show::{TestShow, has_program};

use super::{channel, check_near, noise, single, true_peak_oracle};

/// What ffmpeg's `ebur128` finds: integrated loudness, range, true peak.
fn ffmpeg(show: &TestShow, file: &str) -> [f64; 3] {
    let output = Command::new("ffmpeg")
        .args(["-nostats", "-hide_banner", "-i"])
        .arg(show.path(file))
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = text.rsplit("Summary:").next().expect("there is text");
    ["I:", "LRA:", "Peak:"].map(|label| {
        let rest = summary.split(label).nth(1).unwrap_or_else(|| panic!("no {label} in\n{text}"));
        rest.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(f64::NEG_INFINITY)
    })
}

/// A show of noise that speaks in bursts, with a bang now and then, and a soft bed: so many seconds of it.
fn show(deliver: &str, seconds: usize) -> TestShow {
    let script = format!(
        r#"format = 1
title = "Test"
deliver = "{deliver}"
[sound.talk]
file = "sfx/talk.wav"
[sound.bang]
file = "sfx/bang.wav"
[sound.bed]
file = "sfx/bed.wav"
[[scene]]
id = "one"
script = [
  {{ id = "talk", sfx = "talk", gain = -8 }},
  {{ bed = "bed", from = "scene.start", to = "scene.end", gain = -30, pan = 0.5 }},
  {{ id = "first", sfx = "bang", at = "talk.start+2s" }},
  {{ id = "second", sfx = "bang", at = "talk.start+{last}s", gain = 6, pan = -0.3 }},
]
"#,
        last = seconds - 3,
    );
    let talk: Vec<f32> = noise(1, seconds * 48_000)
        .iter()
        .enumerate()
        .map(|(index, x)| {
            let time = index as f64 / 48_000.0;
            let syllable = 0.5 - 0.5 * libm::cos(time * 20.0);
            let phrase = (libm::sin(time * 1.7) + 0.6).max(0.0);
            x * single(syllable * phrase) * 0.4
        })
        .collect();
    let bang: Vec<f32> = noise(2, 24_000)
        .iter()
        .enumerate()
        .map(|(index, x)| x * single(libm::exp(index as f64 * -4e-4)))
        .collect();
    TestShow::with_script(&script)
        .clip("sfx/talk.wav", &talk)
        .clip("sfx/bang.wav", &bang)
        .clip("sfx/bed.wav", &noise(3, 96_000))
}

fn render(show: &TestShow, more: &[&str]) -> serde_json::Value {
    let mut args = vec!["render", "-o", "x.wav", "--format", "json"];
    args.extend_from_slice(more);
    show.json(&args)["result"].take()
}

#[test]
fn what_is_delivered_is_as_loud_as_asked_for_by_another_meter() {
    let there = has_program("ffmpeg", &["-version"]);
    for (preset, seconds, loudness, ceiling) in [
        ("podcast", 10, -16.0, -1.0),
        ("podcast", 120, -16.0, -1.0),
        ("podcast-mono", 10, -19.0, -1.0),
        ("ebu-r128", 10, -23.0, -1.0),
        ("ebu-r128", 120, -23.0, -1.0),
        ("atsc-a85", 10, -24.0, -2.0),
        ("spotify", 10, -14.0, -1.0),
        ("prss", 10, -24.0, -2.0),
    ] {
        let show = show(preset, seconds);
        let result = render(&show, &[]);
        let name = format!("{preset}, {seconds} s");
        check_near(&name, result["loudness"]["integrated"].as_f64().expect("a number"), loudness, 0.1);
        assert!(result["loudness"]["true_peak"].as_f64().expect("a number") <= ceiling, "{name}");
        assert_eq!(result["report"]["passes"], true, "{name}");
        let (samples, spec) = show.wav("x.wav");
        assert_eq!(spec.channels, if preset == "podcast-mono" { 1 } else { 2 });
        if seconds <= 10 {
            let width = usize::from(spec.channels);
            let channels: Vec<Vec<f32>> =
                if width == 1 { vec![samples] } else { (0..2).map(|c| channel(&samples, c)).collect() };
            let peak = channels.iter().map(|it| true_peak_oracle(it)).fold(0.0, f64::max);
            assert!(20.0 * libm::log10(peak) <= ceiling, "{name}: {}", 20.0 * libm::log10(peak));
        }
        if there {
            let [integrated, range, peak] = ffmpeg(&show, "x.wav");
            // It prints tenths.
            check_near(&name, integrated, loudness, 0.101);
            check_near(&name, range, result["loudness"]["range"].as_f64().expect("a number"), 0.3);
            assert!(peak <= ceiling, "{name}: {peak}");
        }
    }
}

#[test]
fn an_audiobook_has_its_rms_and_its_noise_is_reported_with_who_makes_it() {
    let show = show("acx", 10);
    let result = render(&show, &[]);
    check_near("RMS", result["loudness"]["rms"].as_f64().expect("a number"), -20.5, 0.1);
    let checks = result["report"]["checks"].as_array().expect("checks");
    let floor = checks.iter().find(|check| check["what"] == "noise floor").expect("it is checked");
    assert_eq!(floor["passes"], false);
    let sounding = floor["places"][0]["sounding"].as_array().expect("names");
    assert!(sounding.iter().any(|it| it["kind"] == "bed" && it["id"] == "bed"), "{sounding:?}");
    assert_eq!(result["report"]["passes"], false);
}

#[test]
fn where_the_limiter_works_hard_the_report_says_where_and_who() {
    let report = &render(&show("podcast", 10), &[])["report"];
    let hardest = &report["hardest"][0];
    assert!(hardest["gain"].as_f64().expect("a number") < -3.0, "{report:#}");
    assert_eq!((&hardest["scene"], &hardest["sounding"][0]["kind"]), (&"one".into(), &"sfx".into()));
    check_near("where", hardest["at"].as_f64().expect("a number"), 7.0, 0.05);
    assert!(hardest["why"].as_str().expect("text").contains("`second`"), "{hardest:#}");
}

#[test]
fn nothing_is_asked_of_a_mix_as_it_is() {
    let show = show("none", 10);
    let result = render(&show, &["--bits", "32f"]);
    assert_eq!(result["gain_db"], 0.0);
    let (samples, _) = show.wav("x.wav");
    let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    check_near("peak", 20.0 * libm::log10(f64::from(peak)), -1.0, 0.01);
}

#[test]
fn any_number_of_jobs_and_a_second_run_give_the_same_bytes() {
    let show = show("podcast", 30);
    let bytes = |jobs: &str| {
        render(&show, &["--jobs", jobs, "--bits", "16"]);
        std::fs::read(show.path("x.wav")).expect("it was rendered")
    };
    let first = bytes("1");
    assert!(bytes("4") == first && bytes("4") == first);
}

/// Scenes joined end to end are the episode, dither and all.
#[test]
fn a_scene_is_cut_from_the_episode_bit_by_bit() {
    let script = r#"format = 1
title = "Test"
deliver = "podcast"
[sound.talk]
file = "talk.wav"
[[scene]]
id = "a"
script = [{ sfx = "talk", advance = 2 }]
[[scene]]
id = "b"
script = [{ pause = 0.7 }, { sfx = "talk", gain = -12 }]
[[scene]]
id = "c"
script = [{ sfx = "talk", gain = 6 }]
"#;
    let talk: Vec<f32> =
        noise(5, 240_000).iter().enumerate().map(|(i, x)| x * [0.1, 0.9][i / 30_000 % 2]).collect();
    let show = TestShow::new().file("test.toml", script).clip("talk.wav", &talk);
    let rendered = |args: &[&str]| {
        let mut all = vec!["render", "test.toml", "-o", "x.wav", "--bits", "16"];
        all.extend_from_slice(args);
        let run = show.run(&all);
        assert_eq!(run.code, 0, "{}", run.stderr);
        show.wav("x.wav").0
    };
    let whole = rendered(&[]);
    let [a, b, c] = ["a", "b", "c"].map(|scene| rendered(&["--scene", scene]));
    assert!([&a[..], &b, &c].concat() == whole);
    // Scenes with others between them stand in the file without these.
    assert!([a, c].concat() == rendered(&["--scene", "a", "--scene", "c"]));
}

/// Who is told nothing and asks for no loudness does not wait for measuring; the limiter works all the same, where it has to.
#[test]
fn what_is_told_to_nobody_is_written_with_the_same_bytes() {
    let show = show("none", 60);
    for deliver in ["none", "podcast"] {
        let written = |args: &[&str]| {
            let mut all = vec!["render", "--no-cache", "--deliver", deliver, "-o", "x.wav"];
            all.extend_from_slice(args);
            let run = show.run(&all);
            assert_eq!(run.code, 0, "{}", run.stderr);
            (run.stderr.contains("LUFS"), std::fs::read(show.path("x.wav")).expect("it was written"))
        };
        let (told, loud) = written(&[]);
        let (quietly, quiet) = written(&["--quiet"]);
        assert!(told && !quietly && loud == quiet, "{deliver}");
        let run = show.run(&[
            "render",
            "--no-cache",
            "--deliver",
            deliver,
            "-q",
            "--report",
            "r.json",
            "-o",
            "x.wav",
        ]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let report = std::fs::read_to_string(show.path("r.json")).expect("it was written");
        assert!(report.contains("integrated"), "{report}");
        let args = ["render", "--no-cache", "--deliver", deliver, "-q", "--format", "json", "-o", "x.wav"];
        let limited = show.json(&args)["result"]["limiter_db"].as_f64();
        assert!(limited.is_some_and(|db| db < -0.5), "{limited:?}");
    }
}

#[test]
fn silence_and_what_is_too_short_are_left_alone_with_a_word() {
    for (length, level) in [(480_000, 0.0), (9_600, 0.25)] {
        let script = "format = 1\ntitle = \"Test\"\n[sound.x]\nfile = \"x.wav\"\n[[scene]]\nid = \"a\"\nscript = [{ sfx = \"x\" }]\n";
        let show = TestShow::new().file("test.toml", script).clip("x.wav", &vec![level; length]);
        let run = show.run(&["render", "test.toml", "-o", "out.wav"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stderr.contains("no loudness to be measured"), "{}", run.stderr);
        let (samples, _) = show.wav("out.wav");
        assert_eq!(samples.len(), length * 2);
        let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        check_near("peak", f64::from(peak), f64::from(level) * std::f64::consts::FRAC_1_SQRT_2, 1e-5);
    }
}

#[test]
fn the_report_draws_and_writes_what_it_says() {
    let show = show("podcast", 10);
    let printed = show.json(&["report", "--format", "json", "-o", "r.json", "--plot", "p.svg"]);
    let written = std::fs::read_to_string(show.path("r.json")).expect("it was written");
    let written: serde_json::Value = serde_json::from_str(&written).expect("it is JSON");
    assert_eq!(printed["result"], written);
    assert_eq!(written["episode"], render(&show, &[])["loudness"]);
    assert_eq!(written["scenes"][0]["id"], "one");
    let svg = std::fs::read_to_string(show.path("p.svg")).expect("it was drawn");
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    for word in ["effects", "ambience", "podcast", "-16"] {
        assert!(svg.contains(word), "no {word}");
    }
}

#[test]
fn titles_of_short_scenes_stand_side_by_side_in_the_picture() {
    let scenes: String = [9, 1, 1, 2, 1, 1, 1, 1, 9]
        .iter()
        .enumerate()
        .map(|(index, seconds)| {
            format!(
                "[[scene]]\nid = \"s{index}\"\ntitle = \"A title of some length {index}\"\n\
                 script = [{{ sfx = \"x\", out = {seconds} }}]\n"
            )
        })
        .collect();
    let script = format!("format = 1\ntitle = \"Test\"\n[sound.x]\nfile = \"x.wav\"\n{scenes}");
    let show = TestShow::with_script(&script).clip("x.wav", &vec![0.1; 480_000]);
    let run = show.run(&["report", "--plot", "p.svg"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let svg = std::fs::read_to_string(show.path("p.svg")).expect("it was drawn");
    let number = |line: &str, key: &str| -> f64 {
        let from = line.find(key).expect("it has that") + key.len();
        line[from..].split('\'').next().and_then(|it| it.parse().ok()).expect("a number")
    };
    let titles: Vec<(f64, f64, usize)> = svg
        .lines()
        .filter(|line| line.contains("A ti"))
        .map(|line| {
            let text = line.split('>').nth(1).and_then(|it| it.split('<').next()).expect("it has a text");
            (number(line, " x='"), number(line, " y='"), text.chars().count())
        })
        .collect();
    // Five of the nine are whole, and none runs into its neighbour: a letter is 6 pixels wide.
    assert!(titles.iter().filter(|(_, _, letters)| *letters == 24).count() >= 5, "{titles:?}");
    for (index, (x, y, letters)) in titles.iter().enumerate() {
        let next = titles[index + 1..].iter().find(|(_, other, _)| other == y);
        assert!(next.is_none_or(|(next, _, _)| x + *letters as f64 * 6.0 <= *next), "{titles:?}");
        assert!(x + *letters as f64 * 6.0 <= 1200.0, "{titles:?}");
    }
}

/// Mixers that go on where they stand, and those that go elsewhere, hear what one hears that begins anew.
#[test]
fn a_mix_heard_in_pieces_is_the_mix_heard_at_once() {
    let show = show("podcast", 30);
    let script = std::fs::read_to_string(show.path("script/test.toml")).expect("it was written");
    let treated = script.replace(
        "[[scene]]\n",
        "[place.hall]\nroom = \"hall\"\n[bus.effects]\neq = { highpass = 90 }\n\
         compress = { threshold = -30, ratio = 3 }\n[[scene]]\nplace = \"hall\"\n",
    );
    assert_ne!(treated, script);
    std::fs::write(show.path("script/test.toml"), treated).expect("it can be written");
    let host = Show::open(show.path(""), Vec::new()).expect("a folder");
    let built = pipeline::build(&host, "script/test.toml", Settings::default(), &Cache::none(), &Silent)
        .expect("a scratch file");
    let plan = Arc::new(Plan::new(&built.timeline, &built.samples()).expect("consistent"));
    assert!(plan.memory() > FrameCount::ZERO, "neither rooms nor compressors remember anything");
    let bits = |mixture: &Mixture, range: &Range<u64>| {
        let mut bits: Vec<u32> = Vec::new();
        let heard = mixture.hear::<Error>(range, |mix| {
            bits.extend(mix.iter().map(|sample| sample.to_bits()));
            Ok(())
        });
        heard.expect("it can be mixed");
        bits
    };
    let fresh = || Mixture::new(Arc::clone(&plan));
    let whole = bits(&fresh(), &(0..plan.length().get()));
    assert!(whole.iter().any(|bits| *bits != 0));
    // Some begin where a block does, most in one that the piece before ends in.
    let cuts = [0, 1, 1024, 150_000, 150_001, 307_200, 500_000, 900_123, plan.length().get()];
    let pieces: Vec<Range<u64>> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let forwards: Vec<usize> = (0..pieces.len()).collect();
    let backwards = forwards.iter().rev().copied().collect();
    let by_turns = (0..2).flat_map(|first| (first..pieces.len()).step_by(2)).collect();
    for order in [forwards, backwards, by_turns] {
        let mixture = fresh();
        assert!(bits(&mixture, &(1024..1024)).is_empty());
        for piece in order.into_iter().map(|index| &pieces[index]) {
            let sample = |frame: u64| usize::try_from(frame * 2).expect("small");
            let wanted = &whole[sample(piece.start)..sample(piece.end)];
            assert!(bits(&mixture, piece) == wanted, "{piece:?}");
        }
    }
}

/// A mix that is kept and one that is mixed again give the same, in all and in parts; and so does the search.
#[test]
fn a_mix_too_long_to_be_kept_gives_the_same_samples() {
    let show = show("podcast", 30);
    let host = Show::open(show.path(""), Vec::new()).expect("a folder");
    let built = pipeline::build(&host, "script/test.toml", Settings::default(), &Cache::none(), &Silent)
        .expect("a scratch file");
    let plan = Arc::new(Plan::new(&built.timeline, &built.samples()).expect("consistent"));
    let specification = specification(Preset::Podcast);
    let heard = measure::measure(&plan, Channels::Stereo, &Silent).expect("it can be mixed");
    let again = Heard { mixture: Mixture::new(Arc::clone(&plan)), ..heard.clone() };
    let decided =
        [&heard, &again].map(|heard| limit::decide(heard, &specification, &Silent).expect("decided"));
    assert_eq!(decided[0], decided[1]);
    let length = plan.length().get();
    for range in [0..length, 100_001..500_000, length - 7..length] {
        let [kept, mixed] = [&heard, &again].map(|heard| {
            let mut all = Vec::new();
            let performed = perform::perform::<_, Error>(
                (&heard.mixture, &heard.portions.bounds()),
                decided[0].settings,
                &range,
                |_, _| None,
                |piece: &mut Vec<f32>, _, frames| piece.extend_from_slice(frames),
                |portion| {
                    all.extend(portion.piece.iter().map(|sample| sample.to_bits()));
                    Ok(())
                },
            );
            (performed.expect("it can be mixed"), all)
        });
        assert_eq!(kept.1.len() as u64, 2 * (range.end - range.start));
        assert!(kept == mixed, "{range:?}");
    }
}
