//! Exported once more: what is right already is left alone, what is not is made again, and it is known beforehand.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::cache::{edit, made};
use crate::export::{drama, voice};
use crate::show::{Run, TestShow};

/// Everything there is.
const EVERYTHING: [&str; 10] = [
    "--scenes",
    "--stems",
    "all",
    "--format",
    "wav,flac,opus",
    "--captions",
    "srt,vtt,json,txt,html",
    "--session",
    "dawproject,reaper",
    "--deliver=podcast,acx",
];
/// The same, but for what takes long.
const MUCH: [&str; 10] = [
    "--scenes",
    "--stems",
    "bus",
    "--format",
    "wav,flac",
    "--captions",
    "vtt,json",
    "--session",
    "dawproject,reaper",
    "--deliver=podcast,acx",
];

/// The drama, and a scene that is spoken.
pub(super) fn show() -> TestShow {
    let show = drama();
    let spoken = "\n[cast.cat]\nvoice = { engine = \"pico\", lang = \"en-GB\" }\n\
         [[scene]]\nid = \"four\"\nscript = [\n\
         { id = \"f\", by = \"cat\", line = \"Who is there?\" },\n\
         { sfx = \"thud\" },\n\
         { id = \"g\", by = \"cat\", line = \"Nobody, as always.\" } ]\n\
         [sound.thud]\nfile = \"sfx/thud.toml\"\n";
    let script = std::fs::read_to_string(show.path("script/test.toml")).unwrap() + spoken;
    let thud = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("sfx/knock.toml")).unwrap();
    show.file("script/test.toml", script).file("sfx/thud.toml", thud)
}

pub(super) fn export(show: &TestShow, args: &[&str]) -> Run {
    let cache = show.path("kept").display().to_string();
    let run = show.run(&[&["export", "--cache", &cache], args].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

/// What was exported has to be what an export comes to where nothing is there.
pub(super) fn check_against_fresh(show: &TestShow, args: &[&str], what: &str) {
    let fresh = show.run(&[&["export", "--no-cache", "-o", "fresh"], args].concat());
    assert_eq!(fresh.code, 0, "{}", fresh.stderr);
    assert_eq!(show.snapshot("fresh"), show.snapshot("output"), "{what}");
}

fn as_data(show: &TestShow, args: &[&str]) -> Value {
    serde_json::from_str(&export(show, &[&["--json"], args].concat()).stdout).expect("it is JSON")
}

fn files(summary: &Value) -> &Vec<Value> {
    summary["episodes"][0]["files"].as_array().expect("files")
}

/// Makes every file of a folder an old one.
pub(super) fn grow_old(show: &TestShow, folder: &str) -> SystemTime {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for name in show.snapshot(folder).keys() {
        let file = std::fs::File::options().append(true).open(show.path(folder).join(name)).unwrap();
        file.set_modified(old).unwrap();
    }
    old
}

/// The files of a folder that are not old any more.
pub(super) fn young(show: &TestShow, folder: &str, old: SystemTime) -> Vec<String> {
    let names = show.snapshot(folder).into_keys();
    let modified = |name: &String| show.path(folder).join(name).metadata().unwrap().modified().unwrap();
    names.filter(|name| modified(name) != old).collect()
}

#[test]
fn where_nothing_changed_every_file_is_left_alone() {
    let show = show();
    let first = as_data(&show, &EVERYTHING);
    let before = show.snapshot("output");
    assert!(files(&first).len() >= 50, "{}", files(&first).len());
    let old = grow_old(&show, "output");
    let again = as_data(&show, &EVERYTHING);
    assert_eq!(young(&show, "output", old), Vec::<String>::new());
    for (first, again) in files(&first).iter().zip(files(&again)) {
        assert_eq!((&first["unchanged"], &again["unchanged"]), (&false.into(), &true.into()), "{again}");
        // What it came to is told as if it had just been made.
        assert_eq!(first["master"], again["master"]);
    }
    let run = export(&show, &EVERYTHING);
    assert!(run.stderr.contains("left alone: they were what they should be"), "{}", run.stderr);
    assert_eq!((made(&run, "line"), made(&run, "stretch")), ((0, 2), (0, 0)));
    assert_eq!(show.snapshot("output"), before);
}

#[test]
fn a_file_that_somebody_changed_is_written_again() {
    let show = show();
    export(&show, &MUCH);
    let before = show.snapshot("output");
    for (name, bytes) in &before {
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(show.path("output").join(name), changed).unwrap();
    }
    let old = grow_old(&show, "output");
    let listed = export(&show, &[&["--dry-run"], &MUCH[..]].concat()).stdout;
    assert!(
        listed.lines().all(|line| line.ends_with("(replaced: the one there is not what was written last)")),
        "{listed}"
    );
    export(&show, &MUCH);
    assert_eq!(show.snapshot("output"), before);
    assert_eq!(young(&show, "output", old).len(), before.len());
    // One of them is one of them; but stems belong together, and media to their session.
    let cases = [
        ("test/podcast/scenes/02-two.flac", 1),
        ("test/acx/test.flac", 1),
        ("test/test.vtt", 1),
        ("test/stems/bus/", 0),
        ("test/session/test-media/", 0),
    ];
    for (start, count) in cases {
        let name = before.keys().find(|name| name.starts_with(start)).expect("there is one");
        std::fs::remove_file(show.path("output").join(name)).unwrap();
        let old = grow_old(&show, "output");
        export(&show, &MUCH);
        let young = young(&show, "output", old);
        let folder = name.split('/').nth(1).unwrap();
        assert!(young.contains(name), "{name}: {young:?}");
        assert!(count == 0 || young.len() == count, "{name}: {young:?}");
        assert!(young.iter().all(|it| it.split('/').nth(1) == Some(folder)), "{name}: {young:?}");
        assert_eq!(show.snapshot("output"), before, "{name}");
    }
}

#[test]
fn scenes_that_are_mastered_by_themselves_are_written_by_themselves() {
    let show = show();
    let args = ["--scenes", "--gain-scope", "file", "--deliver", "acx"];
    export(&show, &args);
    let old = grow_old(&show, "output");
    edit(&show, "Nobody, as always.", "Nobody at all.");
    export(&show, &args);
    // What was before it stays.
    let mut young = young(&show, "output", old);
    young.retain(|name| name.starts_with("test/scenes/"));
    assert_eq!(young, ["test/scenes/04-four.wav"]);
    // The first of what is made is no episode then, and must not be taken for one.
    std::fs::remove_file(show.path("output/test/scenes/02-two.wav")).unwrap();
    let old = grow_old(&show, "output");
    export(&show, &args);
    assert_eq!(self::young(&show, "output", old), ["test/scenes/02-two.wav"]);
    check_against_fresh(&show, &args, "changed");
}

/// What a dry run says would be made of lines, sounds and stretches.
fn foreseen(show: &TestShow, args: &[&str]) -> ([u64; 3], Value) {
    let kept = crate::cache::entries(show);
    let output = show.snapshot("output");
    let data = as_data(show, &[&["--dry-run"], args].concat());
    assert_eq!(show.snapshot("output"), output, "a dry run writes nothing");
    assert_eq!(crate::cache::entries(show), kept, "a dry run makes nothing");
    let outlook = data["episodes"][0]["outlook"].clone();
    let count = |what: &str| outlook[what]["made"].as_u64().expect("a number");
    ([count("spoken"), count("sounds"), count("mixed")], outlook)
}

#[test]
fn a_dry_run_says_what_would_be_made_again_and_why() {
    let show = show();
    let args = ["--scenes"];
    let (all, outlook) = foreseen(&show, &args);
    assert_eq!((all[0], outlook["guessed"].as_bool()), (2, Some(true)), "{outlook}");
    let run = export(&show, &args);
    assert_eq!([made(&run, "line").0, made(&run, "sound").0], [all[0], all[1]]);
    let (none, _) = foreseen(&show, &args);
    assert_eq!(none, [0, 0, 0]);

    edit(&show, "Who is there?", "Who goes there?");
    let ([spoken, sounds, mixed], outlook) = foreseen(&show, &args);
    assert_eq!((spoken, sounds), (1, 0), "{outlook}");
    assert!((1..=2).contains(&mixed), "{outlook}");
    assert_eq!(outlook["spoken"]["items"][0]["name"], "cat: f");
    assert_eq!(outlook["spoken"]["items"][0]["why"], "another text than before");
    let scenes = outlook["mixed"]["items"].as_array().expect("scenes");
    let four =
        scenes.iter().find(|it| it["name"].as_str().is_some_and(|name| name.starts_with("scene four")));
    assert_eq!(four.expect("the line's scene")["why"], "a line or sound in it is made again");
    let run = export(&show, &args);
    assert_eq!((made(&run, "line").0, made(&run, "sound").0), (1, 0));

    edit(&show, "lang = \"en-GB\"", "lang = \"en-US\"");
    let (counts, outlook) = foreseen(&show, &args);
    assert_eq!(counts[0], 2, "{outlook}");
    assert_eq!(outlook["spoken"]["items"][1]["why"], "another voice than before");
    export(&show, &args);

    let show = show.clip("voices/ben/c.wav", &voice(131.0, 0.601));
    let (counts, outlook) = foreseen(&show, &args);
    assert_eq!((counts[0], counts[1]), (0, 1), "{outlook}");
    assert_eq!(outlook["sounds"]["items"][0]["name"], "ben: c");
    assert_eq!(outlook["sounds"]["items"][0]["why"], "its file has changed");
    export(&show, &args);

    // Where every length is known, so is exactly what is mixed.
    edit(&show, "gain = -6", "gain = -9");
    let (counts, outlook) = foreseen(&show, &args);
    assert_eq!((counts[0], counts[1], outlook["guessed"].as_bool()), (0, 0, Some(false)), "{outlook}");
    let run = export(&show, &args);
    assert_eq!(made(&run, "stretch").0, counts[2]);

    for take in crate::cache::entries(&show).iter().filter(|it| it.parent().unwrap().ends_with("takes")) {
        std::fs::remove_file(take).unwrap();
    }
    let (counts, outlook) = foreseen(&show, &args);
    assert_eq!((counts[0], counts[1]), (2, 0), "{outlook}");
    assert_eq!(outlook["spoken"]["items"][0]["why"], "not in the cache any more");
    edit(&show, "{ id = \"g\"", "{ id = \"new\", by = \"cat\", line = \"Not yet.\" }, { id = \"g\"");
    let (_, outlook) = foreseen(&show, &args);
    assert!(outlook.to_string().contains("new, or not made before"), "{outlook}");
}

#[test]
fn a_dry_run_tells_people_about_files() {
    let show = show();
    let args = ["--captions", "vtt", "--format", "wav,flac"];
    export(&show, &args);
    let listed = |show: &TestShow| export(show, &[&["--dry-run"], &args[..]].concat());
    let run = listed(&show);
    assert!(
        run.stdout.lines().all(|line| line.ends_with(" (left alone: it is what it would be)")),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("would be spoken: 0 of 2 lines"), "{}", run.stderr);
    edit(&show, "title = \"The first\"", "title = \"The very first\"");
    let run = listed(&show);
    let expected = "output/test/test.wav (replaced: another tags than the one there)";
    assert!(run.stdout.lines().any(|line| line == expected), "{}", run.stdout);
    export(&show, &args);
    edit(&show, "Who is there?", "Who is it?");
    let run = listed(&show);
    assert!(
        run.stdout.contains("output/test/test.flac (replaced: what it is made of has changed)"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("  cat: f (another text than before)"), "{}", run.stderr);
    assert!(run.stderr.contains("times, and how much is mixed, are a guess"), "{}", run.stderr);
    // Where nothing is kept, nothing is known.
    let run = show.run(&["export", "--dry-run", "--no-cache"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("(nothing is kept between runs)"), "{}", run.stderr);
}

/// What cannot be made is told without making it.
#[test]
fn a_dry_run_finds_what_cannot_be_made() {
    let show = show();
    std::fs::remove_file(show.path("sfx/tune.wav")).unwrap();
    edit(&show, "Nobody, as always.", "Никто.");
    let run = show.run(&["export", "--dry-run", "--no-cache"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("sfx/tune.wav") && run.stderr.contains("cannot be spoken"), "{}", run.stderr);
}
