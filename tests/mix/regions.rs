//! One region, and several: where they sound, how loud, how they begin and end.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use radioplay::audio::buffer::Channels;
use radioplay::audio::samples::Samples;
use radioplay::mix::Mixer;
use radioplay::mix::block::Block;
use radioplay::mix::error::Error;
use radioplay::staging::Through;
use radioplay::timeline::Region;
use radioplay::units::level::Gain;
use radioplay::units::pan::Pan;

use super::{Mixed, Show, at, check_near, db, frames, gain, noise, ramp};

#[test]
fn an_impulse_lands_on_its_frame_and_nowhere_else() {
    for start in [0, 1, 1022, 1023, 1024, 1025, 3000] {
        let mut show = Show::new(1000, 4000, 1);
        let clip = show.mono(vec![0.0, 0.0, 0.5]);
        show.play(clip, 0, start);
        let left = show.mixed().sum.left();
        assert_eq!(left.len(), 4000);
        let sounding: Vec<_> = left.iter().enumerate().filter(|(_, x)| **x != 0.0).collect();
        assert_eq!(sounding, [(usize::try_from(start).expect("small") + 2, &0.5)]);
    }
}

#[test]
fn a_region_plays_its_range_of_the_clip_across_blocks() {
    let mut show = Show::new(1000, 5000, 1);
    let clip = show.mono(ramp(4000));
    let region = show.play(clip, 0, 700);
    (region.source_start, region.source_length, region.length) = (frames(100), frames(2500), frames(2500));
    let left = show.mixed().sum.left();
    let wanted = [vec![0.0; 700], ramp(2600)[100..].to_vec(), vec![0.0; 1800]].concat();
    assert_eq!(left, wanted);
}

#[test]
fn gain_is_what_it_says_and_silence_is_silent() {
    for (asked, factor) in [(gain(-6.0206), 0.5), (gain(20.0), 10.0), (Gain::SILENCE, 0.0)] {
        let mut show = Show::new(1000, 10, 1);
        let clip = show.mono(vec![1.0; 10]);
        show.play(clip, 0, 0).gain = asked;
        for sample in show.mixed().sum.left() {
            check_near(f64::from(sample), factor, factor * 1e-6);
        }
    }
}

#[test]
fn a_mono_sound_keeps_its_power_wherever_it_stands() {
    let place = |pan: f32| {
        let mut show = Show::new(1000, 1, 1);
        let clip = show.mono(vec![1.0]);
        show.play(clip, 0, 0).pan = Pan::new(pan).expect("a pan");
        let sum = show.mixed().sum;
        (sum.left()[0], sum.right()[0])
    };
    assert_eq!(place(-1.0), (1.0, 0.0));
    assert_eq!(place(1.0), (0.0, 1.0));
    let (left, right) = place(0.0);
    assert_eq!(left, right);
    check_near(db(f64::from(left)), -3.0103, 1e-4);
    for pan in [-0.7_f32, -0.2, 0.2, 0.7] {
        let (left, right) = place(pan);
        check_near(f64::from(left * left + right * right), 1.0, 1e-6);
        assert_eq!(left < right, pan > 0.0);
        assert_eq!(place(-pan), (right, left));
    }
}

#[test]
fn a_stereo_sound_is_untouched_in_the_centre_and_never_crosses_over() {
    let play = |pan: f32| {
        let mut show = Show::new(1000, 3, 1);
        let clip = show.stereo(vec![0.1, 0.9, 0.2, 0.8, 0.3, 0.7]);
        show.play(clip, 0, 0).pan = Pan::new(pan).expect("a pan");
        let sum = show.mixed().sum;
        (sum.left(), sum.right())
    };
    assert_eq!(play(0.0), (vec![0.1, 0.2, 0.3], vec![0.9, 0.8, 0.7]));
    let (left, right) = play(1.0);
    assert_eq!(left, [0.0; 3]);
    check_near(db(f64::from(right[0]) / 0.9), 3.0103, 1e-4);
    assert_eq!(play(-1.0).1, [0.0; 3]);
}

#[test]
fn fades_follow_a_raised_cosine_without_a_jump() {
    let (length, rise, fall) = (3000, 500, 1200);
    let mut show = Show::new(1000, 3000, 1);
    let clip = show.mono(vec![1.0; length]);
    let region = show.play(clip, 0, 0);
    (region.fade_in, region.fade_out) = (frames(500), frames(1200));
    let left = show.mixed().sum.left();
    let shape = |x: f64| 0.5 - 0.5 * libm::cos(std::f64::consts::PI * x);
    for (frame, sample) in left.iter().enumerate() {
        let up = ((frame as f64 + 0.5) / f64::from(rise)).min(1.0);
        let down = ((length - 1 - frame) as f64 + 0.5) / f64::from(fall);
        check_near(f64::from(*sample), shape(up) * shape(down.min(1.0)), 1e-6);
    }
    // The steepest a raised cosine of 500 frames gets is π/2 per 500 frames.
    let steepest = left.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(steepest <= std::f32::consts::FRAC_PI_2 / 500.0 * 1.001, "{steepest}");
    assert!(left[0] < 1e-5 && left[length - 1] < 1e-5);
    assert!(left[500..1800].iter().all(|x| *x == 1.0));
}

#[test]
fn a_fade_longer_than_its_region_is_cut_off_not_squeezed() {
    let mut show = Show::new(1000, 100, 1);
    let clip = show.mono(vec![1.0; 100]);
    show.play(clip, 0, 0).fade_in = frames(200);
    let left = show.mixed().sum.left();
    check_near(f64::from(left[99]), 0.5, 0.01);
}

#[test]
fn overlapping_regions_add_up() {
    let mut show = Show::new(1000, 4000, 1);
    let (one, two) = (show.mono(noise(1, 2000)), show.mono(noise(2, 2000)));
    show.play(one, 0, 500);
    show.play(two, 0, 1500);
    show.play(one, 0, 1800);
    let (a, b) = (noise(1, 2000), noise(2, 2000));
    let of = |clip: &[f32], start: usize, frame: usize| {
        frame.checked_sub(start).and_then(|index| clip.get(index)).copied().unwrap_or(0.0)
    };
    for (frame, sample) in show.mixed().sum.left().iter().enumerate() {
        assert_eq!(*sample, of(&a, 500, frame) + of(&b, 1500, frame) + of(&a, 1800, frame));
    }
}

#[test]
fn the_mix_may_pass_full_scale_unharmed() {
    let mut show = Show::new(1000, 10, 1);
    let clip = show.mono(vec![1.0; 10]);
    for _ in 0..5 {
        show.play(clip, 0, 0);
    }
    assert_eq!(show.mixed().sum.left(), [5.0; 10]);
}

#[test]
fn a_timeline_that_contradicts_itself_is_refused() {
    let refused = |break_it: &dyn Fn(&mut Show)| {
        let mut show = Show::new(1000, 100, 1);
        let clip = show.mono(vec![1.0; 50]);
        show.play(clip, 0, 10);
        assert!(show.plan().is_ok());
        break_it(&mut show);
        match show.plan() {
            Err(Error::Inconsistent { what }) => what,
            other => panic!("{other:?}"),
        }
    };
    let region =
        |change: fn(&mut Region)| refused(&move |show: &mut Show| change(&mut show.timeline.regions[0]));
    assert_eq!(region(|it| it.track = 1), "region 0 is on no track");
    assert_eq!(region(|it| it.clip = 9), "region 0 plays no clip");
    assert_eq!(region(|it| it.start = at(51)), "region 0 ends late");
    assert_eq!(region(|it| it.source_length = frames(51)), "region 0 plays more than there is of its clip");
    assert_eq!(region(|it| it.length = frames(51)), "region 0 lasts longer than what it plays");
    assert_eq!(
        region(|it| it.loop_crossfade = Some(frames(25))),
        "region 0 overlaps its turns by half or more"
    );
    assert_eq!(
        region(|it| it.source_start = frames(u64::MAX)),
        "region 0 plays more than there is of its clip"
    );
    assert_eq!(refused(&|show| show.samples.clear()), "1 clips, 0 with samples");
    assert_eq!(refused(&|show| show.timeline.tracks[0].bus = 3), "track 0 feeds no bus");
    assert_eq!(refused(&|show| show.timeline.length = frames(1 << 63)), "it is longer than can be counted");
    refused(&|show| show.duck(0, 7, -6.0, [1, 1, 1]));
}

/// A timeline whose second clip is in a file that is empty so far, and the file.
fn unreadable() -> (Show, File) {
    let mut show = Show::new(1000, 5000, 1);
    let good = show.mono(noise(1, 5000));
    let lost = show.mono(vec![1.0; 1000]);
    show.play(good, 0, 0).through = Some(Through::Door);
    show.play(lost, 0, 2000);
    let file = tempfile::tempfile().expect("a scratch file");
    let theirs = Arc::new(file.try_clone().expect("the same file"));
    show.samples[lost] = Samples::in_file(theirs, 0, Channels::Mono, frames(1000));
    (show, file)
}

#[test]
fn a_clip_that_cannot_be_read_is_named() {
    let (show, _file) = unreadable();
    let plan = show.plan().expect("lengths agree");
    let (mut mixer, mut block) = (Mixer::new(Arc::clone(&plan)), Block::new(plan.buses()));
    mixer.render(&mut block).expect("the first block is good");
    let error = mixer.render(&mut block).expect_err("the second is not");
    assert_eq!(error.to_string(), "cannot read the samples of `clip 1`");
    assert!(std::error::Error::source(&error).is_some());
    mixer.seek(3);
    mixer.render(&mut block).expect("past the lost clip");
}

#[test]
fn a_block_that_failed_can_be_asked_for_again() {
    let (show, mut file) = unreadable();
    let plan = show.plan().expect("lengths agree");
    let (mut mixer, mut block) = (Mixer::new(Arc::clone(&plan)), Block::new(plan.buses()));
    mixer.render(&mut block).expect("the first block is good");
    for _ in 0..2 {
        assert!(matches!(mixer.render(&mut block), Err(Error::Read { .. })));
        assert_eq!(mixer.position(), 1);
    }
    file.write_all(&[0; 4000]).expect("room for 4000 bytes");
    let rest = Mixed::of(&mut mixer, plan.blocks() - 1);
    let all = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    assert!(rest.sum.left == all.sum.left[1024..]);
}
