//! Beds that go round.

use super::{Show, check_near, db, frames, noise, ramp, rms, sine};

#[test]
fn a_loop_without_crossfade_repeats_exactly() {
    let mut show = Show::new(1000, 3500, 1);
    let clip = show.mono(ramp(900));
    let region = show.play(clip, 0, 100);
    (region.source_start, region.source_length) = (frames(50), frames(700));
    (region.length, region.loop_crossfade) = (frames(3300), Some(frames(0)));
    let left = show.mixed().sum.left();
    let source = ramp(900);
    for frame in 0..3300 {
        assert_eq!(left[100 + frame], source[50 + frame % 700]);
    }
}

#[test]
fn turns_follow_each_other_every_length_less_crossfade() {
    // A clip that is silent but for one impulse shows when each turn comes.
    let mut source = vec![0.0; 1000];
    source[500] = 1.0;
    let mut show = Show::new(1000, 10_000, 1);
    let clip = show.mono(source);
    let region = show.play(clip, 0, 0);
    (region.length, region.loop_crossfade) = (frames(10_000), Some(frames(300)));
    let left = show.mixed().sum.left();
    let heard: Vec<_> = left.iter().enumerate().filter(|(_, x)| **x > 0.5).map(|(at, _)| at).collect();
    assert_eq!(heard, (0..14).map(|turn| 500 + turn * 700).filter(|at| *at < 10_000).collect::<Vec<_>>());
}

#[test]
fn the_first_turn_begins_at_once_and_the_seam_mixes_both_ends() {
    let mut show = Show::new(1000, 2000, 1);
    let clip = show.mono(ramp(1000));
    let region = show.play(clip, 0, 0);
    (region.length, region.loop_crossfade) = (frames(2000), Some(frames(100)));
    let left = show.mixed().sum.left();
    assert_eq!(left[..900], ramp(900));
    for done in 0..100_u16 {
        let x = (f64::from(done) + 0.5) / 100.0 * std::f64::consts::FRAC_PI_2;
        let wanted = (901.0 + f64::from(done)) * libm::cos(x) + (1.0 + f64::from(done)) * libm::sin(x);
        check_near(f64::from(left[900 + usize::from(done)]), wanted, 1e-3);
    }
    assert_eq!(left[1000..1800], ramp(900)[100..]);
}

#[test]
fn the_level_of_a_seam_of_noise_is_constant() {
    // Averaged over 40 seams, so that chance does not count: what is left of it is below 0.1 dB.
    let (length, crossfade, turns) = (20_000, 5_000, 40);
    let mut levels = (0.0, 0.0);
    for seed in 0..turns {
        let mut show = Show::new(1000, 40_000, 1);
        let clip = show.mono(noise(seed, length));
        let region = show.play(clip, 0, 0);
        (region.length, region.loop_crossfade) = (frames(40_000), Some(frames(crossfade)));
        let left = show.mixed().sum.left();
        let seam = rms(&left[15_000..20_000]);
        let middle = rms(&left[16_250..18_750]);
        levels = (levels.0 + seam * seam, levels.1 + middle * middle);
    }
    let plain = rms(&noise(99, 1_000_000));
    check_near(db(libm::sqrt(levels.0 / f64::from(40)) / plain), 0.0, 0.1);
    check_near(db(libm::sqrt(levels.1 / f64::from(40)) / plain), 0.0, 0.1);
}

#[test]
fn the_seam_of_a_wave_does_not_click() {
    // 50 periods of 20 frames; turns come every 45 of them, so both ends are in phase and only the shape may show.
    let mut show = Show::new(1000, 5000, 1);
    let clip = show.mono(sine(50.0, 1000.0, 1000));
    let region = show.play(clip, 0, 0);
    (region.length, region.loop_crossfade) = (frames(5000), Some(frames(100)));
    let left = show.mixed().sum.left();
    let step = |samples: &[f32]| samples.windows(2).map(|it| (it[1] - it[0]).abs()).fold(0.0, f32::max);
    // In phase, two equal powers add up to at most √2 in the middle of the seam.
    assert!(step(&left) <= step(&left[..900]) * std::f32::consts::SQRT_2 * 1.03);
    assert!(left.iter().all(|x| x.abs() <= std::f32::consts::SQRT_2));
}

#[test]
fn a_stereo_loop_keeps_its_channels() {
    let source: Vec<f32> = ramp(600).iter().flat_map(|x| [*x, -*x]).collect();
    let mut show = Show::new(1000, 4000, 1);
    let clip = show.stereo(source);
    let region = show.play(clip, 0, 0);
    (region.length, region.loop_crossfade) = (frames(4000), Some(frames(200)));
    region.pan = radioplay::units::pan::Pan::CENTER;
    let sum = show.mixed().sum;
    let mirrored: Vec<f32> = sum.right().iter().map(|x| -x).collect();
    assert_eq!(sum.left(), mirrored);
    assert!(sum.left().iter().all(|x| *x > 0.0));
}
