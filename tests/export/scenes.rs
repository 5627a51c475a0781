//! Scenes are cut from the master, or mastered one by one where they are to stand alone.

use std::process::Command;

use crate::export::{drama, exported, files};
use crate::show::{TestShow, has_program};

fn joined(show: &TestShow, folder: &str) -> Vec<f32> {
    let parts = files(&show.path(folder));
    parts.iter().flat_map(|path| show.wav(&path.to_string_lossy()).0).collect()
}

#[test]
fn scenes_joined_end_to_end_are_the_episode() {
    let show = drama();
    for bits in ["16", "24", "32f"] {
        for preset in ["podcast", "podcast-mono"] {
            exported(&show, &["--scenes", "--bits", bits, "--deliver", preset]);
            let episode = show.wav("output/test/test.wav").0;
            assert!(episode.len() > 100_000);
            assert_eq!(joined(&show, "output/test/scenes"), episode, "{bits} {preset}");
        }
    }
}

#[test]
fn another_program_joins_scenes_to_the_episode() {
    if !has_program("sox", &["--version"]) {
        return;
    }
    let show = drama();
    exported(&show, &["--scenes"]);
    let raw = |inputs: Vec<std::path::PathBuf>| {
        let mut sox = Command::new("sox");
        sox.args(inputs).args(["-t", "raw", "-"]).current_dir(show.path(""));
        let output = sox.output().expect("sox starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let episode = raw(vec!["output/test/test.wav".into()]);
    assert!(raw(files(&show.path("output/test/scenes"))) == episode);
}

#[test]
fn the_episode_is_what_render_writes() {
    let show = drama();
    exported(&show, &[]);
    let run = show.run(&["render", "--quiet"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(show.wav("output/test.wav"), show.wav("output/test/test.wav"));
}

#[test]
fn handles_are_the_master_on_both_sides() {
    let show = drama();
    exported(&show, &["--scenes", "--handles", "0.25"]);
    let episode = show.wav("output/test/test.wav").0;
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let parts = files(&show.path("output/test/scenes"));
    for (scene, path) in timeline["scenes"].as_array().expect("scenes").iter().zip(parts) {
        let at = |what: &str| scene[what].as_u64().expect("a frame") as usize;
        let (start, end) = (at("start").saturating_sub(12_000) * 2, (at("boundary") + 12_000) * 2);
        assert_eq!(show.wav(&path.to_string_lossy()).0, episode[start..end.min(episode.len())]);
    }
}

#[test]
fn a_scene_by_itself_gets_its_own_gain_and_the_silence_that_is_asked_for() {
    let show = drama();
    let args = ["export", "--scenes", "--gain-scope", "file", "--deliver", "acx", "--json"];
    let summary = show.json(&args);
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let files = summary["episodes"][0]["files"].as_array().expect("files");
    let mut gains = Vec::new();
    for (scene, file) in timeline["scenes"].as_array().expect("scenes").iter().zip(&files[1..]) {
        let samples = show.wav(file["file"].as_str().expect("a path")).0;
        let length = scene["boundary"].as_u64().unwrap() - scene["start"].as_u64().unwrap();
        assert_eq!(samples.len() as u64, (length + 24_000 + 48_000) * 2);
        assert!(samples[..48_000].iter().chain(&samples[samples.len() - 96_000..]).all(|it| *it == 0.0));
        gains.push(file["master"]["gain_db"].to_string());
    }
    gains.dedup();
    assert_eq!(gains.len(), 3, "{gains:?}");
    // Each is where the episode as a whole would be: what ACX asks of a file.
    for file in &files[1..4] {
        let peak = file["master"]["loudness"]["true_peak"].as_f64().expect("a peak");
        assert!(peak <= -3.0, "{peak}");
    }
}
