//! What is kept from one run to the next: it saves work, and changes nothing that is heard.

pub(crate) mod damage;
pub(crate) mod faults;
mod work;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::show::{Run, TestShow};

/// A show with a spoken line, a recorded one, a patch, a clip at another rate, a bed and a room.
fn show() -> TestShow {
    let tone = |hz: f32, rate: f32, frames: usize| -> Vec<f32> {
        (0..frames).map(|n| (n as f32 * hz * std::f32::consts::TAU / rate).sin() * 0.3).collect()
    };
    let knock = Path::new(env!("CARGO_MANIFEST_DIR")).join("sfx/knock.toml");
    let show = TestShow::with_script(
        r#"format = 1
title = "Kept"
[cast.ann]
[cast.ben]
voice = { engine = "pico", lang = "en-US" }
[sound.knock]
file = "sfx/knock.toml"
[sound.hum]
file = "sfx/hum.wav"
[place.hall]
room = "hall"
[[scene]]
id = "one"
place = "hall"
script = [
  { bed = "hum", from = "scene.start", to = "scene.end", gain = -20 },
  { id = "first", by = "ann", line = "Who is {k}there?" },
  { sfx = "knock", at = "first@k" },
  { pause = 1.5 },
  { by = "ben", line = "It is only me." },
]
[[scene]]
id = "two"
script = [
  { by = "ann", line = "Come in, then." },
  { pause = 12 },
  { sfx = "knock" },
  { by = "ben", line = "Thank you.", through = "telephone" },
]
"#,
    )
    .file("sfx/knock.toml", std::fs::read(knock).expect("the knock is there"))
    .clip_at("sfx/hum.wav", &tone(110.0, 44_100.0, 132_300), 1, 44_100)
    .clip("voices/ann/first.wav", &tone(200.0, 48_000.0, 40_000));
    // A recording that lies there for a while is read in its place, and not kept. This one is always as good as new.
    let take = File::options().append(true).open(show.path("voices/ann/first.wav"));
    let later = SystemTime::now() + Duration::from_secs(86_400);
    take.and_then(|take| take.set_modified(later)).expect("times can be set");
    show
}

/// Renders with a cache in the show's folder.
fn render(show: &TestShow, out: &str) -> Run {
    let cache = show.path("kept").display().to_string();
    let run = show.run(&["render", "--cache", &cache, "-o", out]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

/// What a render without any cache gives.
fn fresh(show: &TestShow) -> Vec<u8> {
    let run = show.run(&["render", "--no-cache", "-o", "fresh.wav"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    bytes(show, "fresh.wav")
}

fn bytes(show: &TestShow, path: &str) -> Vec<u8> {
    std::fs::read(show.path(path)).expect("the file is there")
}

/// The entries of a cache, by name.
pub(crate) fn entries(show: &TestShow) -> Vec<PathBuf> {
    let kinds = ["takes", "sounds", "patches", "mixes", "facts"];
    let folders = kinds.map(|kind| std::fs::read_dir(show.path("kept").join(kind)));
    let mut found: Vec<PathBuf> =
        folders.into_iter().flatten().flatten().map(|entry| entry.expect("listed").path()).collect();
    found.sort();
    found
}

/// How many of a kind a run says it made: `made 1 of 3 spoken lines, …`.
pub(crate) fn made(run: &Run, what: &str) -> (u64, u64) {
    let line = run.stderr.lines().find(|line| line.starts_with("made ")).expect("it says what it made");
    let part = line.trim_start_matches("made ").split(", ").find(|part| part.contains(what));
    let part = part.unwrap_or_else(|| panic!("no {what} in {line}"));
    let number =
        |index: usize| part.split(' ').nth(index).and_then(|word| word.parse().ok()).expect("a number");
    (number(0), number(2))
}

/// Changes the script.
pub(crate) fn edit(show: &TestShow, from: &str, to: &str) {
    let path = show.path("script/test.toml");
    let text = std::fs::read_to_string(&path).expect("the script is there");
    assert!(text.contains(from), "the script has no `{from}`");
    std::fs::write(path, text.replacen(from, to, 1)).expect("it can be written");
}
