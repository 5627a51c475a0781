//! Performances exchanged in mid-play: where they agree nobody hears it, to the bit.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use radioplay::cache::Cache;
use radioplay::host::Show;
use radioplay::master::Settings as Master;
use radioplay::pipeline::Settings;
use radioplay::play::board::Board;
use radioplay::play::performance::Performance;
use radioplay::play::player::Player;
use radioplay::play::renderer::{Order, Stretch, run};
use radioplay::play::ring::{Signal, ring};
use radioplay::play::score::{Foremost, Readiness, Score};
use radioplay::progress::Silent;

use super::episode;

/// The episode of a show, from the last block settled to all of it.
pub(super) fn performances(show: &crate::show::TestShow, untils: &[f64]) -> Vec<Arc<Performance>> {
    let host = Show::open(show.path(""), Vec::new()).unwrap();
    let settings = Settings::default();
    let built =
        radioplay::pipeline::build(&host, "script/test.toml", settings, &Cache::none(), &Silent).unwrap();
    assert!(!built.diagnostics.has_errors());
    let until = |share: &f64| (built.timeline.length.get() as f64 * share) as u64;
    let make = |until| {
        Performance::new(built.timeline.clone(), &built.samples(), Master::default(), until, |_| false)
            .unwrap()
    };
    untils.iter().map(until).map(make).map(Arc::new).collect()
}

/// Plays, taking frames as they come, exchanging at these frames; all that was heard.
fn played(performances: &[Arc<Performance>], at: &[usize]) -> Vec<f32> {
    let (orders, taken) = channel();
    let board = Arc::new(Board::default());
    let heard = Arc::clone(&board);
    let renderer = std::thread::spawn(move || run(&taken, &heard));
    let (feed, mut tap) = ring(4800, NonZero::new(2).unwrap(), NonZero::new(48_000).unwrap());
    let shared = Arc::clone(&feed.shared);
    orders.send(Order::Feed(feed)).unwrap();
    let player =
        |performance: &Arc<Performance>, at| Box::new(Player::warm(Arc::clone(performance), at).unwrap());
    orders.send(Order::Start(player(&performances[0], 0), Stretch::ALL)).unwrap();
    let length = performances[0].length() as usize;
    let (mut out, mut next) = (Vec::new(), 1);
    let mut deadline = Instant::now() + Duration::from_secs(60);
    while out.len() < length * 2 && Instant::now() < deadline {
        if next < performances.len() && out.len() / 2 >= at[next - 1] {
            // Sometimes the renderer has still to come there, sometimes it has been there before.
            let frame = board.played_to() + [0, 3000][next % 2];
            orders.send(Order::Exchange(player(&performances[next], frame), frame, Stretch::ALL)).unwrap();
            next += 1;
        }
        if tap.buffered() > 0 {
            let (before, frame) = (shared.taken(), [tap.next().unwrap(), tap.next().unwrap()]);
            // It begins when there is enough to begin with.
            out.extend(frame.iter().filter(|_| shared.taken() > before));
            deadline = Instant::now() + Duration::from_secs(60);
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    orders.send(Order::Stop).unwrap();
    renderer.join().unwrap();
    out
}

pub(super) fn rendered(show: &crate::show::TestShow) -> Vec<f32> {
    assert_eq!(show.run(&["render", "--deliver", "none", "--bits", "32f", "-o", "render.wav"]).code, 0);
    show.wav("render.wav").0
}

fn first_difference(a: &[f32], b: &[f32]) -> Option<usize> {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits()).map(|sample| sample / 2)
}

#[test]
fn exchanging_what_agrees_is_not_heard_at_all() {
    let show = episode();
    let performances = performances(&show, &[1.0; 6]);
    let heard = played(&performances, &[1, 20_000, 61_111, 150_000, 150_100]);
    assert_eq!(first_difference(&heard, &rendered(&show)), None);
}

#[test]
fn a_device_begins_with_the_first_frames_and_not_before() {
    let performance = performances(&episode(), &[1.0])[0].clone();
    // More than the ring holds: then it begins with all that there is.
    for frames in [2048, 1_000_000] {
        let ((orders, taken), (device, told)) = (channel(), channel());
        let renderer = std::thread::spawn(move || run(&taken, &Board::default()));
        let (feed, tap) = ring(4800, NonZero::new(2).unwrap(), NonZero::new(48_000).unwrap());
        orders.send(Order::Feed(feed.starting(device, frames))).unwrap();
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "there is nothing to begin with");
        let player = Player::warm(Arc::clone(&performance), 0).unwrap();
        orders.send(Order::Start(Box::new(player), Stretch::ALL)).unwrap();
        assert!(matches!(told.recv_timeout(Duration::from_secs(60)), Ok(Signal::Filled)));
        assert!(tap.buffered() >= 2048, "{} frames", tap.buffered());
        orders.send(Order::Stop).unwrap();
        renderer.join().unwrap();
    }
}

/// Before, what fades out was held back until 16 ms were left, while a device asked for 170 ms at once: it ran dry, and then
/// came the 5 ms that fade out.
#[test]
fn a_device_that_takes_much_at_once_never_runs_dry_before_what_fades_out() {
    let performances = performances(&episode(), &[0.5, 1.0]);
    let ((orders, taken), period) = (channel(), 8192);
    let renderer = std::thread::spawn(move || run(&taken, &Board::default()));
    let (feed, mut tap) = ring(48_000, NonZero::new(2).unwrap(), NonZero::new(48_000).unwrap());
    let feed = feed.holding(19_200, 2 * period);
    let shared = Arc::clone(&feed.shared);
    orders.send(Order::Feed(feed)).unwrap();
    let player =
        |performance: &Arc<Performance>, at| Box::new(Player::warm(Arc::clone(performance), at).unwrap());
    orders.send(Order::Start(player(&performances[0], 0), Stretch::ALL)).unwrap();
    let settled = performances[0].settled_frames();
    let mut out: Vec<f32> = Vec::new();
    let mut call = |wanted: u64| {
        // Between two of its calls there is time for all that can be played.
        let deadline = Instant::now() + Duration::from_secs(60);
        while (tap.buffered() as u64) < wanted.min(19_000) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        out.extend((0..period * 2).map(|_| tap.next().unwrap()));
    };
    while settled - shared.taken() > period {
        let left = settled - shared.taken();
        // The chunk that fades out is held back as long as there is more than the device asks for at once.
        call(if left > period + 1024 { left - 256 } else { left });
    }
    // What comes next takes over where it has faded out, before the ring is empty.
    orders.send(Order::Exchange(player(&performances[1], settled), settled, Stretch::ALL)).unwrap();
    (0..3).for_each(|_| call(u64::MAX));
    assert_eq!(shared.gaps(), 0);
    let heard = |frames: std::ops::Range<u64>| {
        let samples = &out[frames.start as usize * 2..frames.end as usize * 2];
        samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
    };
    assert!(heard(settled - 2000..settled - 300) > 0.05 && heard(settled + 300..settled + 2000) > 0.05);
    assert!(heard(settled - 8..settled + 8) < 0.02, "{}", heard(settled - 8..settled + 8));
    orders.send(Order::Stop).unwrap();
    renderer.join().unwrap();
}

#[test]
fn what_repeats_is_played_on_where_it_lies_in_what_is_exchanged_for_it() {
    let short = performances(&episode(), &[1.0])[0].clone();
    // The same, but what comes before takes ten seconds more: as when a guess was too short.
    let long = performances(&episode().clip("voices/ann/a.wav", &[0.1; 48_000 * 11]), &[1.0])[0].clone();
    let part = |performance: &Performance| {
        let [from, to] = ["b", "d"].map(|id| performance.start_of(performance.entry(id).unwrap()));
        Stretch { from, to, again: true }
    };
    let (before, after) = (part(&short), part(&long));
    assert!(after.from > before.to, "the test tests something");
    let (orders, taken) = channel();
    let board = Arc::new(Board::default());
    let heard = Arc::clone(&board);
    let renderer = std::thread::spawn(move || run(&taken, &heard));
    let (feed, mut tap) = ring(4800, NonZero::new(2).unwrap(), NonZero::new(48_000).unwrap());
    let device = Arc::clone(&feed.shared);
    orders.send(Order::Feed(feed)).unwrap();
    let player = |performance: &Arc<Performance>, at| Box::new(Player::new(Arc::clone(performance), at));
    orders.send(Order::Start(player(&short, before.from), before)).unwrap();
    // What the device gets before it begins, and while nothing is there, is silence that does not count.
    let mut pull = |frames: u64| {
        let (until, deadline) = (device.taken() + frames, Instant::now() + Duration::from_secs(60));
        while device.taken() < until && Instant::now() < deadline {
            if tap.buffered() == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            [tap.next(), tap.next()].into_iter().flatten().for_each(drop);
        }
    };
    pull(20_000);
    // At once, so that nothing that is told later can come before it.
    let at = board.played_to();
    orders.send(Order::Exchange(player(&long, long.carried(&short, at)), at, after)).unwrap();
    for _ in 0..40 {
        pull(5_000);
        let now = board.played_to();
        let there = (after.from..=after.to).contains(&now) || (before.from..=before.to).contains(&now);
        assert!(there, "{now} is in neither {before:?} nor {after:?}");
    }
    let now = board.played_to();
    assert!((after.from..=after.to).contains(&now), "{now} is not in {after:?}");
    orders.send(Order::Stop).unwrap();
    renderer.join().unwrap();
}

#[test]
fn what_is_settled_bit_by_bit_is_played_as_one() {
    let show = episode();
    let performances = performances(&show, &[0.2, 0.4, 0.6, 0.8, 1.0]);
    // Each comes while there is still something of the one before.
    let length = performances[0].length() as f64;
    let at: Vec<usize> = [0.1, 0.3, 0.5, 0.7].iter().map(|share| (length * share) as usize).collect();
    let heard = played(&performances, &at);
    assert_eq!(first_difference(&heard, &rendered(&show)), None);
}

#[test]
fn what_is_settled_while_clips_are_made_never_becomes_another() {
    let show = episode();
    let host = Show::open(show.path(""), Vec::new()).unwrap();
    let settings = Settings::default();
    let built =
        radioplay::pipeline::build(&host, "script/test.toml", settings, &Cache::none(), &Silent).unwrap();
    let mut score = Score::read(&host, "script/test.toml", settings);
    let order = {
        let likely = score.outlook(None).timeline;
        score.needed(&likely, 0, 0, Foremost::Coming).order
    };
    assert_eq!(score.outlook(None).until, 0, "nothing is made");
    let mut before = 0;
    for clip in order {
        score.accept(
            clip,
            Readiness::Sound,
            built.sheet.clips[clip].clone(),
            radioplay::diag::Diagnostics::new(),
        );
        let outlook = score.outlook(None);
        assert!(outlook.until >= before, "{} after {before}", outlook.until);
        before = outlook.until;
        // What begins before that is where it will be.
        for region in &outlook.timeline.regions {
            let start = region.start.from_start().unwrap().get();
            let settled = built
                .timeline
                .regions
                .iter()
                .any(|own| (own.entry, own.clip, own.start) == (region.entry, region.clip, region.start));
            assert!(start >= outlook.until || settled, "{region:?} before {}", outlook.until);
        }
    }
    assert_eq!(before, built.timeline.length.get());
    assert_eq!(score.outlook(None).timeline, built.timeline);
}
