//! How far what is heard is settled while clips come in one after the other, in the order in which they are needed.

use radioplay::cuesheet::bind::placeholder;
use radioplay::cuesheet::{Clip, Request};
use radioplay::diag::Diagnostics;
use radioplay::host::Show;
use radioplay::pipeline::Settings;
use radioplay::play::score::{Foremost, Needs, Place, Readiness, Score};
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
        score.accept(clip, Readiness::Sound, made(&score, &request), Diagnostics::new());
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
            score.accept(clip, Readiness::Sound, self::made(&score, &request), Diagnostics::new());
        }
    }
}

#[test]
fn to_look_ahead_moves_nothing_and_what_it_finds_is_made_soon() {
    let host = Show::open(env!("CARGO_MANIFEST_DIR"), Vec::new()).unwrap();
    let mut score = Score::read(&host, "script/one-year-later.toml", Settings::default());
    let (likely, before) = (score.likely(), score.outlook(None).until);
    let all = score.needed(&likely, 0, 14_400, Foremost::Coming).order;
    let foreseen = score.foresee(&all, likely.clone(), None);
    assert_eq!((foreseen.until, foreseen.missing), (likely.length.get(), Vec::new()));
    assert_eq!((score.outlook(None).until, score.progress().0), (before, 0));
    let mut needs = Needs { order: vec![4, 7, 1, 3], at_once: 1, sounding: 1 };
    needs.hasten(&[3, 7, 9]);
    assert_eq!(needs, Needs { order: vec![4, 7, 3, 1], at_once: 3, sounding: 3 });
}

/// A line takes at least as long as its pauses: else whatever is timed by its end may come at any time, until it is made.
#[test]
fn the_shortest_guess_of_a_line_counts_its_pauses_and_is_never_too_long() {
    let show = crate::show::TestShow::with_script(
        "format = 1\ntitle = \"Pauses\"\n[cast.ann]\nvoice = { lang = \"en-US\" }\n[sound.bell]\nfile = \"sfx/bell.wav\"\n\
         [[scene]]\nid = \"one\"\ntitle = \"The first\"\nscript = [\n\
         { id = \"a\", by = \"ann\", line = \"Yes. {0.5s} No. {0.7s} {late}Perhaps. {0.4s}\", speed = 1.1 },\n\
         { sfx = \"bell\", at = \"a@late\" },\n]\n",
    )
    .clip("sfx/bell.wav", &[0.1; 4800]);
    let host = Show::open(show.path(""), Vec::new()).unwrap();
    let settings = Settings::default();
    let (cache, silent) = (radioplay::cache::Cache::none(), radioplay::progress::Silent);
    let built = radioplay::pipeline::build(&host, "script/test.toml", settings, &cache, &silent).unwrap();
    assert!(!built.diagnostics.has_errors(), "{:?}", built.diagnostics);
    let score = Score::read(&host, "script/test.toml", settings);
    let request = &score.cues().requests[0];
    let shortest = placeholder(request, score.patches(), SampleRate::DEFAULT, 0.02);
    let real = &built.sheet.clips[0];
    let seconds = |frames: u64| frames as f64 / 48_000.0;
    let (guessed, made) = (seconds(shortest.samples.frames().get()), seconds(real.samples.frames().get()));
    assert!(guessed > 1.55 / 1.1 && guessed < made, "{guessed} of {made}");
    let (guessed, made) = (seconds(shortest.cues[0].at.get()), seconds(real.cues[0].at.get()));
    assert!(guessed > 1.15 / 1.1 && guessed < made, "{guessed} of {made}");
}

/// What a room answers with was asked for where the sound in it begins, and waited for from where others give way to that sound:
/// where the first lay further ahead than what is needed at once and the second did not, nothing was made any more, and nothing
/// was heard.
#[test]
fn a_recorded_room_is_needed_as_early_as_the_sound_in_it() {
    let show = crate::show::TestShow::with_script(
        "format = 1\ntitle = \"Room\"\n[sound.knock]\nfile = \"sfx/knock.wav\"\n[sound.rain]\nfile = \"sfx/rain.wav\"\n\
         [place.shed]\nroom = \"sfx/shed.wav\"\n[bus.ambience]\nduck = { under = \"effects\", by = -6, attack = 0.3, hold = 0.1, release = 0.3 }\n\
         [[scene]]\nid = \"one\"\ntitle = \"The first\"\nplace = \"shed\"\nscript = [\n\
         { bed = \"rain\", from = \"scene.start\", to = \"scene.end\" },\n\
         { sfx = \"knock\", at = \"scene.start+0.5s\", advance = \"end\" },\n]\n",
    )
    .clip("sfx/knock.wav", &[0.1; 4800])
    .clip("sfx/rain.wav", &[0.1; 48_000])
    .clip("sfx/shed.wav", &[0.5, 0.2, 0.1]);
    let host = Show::open(show.path(""), Vec::new()).unwrap();
    let mut score = Score::read(&host, "script/test.toml", Settings::default());
    assert!(!score.is_broken(), "{:?}", score.problems());
    let named = |score: &Score, name: &str| score.clips().iter().position(|clip| clip.name == name).unwrap();
    let (knock, rain, shed) =
        (named(&score, "sfx/knock.wav"), named(&score, "sfx/rain.wav"), named(&score, "sfx/shed.wav"));
    for clip in [knock, rain] {
        let request = score.cues().requests[clip].clone();
        let made = placeholder(&request, score.patches(), SampleRate::DEFAULT, 1.0);
        score.accept(clip, Readiness::Sound, made, Diagnostics::new());
    }
    let likely = score.likely();
    assert!(!score.is_ready_within(&likely, 0, 14_400), "it gives way to the knock by then");
    let needs = score.needed(&likely, 0, 14_400, Foremost::Coming);
    assert_eq!((needs.order, needs.at_once), (vec![shed], 1));
    assert_eq!(score.outlook(None).missing.iter().map(|(_, clip)| *clip).collect::<Vec<_>>(), [shed]);
}
