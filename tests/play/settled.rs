//! How far what is heard is settled while clips come in one after the other, in the order in which they are needed.

use radioplay::cuesheet::bind::placeholder;
use radioplay::cuesheet::{Clip, Request};
use radioplay::diag::Diagnostics;
use radioplay::host::Show;
use radioplay::pipeline::Settings;
use radioplay::play::score::{Foremost, Place, Score};
use radioplay::timeline::Timeline;
use radioplay::units::time::SampleRate;

/// How much earlier than what is missing it may not be settled any more, in seconds: beds fade before they end, and what
/// gives way to a sound begins to before it.
const SLACK: f64 = 12.0;

fn start(timeline: &Timeline, entry: usize) -> u64 {
    timeline.entries[entry].start.from_start().unwrap_or_default().get()
}

/// A clip that is made: a line longer than was guessed, a sound that lands at once.
fn made(score: &Score, request: &Request) -> Clip {
    let factor = if matches!(request, Request::Line(_)) { 1.3 } else { 0.9 };
    placeholder(request, score.patches(), SampleRate::DEFAULT, factor)
}

/// The demo, whose lines turn out longer than guessed, and in which a kettle is heard from 5.5 s on: whatever has to be played next is not held up by what is needed
/// later, however far the episode is made.
#[test]
fn what_is_made_in_the_order_in_which_it_is_needed_can_be_played_in_that_order() {
    let host = Show::open(env!("CARGO_MANIFEST_DIR"), Vec::new()).unwrap();
    let settings = Settings::default();
    let mut score = Score::read(&host, "script/one-year-later.toml", settings);
    let order = score.needed(&score.likely(), 0, 0, Foremost::Coming).order;
    let seconds = |frames: u64| frames as f64 / 48_000.0;
    let (mut at, mut late) = (0, Vec::new());
    let mut before = score.likely();
    for clip in order {
        let request = score.cues().requests[clip].clone();
        score.accept(clip, made(&score, &request), Diagnostics::new());
        // As the director does it: from the entry that began last where it is played.
        let origin = (0..before.entries.len()).filter(|entry| start(&before, *entry) <= at);
        let origin = origin.max_by_key(|entry| (start(&before, *entry), *entry));
        let outlook = score.outlook(origin.map(Place::Entry));
        let likely = outlook.timeline;
        let here = origin.map_or(at, |entry| start(&likely, entry) + (at - start(&before, entry)));
        let missing = likely.regions.iter().filter(|region| !score.is_ready(region.clip));
        let ends =
            |region: &radioplay::timeline::Region| region.start.after(region.length).get() > here as i64;
        let first = missing.filter(|region| ends(region)).map(|region| region.start.get()).min();
        let first = first.map_or(likely.length.get(), |first| first.max(0) as u64);
        if seconds(outlook.until) + SLACK < seconds(first) {
            let origin = origin.map_or("the beginning", |entry| likely.entries[entry].id.as_str());
            late.push(format!(
                "{:.1} s from `{origin}`: {:.1} of {:.1}",
                seconds(here),
                seconds(outlook.until),
                seconds(first)
            ));
        }
        at = outlook.until.max(here);
        before = likely;
    }
    assert!(late.is_empty(), "{} times:\n{}", late.len(), late.join("\n"));
}

/// How many clips are made at most before anything is heard.
const FEW: usize = 12;

/// Before, a patch counted as of any length until it was made, and what began before the place that is asked for held up
/// everything until all before it was made: from some places of the demo nothing was heard for half a minute.
#[test]
fn from_anywhere_a_few_clips_are_enough_to_be_heard() {
    let host = Show::open(env!("CARGO_MANIFEST_DIR"), Vec::new()).unwrap();
    let settings = Settings::default();
    let read = || Score::read(&host, "script/one-year-later.toml", settings);
    let score = read();
    let scenes = (0..score.cues().scenes.len()).map(Place::Scene);
    let entries = (0..score.cues().entries.len()).step_by(3).map(Place::Entry);
    for place in scenes.chain(entries) {
        let mut score = read();
        let begin = |likely: &Timeline| u64::try_from(place.frame(likely)).unwrap();
        let mut first = Foremost::Coming;
        for made in 0.. {
            let outlook = score.outlook(Some(place));
            let begin = begin(&outlook.timeline);
            let enough = (begin + 14_400).min(outlook.timeline.length.get());
            if outlook.until >= enough {
                break;
            }
            assert!(made < FEW, "{place:?}: settled until {}, of {begin}", outlook.until);
            if score.is_ready_within(&outlook.timeline, begin, 14_400) && outlook.but_for_past >= enough {
                first = Foremost::Past;
            }
            let clip = score.needed(&outlook.timeline, begin, 0, first).order[0];
            let request = score.cues().requests[clip].clone();
            score.accept(clip, self::made(&score, &request), Diagnostics::new());
        }
    }
}
