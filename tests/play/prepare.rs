//! Which clips are made when.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use radioplay::cache::Cache;
use radioplay::host::Show;
use radioplay::pipeline::Settings;
use radioplay::play::prepare::{Preparation, Task, Threads, Workshop, keys};
use radioplay::play::score::{Foremost, Score};
use radioplay::speech::Engines;
use radioplay::spool::Spool;

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

/// As long as somebody waits for the first sound, threads make what it needs, the longest first, and nothing else.
#[test]
fn who_waits_for_the_first_sound_has_all_processors() {
    let mut show = TestShow::with_script(SCRIPT);
    for (name, seconds) in [("long", 3.0), ("short", 0.4), ("late", 1.0)] {
        show = show.file(&format!("sfx/{name}.toml"), patch(seconds));
    }
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
    preparation.go_on();
    assert_eq!(made.recv_timeout(Duration::from_secs(60)).unwrap().index, needs.order[2]);
}
