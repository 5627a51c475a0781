//! A stranger's script is data: what is in it neither reaches the terminal raw nor leads out of the show.

use super::small;
use crate::show::{Run, TestShow};

/// Clears the screen, renames the window, rings the bell, turns text round; in both of its spellings.
const EVIL: &str = r"\u001b[2J\u001b]0;mine\u0007\u009b31m\u0085\u202egnp.\u2066x\u007f\b\r";

fn is_tame(run: &Run) {
    for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let raw = text.chars().find(|&c| {
            c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(raw, None, "{stream}: {text:?}");
    }
}

#[test]
fn control_characters_of_a_script_never_reach_the_terminal() {
    let good = TestShow::with_script(&format!(
        "format = 1\ntitle = \"{EVIL}title\"\n[cast.ann]\nname = \"{EVIL}name\"\n[[scene]]\nid = \"x\"\ntitle = \"{EVIL}scene\"\n\
         script = [{{ id = \"a\", by = \"ann\", line = \"{EVIL}Well, then.\" }}]\n"
    ));
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["check", "--dump", "script"],
        &["check", "--dump", "cuesheet"],
        &["check", "--dump", "timeline"],
        &["render"],
        &["render", "--format", "json"],
        &["voices"],
        &["render", "--scene", "\u{1b}[2J\u{9b}31m"],
        &["sounds", "\u{1b}[2J", "--show", "."],
    ] {
        let run = good.run(args);
        is_tame(&run);
        if args.contains(&"json") || args.contains(&"--dump") {
            let parsed: serde_json::Value = serde_json::from_str(&run.stdout).expect("still JSON");
            let title =
                if args.contains(&"--format") { &parsed["result"]["title"] } else { &parsed["title"] };
            assert!(
                title.is_null()
                    || title.is_object()
                    || title.as_str().is_some_and(|it| it.contains("\u{1b}[2J")),
                "as data it is whole: {title:?}"
            );
        }
    }
    let bad = TestShow::with_script(&format!(
        "format = 1\ntitle = 1 # \u{9b}31m\n\"{EVIL}\" = 1\n[cast.\"{EVIL}\"]\n[sound.bell]\nfile = \"sfx/{EVIL}.wav\"\n\
         [sound.link]\nfile = \"../{EVIL}\"\n[[scene]]\nid = \"{EVIL}\"\nplace = \"{EVIL}\"\n\
         script = [{{ sfx = \"{EVIL}\" }}, {{ sfx = \"bell\", at = \"{EVIL}\" }}, {{ by = \"{EVIL}\", line = \"{{{EVIL}}}\" }},\n\
         {{ sfx = \"link\" }}, {{ {} = 1 }}]\n",
        "\"\\u001b\""
    ));
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["render"],
        &["voices"],
        &["check", "--color", "never"],
    ] {
        let run = bad.run(args);
        assert!(run.code == 1 || args == ["voices"], "{}", run.stderr);
        is_tame(&run);
    }
    let patch = small().file("sfx/evil.toml", format!("description = \"{EVIL}\"\nwhat = \"{EVIL}\"\n"));
    is_tame(&patch.run(&["sounds"]));
    is_tame(&patch.run(&["sounds", "evil"]));
}

#[test]
fn only_the_person_lets_a_script_out_of_its_show() {
    let outside = TestShow::new().clip("library/bell.wav", &[0.5; 480]);
    let library = outside.path("library");
    let library = library.to_str().expect("it is UTF-8");
    let script = format!(
        "format = 1\ntitle = \"T\"\n[sound.bell]\nfile = \"{library}/bell.wav\"\n[[scene]]\nid = \"x\"\nscript = [{{ sfx = \"bell\" }}]\n"
    );
    let show = TestShow::with_script(&script);
    let run = show.run(&["render"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("error[outside-show]") && run.stderr.contains("`--allow DIR`"),
        "{}",
        run.stderr
    );
    // What lies outside is not even looked for: a file that is there and one that is not read the same.
    let missing = TestShow::with_script(&script.replace("bell.wav", "gone.wav")).run(&["render"]);
    assert_eq!(missing.stderr.replace("gone.wav", "bell.wav"), run.stderr);
    let run = show.run(&["render", "--allow", library]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(show.wav("output/test.wav").0.len(), 960);
    // Another folder allowed is not this one, nor is one whose name merely begins the same.
    std::fs::create_dir(outside.path("lib")).expect("folders can be made");
    assert_eq!(show.run(&["render", "--allow", outside.path("lib").to_str().expect("it is UTF-8")]).code, 1);
}

#[test]
fn markup_in_a_line_is_said_and_not_obeyed() {
    let show = |text: &str| {
        TestShow::with_script(&format!(
            "format = 1\ntitle = \"T\"\n[cast.ann]\n[[scene]]\nid = \"x\"\nscript = [{{ by = \"ann\", line = '{text}' }}]\n"
        ))
    };
    let frames = |text: &str| {
        let run = show(text).run(&["check", "--format", "json"]);
        assert_eq!(run.code, 0, "{text}\n{}{}", run.stdout, run.stderr);
        let found: serde_json::Value = serde_json::from_str(&run.stdout).expect("it is JSON");
        found["result"]["frames"].as_u64().expect("a length")
    };
    let plain = frames("Who is it?");
    for text in [
        "<volume level=\"0\">Who is it?</volume>",
        "<speed level=\"500\">Who is it?</speed>",
        "<break time=\"60s\"/>Who is it?",
        "<usesig file=\"/etc/passwd\">Who is it?</usesig>",
        "<play file=\"/etc/passwd\"/>Who is it?",
    ] {
        let marked = frames(text);
        assert!((plain..plain + 48_000 * 8).contains(&marked), "{text}: {marked} frames, {plain} without");
    }
}
