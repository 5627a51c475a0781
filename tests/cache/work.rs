//! What is made again after which change, and what is not.

use radioplay::audio::buffer::{AudioBuffer, Channels};
use radioplay::cache::key::Parts;
use radioplay::cache::{Cache, Kind};
use radioplay::host::Show;
use radioplay::master::preset::specification;
use radioplay::master::recall;
use radioplay::play::gain;
use radioplay::spool::Spool;
use radioplay::staging::Preset;
use radioplay::units::time::SampleRate;

use super::{bytes, edit, entries, fresh, made, render, show};

#[test]
fn warm_cold_and_without_are_the_same_bytes() {
    let show = show();
    let cold = render(&show, "cold.wav");
    let warm = render(&show, "warm.wav");
    let expected = fresh(&show);
    assert_eq!(bytes(&show, "cold.wav"), expected);
    assert_eq!(bytes(&show, "warm.wav"), expected);
    assert_eq!(made(&cold, "line").0, 3);
    assert_eq!((made(&warm, "line"), made(&warm, "sound").0, made(&warm, "mix").0), ((0, 3), 0, 0));
    // What it says of the episode is the same too.
    let said = |run: &crate::show::Run| {
        let lines = run.stderr.lines().filter(|it| !it.starts_with("made ") && !it.contains("real time"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(said(&warm), said(&cold));
}

#[test]
fn every_depth_preset_and_number_of_threads_is_the_same_with_a_cache() {
    let show = show();
    let cache = show.path("kept").display().to_string();
    for args in [
        ["--bits", "32f", "--deliver", "none", "--jobs", "1"],
        ["--bits", "16", "--deliver", "podcast-mono", "--jobs", "3"],
        ["--bits", "24", "--deliver", "ebu-r128", "--jobs", "2"],
        ["--bits", "24", "--scene", "two", "--jobs", "4"],
    ] {
        let without = show.run(&[&["render", "--no-cache", "-o", "without.wav"], &args[..]].concat());
        assert_eq!(without.code, 0, "{}", without.stderr);
        for _ in 0..2 {
            let with = show.run(&[&["render", "--cache", &cache, "-o", "with.wav"], &args[..]].concat());
            assert_eq!(with.code, 0, "{}", with.stderr);
            assert_eq!(bytes(&show, "with.wav"), bytes(&show, "without.wav"), "{args:?}");
        }
    }
}

#[test]
fn what_is_there_already_is_left_alone() {
    let show = show();
    render(&show, "out.wav");
    let path = show.path("out.wav");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
    let again = render(&show, "out.wav");
    assert!(again.stderr.contains("unchanged"), "{}", again.stderr);
    assert_eq!(path.metadata().unwrap().modified().unwrap(), old);
    // A file that somebody has changed is not what it was, however little.
    let expected = bytes(&show, "out.wav");
    let mut changed = expected.clone();
    changed[100_000] ^= 1;
    std::fs::write(&path, changed).unwrap();
    assert!(!render(&show, "out.wav").stderr.contains("unchanged"));
    assert_eq!(bytes(&show, "out.wav"), expected);
}

#[test]
fn a_scene_that_is_moved_is_not_mixed_again() {
    let show = show();
    let cold = render(&show, "out.wav");
    let all = made(&cold, "mix").0;
    // Everything from here on moves by a number of frames that no block divides.
    edit(&show, "pause = 1.5", "pause = 1.7137");
    let moved = render(&show, "out.wav");
    let (again, of) = made(&moved, "mix");
    assert!(again < of && of == all, "{again} of {of}, {all} before");
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
    // The last line's scene is another one.
    edit(&show, "Thank you.", "Thank you both.");
    let last = render(&show, "out.wav");
    assert!(made(&last, "mix").0 < made(&last, "mix").1);
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

#[test]
fn what_a_bus_heard_before_counts() {
    let show = show();
    let buses = r#"[bus.dialogue]
eq = [{ highpass = 120 }, { peak = 2000, gain = 4, q = 1 }]
compress = { threshold = -40, ratio = 6, attack = 0.05, release = 1.2 }
sends = { echo = -6 }
[bus.echo]
room = "church"
compress = { threshold = -50, ratio = 4 }
[bus.effects]
compress = { threshold = -45, ratio = 8, attack = 0.3, release = 0.8 }
[[scene]]
id = "one""#;
    edit(&show, "[[scene]]\nid = \"one\"", buses);
    render(&show, "out.wav");
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
    for (from, to) in [
        // A scene that begins elsewhere, within a shift and in another one.
        ("pause = 1.5", "pause = 1.7137"),
        ("pause = 1.7137", "pause = 21.0"),
        // What a compressor heard at the end of the scene before.
        ("It is only me.", "It is only me!"),
        ("It is only me!", "It is me."),
        // A sound that is louder moves the gain of what follows it.
        ("sfx = \"knock\", at", "sfx = \"knock\", gain = 9, at"),
        // Without a room of its own it is only heard in the compressor's gain for another's.
        ("sfx = \"knock\", gain = 9, at", "sfx = \"knock\", gain = 6, as = \"close\", at"),
        ("pause = 12", "pause = 0.4"),
        ("{ sfx = \"knock\" }", "{ sfx = \"knock\", cut = true }"),
        ("attack = 0.3", "attack = 0.2"),
        ("sends = { echo = -6 }", "sends = { echo = -9 }"),
        ("highpass = 120", "highpass = 100"),
        ("room = \"church\"", "room = \"stairwell\""),
    ] {
        edit(&show, from, to);
        render(&show, "out.wav");
        assert!(bytes(&show, "out.wav") == fresh(&show), "{from} -> {to}");
    }
}

#[test]
fn a_changed_line_is_one_line_said() {
    let show = show();
    render(&show, "out.wav");
    edit(&show, "Come in, then.", "Come in, if you must.");
    let run = render(&show, "out.wav");
    assert_eq!((made(&run, "line").0, made(&run, "sound").0), (1, 0));
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

/// What has not changed is put in its place before the gain is known, as if that stayed what it was.
#[test]
fn what_is_taken_over_ahead_of_the_gain_is_right_whatever_that_becomes() {
    let show = show();
    let gain = |show: &crate::show::TestShow| {
        let cache = show.path("kept").display().to_string();
        let run = show.run(&["render", "--cache", &cache, "-o", "out.wav", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        report["result"]["gain_db"].as_f64().expect("a gain")
    };
    let first = gain(&show);
    edit(&show, "Thank you.", "Thank you!");
    assert_eq!(gain(&show).to_bits(), first.to_bits());
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
    edit(&show, "{ sfx = \"knock\" }", "{ sfx = \"knock\", gain = 12 }");
    assert!((gain(&show) - first).abs() > 0.01);
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
    // And whatever becomes of the file: somebody has changed what would be taken over.
    let mut changed = bytes(&show, "out.wav");
    changed[100_000] ^= 1;
    std::fs::write(show.path("out.wav"), changed).unwrap();
    edit(&show, "Thank you!", "Thank you.");
    render(&show, "out.wav");
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

/// Lines that follow closely keep the music down from the first to the last: a line that became longer near the end was
/// in the keys of all of the music.
#[test]
fn music_that_gives_way_is_not_mixed_again_for_a_line_far_away() {
    let show = show();
    let ducks = "[bus.ambience]\nduck = { under = \"dialogue\", by = -9, hold = 9, release = 9 }\n\
                 [[scene]]\nid = \"one\"";
    edit(&show, "[[scene]]\nid = \"one\"", ducks);
    edit(&show, "{ pause = 1.5 }", "{ pause = 12 }");
    let cold = render(&show, "out.wav");
    assert!(made(&cold, "mix").0 >= 3, "{}", cold.stderr);
    edit(&show, "Thank you.", "Thank you both very much.");
    let run = render(&show, "out.wav");
    // Those from the line on; the music's own were among them once.
    assert_eq!(made(&run, "mix"), (2, 5), "{}", run.stderr);
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

#[test]
fn what_only_places_a_sound_makes_none() {
    let show = show();
    render(&show, "out.wav");
    for (from, to) in [
        ("gain = -20", "gain = -17"),
        ("pause = 1.5", "pause = 1.1"),
        ("[cast.ann]\n", "# A remark that moves everything below.\n[cast.ann]\npan = 0.4\n"),
    ] {
        edit(&show, from, to);
        let run = render(&show, "out.wav");
        assert_eq!((made(&run, "line").0, made(&run, "sound").0), (0, 0), "{to}");
        assert_eq!(bytes(&show, "out.wav"), fresh(&show), "{to}");
    }
}

#[test]
fn a_clip_is_known_by_its_bytes() {
    let show = show();
    render(&show, "out.wav");
    // Another name and another date, the same bytes.
    std::fs::rename(show.path("sfx/hum.wav"), show.path("sfx/drone.wav")).unwrap();
    edit(&show, "sfx/hum.wav", "sfx/drone.wav");
    assert_eq!(made(&render(&show, "out.wav"), "sound").0, 0);
    // The same name and length, other bytes.
    let mut clip = bytes(&show, "sfx/drone.wav");
    let last = clip.len() - 2;
    clip[last] ^= 1;
    std::fs::write(show.path("sfx/drone.wav"), clip).unwrap();
    assert_eq!(made(&render(&show, "out.wav"), "sound").0, 1);
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

#[test]
fn a_patch_is_known_by_what_it_says() {
    let show = show();
    render(&show, "out.wav");
    let patch = std::fs::read_to_string(show.path("sfx/knock.toml")).unwrap();
    std::fs::write(show.path("sfx/knock.toml"), format!("# A remark.\n{patch}")).unwrap();
    assert_eq!(made(&render(&show, "out.wav"), "sound").0, 0);
    std::fs::write(show.path("sfx/knock.toml"), format!("seed = 90125\n{}", without(&patch, "seed")))
        .unwrap();
    // Both of its variants.
    assert_eq!(made(&render(&show, "out.wav"), "sound").0, 2);
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

/// A patch without one of its first keys.
fn without(patch: &str, key: &str) -> String {
    patch.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn an_episode_can_be_checked_without_reading_any_sound() {
    let show = show();
    let cache = show.path("kept").display().to_string();
    let check = || show.run(&["check", "--cache", &cache]);
    let cold = check();
    for entry in entries(&show) {
        let mut sound = std::fs::read(&entry).unwrap();
        let middle = sound.len() / 2;
        sound[middle] ^= 0x10;
        std::fs::write(entry, sound).unwrap();
    }
    let warm = check();
    assert_eq!((cold.stdout, warm.stderr.contains("damaged")), (warm.stdout, false));
}

#[test]
fn the_command_shows_prunes_and_clears() {
    let show = show();
    render(&show, "out.wav");
    let cache = show.path("kept").display().to_string();
    let on_disk = |show| -> u64 { entries(show).iter().map(|it| it.metadata().unwrap().len()).sum() };
    let bytes_of = |value: &serde_json::Value| -> u64 {
        value["kinds"].as_array().unwrap().iter().map(|kind| kind["bytes"].as_u64().unwrap()).sum()
    };
    assert_eq!(bytes_of(&show.json(&["cache", "--json", "--cache", &cache])), on_disk(&show));
    assert!(on_disk(&show) > 1 << 20);
    show.json(&["cache", "prune", "--cache-size", "1", "--json", "--cache", &cache]);
    assert!((1..=1 << 20).contains(&on_disk(&show)), "{}", on_disk(&show));
    show.json(&["cache", "clear", "--json", "--cache", &cache]);
    assert_eq!(entries(&show).len(), 0);
}

#[test]
fn a_cache_stays_within_its_bounds_and_keeps_what_was_used_last() {
    let show = show();
    render(&show, "out.wav");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    for entry in entries(&show) {
        std::fs::File::options().append(true).open(entry).unwrap().set_modified(old).unwrap();
    }
    edit(&show, "It is only me.", "It is only a friend of yours.");
    let cache = show.path("kept").display().to_string();
    let run = show.run(&["render", "--cache", &cache, "--cache-size", "1", "-o", "out.wav"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let left: u64 = entries(&show).iter().map(|it| it.metadata().unwrap().len()).sum();
    assert!(left <= 1 << 20, "{left}");
    // What the run used is not old any more.
    assert!(entries(&show).iter().all(|it| it.metadata().unwrap().modified().unwrap() > old));
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

#[test]
fn a_cache_that_cannot_be_used_is_no_reason_to_fail() {
    let show = show().file("kept", "not a folder");
    let run = render(&show, "out.wav");
    assert!(run.stderr.contains("cannot be used"), "{}", run.stderr);
    assert_eq!(bytes(&show, "out.wav"), fresh(&show));
}

#[test]
fn an_episodes_last_gain_is_known_before_it_is_heard_again() {
    let show = show();
    let cache = show.path("kept").display().to_string();
    let rendered = show.json(&["render", "--cache", &cache, "--format", "json", "-o", "out.wav"]);
    let cache = Cache::open(&show.path("kept"), u64::MAX).unwrap();
    let gain = |preset| recall::recall(&cache, &show.path("script/test.toml"), preset);
    let expected = rendered["result"]["gain_db"].as_f64().unwrap();
    assert!((f64::from(gain(Preset::Podcast).unwrap().db()) - expected).abs() < 1e-5);
    assert_eq!(gain(Preset::Acx), None);
    // A preview begins with it, until it has measured the mix itself.
    let host = Show::open(show.path(""), Vec::new()).expect("a folder");
    let begin =
        |preset| gain::begin(&host, ("test", "script/test.toml"), &cache, &specification(preset), 48_000);
    let (settings, origin, _) = begin(Preset::Podcast);
    assert_eq!((Some(settings.gain), origin), (gain(Preset::Podcast), gain::Origin::Last));
    assert_eq!(begin(Preset::Acx).1, gain::Origin::Estimate);
}

#[test]
fn an_export_is_the_same_with_a_cache() {
    let show = show();
    let cache = show.path("kept").display().to_string();
    let wanted =
        ["--scenes", "--handles", "0.5", "--gain-scope", "file", "--deliver", "podcast,podcast-mono"];
    let export = |folder: &str, keeping: &[&str]| {
        let run = show.run(&[&["export", "-o", folder], &wanted[..], keeping].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.replace(folder, "")
    };
    let names = export("without", &["--no-cache"]);
    assert_eq!(export("cold", &["--cache", &cache]), names);
    assert_eq!(export("warm", &["--cache", &cache]), names);
    for name in names.lines() {
        let expected = bytes(&show, &format!("without{name}"));
        assert_eq!(bytes(&show, &format!("cold{name}")), expected, "{name}");
        assert_eq!(bytes(&show, &format!("warm{name}")), expected, "{name}");
    }
}

#[test]
fn what_is_postponed_is_kept_once_there_is_time() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (cache, spool) = (Cache::open(folder.path(), 1 << 30).unwrap(), Spool::new().unwrap());
    let key = |name: &str| Parts::new("test", name).key_of_all();
    let keep = |name: &str| {
        let sound = AudioBuffer::new(vec![0.5; 48_000], Channels::Mono, SampleRate::DEFAULT);
        cache.keep_sound(Kind::Patch, &key(name), &(), spool.append(&sound).unwrap());
    };
    let is_kept = |name: &str| cache.sound::<()>(Kind::Patch, &key(name), &spool).is_some();
    cache.postpone();
    keep("first");
    assert!(!is_kept("first"));
    cache.catch_up();
    assert!(is_kept("first"));
    keep("second");
    assert!(is_kept("second"));
}
