//! `--to-file`: the preview's samples, held against those of the render.

use super::episode;

#[test]
fn what_would_be_heard_is_what_is_rendered_byte_for_byte() {
    let show = episode();
    for part in [vec![], vec!["--scene", "one"], vec!["--scene", "two"]] {
        let rendered = show.run(&[&["render", "-o", "render.wav"], &part[..]].concat());
        let played = show.run(&[&["play", "--to-file", "play.wav"], &part[..]].concat());
        assert_eq!((rendered.code, played.code), (0, 0), "{}\n{}", rendered.stderr, played.stderr);
        let [rendered, played] =
            ["render.wav", "play.wav"].map(|file| std::fs::read(show.path(file)).unwrap());
        assert!(rendered == played, "{part:?}: {} and {} bytes", rendered.len(), played.len());
    }
}

#[test]
fn a_part_has_the_samples_it_has_in_the_whole() {
    let show = episode();
    assert_eq!(show.run(&["render", "-o", "render.wav"]).code, 0);
    let whole = show.wav("render.wav").0;
    let run = show.run(&["play", "--to-file", "part.wav", "--from", "0:01.5", "--to", "d"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let part = show.wav("part.wav").0;
    let first = 72_000 * 2;
    assert!(part.len() > 96_000 && whole[first..first + part.len()] == part[..]);
}

#[test]
fn solo_and_mute_leave_only_what_is_wanted() {
    let show = episode();
    let level = |args: &[&str]| {
        let run = show.run(&[&["play", "--to-file", "part.wav", "--deliver", "none"], args].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        show.wav("part.wav").0.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>()
    };
    let (all, dialogue, rest) = (level(&[]), level(&["--solo", "dialogue"]), level(&["--mute", "dialogue"]));
    assert!(all > dialogue && dialogue > 0.0 && rest > 0.0);
    // They do not overlap in frequency, so that powers add up.
    assert!(((dialogue + rest) / all - 1.0).abs() < 0.01, "{dialogue} + {rest} against {all}");
    let [ann, ben] = ["ann", "ben"].map(|role| level(&["--solo", role]));
    assert!(((ann + ben) / dialogue - 1.0).abs() < 0.01, "{ann} + {ben} against {dialogue}");
}

#[test]
fn what_is_not_there_is_wrong_usage_with_help() {
    let show = episode();
    for (args, wanted) in [
        (vec!["--from", "onee"], "there is no entry, scene or time `onee`; did you mean `one`?"),
        (vec!["--scene", "tow"], "there is no scene `tow`"),
        (vec!["--solo", "dialog"], "there is no bus or role `dialog`; did you mean `dialogue`?"),
        (vec!["--mute", "bob"], "there is no bus or role `bob`"),
        (vec!["--from", "b", "--to", "a"], "there is nothing between `--from` and `--to`"),
        (vec!["--from", "10:00"], "there is nothing between `--from` and `--to`"),
    ] {
        let run = show.run(&[&["play", "--to-file", "x.wav"], &args[..]].concat());
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
    }
}
