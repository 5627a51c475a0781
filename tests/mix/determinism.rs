//! The same bits, whoever pulls, from wherever, on however many threads.

use std::sync::Arc;

use radioplay::mix::Mixer;
use radioplay::mix::block::{Block, FRAMES};
use radioplay::mix::error::Error;
use radioplay::mix::spans;
use radioplay::routing::Track;
use radioplay::staging::{Perspective, Through};
use radioplay::units::pan::Pan;

use super::{Mixed, Show, at, check_warmed_up, frames, gain, noise};

/// Eleven seconds at 8 kHz of everything at once, all of it `later` by so many frames: loops, fades, treatments that
/// last longer than a segment, ducks, and two tracks on one bus.
fn busy(later: u64) -> Show {
    let mut show = Show::new(8000, 88_000 + later, 3);
    show.timeline.tracks.push(Track { name: "second voice".to_owned(), bus: 0 });
    let (voice, rain) = (show.mono(noise(1, 30_000)), show.stereo(noise(2, 40_000)));
    for (index, start) in [3000_u64, 9000, 33_333, 52_001].into_iter().enumerate() {
        let region = show.play(voice, if index % 2 == 0 { 0 } else { 3 }, start + later);
        (region.fade_in, region.fade_out) = (frames(80), frames(400));
        region.pan = Pan::new([-0.5, 0.0, 0.3, 1.0][index]).expect("a pan");
        region.through = [None, Some(Through::Telephone), Some(Through::Door), None][index];
        region.perspective =
            [Perspective::Close, Perspective::Room, Perspective::Far, Perspective::Room][index];
        region.gain = gain(-6.0);
    }
    for (track, perspective, through) in [
        (1, Perspective::Room, Some(Through::Window)),
        (2, Perspective::Room, None),
        (2, Perspective::Off, None),
    ] {
        let region = show.play(rain, track, 500 + later);
        (region.length, region.loop_crossfade) = (frames(87_000), Some(frames(5000)));
        (region.fade_in, region.fade_out) = (frames(6000), frames(9000));
        (region.perspective, region.through, region.pan) = (perspective, through, Pan::CENTER);
    }
    show.duck(1, 0, -9.0, [2000, 3000, 4000]);
    show.duck(2, 0, -6.0, [1000, 0, 2000]);
    show
}

#[test]
fn buses_that_were_warmed_up_apart_sound_as_if_played_from_the_beginning() {
    check_warmed_up(&busy(0).plan().expect("consistent"), 1);
}

#[test]
fn any_block_is_the_same_after_a_seek() {
    let plan = busy(0).plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    let mut mixer = Mixer::new(Arc::clone(&plan));
    // Backwards, so that nothing an earlier block left behind can help.
    for block in (0..plan.blocks()).rev() {
        mixer.seek(block);
        let found = Mixed::of(&mut mixer, 1);
        let from = usize::try_from(block).expect("small") * FRAMES;
        for (found, played) in
            found.buses.iter().chain([&found.sum]).zip(played.buses.iter().chain([&played.sum]))
        {
            assert!(found.left == played.left[from..][..found.left.len()], "block {block}");
            assert!(found.right == played.right[from..][..found.right.len()], "block {block}");
        }
    }
}

#[test]
fn filters_forget_the_same_wherever_playing_started() {
    // So loud an impulse, just before the run-up to the second segment, that what is left of it in the filters after
    // the settling time would still be heard: they have to forget it when playing through, too.
    let mut source = vec![0.0; 40_000 * 2];
    (source[14_900 * 2], source[14_900 * 2 + 1]) = (1e38, -1e38);
    source[30_000 * 2] = 1.0;
    let mut show = Show::new(8000, 40_000, 1);
    let clip = show.stereo(source);
    let region = show.play(clip, 0, 0);
    (region.through, region.pan) = (Some(Through::Underwater), Pan::CENTER);
    let sum = show.mixed().sum;
    for channel in [sum.left(), sum.right()] {
        assert!(channel[15_999] != 0.0);
        assert!(channel[16_000..30_000].iter().all(|x| *x == 0.0));
    }
}

#[test]
fn nothing_is_heard_of_the_filters_starting_afresh() {
    let source = super::sine(100.0, 8000.0, 80_000);
    // Those that add noise of their own are never the same twice.
    let clean = [Through::Door, Through::Wall, Through::Window, Through::Underwater];
    for through in &clean {
        let mut show = Show::new(8000, 80_000, 1);
        let clip = show.mono(source.clone());
        show.play(clip, 0, 0).through = Some(*through);
        let left = show.mixed().sum.left();
        // A period has 80 frames; segments start every 16 000.
        for frame in 8000..80_000 {
            super::check_near(f64::from(left[frame]), f64::from(left[frame - 80]), 1e-6);
        }
    }
}

#[test]
fn playing_on_after_a_seek_is_the_same_too() {
    let plan = busy(0).plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    let mut mixer = Mixer::new(Arc::clone(&plan));
    Mixed::of(&mut mixer, 40);
    mixer.seek(17);
    let rest = Mixed::of(&mut mixer, plan.blocks() - 17);
    assert!(rest.sum.left == played.sum.left[17 * FRAMES..]);
    assert!(rest.sum.right == played.sum.right[17 * FRAMES..]);
}

#[test]
fn where_block_edges_fall_makes_no_difference() {
    let zero = busy(0).mixed();
    for later in [1, 13, 512, 1023, 1024] {
        let moved = busy(later).mixed();
        let later = usize::try_from(later).expect("small");
        for (moved, zero) in moved.buses.iter().chain([&moved.sum]).zip(zero.buses.iter().chain([&zero.sum]))
        {
            assert!(moved.left[later..] == zero.left, "{later} frames later");
            assert!(moved.right[later..] == zero.right, "{later} frames later");
        }
    }
}

#[test]
fn the_mix_is_its_buses_added_up_in_order() {
    let mixed = busy(0).mixed();
    let channels: Vec<_> = mixed.buses.iter().map(super::Track2::left).collect();
    assert!(channels.iter().all(|bus| bus.iter().any(|x| *x != 0.0)));
    for (frame, sum) in mixed.sum.left().iter().enumerate() {
        let added = channels.iter().fold(0.0_f32, |sum, bus| sum + bus[frame]);
        assert_eq!(sum.to_bits(), added.to_bits(), "frame {frame}");
    }
}

#[test]
fn any_number_of_threads_hands_over_the_same_blocks_in_order() {
    // A hundred thousand frames and more: several batches on two threads.
    let mut show = busy(0);
    show.timeline.length = frames(1_500_000);
    let clip = show.mono(noise(5, 700_000));
    show.play(clip, 0, 700_000).through = Some(Through::Radio);
    let plan = show.plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let mut found = Mixed::default();
        let mut next = 0;
        let mixed: Result<(), Error> = pool.install(|| {
            spans::mix(&plan, 0..plan.blocks(), |block| {
                assert_eq!(block.start(), at(next));
                next += block.frames().get();
                found.push(block);
                Ok(())
            })
        });
        mixed.expect("clips in memory can be read");
        assert_eq!(next, 1_500_000);
        assert!(found == played, "{threads} threads");
    }
}

#[test]
fn a_sink_that_fails_is_given_nothing_more() {
    let plan = busy(0).plan().expect("consistent");
    let mut taken = 0;
    let mixed: Result<(), Box<dyn std::error::Error + Send + Sync>> =
        spans::mix(&plan, 0..plan.blocks(), |_| {
            taken += 1;
            if taken == 3 { Err("the disk is full".into()) } else { Ok(()) }
        });
    assert_eq!(mixed.expect_err("the sink failed").to_string(), "the disk is full");
    assert_eq!(taken, 3);
}

#[test]
fn past_the_end_there_is_nothing() {
    let show = busy(0);
    let plan = show.plan().expect("consistent");
    let (mut mixer, mut block) = (Mixer::new(Arc::clone(&plan)), Block::new(plan.buses()));
    mixer.seek(plan.blocks() - 1);
    assert_eq!(mixer.render(&mut block).expect("readable"), frames(88_000 % 1024));
    assert_eq!(block.sum().left.len(), 88_000 % FRAMES);
    assert_eq!(mixer.render(&mut block).expect("readable"), frames(0));
    mixer.seek(u64::MAX);
    assert_eq!(mixer.render(&mut block).expect("readable"), frames(0));
}

#[test]
fn state_is_kept_only_for_what_sounds() {
    // 2000 regions in a row, two of them overlapping at most.
    let mut show = Show::new(1000, 2_100_000, 1);
    let clip = show.mono(noise(1, 1500));
    for index in 0..2000 {
        show.play(clip, 0, index * 1024).through = Some(Through::Door);
    }
    let plan = show.plan().expect("consistent");
    let (mut mixer, mut block) = (Mixer::new(Arc::clone(&plan)), Block::new(plan.buses()));
    let mut most = 0;
    while mixer.render(&mut block).expect("readable") > frames(0) {
        most = most.max(mixer.sounding());
    }
    assert_eq!(most, 1, "one goes on from each block to the next");
    assert_eq!(mixer.sounding(), 0);

    let mut show = Show::new(1000, 2048, 1);
    let clip = show.mono(noise(1, 1024));
    show.play(clip, 0, 0);
    let plan = show.plan().expect("consistent");
    let mut mixer = Mixer::new(Arc::clone(&plan));
    mixer.render(&mut Block::new(plan.buses())).expect("readable");
    assert_eq!(mixer.sounding(), 0, "one that ends with the block does not go on");
}
