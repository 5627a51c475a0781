//! From a script to the samples of a file: what is asked for is where it was asked for, to the frame.

#![expect(clippy::float_cmp, reason = "where these tests compare exactly, exactness is the claim")]
#![expect(
    clippy::disallowed_methods,
    reason = "where these tests calculate, they leave room for how others do"
)]
#![expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]

mod buses;
mod clips;
mod files;
mod places;
mod rooms;

use serde_json::Value;

use crate::show::TestShow;

/// A script of one scene with these entries, the sounds and roles these tests use, and no gaps.
fn script(definitions: &str, entries: &str) -> String {
    format!(
        "format = 1\ntitle = \"Test\"\ndeliver = \"none\"\ngap = {{ same = 0, turn = 0, scene = 0 }}\n[cast.ann]\n[cast.ben]\n{definitions}\n\
         [[scene]]\nid = \"one\"\nscript = [\n{entries}\n]\n"
    )
}

/// Renders with these arguments, to 32-bit floats unless they ask for others, and reads it: each side by itself.
fn rendered(show: &TestShow, args: &[&str]) -> [Vec<f32>; 2] {
    let depth: &[&str] = if args.contains(&"--bits") { &[] } else { &["--bits", "32f"] };
    let all = [&["render", "--quiet", "-o", "out.wav"], depth, args].concat();
    let run = show.run(&all);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args:?}");
    sides(&show.wav("out.wav").0)
}

fn sides(interleaved: &[f32]) -> [Vec<f32>; 2] {
    [0, 1].map(|side| interleaved.iter().skip(side).step_by(2).copied().collect())
}

fn timeline(show: &TestShow, args: &[&str]) -> Value {
    let all: Vec<&str> = ["check", "--dump", "timeline"].iter().chain(args).copied().collect();
    show.json(&all)
}

/// A number of an entry in a dumped timeline: `start`, `end` or `hit`.
fn moment(timeline: &Value, id: &str, what: &str) -> usize {
    let entries = timeline["entries"].as_array().expect("a timeline has entries");
    let entry = entries.iter().find(|entry| entry["id"] == id).expect("the entry is there");
    usize::try_from(entry[what].as_u64().expect("it has such a moment")).expect("a frame")
}

/// The frames that are not silent.
fn sounding(samples: &[f32]) -> Vec<usize> {
    samples.iter().enumerate().filter(|(_, sample)| **sample != 0.0).map(|(frame, _)| frame).collect()
}

/// The root mean square, dBFS.
fn level(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (sum / samples.len().max(1) as f64).max(1e-30).log10()
}
