//! Scripts that are wrong, huge or malicious: none makes the program panic, hang, or say what is not so.

use std::time::Instant;

use crate::hostile::attempt::{Attempt, attempt};
use crate::hostile::grammar::{Dice, mutated, script};
use crate::show::TestShow;

pub(crate) mod attempt;
pub(crate) mod grammar;

/// How many seeded cases of each sort a run tries, unless `RADIOPLAY_FUZZ` says otherwise.
const CASES: u64 = 300;

const HEAD: &str =
    "format = 1\ntitle = \"T\"\n[cast.ann]\n[cast.ben]\n[sound.tick]\nfile = \"sfx/tick.toml\"\n";

fn cases() -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    (number("RADIOPLAY_FUZZ_SEED").unwrap_or(1), number("RADIOPLAY_FUZZ").unwrap_or(CASES))
}

/// Tries each text, twice, and says which one failed.
fn try_all(texts: impl Fn(&mut Dice) -> String) {
    let show = TestShow::new()
        .file("shared.toml", "[cast.cat]\n")
        .file("loop.toml", "include = [\"./loop.toml\"]\n");
    let (seed, count) = cases();
    for case in seed..seed + count {
        let text = texts(&mut Dice(case));
        std::fs::create_dir_all(show.path("script")).expect("folders can be made");
        std::fs::write(show.path("script/test.toml"), &text).expect("files can be written");
        let tried = std::panic::catch_unwind(|| {
            let first = attempt(&show.path(""));
            first.check();
            assert_eq!(first.printed(), attempt(&show.path("")).printed(), "not the same twice");
        });
        if tried.is_err() {
            panic!("case {case}:\n{text}");
        }
    }
}

#[test]
fn no_script_made_of_odd_pieces_breaks_a_stage() {
    try_all(script);
}

#[test]
fn no_mutation_of_the_demo_breaks_a_stage() {
    let demo = include_str!("../script/one-year-later.toml");
    try_all(|dice| mutated(demo, dice));
}

#[test]
fn no_mutation_of_odd_pieces_breaks_a_stage() {
    try_all(|dice| {
        let odd = script(dice);
        mutated(&odd, dice)
    });
}

/// A show with one scene of these entries.
fn show_of(entries: &str) -> TestShow {
    TestShow::with_script(&format!("{HEAD}[[scene]]\nid = \"one\"\nscript = [\n{entries}]\n"))
}

/// A script with one scene of these entries, tried.
fn scene(entries: &str) -> Attempt {
    let attempt = attempt(&show_of(entries).path(""));
    attempt.check();
    attempt
}

/// What takes a moment here took minutes before: quadratic.
fn at_once<T>(work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(started.elapsed().as_secs() < 30, "this took {:?}", started.elapsed());
    result
}

/// Where entries start and end, in frames.
fn times(attempt: &Attempt) -> Vec<(&str, i64, i64)> {
    let entries = attempt.timeline.entries.iter();
    entries.map(|entry| (entry.id.as_str(), entry.start.get(), entry.end.get())).collect()
}

#[test]
fn ids_of_many_equal_entries_are_not_searched_from_the_first() {
    let attempt = at_once(|| scene(&"{ pause = 0.01 },\n".repeat(100_000)));
    assert_eq!(attempt.timeline.entries[99_999].id, "pause-100000");
}

#[test]
fn derived_ids_keep_out_of_the_way_of_given_ones() {
    let attempt = scene("{ pause = 1 }, { pause = 2, id = \"pause-2\" }, { pause = 3 },\n{ pause = 4 },\n");
    let ids: Vec<&str> = times(&attempt).iter().map(|entry| entry.0).collect();
    assert_eq!(ids, ["pause", "pause-2", "pause-3", "pause-4"]);
}

#[test]
fn a_large_group_is_read_once() {
    let entries = "{ pause = 0.01 },\n".repeat(100_000);
    let attempt = at_once(|| scene(&format!("{{ group = \"together\", script = [\n{entries}] }},\n")));
    assert_eq!(times(&attempt)[0], ("group", 0, 1));
}

#[test]
fn a_hundred_thousand_anchors_are_solved_in_either_direction() {
    let chain = |next: fn(usize) -> usize| -> String {
        let entry = |i| format!("{{ id = \"e{i}\", sfx = \"tick\", at = \"e{}.start+10ms\" }},\n", next(i));
        (1..=100_000).map(entry).collect()
    };
    let pause = |id: usize| format!("{{ id = \"e{id}\", pause = 1 }},\n");
    let forwards = at_once(|| scene(&(chain(|i| i + 1) + &pause(100_001))));
    assert_eq!(times(&forwards)[0].1, 100_000);
    let backwards = at_once(|| scene(&(pause(0) + &chain(|i| i - 1))));
    assert_eq!(times(&backwards)[100_000].1, 100_000);
}

#[test]
fn many_circles_are_found_in_one_walk() {
    let pair = |i: usize| {
        format!(
            "{{ id = \"a{i}\", sfx = \"tick\", at = \"b{i}.end\" }}, {{ id = \"b{i}\", sfx = \"tick\", at = \"a{i}.end\" }},\n"
        )
    };
    let attempt = at_once(|| scene(&(0..20_000).map(pair).collect::<String>()));
    assert_eq!(attempt.errors(), ["anchor-cycle"; 20_000]);
    // One long chain in which every entry leads back to the first.
    let entry = |i: usize| {
        format!(
            "{{ id = \"e{i}\", sfx = \"tick\", at = \"e{}.end\", to = \"e0.end+9s\" }},\n",
            (i + 1) % 20_000
        )
    };
    let attempt = at_once(|| scene(&(0..20_000).map(entry).collect::<String>()));
    assert_eq!(attempt.errors(), ["anchor-cycle"]);
    assert!(attempt.shown().len() < 4000, "a long circle is abridged");
    assert!(attempt.shown().contains("`e3` → 19992 more → `e19996`"), "{}", attempt.shown());
}

#[test]
fn a_circle_names_its_chain_in_order() {
    let attempt = scene(
        "{ id = \"a\", sfx = \"tick\", at = \"b.end\" }, { id = \"b\", sfx = \"tick\", at = \"c.end\" },\n\
         { id = \"c\", sfx = \"tick\", at = \"a.end\" },\n{ id = \"d\", sfx = \"tick\", at = \"a.end\" },\n",
    );
    assert_eq!(attempt.errors(), ["anchor-cycle"]);
    assert!(attempt.shown().contains("`a` → `b` → `c` → `a`"), "{}", attempt.shown());
}

#[test]
fn a_brace_that_is_never_closed_is_reported_once() {
    let attempt =
        at_once(|| scene(&format!("{{ by = \"ann\", line = \"Yes {}\" }},\n", "{ ".repeat(200_000))));
    assert_eq!(attempt.errors(), ["bad-markup"]);
}

#[test]
fn a_hundred_thousand_marks_in_a_line_are_looked_up_at_once() {
    let marks: String = (0..100_000).map(|i| format!("{{m{i}}}w ")).collect();
    let anchors: String = (0..1000).map(|i| format!("{{ sfx = \"tick\", at = \"l@m{i}\" }},\n")).collect();
    let entries = format!("{{ id = \"l\", by = \"ann\", line = \"{marks}\" }},\n{anchors}");
    assert_eq!(at_once(|| scene(&entries)).errors(), Vec::<&str>::new());
    let words: String =
        (1..=1000).map(|i| format!("{{ sfx = \"tick\", at = \"l.word({i})\" }},\n")).collect();
    let entries = format!("{{ id = \"l\", by = \"ann\", line = \"{marks}\" }},\n{words}");
    assert_eq!(at_once(|| scene(&entries)).errors(), Vec::<&str>::new());
}

#[test]
fn ten_thousand_problems_are_shown_at_once() {
    let attempt = at_once(|| {
        let attempt = scene(&"{ paus = 1 },\n".repeat(10_000));
        assert!(attempt.shown().contains("10007 |"));
        attempt
    });
    assert_eq!(attempt.errors().len(), 10_000);
    let attempt = at_once(|| {
        let attempt = scene(&"{ pause = 0.0.1 },\n".repeat(10_000));
        assert!(attempt.printed().contains("10007 |"));
        attempt
    });
    assert!(
        attempt.errors().iter().all(|code| *code == "toml-syntax"),
        "only what is wrong, no consequences"
    );
}

#[test]
fn ten_thousand_problems_in_one_long_line_are_shown_at_once() {
    let attempt = at_once(|| {
        let attempt = scene(&"{ paus = 1 }, ".repeat(10_000));
        assert!(attempt.shown().contains("test.toml:10:14003"), "columns count from the line's beginning");
        attempt
    });
    assert_eq!(attempt.errors().len(), 10_000);
    assert!(attempt.shown().lines().all(|line| line.len() < 400));
}

#[test]
fn a_name_of_a_megabyte_is_neither_compared_nor_repeated() {
    let long = "s".repeat(1 << 20);
    let attempt = at_once(|| {
        scene(&format!("{{ sfx = \"{long}\", at = \"{long}x.start\" }}, {{ id = \"{long}\", pause = 1 }},\n"))
    });
    assert_eq!(attempt.errors(), ["unknown-sound", "unknown-anchor", "bad-name"]);
    assert!(attempt.shown().len() < 10_000);
}

#[test]
fn a_hundred_thousand_scenes_are_counted_once() {
    let scenes: String =
        (0..100_000).map(|i| format!("[[scene]]\nid = \"s{i}\"\nscript = [{{ pause = 0.01 }}]\n")).collect();
    let show = TestShow::with_script(&format!("{HEAD}{scenes}"));
    let run = at_once(|| show.run(&["check"]));
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn keys_deep_in_each_other_do_not_go_down_the_stack() {
    let dots = "a.".repeat(70);
    let text = (0..70).fold("1".to_owned(), |inside, _| format!("{{ {dots}a = {inside} }}"));
    let show = TestShow::with_script(&format!("{HEAD}x = {text}\n"));
    let run = show.run(&["check"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("deep in each other"), "{}", run.stderr);
    for text in [
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{a=".repeat(100_000)),
        format!("{}b = 1", "a.".repeat(100_000)),
    ] {
        let run = TestShow::with_script(&text).run(&["check", "script/test.toml"]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stderr.contains("deep in each other"), "{}", run.stderr);
    }
}

#[test]
fn control_characters_of_a_script_never_reach_the_terminal() {
    let entries = "{ sfx = \"\u{9b}31m\u{202e}\u{2028}\", id = \"\\u001b[31m\" }, # \u{9b}31m\u{7f}\n";
    let shown = scene(entries).shown();
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    let run = show_of(entries).run(&["check", "--color", "never"]);
    let (out, err) = (run.stdout, run.stderr);
    assert!(!format!("{out}{err}").contains(|c: char| c.is_control() && c != '\n'), "{out:?}{err:?}");
}

#[test]
fn an_entry_that_cannot_be_read_still_holds_its_place() {
    let attempt = scene(
        "{ id = \"a\", by = \"ann\", line = 3 }, { sfx = \"tick\", at = \"a@k\" },\n{ sfx = \"tick\", at = \"prev.end\" },\n\
         { id = \"b\", sfx = \"nosuch\" }, { sfx = \"tick\", at = \"b.hit\" },\n{ id = \"c\", pause = 1, sfx = \"tick\" },\n\
         { pause = -1, id = \"d\" },\n{ sfx = \"tick\", at = \"c.end\" }, { sfx = \"tick\", at = \"d.end\" },\n",
    );
    assert_eq!(attempt.errors(), ["wrong-type", "unknown-sound", "entry-kind", "out-of-range"]);
}

#[test]
fn a_definition_that_cannot_be_read_is_wrong_once() {
    let head =
        "format = 1\ntitle = \"T\"\ncast.ann = 3\nsound.tick = 4\n[cast.\"b n\"]\n[place]\nhall = []\n";
    let scene = "[[scene]]\nid = \"one\"\nplace = \"hall\"\nscript = [ { by = \"ann\", line = \"Yes.\" }, { sfx = \"tick\" }, { by = \"b n\", line = \"No.\" } ]\n";
    let attempt = attempt(&TestShow::with_script(&format!("{head}{scene}")).path(""));
    assert_eq!(attempt.errors(), ["wrong-type", "wrong-type", "bad-name", "wrong-type"]);
}

#[test]
fn a_line_of_no_role_is_not_spoken_by_a_voice_nobody_chose() {
    let run = show_of("{ by = \"nobody\", line = \"Привет.\" },\n{ by = \"nobody\", line = \"Да.\" },\n")
        .run(&["check"]);
    assert_eq!(run.stderr.matches("error[").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("the same at script/test.toml:11"), "{}", run.stderr);
}

#[test]
fn an_include_by_another_spelling_is_the_same_file() {
    let show = TestShow::with_script(&format!(
        "include = [\"a.toml\", \"./a.toml\", \"x/../a.toml\"]\n{HEAD}[[scene]]\nid = \"one\"\nscript = []\n"
    ))
    .file("a.toml", "[cast.cat]\n");
    assert_eq!(attempt(&show.path("")).errors(), Vec::<&str>::new());
    let show = TestShow::with_script(&format!(
        "include = [\"script/../a.toml\"]\n{HEAD}[[scene]]\nid = \"one\"\nscript = []\n"
    ))
    .file("a.toml", "include = [\"./script/test.toml\"]\n");
    assert_eq!(attempt(&show.path("")).errors(), ["include-cycle"]);
}

#[test]
fn too_many_includes_are_reported_once() {
    let names: Vec<String> = (0..100).map(|i| format!("\"i{i}.toml\"")).collect();
    let script = format!("include = [{}]\n{HEAD}[[scene]]\nid = \"one\"\nscript = []\n", names.join(", "));
    let show = (0..100).fold(TestShow::with_script(&script), |show, i| show.file(&format!("i{i}.toml"), ""));
    assert_eq!(attempt(&show.path("")).errors(), ["out-of-range"]);
}

#[test]
fn an_id_derived_from_a_long_role_can_be_anchored_to() {
    let role = "r".repeat(80);
    let text = "one two three four five six seven eight nine ten eleven";
    let script = format!(
        "{HEAD}[cast.{role}]\n[[scene]]\nid = \"one\"\nscript = [ {{ by = \"{role}\", line = \"{text}\" }} ]\n"
    );
    let show = TestShow::with_script(&script);
    let id = attempt(&show.path("")).timeline.entries[0].id.clone();
    assert!(id.len() > 80);
    let script = script.replace(" } ]", &format!(" }}, {{ sfx = \"tick\", at = \"{id}.end\" }} ]"));
    assert_eq!(attempt(&show.file("script/test.toml", script).path("")).errors(), Vec::<&str>::new());
}

#[test]
fn marks_in_every_kind_of_string_know_their_place() {
    for (open, close) in [
        ("\"", "\""),
        ("'", "'"),
        ("\"\"\"", "\"\"\""),
        ("'''", "'''"),
        ("\"\"\"\n", "\"\"\""),
        ("'''\r\n", "'''"),
    ] {
        let attempt = scene(&format!("{{ by = \"ann\", line = {open}é {{k}}Yes {{k}}no.{close} }},\n"));
        assert_eq!(attempt.errors(), ["duplicate-id"]);
        let label =
            attempt.diagnostics.iter().next().and_then(|d| d.primary.as_ref()).expect("it has a place");
        assert_eq!(attempt.sources.text(label.span), "{k}", "{open}");
    }
    // With escapes the bytes cannot be counted: then it is the whole string.
    let attempt = scene("{ by = \"ann\", line = \"\\u00e9 {k}Yes {k}no.\" },\n");
    let label = attempt.diagnostics.iter().next().and_then(|d| d.primary.as_ref()).expect("it has a place");
    assert!(attempt.sources.text(label.span).starts_with('"'));
}

#[test]
fn pauses_in_a_line_do_not_fill_the_memory() {
    let attempt = scene("{ by = \"ann\", line = \"Yes. {599s} No. {86400s} Well. {86400s}\" },\n");
    assert_eq!(attempt.errors(), ["out-of-range"]);
}

#[test]
fn an_edge_beyond_a_day_is_not_dropped() {
    let attempt = scene("{ sfx = \"tick\", in = 86400, speed = 0.25 },\n");
    assert!(attempt.errors().contains(&"out-of-range"), "{:?}", attempt.errors());
}

#[test]
fn a_third_use_of_an_id_points_to_the_first() {
    let attempt =
        scene("{ id = \"a\", pause = 1 },\n{ id = \"a\", pause = 1 },\n{ id = \"a\", pause = 1 },\n");
    let firsts: Vec<_> =
        attempt.diagnostics.iter().flat_map(|d| &d.secondary).map(|label| label.span).collect();
    assert_eq!(firsts.len(), 2);
    assert_eq!(firsts[0], firsts[1]);
}

#[test]
fn an_episode_needs_a_scene() {
    let show = TestShow::with_script("format = 1\ntitle = \"T\"\nscene = []\n");
    assert_eq!(attempt(&show.path("")).errors(), ["missing-key"]);
    let shown = attempt(&show.path("")).shown();
    assert!(shown.contains("at least one scene"), "{shown}");
}

#[test]
fn diagnostics_stand_beside_a_dump_as_json() {
    let show = show_of("{ sfx = \"nosuch\" },\n");
    for stage in ["script", "cuesheet", "timeline"] {
        let run = show.run(&["check", "--dump", stage, "--format", "json"]);
        assert_eq!(run.code, 1);
        let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("standard output is JSON");
        assert_eq!(json["diagnostics"][0]["code"], "unknown-sound");
        assert!(json["result"].is_object());
        assert_eq!(run.stderr, "");
    }
}

#[cfg(unix)]
#[test]
fn takes_that_cannot_be_read_are_not_spoken_over() {
    use std::os::unix::fs::symlink;
    let outside = TestShow::new().clip("ann/ann-yes.wav", &[0.1; 4800]);
    let line = "{ by = \"ann\", line = \"Yes.\" },\n";
    // The whole folder leads out.
    let show = show_of(line);
    std::fs::create_dir_all(show.path("voices")).expect("folders can be made");
    symlink(outside.path("ann"), show.path("voices/ann")).expect("links can be made");
    let run = show.run(&["check"]);
    assert!(run.code == 1 && run.stderr.contains("error[outside-show]"), "{}", run.stderr);
    let allow = outside.path("");
    let run = show.run(&["check", "--allow", &allow.to_string_lossy()]);
    assert!(run.code == 0 && run.stdout.contains("1 line recorded"), "{}{}", run.stdout, run.stderr);
    // One take leads out; another is a pipe.
    for (what, code) in [("link", "outside-show"), ("pipe", "not-a-file")] {
        let show = show_of(line);
        std::fs::create_dir_all(show.path("voices/ann")).expect("folders can be made");
        let take = show.path("voices/ann/ann-yes.wav");
        if what == "link" {
            symlink(outside.path("ann/ann-yes.wav"), take).expect("links can be made");
        } else {
            assert!(std::process::Command::new("mkfifo").arg(take).status().is_ok_and(|made| made.success()));
        }
        let run = show.run(&["check"]);
        assert!(run.code == 1 && run.stderr.contains(&format!("error[{code}]")), "{what}: {}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_script_that_is_no_file_of_the_show_is_refused() {
    let show = show_of("");
    let outside = show_of("");
    std::os::unix::fs::symlink(outside.path("script/test.toml"), show.path("script/out.toml"))
        .expect("links can be made");
    let made = std::process::Command::new("mkfifo").arg(show.path("script/pipe.toml")).status();
    assert!(made.is_ok_and(|made| made.success()));
    for (script, code, says) in [
        ("script/out.toml", 1, "error[outside-show]"),
        ("script/pipe.toml", 1, "error[not-a-file]"),
        ("/dev/zero", 1, "error[not-a-file]"),
        ("script/gone.toml", 2, "there is no script"),
    ] {
        let run = show.run(&["check", script]);
        assert!(run.code == code && run.stderr.contains(says), "{script}: {} {}", run.code, run.stderr);
    }
}

#[test]
#[ignore = "a measurement, for an optimised build"]
fn stages_of_100_000_entries() {
    let entries = |i: usize| match i % 5 {
        0 | 3 => format!("{{ id = \"l{i}\", by = \"ann\", line = \"Yes, {{k}}I think so.\" }},\n"),
        1 => format!("{{ sfx = \"tick\", at = \"l{}@k+0.1s\" }},\n", i - 1),
        2 => format!("{{ bed = \"tick\", from = \"prev.start\", to = \"l{}.end\" }},\n", i + 1),
        _ => "{ group = \"together\", script = [ { by = \"ben\", line = \"No.\" } ] },\n".to_owned(),
    };
    let show = show_of(&(0..100_000).map(entries).collect::<String>());
    let attempt = attempt(&show.path(""));
    println!("{} entries: {}", attempt.timeline.entries.len(), attempt.took);
    assert_eq!(attempt.errors(), Vec::<&str>::new());
}
