//! When everything happens: each folder of `tests/cases/timeline` is a show whose `check --dump timeline` prints
//! exactly `expected.json`.
//!
//! Each entry of its script also says in a comment where it lies, `#= START..END hit FRAME`, in frames: worked out
//! by hand from `script/README.md`, so that taking over what came out (`RADIOPLAY_UPDATE`) cannot hide a mistake.
//! Takes and clips are made here, from the lengths in `sounds.json`, so that no engine and no decoder has a say.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::show::{TestShow, check_snapshot};

fn cases() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/timeline");
    let entries = std::fs::read_dir(folder).expect("the cases can be listed");
    let mut cases: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("the cases can be listed").path())
        .map(|path| (path.file_name().expect("a folder has a name").to_string_lossy().into_owned(), path))
        .collect();
    cases.sort();
    cases
}

/// The show of a case, with its takes and clips: a steady level, so that letters are spread evenly over a take.
fn show_of(case: &Path) -> TestShow {
    let table =
        std::fs::read_to_string(case.join("sounds.json")).expect("a case says how long its sounds are");
    let table: serde_json::Map<String, Value> = serde_json::from_str(&table).expect("`sounds.json` is JSON");
    table.iter().fold(TestShow::new().copy(case), |show, (path, shape)| {
        let number = |key: &str, default: u64| shape[key].as_u64().unwrap_or(default);
        let frames = shape.as_u64().unwrap_or_else(|| number("frames", 0));
        let (channels, rate) = (number("channels", 1), number("rate", 48_000));
        let samples = vec![0.25; usize::try_from(frames * channels).expect("a small clip")];
        let channels = u16::try_from(channels).expect("one or two");
        show.clip_at(path, &samples, channels, u32::try_from(rate).expect("a rate"))
    })
}

/// The rate a case is checked at.
fn rate_of(name: &str) -> &'static str {
    if name == "rounding" { "44100" } else { "48000" }
}

/// What the comments of a script claim, `START..END` or `START..END hit FRAME`, in the order of its entries.
fn claims(case: &Path) -> Vec<String> {
    let script = std::fs::read_to_string(case.join("script/test.toml")).expect("a case has a script");
    let comments = script.lines().filter_map(|line| line.split_once("#= "));
    let claim = |(_, comment): (&str, &str)| {
        let words: Vec<&str> = comment.split_whitespace().collect();
        let taken = if words.get(1) == Some(&"hit") { 3 } else { 1 };
        words[..taken].join(" ")
    };
    comments.map(claim).collect()
}

fn found(entry: &Value) -> String {
    let span = format!("{}..{}", entry["start"], entry["end"]);
    entry["hit"].as_i64().map_or(span.clone(), |hit| format!("{span} hit {hit}"))
}

#[test]
fn every_case_is_solved_as_its_comments_say() {
    let mut wrong: Vec<String> = Vec::new();
    for (name, case) in cases() {
        let show = show_of(&case);
        let dump = show.json(&["check", "--dump", "timeline", "--rate", rate_of(&name)]);
        let entries = dump["entries"].as_array().expect("the dump has entries");
        let claims = claims(&case);
        assert_eq!(entries.len(), claims.len(), "{name}: an entry without a comment, or the other way round");
        let wrongly = entries.iter().zip(&claims).filter(|(entry, claim)| found(entry) != **claim);
        wrong.extend(
            wrongly.map(|(entry, claim)| format!("{name} {}: {}, not {claim}", entry["id"], found(entry))),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_dumps_what_is_expected() {
    for (name, case) in cases() {
        let run = show_of(&case).run(&["check", "--dump", "timeline", "--rate", rate_of(&name)]);
        assert_eq!(run.code, 0, "{name}\n{}", run.stderr);
        assert!(!run.stderr.contains("warning"), "{name}\n{}", run.stderr);
        check_snapshot(&case.join("expected.json"), &run.stdout);
    }
}

/// It lay at the beginning: whatever was further on than 86 400 frames was taken for too long a time to be one.
#[test]
fn a_mark_late_in_a_long_take_is_late() {
    let show = TestShow::with_script(
        "format = 1\ntitle = \"Late\"\n[cast.ann]\n[sound.knock]\nfile = \"sfx/knock.wav\"\n\
         [[scene]]\nid = \"only\"\nscript = [\n\
         { id = \"a\", by = \"ann\", line = \"One two six {k}ten.\" },\n\
         { sfx = \"knock\", at = \"a@k\" } ]\n",
    )
    .clip("voices/ann/a.wav", &vec![0.25; 8 * 48_000])
    .clip("sfx/knock.wav", &[0.25; 4800]);
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let knock = timeline["entries"].as_array().expect("entries").iter().find(|it| it["kind"] == "sfx");
    // Three quarters of its letters come before.
    assert_eq!(knock.expect("the knock")["start"], 6 * 48_000);
}
