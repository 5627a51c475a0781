//! Buses that give way, measured on a bus of ones.

use super::{Show, check_near, db, frames, gain};

const SPEECH: usize = 0;
const MUSIC: usize = 1;

/// Speech of silence at `spans`, music of ones over all of 20 000 frames.
fn show(spans: &[(u64, u64)]) -> Show {
    let mut show = Show::new(1000, 20_000, 2);
    let music = show.mono(vec![1.0; 20_000]);
    show.play(music, MUSIC, 0);
    let speech = show.mono(vec![0.0; 20_000]);
    for (start, end) in spans {
        let region = show.play(speech, SPEECH, *start);
        (region.source_length, region.length) = (frames(end - start), frames(end - start));
    }
    show
}

/// The music's gain in dB at each frame.
fn curve(show: &Show) -> Vec<f64> {
    show.mixed().buses[MUSIC].left().iter().map(|x| db(f64::from(*x))).collect()
}

fn check(curve: &[f64], frame: usize, wanted: f64) {
    check_near(curve[frame], wanted, 0.1);
}

#[test]
fn the_music_is_down_exactly_from_the_first_word_until_the_hold_ends() {
    let mut show = show(&[(5000, 7000)]);
    show.duck(MUSIC, SPEECH, -9.0, [250, 600, 800]);
    let curve = curve(&show);
    assert!(curve[..4750].iter().all(|db| *db == 0.0));
    assert!(curve[4750] < 0.0, "the ramp begins on its first frame");
    check(&curve, 4875, -4.5);
    assert!(curve[4999] > curve[5000]);
    for db in &curve[5000..7600] {
        check_near(*db, -9.0, 1e-4);
    }
    assert!(curve[7600] > curve[7599], "the way back begins when the hold ends");
    check(&curve, 8000, -4.5);
    assert!(curve[8399] < 0.0);
    assert!(curve[8400..].iter().all(|db| *db == 0.0));
}

#[test]
fn ramps_are_raised_cosines_without_steps() {
    let mut show = show(&[(5000, 7000)]);
    show.duck(MUSIC, SPEECH, -12.0, [1000, 0, 500]);
    let curve = curve(&show);
    for (done, db) in curve[4000..5000].iter().enumerate() {
        let x = (done as f64 + 0.5) / 1000.0;
        check_near(*db, -6.0 + 6.0 * libm::cos(std::f64::consts::PI * x), 1e-3);
    }
    let step = curve.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(step <= 12.0 * std::f64::consts::FRAC_PI_2 / 500.0 * 1.01, "{step} dB");
}

#[test]
fn overlapping_and_adjoining_speech_is_one_span() {
    let mut show = show(&[(5000, 9000), (6000, 7000), (9000, 10_000)]);
    show.duck(MUSIC, SPEECH, -6.0, [100, 200, 300]);
    let curve = curve(&show);
    assert!(curve[5000..10_200].iter().all(|db| (*db + 6.0).abs() < 1e-4));
    assert_eq!(curve[10_500], 0.0);
}

#[test]
fn it_stays_down_in_a_gap_too_short_for_its_ramps_and_comes_up_in_a_longer_one() {
    let gap = |gap: u64| {
        let mut show = show(&[(5000, 6000), (6000 + gap, 9000)]);
        show.duck(MUSIC, SPEECH, -9.0, [250, 600, 800]);
        let curve = curve(&show);
        curve[6000..6000 + usize::try_from(gap).expect("small")].iter().copied().fold(f64::MIN, f64::max)
    };
    check_near(gap(500), -9.0, 1e-4);
    check_near(gap(1649), -9.0, 1e-4);
    // Hold, release and attack fill 1650 frames, so that it just arrives.
    check_near(gap(1650), 0.0, 0.001);
    assert_eq!(gap(1651), 0.0);
}

#[test]
fn speech_at_the_very_start_finds_the_music_down() {
    let mut show = show(&[(100, 1000)]);
    show.duck(MUSIC, SPEECH, -9.0, [400, 0, 100]);
    let curve = curve(&show);
    assert!(curve[0] < -7.0 && curve[0] > -9.0);
    check_near(curve[100], -9.0, 1e-4);
}

#[test]
fn the_deepest_of_several_ducks_counts_and_the_bus_gain_adds() {
    let mut show = show(&[(5000, 7000)]);
    show.timeline.buses[MUSIC].gain = gain(-3.0);
    show.duck(MUSIC, SPEECH, -10.0, [10, 0, 10]);
    show.duck(MUSIC, SPEECH, -6.0, [1000, 0, 10]);
    let curve = curve(&show);
    check(&curve, 0, -3.0);
    check(&curve, 4980, -9.0);
    check(&curve, 6000, -13.0);
}

#[test]
fn a_duck_to_silence_is_silent_and_one_without_ramps_is_a_step() {
    let mut show = show(&[(5000, 7000)]);
    show.duck(MUSIC, SPEECH, f32::NEG_INFINITY, [0, 0, 500]);
    let music = show.mixed().buses[MUSIC].left();
    assert_eq!((music[4999], music[5000], music[6999]), (1.0, 0.0, 0.0));
    assert!(music[7000] > 0.0 && music[7000] < 1e-5);
    assert!(music[7000..7500].windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn only_the_buses_it_gives_way_to_count() {
    let mut show = show(&[(5000, 7000)]);
    show.duck(SPEECH, MUSIC, -9.0, [10, 10, 10]);
    assert!(curve(&show).iter().all(|db| *db == 0.0));
}
