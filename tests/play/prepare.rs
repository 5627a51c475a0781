//! Which clips are made when.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use radioplay::cache::Cache;
use radioplay::host::Show;
use radioplay::pipeline::Settings;
use radioplay::play::prepare::{Made, Preparation, Task, Threads, Workshop, keys};
use radioplay::play::score::{Foremost, Needs, Readiness, Score};
use radioplay::speech::Engines;
use radioplay::spool::Spool;
use radioplay::units::time::FrameCount;

use crate::show::TestShow;

const SCRIPT: &str = r#"
format = 1
title = "Prepare"
[sound.long]
file = "sfx/long.toml"
[sound.short]
file = "sfx/short.toml"
[sound.late]
file = "sfx/late.toml"
[[scene]]
id = "one"
script = [
  { sfx = "short", at = "scene.start" },
  { sfx = "long", at = "scene.start" },
  { sfx = "late", at = "scene.start+4s" },
]
"#;

fn patch(seconds: f64) -> String {
    format!("description = \"noise\"\nlength = {seconds}\n[[event]]\nlayers = [{{ noise = {{}} }}]\n")
}

/// What clips of a show are made with, and what is to be made.
fn workshop(show: &TestShow) -> (Score, Arc<Workshop>, Arc<Task>) {
    let host = Show::open(show.path(""), Vec::new()).unwrap();
    let settings = Settings::default();
    let score = Score::read(&host, "script/test.toml", settings);
    assert!(!score.is_broken(), "{:?}", score.problems());
    let workshop = Arc::new(Workshop {
        show: host,
        engines: Engines::new(),
        spool: Spool::new().unwrap(),
        cache: Arc::new(Cache::none()),
        limits: settings.limits,
    });
    let requests = score.cues().requests.clone();
    let keys = keys(&workshop, settings.rate, &requests);
    let patches = Arc::clone(score.patches());
    let task = Arc::new(Task { reading: 0, requests, keys, patches, rate: settings.rate });
    (score, workshop, task)
}

/// As long as somebody waits for the first sound, threads make what it needs, the longest first, and nothing else.
#[test]
fn who_waits_for_the_first_sound_has_all_processors() {
    let mut show = TestShow::with_script(SCRIPT);
    for (name, seconds) in [("long", 3.0), ("short", 0.4), ("late", 1.0)] {
        show = show.file(&format!("sfx/{name}.toml"), patch(seconds));
    }
    let (score, workshop, task) = workshop(&show);
    let needs = score.needed(&score.likely(), 0, 48_000, Foremost::Coming);
    assert_eq!(needs.at_once, 2);
    let order: Vec<&str> = needs.order.iter().map(|index| score.clips()[*index].name.as_str()).collect();
    assert_eq!(order, ["sfx/long.toml", "sfx/short.toml", "sfx/late.toml"]);

    let (sender, made) = channel();
    let preparation = Preparation::start(&workshop, Threads { at_first: 2, then: 1 }, &sender);
    preparation.prepare(&task, needs.clone(), false);
    let mut first: Vec<usize> =
        (0..2).map(|_| made.recv_timeout(Duration::from_secs(60)).unwrap().index).collect();
    first.sort_unstable();
    let mut expected = needs.order[..2].to_vec();
    expected.sort_unstable();
    assert_eq!(first, expected);
    assert!(made.recv_timeout(Duration::from_millis(300)).is_err(), "nobody waits for what comes later");
    // What has been made is not made again, whether that is known yet or not.
    preparation.prepare(&task, needs.clone(), false);
    assert!(made.recv_timeout(Duration::from_millis(300)).is_err());
    preparation.go_on(&task, needs.clone());
    assert_eq!(made.recv_timeout(Duration::from_secs(60)).unwrap().index, needs.order[2]);
}

const LINES: &str = r#"
format = 1
title = "Lines"
[cast.ann]
voice = { lang = "en-US" }
[cast.ben]
voice = { lang = "en-GB", timbre = 0.9, breath = 0.3, tremor = 0.4 }
[sound.bell]
file = "sfx/bell.wav"
[[scene]]
id = "one"
script = [
  { id = "a", by = "ann", line = "Yes. {0.5s} No. {0.7s} {late}Perhaps. {0.4s}", speed = 1.1 },
  { sfx = "bell", at = "a@late" },
  { id = "b", by = "ben", line = "I am {*not*} {here}at home." },
  { sfx = "bell", at = "b@here" },
  { id = "c", by = "ann", line = "Good night.", mood = "whisper" },
]
"#;

/// A line that only tells when others begin is said, and no more is done to it before somebody plays; what is told of its times
/// is true of its sound.
#[test]
fn lines_that_are_not_to_be_heard_yet_tell_their_times_first() {
    let show = TestShow::with_script(LINES).clip("sfx/bell.wav", &[0.1; 4800]);
    let (score, workshop, task) = workshop(&show);
    let lines: Vec<usize> =
        (0..task.requests.len()).filter(|index| task.requests[*index].is_spoken()).collect();
    assert_eq!(lines.len(), 3);
    let (sender, made) = channel();
    let preparation = Preparation::start(&workshop, Threads { at_first: 2, then: 1 }, &sender);
    let needs = |sounding| Needs { order: lines.clone(), at_once: 3, sounding };
    let next = || made.recv_timeout(Duration::from_secs(60)).unwrap();
    preparation.prepare(&task, needs(1), false);
    let mut said: Vec<Made> = (0..3).map(|_| next()).collect();
    said.sort_by_key(|made| made.index);
    let extents: Vec<Readiness> = said.iter().map(|made| made.ready).collect();
    assert_eq!(extents, [Readiness::Sound, Readiness::Times, Readiness::Times]);
    assert!(said[1].clip.samples.frames().get() > 24_000 && said[1].clip.cues.len() == 1);
    // What has been said is not said again, nor made sound of before it is asked for.
    preparation.prepare(&task, needs(1), false);
    assert!(made.recv_timeout(Duration::from_millis(300)).is_err());
    preparation.prepare(&task, needs(2), false);
    let second = next();
    assert_eq!((second.index, second.ready), (lines[1], Readiness::Sound));
    assert!(made.recv_timeout(Duration::from_millis(300)).is_err());
    preparation.go_on(&task, needs(0));
    let third = next();
    assert_eq!((third.index, third.ready), (lines[2], Readiness::Sound));
    for (times, sound) in [(&said[1], &second), (&said[2], &third)] {
        assert_eq!(times.clip.samples.frames(), sound.clip.samples.frames());
        assert_eq!(
            (&times.clip.name, &times.clip.cues, times.clip.hit),
            (&sound.clip.name, &sound.clip.cues, sound.clip.hit)
        );
        let mut samples = vec![0.0; sound.clip.samples.frames().index()];
        sound.clip.samples.read(FrameCount::ZERO, &mut samples).unwrap();
        assert!(samples.iter().any(|sample| sample.abs() > 0.01), "it is heard");
    }
    // With its sound, a clip moves nothing any more.
    let mut score = score;
    let Made { index, ready, clip, found, .. } = said.remove(1);
    score.accept(index, ready, clip, found);
    assert_eq!((score.is_ready(index), score.progress().0), (false, 0));
    assert!(!score.accept(second.index, second.ready, second.clip, second.found));
    assert!(score.is_ready(index));
}
