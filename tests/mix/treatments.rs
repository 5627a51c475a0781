//! What perspective and what stands between do, measured with waves.

use radioplay::staging::{Perspective, Through};
use radioplay::units::distance::Metres;
use radioplay::units::pan::Pan;

use super::{Show, check_near, db, rms, sine};

/// The level of a quiet sine of `hz` behind a treatment, in dB against the same without any.
///
/// At that frequency alone: what a line adds of its own is left out.
fn response(perspective: Perspective, through: Option<Through>, hz: f64) -> f64 {
    let source: Vec<f32> = sine(hz, 48_000.0, 24_000).iter().map(|x| x * 0.05).collect();
    let mut show = Show::new(48_000, 24_000, 1);
    let clip = show.mono(source.clone());
    let region = show.play(clip, 0, 0);
    (region.perspective, region.through) = (perspective, through);
    let left = show.mixed().sum.left();
    db(at_frequency(&left[12_000..], hz) / at_frequency(&source[12_000..], hz))
}

/// The amplitude of one frequency.
fn at_frequency(samples: &[f32], hz: f64) -> f64 {
    let step = 2.0 * std::f64::consts::PI * hz / 48_000.0;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (frame, x) in samples.iter().enumerate() {
        real += f64::from(*x) * libm::cos(step * frame as f64);
        imaginary += f64::from(*x) * libm::sin(step * frame as f64);
    }
    libm::hypot(real, imaginary)
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
        let (low, high) = (behind(125.0), behind(6000.0));
        assert!(low < -1.0, "{through:?} attenuates by {low} dB at 125 Hz");
        assert!(high < low - 18.0, "{through:?} attenuates by {high} dB at 6 kHz");
    }
    // The mass law: 6 dB for each octave, beside the resonances.
    let door = |hz| response(Perspective::Room, Some(Through::Door), hz);
    check_near((door(4000.0) - door(125.0)) / 5.0, -6.0, 1.0);
    // Glass lets through more at its coincidence than an octave below it would suggest.
    let window = |hz| response(Perspective::Room, Some(Through::Window), hz);
    assert!(window(3000.0) > window(2000.0) - 3.0);
    let ends = [Through::Window, Through::Door, Through::Wall]
        .map(|it| response(Perspective::Room, Some(it), 1000.0));
    assert!(ends[0] > ends[1] + 2.0 && ends[1] > ends[2] + 5.0, "the heavier, the quieter: {ends:?}");
}

#[test]
fn loudspeakers_lack_the_lows_and_the_highs() {
    for (through, low, high) in [(Through::Radio, 60.0, 9000.0), (Through::Intercom, 200.0, 8000.0)] {
        let from = |hz| response(Perspective::Room, Some(through), hz);
        let middle = from(1200.0);
        assert!(from(low) < middle - 15.0, "{through:?}");
        assert!(from(high) < middle - 15.0, "{through:?}");
    }
}

#[test]
fn lines_have_a_faint_noise_and_the_same_again_after_a_seek() {
    for through in Through::ALL {
        let mut show = Show::new(48_000, 48_000, 1);
        let clip = show.mono(vec![0.0; 48_000]);
        show.play(clip, 0, 0).through = Some(*through);
        let level = db(rms(&show.mixed().sum.left()));
        match through {
            Through::Telephone | Through::Radio | Through::Intercom => {
                assert!((-75.0..-50.0).contains(&level), "{through:?}: {level} dB");
            }
            _ => assert!(level == f64::NEG_INFINITY, "{through:?}: {level} dB"),
        }
    }
}

#[test]
fn distance_turns_down_by_the_inverse_law_and_dulls() {
    let from = |metres: f64, hz| {
        let mut show = Show::new(48_000, 24_000, 1);
        let source = sine(hz, 48_000.0, 24_000);
        let clip = show.mono(source.clone());
        let region = show.play(clip, 0, 0);
        let metres = Metres::new(metres).expect("a distance");
        region.distance = metres;
        db(rms(&show.mixed().sum.left()[12_000..]) / rms(&source[12_000..]))
    };
    for (metres, wanted) in
        [(0.1, 6.02), (0.5, 6.02), (1.0, 0.0), (2.0, -6.02), (4.0, -12.04), (16.0, -24.08), (900.0, -24.08)]
    {
        check_near(from(metres, 250.0), wanted, 0.1);
    }
    check_near(from(1.0, 12_000.0), 0.0, 0.01);
    check_near(from(4.0, 16_000.0) + 12.04, -1.55, 0.2);
    check_near(from(16.0, 16_000.0) + 24.08, -7.74, 0.3);
    check_near(from(900.0, 18_000.0) + 24.08, -15.0, 0.3);
}

#[test]
fn at_the_ear_it_is_warmer_and_from_the_next_room_darker() {
    let heard = |perspective, hz| response(perspective, None, hz);
    check_near(heard(Perspective::Close, 1500.0), 0.0, 0.2);
    check_near(heard(Perspective::Close, 50.0), 4.0, 0.3);
    check_near(heard(Perspective::Far, 12_000.0), 0.0, 0.01);
    check_near(heard(Perspective::Off, 200.0), -4.0, 0.2);
    assert!(heard(Perspective::Off, 6000.0) < -20.0);
}

#[test]
fn what_stands_between_and_where_it_is_add_up() {
    let both = response(Perspective::Off, Some(Through::Door), 200.0);
    let door = response(Perspective::Room, Some(Through::Door), 200.0);
    check_near(both - door, -4.0, 0.2);
}

#[test]
fn a_sound_that_moves_goes_smoothly_and_keeps_its_power() {
    let mut show = Show::new(48_000, 96_000, 1);
    let clip = show.mono(vec![1.0; 96_000]);
    let region = show.play(clip, 0, 0);
    region.pan_to = Pan::new(1.0);
    let sum = show.mixed().sum;
    let (left, right) = (sum.left(), sum.right());
    assert!(left[0] > 0.999 && right[0] < 0.001 && left[95_999] < 0.001 && right[95_999] > 0.999);
    for (left, right) in left.iter().zip(&right) {
        check_near(f64::from(left * left + right * right), 1.0, 1e-3);
    }
    // No zipper: no step is larger than the straight way, but for rounding.
    let steps = left.windows(2).chain(right.windows(2)).map(|pair| (pair[1] - pair[0]).abs());
    assert!(steps.fold(0.0, f32::max) < 2.0 / 96_000.0);

    let mut show = Show::new(48_000, 96_000, 1);
    let clip = show.mono(vec![1.0; 96_000]);
    show.play(clip, 0, 0).distance_to = Metres::new(8.0);
    let left = show.mixed().sum.left();
    // Dulled by a filter that settles first, and does not change what does not swing.
    check_near(f64::from(left[48_000]), 1.0 / 4.5, 1e-3);
    check_near(f64::from(left[95_999]), 1.0 / 8.0, 1e-3);
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
