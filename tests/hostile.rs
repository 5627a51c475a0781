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

/// A script with one scene of these entries.
pub(crate) fn scene(entries: &str) -> Attempt {
    let show = TestShow::with_script(&format!("{HEAD}[[scene]]\nid = \"one\"\nscript = [\n{entries}]\n"));
    let attempt = attempt(&show.path(""));
    attempt.check();
    attempt
}

#[test]
#[ignore = "a measurement, for an optimised build"]
fn stages_of_100_000_entries() {
    let started = Instant::now();
    let kinds =
        ["{ by = \"ann\", line = \"Yes, I think so.\" },\n", "{ sfx = \"tick\", at = \"prev.start+1s\" },\n"];
    let attempt = scene(&kinds.concat().repeat(50_000));
    println!("{:?}, {} entries", started.elapsed(), attempt.timeline.entries.len());
}
