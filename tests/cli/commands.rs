//! `new`, `voices` and `sounds`.

use super::{small, tree};
use crate::show::{TestShow, run_in};

#[test]
fn a_new_show_renders_at_once() {
    let place = TestShow::new();
    let run = place.run(&["new", "my-show"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "my-show\n"));
    assert_eq!(run.stderr, "a show with one short episode; next:\n  cd my-show\n  radioplay render\n");
    let show = place.path("my-show");
    let run = run_in(&show, &["check"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.ends_with("no problems\n"), "{}", run.stdout);
    let run = run_in(&show, &["render"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "output/first.wav\n"), "{}", run.stderr);
    assert!(!run.stderr.contains("warning") && !run.stderr.contains("silence"), "{}", run.stderr);
    let (samples, spec) = place.wav("my-show/output/first.wav");
    let seconds = samples.len() / 2 / spec.sample_rate as usize;
    assert!((8..60).contains(&seconds), "{seconds} s");
    // Once more it is somebody's show, and is not touched.
    let before = tree(&place);
    let run = place.run(&["new", "my-show"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert_eq!(run.stderr, "error: `my-show` already exists and is not empty\n");
    assert_eq!(tree(&place), before);
    // Its sounds are listed and rendered; the rest of what `sounds` can do is below.
    let run = run_in(&show, &["sounds"]);
    let names: Vec<&str> = run.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(
        (run.code, names),
        (0, vec!["door-open.toml", "hall-tone.toml", "knock.toml"]),
        "{}",
        run.stderr
    );
    let run = run_in(&show, &["sounds", "knock", "-o", "knock.wav", "--rate", "44100"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "knock.wav\n"), "{}", run.stderr);
    assert!(run.stderr.starts_with("knock.toml: ") && run.stderr.contains(", lands at "), "{}", run.stderr);
    let (knock, spec) = place.wav("my-show/knock.wav");
    assert_eq!(spec.sample_rate, 44_100);
    assert!(knock.iter().any(|sample| sample.abs() > 0.05) && knock.len() > 4_410);
}

#[test]
fn a_new_show_may_take_an_empty_folder_but_no_file() {
    let place = TestShow::new().file("file", "a file");
    std::fs::create_dir(place.path("empty")).expect("folders can be made");
    assert_eq!(place.run(&["new", "empty"]).code, 0);
    assert!(place.path("empty/script/first.toml").is_file());
    let run = place.run(&["new", "file"]);
    assert_eq!((run.code, run.stderr.as_str()), (2, "error: `file` already exists and is not empty\n"));
    let run = place.run(&["new", "file/inside"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
}

#[test]
fn voices_lists_six_languages_and_the_cast() {
    let show = TestShow::with_script(
        "format = 1\ntitle = \"T\"\n[cast.ann]\nname = \"Ann\"\n[cast.ben]\n\
         voice = { lang = \"en-US\", rate = 0.9, pitch = 0.75, timbre = 0.85, volume = -2 }\n\
         [[scene]]\nid = \"x\"\nscript = []\n",
    );
    let run = show.run(&["voices"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    let languages: Vec<&str> = lines[..6].iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(languages, ["en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT"]);
    assert!(lines[..6].iter().all(|line| line.starts_with("pico ")));
    assert_eq!(
        lines[6..],
        [
            "ann (Ann): pico en-GB, rate 1, pitch 1, timbre 1, volume 0 dB",
            "ben (ben): pico en-US, rate 0.9, pitch 0.75, timbre 0.85, volume -2 dB",
        ]
    );
    // Where there is no episode there is no cast.
    let run = TestShow::new().run(&["voices"]);
    assert_eq!((run.code, run.stdout.lines().count(), run.stderr.as_str()), (0, 6, ""));
}

#[test]
fn a_voice_can_be_tried() {
    let show = TestShow::with_script(
        "format = 1\ntitle = \"T\"\n[cast.ben]\nvoice = { lang = \"en-US\", rate = 0.5 }\n[[scene]]\nid = \"x\"\nscript = []\n",
    );
    let said = |args: &[&str]| {
        let all = [&["voices", "--say", "Who is it?", "-o", "x.wav"], args].concat();
        let run = show.run(&all);
        assert_eq!((run.code, run.stdout.as_str()), (0, "x.wav\n"), "{}", run.stderr);
        let (samples, spec) = show.wav("x.wav");
        assert_eq!((spec.channels, spec.bits_per_sample), (1, 24));
        assert!(samples.iter().any(|sample| sample.abs() > 0.05));
        (samples, spec.sample_rate)
    };
    let (usual, rate) = said(&[]);
    assert_eq!(rate, 48_000);
    assert!((20_000..100_000).contains(&usual.len()), "{}", usual.len());
    let (slow, _) = said(&["--role", "ben"]);
    assert!(slow.len() > usual.len() * 3 / 2, "the role's rate is its own");
    assert_ne!(said(&["--lang", "de-DE"]).0, usual);
    assert_eq!(said(&["--rate", "44100"]).1, 44_100);
    for (args, why) in [
        (&["--role", "bne"][..], "error: there is no role `bne`; did you mean `ben`?\n"),
        (&["--lang", "xx"], "error: this cannot be spoken: "),
    ] {
        let all = [&["voices", "--say", "Hello.", "-o", "no.wav"], args].concat();
        let run = show.run(&all);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.starts_with(why), "{}", run.stderr);
        assert!(!show.path("no.wav").exists());
    }
    let run = show.run(&["voices", "--say", "Hello.", "-o", "/dev/null/x.wav"]);
    assert_eq!((run.code, run.stderr.matches("/dev/null/x.wav").count()), (3, 1), "{}", run.stderr);
    let run = show.run(&["voices", "--say", "", "-o", "no.wav"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
}

#[test]
fn sounds_lists_clips_and_patches_and_renders_either() {
    let show = small()
        .clip_at("sfx/bell.wav", &[0.5, -0.5, 0.25, -0.25], 2, 44_100)
        .file("sfx/notes.txt", "no sound")
        .file("sfx/broken.toml", "what = 1\n");
    let run = show.run(&["sounds"]);
    assert_eq!(run.code, 1, "a broken patch is an error");
    assert!(run.stderr.contains("sfx/broken.toml"), "{}", run.stderr);
    assert_eq!(run.stdout, "bell.wav     a recorded clip\nbroken.toml  broken\n");
    let run = show.run(&["sounds", "bell", "-o", "x.wav"]);
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (0, "x.wav\n", "bell.wav: a recorded clip, 0.000 s\n")
    );
    let (samples, spec) = show.wav("x.wav");
    assert_eq!((samples, spec.sample_rate, spec.channels), (vec![0.5, -0.5, 0.25, -0.25], 44_100, 2));
    let run = show.run(&["sounds", "bel"]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (2, "error: there is no sound `bel` in `sfx`; did you mean `bell`?\n")
    );
    let run = TestShow::new().run(&["sounds"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
}
