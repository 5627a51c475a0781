//! What perspective and what stands between do, measured with waves.

use radioplay::staging::{Perspective, Through};

use super::{Show, check_near, db, rms, sine};

/// The level of a quiet sine of `hz` behind a treatment, in dB against the same without any.
fn response(perspective: Perspective, through: Option<Through>, hz: f64) -> f64 {
    let source: Vec<f32> = sine(hz, 48_000.0, 24_000).iter().map(|x| x * 0.01).collect();
    let mut show = Show::new(48_000, 24_000, 1);
    let clip = show.mono(source.clone());
    let region = show.play(clip, 0, 0);
    (region.perspective, region.through) = (perspective, through);
    let left = show.mixed().sum.left();
    db(rms(&left[12_000..]) / rms(&source[12_000..]))
}

#[test]
fn in_the_room_nothing_is_changed() {
    let mut show = Show::new(48_000, 3000, 1);
    let clip = show.mono(super::noise(1, 3000));
    show.play(clip, 0, 0);
    assert_eq!(show.mixed().sum.left(), super::noise(1, 3000));
}

#[test]
fn a_telephone_passes_its_band_alone() {
    let phone = |hz| response(Perspective::Room, Some(Through::Telephone), hz);
    check_near(phone(1000.0), -1.0, 1.5);
    // The corners are 3 dB down, beside the presence peak.
    check_near(phone(300.0) - phone(600.0), -3.0, 1.0);
    check_near(phone(3400.0) - phone(2400.0), -3.0, 1.2);
    assert!(phone(100.0) < -35.0);
    assert!(phone(9000.0) < -30.0);
}

#[test]
fn walls_take_the_highs_first() {
    for through in [Through::Door, Through::Wall, Through::Window, Through::Underwater] {
        let behind = |hz| response(Perspective::Room, Some(through), hz);
        let (low, high) = (behind(100.0), behind(5000.0));
        assert!(low < -2.0, "{through:?} attenuates by {low} dB at 100 Hz");
        assert!(high < low - 15.0, "{through:?} attenuates by {high} dB at 5 kHz");
    }
    let door = |hz| response(Perspective::Room, Some(Through::Door), hz);
    check_near(door(700.0) - door(60.0), -3.0, 0.7);
}

#[test]
fn loudspeakers_lack_the_lows_and_the_highs() {
    for through in [Through::Radio, Through::Intercom] {
        let from = |hz| response(Perspective::Room, Some(through), hz);
        let middle = from(1200.0);
        assert!(from(60.0) < middle - 15.0, "{through:?}");
        assert!(from(12_000.0) < middle - 15.0, "{through:?}");
    }
}

#[test]
fn distance_turns_down_and_dulls() {
    let heard = |perspective, hz| response(perspective, None, hz);
    check_near(heard(Perspective::Close, 1000.0), 0.0, 0.2);
    check_near(heard(Perspective::Close, 50.0), 2.5, 0.3);
    check_near(heard(Perspective::Far, 300.0), -8.0, 0.2);
    check_near(heard(Perspective::Far, 12_000.0), -14.0, 0.3);
    check_near(heard(Perspective::Off, 300.0), -12.0, 0.2);
    check_near(heard(Perspective::Off, 2500.0), -15.0, 0.2);
}

#[test]
fn distance_and_what_stands_between_add_up() {
    let both = response(Perspective::Far, Some(Through::Door), 300.0);
    let door = response(Perspective::Room, Some(Through::Door), 300.0);
    check_near(both - door, -8.0, 0.2);
}

#[test]
fn a_loud_voice_makes_a_telephone_crackle_inside_its_band() {
    let source = sine(500.0, 48_000.0, 24_000);
    let mut show = Show::new(48_000, 24_000, 1);
    let clip = show.mono(source);
    show.play(clip, 0, 0).through = Some(Through::Telephone);
    let left = show.mixed().sum.left();
    let third = |hz: f64| {
        let wave = sine(hz, 48_000.0, 24_000);
        let sum: f64 = left[12_000..].iter().zip(&wave).map(|(a, b)| f64::from(a * b)).sum();
        sum.abs() / 6000.0
    };
    assert!(db(third(1500.0) / third(500.0)) > -40.0);
    assert!(left.iter().all(|x| x.abs() < 1.0));
}

#[test]
fn both_channels_are_treated_alike_and_apart() {
    let wave = sine(3000.0, 48_000.0, 6000);
    let source: Vec<f32> = wave.iter().flat_map(|x| [*x, 0.0]).collect();
    let mut show = Show::new(48_000, 6000, 1);
    let clip = show.stereo(source);
    let region = show.play(clip, 0, 0);
    region.through = Some(Through::Door);
    region.pan = radioplay::units::pan::Pan::CENTER;
    let sum = show.mixed().sum;
    assert!(rms(&sum.left()[3000..]) > 0.001);
    assert!(sum.right().iter().all(|x| *x == 0.0));
}
