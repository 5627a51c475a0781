//! Files written again after a change: only what it reaches is mastered anew, and what comes of it is what it would be if
//! nothing had been there.

use crate::cache::{edit, entries, made};
use crate::export::again::{check_against_fresh, export, grow_old, show, young};
use crate::export::voice;
use crate::show::{Run, TestShow};

/// Four scenes, far enough apart that none reaches into another; takes of odd lengths.
fn apart() -> TestShow {
    let scene = |id: &str, line: &str| {
        format!(
            "[[scene]]\nid = \"{id}\"\nscript = [\n{{ id = \"{line}\", by = \"ann\", line = \"Well.\" }},\n\
             {{ pause = 9.0 }}, {{ id = \"{line}{line}\", by = \"ann\", line = \"Yes.\" }}, {{ pause = 3.0 }} ]\n"
        )
    };
    let scenes = ["a", "b", "c", "d"].map(|line| scene(&line.repeat(3), line)).concat();
    let script = format!("format = 1\ntitle = \"Apart\"\ndeliver = \"podcast\"\n[cast.ann]\n{scenes}");
    let mut show = TestShow::with_script(&script);
    for (index, name) in ["a", "b", "c", "d", "aa", "bb", "cc", "dd"].iter().enumerate() {
        let seconds = 0.777_7 + 0.123_456 * index as f64;
        show = show.clip(&format!("voices/ann/{name}.wav"), &voice(150.0 + 10.0 * index as f64, seconds));
    }
    show
}

fn render(show: &TestShow, args: &[&str]) -> Run {
    let run = show.run(&[&["render", "-o", "out.wav"], args].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run
}

fn bytes(show: &TestShow) -> Vec<u8> {
    std::fs::read(show.path("out.wav")).expect("it was rendered")
}

/// What a render comes to where nothing is there.
fn fresh(show: &TestShow) -> Vec<u8> {
    let run = show.run(&["render", "-o", "fresh.wav", "--no-cache"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    std::fs::read(show.path("fresh.wav")).expect("it was rendered")
}

/// Removes what was mixed: whoever wants it has to mix it.
fn forget_the_mix(show: &TestShow) {
    let mixes = |path: &std::path::PathBuf| path.parent().is_some_and(|folder| folder.ends_with("mixes"));
    let mixes: Vec<_> = entries(show).into_iter().filter(mixes).collect();
    assert!(mixes.len() >= 4, "{mixes:?}");
    mixes.iter().for_each(|path| std::fs::remove_file(path).expect("it can be removed"));
}

#[test]
fn what_did_not_change_is_taken_from_the_file_that_is_replaced() {
    let show = apart();
    let cache = ["--cache", "kept"];
    let all = made(&render(&show, &cache), "stretch");
    assert_eq!(all.0, all.1);
    // In the third of four scenes half is heard later, and so is what comes after it: by a whole tenth of a second, so that so
    // short an episode is certain to be as loud as it was.
    edit(&show, "{ id = \"cc\"", "{ pause = 0.1 }, { id = \"cc\"");
    forget_the_mix(&show);
    let some = made(&render(&show, &cache), "stretch");
    assert!(some.0 >= 1 && some.0 * 2 <= all.0, "{some:?} of {all:?}");
    assert!(bytes(&show) == fresh(&show), "another file than one rendered at once");
}

/// Where no loudness is asked for nothing is measured before it is mastered; but it is known afterwards.
#[test]
fn what_is_written_as_it_is_mixed_is_taken_over_too() {
    let show = apart();
    let args = ["--cache", "kept", "--deliver", "none"];
    let all = made(&render(&show, &args), "stretch").0;
    edit(&show, "{ id = \"cc\"", "{ pause = 0.1234 }, { id = \"cc\"");
    forget_the_mix(&show);
    let some = made(&render(&show, &args), "stretch").0;
    assert!(some >= 1 && some * 2 <= all, "{some} of {all}");
    let run = show.run(&["render", "-o", "fresh.wav", "--no-cache", "--deliver", "none"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(bytes(&show) == std::fs::read(show.path("fresh.wav")).expect("it was rendered"));
}

#[test]
fn what_is_damaged_in_the_file_that_is_replaced_is_made_again() {
    let show = apart();
    let cache = ["--cache", "kept"];
    let all = made(&render(&show, &cache), "stretch").0;
    let good = bytes(&show);
    for at in (0..good.len()).step_by(50_000) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        if at % 3 == 0 {
            damaged.truncate(at + 1);
        }
        std::fs::write(show.path("out.wav"), damaged).expect("it can be written");
        render(&show, &cache);
        assert!(bytes(&show) == good, "damaged at byte {at}");
    }
    // Another file of that name, or none.
    std::fs::write(show.path("out.wav"), "not a file of sound").expect("it can be written");
    forget_the_mix(&show);
    assert_eq!(made(&render(&show, &cache), "stretch").0, all);
    std::fs::remove_file(show.path("out.wav")).expect("it is there");
    render(&show, &cache);
    assert!(bytes(&show) == good);
}

#[test]
fn a_scene_that_begins_later_has_the_same_words() {
    let show = apart();
    let samples = |show: &TestShow| {
        render(show, &["--no-cache", "--deliver", "none", "--bits", "16"]);
        show.wav("out.wav").0
    };
    let before = samples(&show);
    edit(&show, "pause = 3.0", "pause = 3.123");
    let after = samples(&show);
    let later = after.len() - before.len();
    assert_eq!(later, 2 * 5904);
    let start = show.json(&["check", "--dump", "timeline"])["scenes"][1]["start"].as_u64().expect("a frame");
    let start = usize::try_from(start).expect("a place") * 2;
    assert!(after[start..] == before[start - later..]);
    assert!(after[..start - later - 2 * 48_000] == before[..start - later - 2 * 48_000]);
}

#[test]
fn scenes_that_no_change_reaches_are_left_alone() {
    let show = show();
    // With a gain that nothing changes.
    let args = ["--scenes", "--format", "wav,flac", "--deliver", "none"];
    export(&show, &args);
    let old = grow_old(&show, "output");
    edit(&show, "Nobody, as always.", "Nobody at all, as always, and never anybody.");
    let listed = export(&show, &[&["--dry-run"], &args[..]].concat()).stdout;
    let first = listed.lines().find(|line| line.contains("01-one.wav")).expect("it is listed");
    assert!(first.ends_with("if the gain of the whole comes out different)"), "{first}");
    export(&show, &args);
    let mut young = self::young(&show, "output", old);
    young.retain(|name| name.contains("/scenes/"));
    // The one before hears where the changed one begins.
    assert_eq!(
        young,
        ["03-three.flac", "03-three.wav", "04-four.flac", "04-four.wav"]
            .map(|it| format!("test/scenes/{it}"))
    );
    check_against_fresh(&show, &args, "changed");
}

/// It says so in its WAV, and is the same in any other format.
#[test]
fn a_scene_that_begins_later_is_only_written_where_it_tells() {
    let show = apart();
    let args = ["--scenes", "--format", "wav,flac", "--deliver", "none"];
    export(&show, &args);
    let old = grow_old(&show, "output");
    edit(&show, "{ id = \"aa\"", "{ pause = 0.2 }, { id = \"aa\"");
    export(&show, &args);
    let mut young = young(&show, "output", old);
    young.retain(|name| name.contains("/scenes/"));
    let first = ["01-aaa.flac", "01-aaa.wav", "02-bbb.flac", "02-bbb.wav", "03-ccc.wav", "04-ddd.wav"];
    assert_eq!(young, first.map(|it| format!("test/scenes/{it}")));
    check_against_fresh(&show, &args, "changed");
}

#[test]
fn files_of_a_changed_episode_are_those_of_a_fresh_export() {
    let show = show();
    let args = ["--scenes", "--format", "wav,flac", "--handles", "0.3", "--deliver=podcast,acx,podcast-mono"];
    export(&show, &args);
    for (from, to) in [
        ("Who is there?", "Who on earth is there?"),
        ("gain = -6", "gain = -18"),
        ("scene = 0.31", "scene = 0.42"),
    ] {
        edit(&show, from, to);
        export(&show, &args);
        check_against_fresh(&show, &args, to);
    }
}
