//! Being asked wrongly, and scripts with mistakes.

use super::{broken, command, finished, small};
use crate::show::{TestShow, run_in};

fn complaint(show: &TestShow, args: &[&str]) -> String {
    let run = show.run(args);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}\n{}", run.stderr);
    run.stderr
}

#[test]
fn without_an_episode_it_says_where_it_looked() {
    let nothing =
        "error: there is no episode in `script`; name a script, or make a show with `radioplay new DIR`\n";
    for command in ["check", "render"] {
        assert_eq!(complaint(&TestShow::new(), &[command]), nothing);
    }
    // A file without `format` is no episode.
    let shared = TestShow::new().file("script/cast.toml", "[cast.ann]\n");
    assert_eq!(complaint(&shared, &["check"]), nothing);
}

#[test]
fn of_several_episodes_it_wants_one_named() {
    let text = "format = 1\ntitle = \"T\"\n[[scene]]\nid = \"x\"\nscript = []\n";
    let show =
        TestShow::with_script(text).file("script/other.toml", text).file("script/cast.toml", "[cast.ann]\n");
    let expected = "error: there are several episodes, say which: `script/other.toml`, `script/test.toml`\n";
    assert_eq!(complaint(&show, &["render"]), expected);
    assert_eq!(show.run(&["check", "script/other.toml"]).code, 0);
}

#[test]
fn a_script_that_is_not_there_suggests_one_that_is() {
    let expected = "error: there is no script `script/tset.toml`; did you mean `script/test.toml`?\n";
    assert_eq!(complaint(&small(), &["check", "script/tset.toml"]), expected);
}

#[test]
fn a_show_may_be_named_by_its_folder_and_a_script_from_within_its_own() {
    let show = small();
    let folder = show.path("");
    let elsewhere = tempfile::tempdir().expect("a temporary folder can be made");
    let args = ["check", folder.to_str().expect("it is UTF-8")];
    assert_eq!(run_in(elsewhere.path(), &args).code, 0);
    // In a folder `script` the show is the one around it, however the script is named.
    for path in ["test.toml", "./test.toml", "../script/test.toml"] {
        let run = run_in(&show.path("script"), &["check", path]);
        assert_eq!((run.code, run.stdout.lines().next()), (0, Some(SMALL)), "{path}\n{}", run.stderr);
    }
}

const SMALL: &str = "Small: 0:01.5 (72000 frames at 48000 Hz), 1 scene, 1 line recorded, 0 synthesized";

#[test]
fn an_unknown_scene_suggests_the_nearest() {
    let show = small();
    assert_eq!(
        complaint(&show, &["render", "--scene", "olny"]),
        "error: there is no scene `olny`; did you mean `only`?\n"
    );
    assert!(!show.path("output").exists());
}

#[test]
fn wrong_usage_ends_with_2() {
    let show = small();
    for args in [
        &["render", "--bits", "12"][..],
        &["render", "--rate", "8000"],
        &["render", "--jobs", "0"],
        &["render", "--nonsense"],
        &["render", "a.toml", "b.toml"],
        &["check", "--dump", "nothing"],
        &["check", "--allow", "no-such-folder"],
        &["voices", "--say", "Hello."],
        &["sing"],
        &[],
    ] {
        let run = show.run(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}\n{}", run.stderr);
        assert!(!run.stderr.is_empty() && !run.stderr.contains('\u{1b}'), "{args:?}\n{}", run.stderr);
    }
    assert!(!show.path("output").exists());
}

#[test]
fn a_script_with_errors_ends_with_1_and_renders_nothing() {
    let show = broken();
    let run = show.run(&["render"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    let expected = "\
error[unknown-role]: there is no role `anne`
 --> script/test.toml:7:10
  |
7 |   { by = \"anne\", line = \"One.\" },
  |          ^^^^^^
  |
  = help: did you mean `ann`?

error[unknown-sound]: there is no sound `bell`
 --> script/test.toml:8:11
  |
8 |   { sfx = \"bell\" },
  |           ^^^^^^
  |
  = help: none is defined

error: nothing was rendered: 2 errors
";
    assert_eq!(run.stderr, expected);
    assert!(!show.path("output").exists());
    // Quiet is quiet about everything but errors.
    assert_eq!(show.run(&["render", "--quiet"]).stderr, expected);
}

#[test]
fn problems_are_data_where_that_is_asked_for() {
    for name in ["render", "check"] {
        let run = broken().run(&[name, "--format", "json"]);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{name}");
        let found: serde_json::Value = serde_json::from_str(&run.stdout).expect("standard output is JSON");
        let diagnostics = found["diagnostics"].as_array().expect("an array");
        assert_eq!(diagnostics.len(), 2);
        let first = &diagnostics[0];
        assert_eq!(
            [&first["code"], &first["severity"], &first["primary"]["file"]],
            ["unknown-role", "error", "script/test.toml"]
        );
        assert_eq!(
            [&first["primary"]["line"], &first["primary"]["column"], &first["primary"]["end_column"]],
            [7, 10, 16]
        );
        assert_eq!(first["help"][0], "did you mean `ann`?");
        assert_eq!(found["result"].is_null(), name == "render");
    }
    let run = small().run(&["render", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&run.stdout).expect("standard output is JSON");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(
        (&found["result"]["file"], &found["result"]["scenes"]),
        (&"output/test.wav".into(), &serde_json::json!(["only"]))
    );
}

#[test]
fn colours_come_when_they_are_asked_for_and_else_only_on_a_terminal() {
    let coloured = |args: &[&str], no_color: Option<&str>| {
        let show = broken();
        let mut command = command(&show);
        command.args(args);
        no_color.map(|value| command.env("NO_COLOR", value));
        let run = finished(command);
        assert_eq!(run.code, 1);
        assert!(!run.stdout.contains('\u{1b}'), "results are never coloured");
        run.stderr.contains('\u{1b}')
    };
    assert!(coloured(&["check", "--color", "always"], None));
    assert!(coloured(&["check", "--color", "always"], Some("1")), "what is typed wins");
    assert!(!coloured(&["check"], None), "this is no terminal");
    assert!(!coloured(&["check", "--color", "never"], None));
    assert!(!coloured(&["check"], Some("1")));
}

#[test]
fn check_reports_what_there_is() {
    let run = small().run(&["check"]);
    let expected = format!("{SMALL}\n    0:00.0    0:01.5    1 line   only: The only scene\nno problems\n");
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, expected.as_str(), ""));
    let show = TestShow::with_script(
        "format = 1\ntitle = \"Three\"\n[cast.ann]\n[[scene]]\nid = \"x\"\nscript = [\n\
         { by = \"ann\", line = \"It's me.\" },\n{ by = \"ann\", line = \"Recorded.\" },\n]\n\
         [[scene]]\nid = \"y\"\nscript = [{ pause = 1 }]\n",
    )
    .clip("voices/ann/ann-recorded.wav", &[0.1; 4_800])
    .clip("voices/ann/ann-record.wav", &[0.1; 4_800]);
    let run = show.run(&["check"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].ends_with(", 2 scenes, 1 line recorded, 1 synthesized"), "{}", lines[0]);
    assert!(lines[1].ends_with("2 lines  x: x") && lines[2].ends_with("0 lines  y: y"), "{}", run.stdout);
    let rest = ["not recorded yet (1), as voices/ROLE/ID.wav:", "  ann/ann-its-me  It's me.", "1 warning"];
    assert_eq!(lines[3..], rest);
    assert!(run.stderr.contains("warning[unused-take]: `voices/ann/ann-record.wav`"), "{}", run.stderr);
    assert_eq!((run.code, show.run(&["check", "--quiet"]).stderr.as_str()), (0, ""), "a warning is no error");
}
