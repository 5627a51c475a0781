//! Several episodes at once: names, failures, exit codes.

use crate::export::{drama, exported};
use crate::show::TestShow;

fn small(title: &str) -> String {
    format!(
        "format = 1\ntitle = \"{title}\"\ndeliver = \"none\"\n[cast.ann]\n[[scene]]\nid = \"only\"\n\
         script = [{{ id = \"a\", by = \"ann\", line = \"One.\" }}]\n"
    )
}

/// Three episodes, of which the second has mistakes.
fn season() -> TestShow {
    TestShow::new()
        .file("script/e1.toml", small("First"))
        .file("script/e2.toml", small("Second").replace("by = \"ann\"", "by = \"anne\""))
        .file("script/e3.toml", small("Third"))
        .clip("voices/ann/a.wav", &[0.25; 24_000])
}

#[test]
fn a_broken_episode_does_not_stop_the_others() {
    let show = season();
    let run = show.run(&["export"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(show.path("output/e1/e1.wav").is_file() && show.path("output/e3/e3.wav").is_file());
    assert!(!show.path("output/e2").exists());
    assert!(run.stderr.contains("[2/3] script/e2.toml"), "{}", run.stderr);
    assert!(run.stderr.contains("2 of 3 episodes exported, 4 files"), "{}", run.stderr);
    assert!(run.stderr.contains("not exported: script/e2.toml: the script has errors"), "{}", run.stderr);
    assert_eq!(
        run.stdout,
        "output/e1/e1.wav\noutput/e1/e1.chapters.json\noutput/e3/e3.wav\noutput/e3/e3.chapters.json\n"
    );
}

#[test]
fn episodes_are_named_by_file_folder_or_pattern() {
    for args in [["script/e1.toml", "script/e3.toml"], ["script/e[13].toml", "script/e1.toml"]] {
        let show = season();
        let summary = show.json(&[&["export", "--json"], &args[..]].concat());
        let scripts: Vec<_> =
            summary["episodes"].as_array().unwrap().iter().map(|it| &it["script"]).collect();
        assert_eq!(scripts, ["script/e1.toml", "script/e3.toml"], "{args:?}");
        assert_eq!(summary["episodes"][1]["status"], "done");
    }
    let run = season().run(&["export", "script", "nothing/*.toml", "gone.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is nothing like `nothing/*.toml`"), "{}", run.stderr);
    assert!(run.stderr.contains("there is no script `gone.toml`"), "{}", run.stderr);
    assert!(run.stderr.contains("not exported: there is no script `gone.toml`"), "{}", run.stderr);
}

#[test]
fn a_dry_run_lists_and_writes_nothing() {
    let show = drama();
    let args = ["--scenes", "--stems", "all", "--deliver", "podcast,ebu-r128"];
    let listed = exported(&show, &[&["--dry-run"], &args[..]].concat());
    assert!(!show.path("output").exists());
    let written = exported(&show, &args);
    let without_reason = |line: &String| line.trim_end_matches(" (written: not there yet)").to_owned();
    assert_eq!(listed.iter().map(without_reason).collect::<Vec<_>>(), written);
    assert!(listed.iter().all(|line| line.ends_with(" (written: not there yet)")));
    assert!(written.iter().all(|path| show.path(path).is_file()));
    assert!(written.contains(&"output/test/ebu-r128/scenes/01-one.wav".to_owned()), "{written:?}");
    let again = exported(&show, &[&["--dry-run"], &args[..]].concat());
    assert!(again.iter().all(|line| line.contains(" (replaced: ")), "{again:?}");
}

#[test]
fn templates_name_files_and_lead_nowhere_else() {
    let show = drama();
    let listed = |show: &TestShow, args: &[&str]| -> Vec<String> {
        let listed = exported(show, &[&["--dry-run"], args].concat());
        listed.iter().map(|line| line.trim_end_matches(" (written: not there yet)").to_owned()).collect()
    };
    let named = listed(&show, &["--name", "{title}/{preset} {part}", "-o", "out"]);
    assert_eq!(named, ["out/A _Drama_ & more/podcast test.wav", "out/A _Drama_ & more/test.chapters.json"]);
    for (template, why) in [
        ("../{part}", "leads out of the folder"),
        ("/tmp/{part}", "leads out of the folder"),
        ("{part", "a brace has no partner"),
        ("{what}", "there is no `{what}`"),
    ] {
        let run = show.run(&["export", "--dry-run", "--name", template]);
        assert_eq!(run.code, 2, "{template}");
        assert!(run.stderr.contains(why), "{template}: {}", run.stderr);
    }
    let run = show.run(&["export", "--dry-run", "--scenes", "--name", "{episode}"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("two outputs would both be `output/test.wav`"), "{}", run.stderr);
    let hostile = crate::export::drama_called("../../up\\u202e/x");
    assert_eq!(listed(&hostile, &["--name", "{title}"]), ["output/_.._up__x.wav", "output/_.._up__x.json"]);
}

#[test]
fn two_episodes_do_not_share_a_file() {
    let show = season();
    let run = show.run(&["export", "script/e1.toml", "script/e3.toml", "--name", "same"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`output/same.wav` was written for `script/e1.toml`"), "{}", run.stderr);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let show = season().file("in-the-way", "");
    let run = show.run(&["export", "script/e1.toml", "-o", "in-the-way"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("`in-the-way/e1/e1.wav` cannot be given a folder"), "{}", run.stderr);
}
