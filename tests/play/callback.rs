//! What the audio callback runs: rodio's mixer with our source in it, pulled as the device pulls it.

use std::num::NonZero;

use radioplay::play::ring::{Feed, Tap, ring};
use rodio::Source;

use super::allocations::during;

fn ring_of(frames: usize, channels: u16, rate: u32) -> (Feed, Tap) {
    ring(frames, NonZero::new(channels).unwrap(), NonZero::new(rate).unwrap())
}

fn feed_ramp(feed: &mut Feed, from: u64, frames: u64) {
    for frame in from..from + frames {
        let sample = frame as f32 / 65_536.0;
        feed.push([sample, -sample]);
    }
}

#[test]
fn the_callback_neither_allocates_nor_frees() {
    let (channels, rate) = (NonZero::new(2).unwrap(), NonZero::new(48_000).unwrap());
    let (mixer, mut output) = rodio::mixer::mixer(channels, rate);
    let (mut feed, tap) = ring(4800, channels, rate);
    mixer.add(tap);
    let mut device = vec![0.0_f32; 2048];
    let mut sum = 0.0;
    let mut call = |output: &mut rodio::mixer::MixerSource| {
        device.iter_mut().for_each(|sample| *sample = output.next().unwrap_or(0.0));
        sum += device.iter().map(|sample| f64::from(sample.abs())).sum::<f64>();
    };
    // The source's way into the mixer is not the callback's doing, but taking it is.
    let counted = during(|| call(&mut output));
    assert_eq!(counted, 0, "while the source is taken");
    for round in 0..64_u64 {
        // Playing, paused, sought, starved, and each of them again.
        feed_ramp(&mut feed, round * 1000, if round % 5 == 4 { 100 } else { 1024 });
        feed.shared.pause(round % 7 == 3);
        let counted = during(|| call(&mut output));
        assert_eq!(counted, 0, "in round {round}");
    }
    assert!(sum > 0.0 && feed.shared.taken() > 30_000);
    // The counter counts.
    assert!(during(|| drop(std::hint::black_box(vec![1_u8; 100]))) >= 2);
}

#[test]
fn frames_come_out_as_they_went_in_on_any_number_of_channels() {
    for (channels, expected) in
        [(1_u16, vec![0.0]), (2, vec![1.0, -1.0]), (6, vec![1.0, -1.0, 0.0, 0.0, 0.0, 0.0])]
    {
        let (mut feed, mut tap) = ring_of(4800, channels, 96_000);
        assert_eq!((tap.channels().get(), tap.sample_rate().get()), (channels, 96_000));
        feed_ramp(&mut feed, 1, 1000);
        for frame in 1..=1000_u64 {
            let sample = frame as f32 / 65_536.0;
            let wanted: Vec<f32> = expected.iter().map(|factor| factor * sample).collect();
            let found: Vec<f32> = (0..channels).map(|_| tap.next().unwrap()).collect();
            assert_eq!(found, wanted, "frame {frame} of {channels} channels");
        }
    }
}

#[test]
fn pausing_and_going_on_is_a_ramp_and_loses_nothing() {
    let (mut feed, mut tap) = ring_of(9600, 2, 48_000);
    (0..9600).for_each(|_| feed.push([0.5; 2]));
    let mut pull = |frames: usize| -> Vec<f32> { (0..frames * 2).map(|_| tap.next().unwrap()).collect() };
    assert!(pull(100).iter().all(|sample| *sample == 0.5));
    feed.shared.pause(true);
    let out = pull(1000);
    let steepest =
        |samples: &[f32]| samples.windows(3).map(|three| (three[0] - three[2]).abs()).fold(0.0, f32::max);
    assert!(steepest(&out) < 0.005 && out[600..].iter().all(|sample| *sample == 0.0));
    let taken = feed.shared.taken();
    pull(1000);
    assert_eq!(feed.shared.taken(), taken, "nothing is taken while it is paused");
    feed.shared.pause(false);
    let back = pull(1000);
    assert!(steepest(&back) < 0.005 && back[600..].iter().all(|sample| *sample == 0.5));
    assert_eq!(feed.shared.gaps(), 0);
}

#[test]
fn an_empty_ring_is_silent_and_counted_once() {
    let (mut feed, mut tap) = ring_of(4800, 2, 48_000);
    (0..2000).for_each(|_| tap.next().map_or((), drop));
    assert_eq!(feed.shared.gaps(), 0, "before anything was there");
    feed_ramp(&mut feed, 1, 700);
    (0..2000).for_each(|_| tap.next().map_or((), drop));
    feed_ramp(&mut feed, 1, 700);
    (0..2000).for_each(|_| tap.next().map_or((), drop));
    assert_eq!(feed.shared.gaps(), 2);
}

#[test]
fn a_device_that_runs_dry_counts_only_while_something_is_heard() {
    let (mut feed, mut tap) = ring_of(4800, 2, 48_000);
    let shared = std::sync::Arc::clone(&feed.shared);
    shared.note_underrun();
    assert_eq!(shared.underruns(), 0, "before anything was there");
    feed_ramp(&mut feed, 1, 2000);
    (0..100).for_each(|_| tap.next().map_or((), drop));
    assert_eq!(during(|| shared.note_underrun()), 0, "it is noted where the callback runs");
    assert_eq!(shared.underruns(), 1);
    shared.pause(true);
    shared.note_underrun();
    assert_eq!((shared.underruns(), shared.gaps()), (1, 0), "while it is paused");
}

#[test]
fn it_begins_however_few_frames_the_ring_is_to_hold() {
    let (feed, mut tap) = ring_of(24_000, 2, 48_000);
    let mut feed = feed.holding(2400, 2048);
    let wanted = feed.room() as u64;
    assert_eq!(wanted, 2400);
    feed_ramp(&mut feed, 1, wanted);
    (0..200).for_each(|_| tap.next().map_or((), drop));
    assert_eq!((feed.shared.taken(), feed.shared.gaps()), (100, 0));
}
