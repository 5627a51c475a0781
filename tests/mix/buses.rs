//! What a bus does to its sound: bands where they were asked for, a compressor that follows its curve in its time, nothing
//! that clicks or grates.

use radioplay::dsp::biquad::{Biquad, Shape};
use radioplay::routing::{Band, Compress};
use radioplay::staging::{self, Perspective};
use radioplay::timeline::Room;
use radioplay::units::level::Level;
use radioplay::units::pan::Pan;
use radioplay::units::time::Seconds;

use super::{Show, check_near, db, frame_rate, frames, gain, noise, rms, sine};

const RATE: f64 = 48_000.0;

pub(super) fn compress(threshold: f32, ratio: f64, attack: f64, release: f64) -> Compress {
    Compress {
        threshold: Level::new(threshold).expect("a level"),
        ratio,
        attack: Seconds::new(attack).expect("a time"),
        release: Seconds::new(release).expect("a time"),
        knee: 6.0,
        makeup: gain(0.0),
    }
}

/// What a bus with these bands makes of a steady tone, dB.
fn response(bands: &[Band], hz: f64) -> f64 {
    let mut show = Show::new(48_000, 96_000, 1);
    show.timeline.buses[0].eq = bands.to_vec();
    let clip = show.mono(sine(hz, RATE, 96_000));
    show.play(clip, 0, 0);
    let left = show.mixed().buses[0].left();
    db(rms(&left[48_000..]) * std::f64::consts::SQRT_2)
}

#[test]
fn bands_do_what_they_say() {
    let pass = |order| [Band::HighPass { hz: 100.0, order }];
    check_near(response(&pass(2), 100.0), -3.01, 0.05);
    check_near(response(&pass(4), 100.0), -3.01, 0.05);
    check_near(response(&pass(8), 100.0), -3.01, 0.05);
    check_near(response(&pass(2), 50.0), -12.3, 0.1);
    check_near(response(&pass(4), 50.0), -24.1, 0.1);
    check_near(response(&pass(2), 2000.0), 0.0, 0.01);
    check_near(response(&[Band::LowPass { hz: 1000.0, order: 2 }], 4000.0), -24.2, 0.4);
    check_near(response(&[Band::LowPass { hz: 1000.0, order: 2 }], 100.0), 0.0, 0.01);
    let peak = [Band::Peak { hz: 3000.0, gain: gain(4.0), q: 2.0 }];
    check_near(response(&peak, 3000.0), 4.0, 0.01);
    check_near(response(&peak, 300.0), 0.0, 0.05);
    let low = [Band::LowShelf { hz: 300.0, gain: gain(-6.0) }];
    check_near(response(&low, 300.0), -3.0, 0.05);
    check_near(response(&low, 40.0), -6.0, 0.1);
    check_near(response(&low, 5000.0), 0.0, 0.05);
    let high = [Band::HighShelf { hz: 4000.0, gain: gain(3.0) }];
    check_near(response(&high, 18_000.0), 3.0, 0.05);
    let both = [peak[0], high[0]];
    check_near(response(&both, 3000.0), 4.0 + response(&high, 3000.0), 0.01);
}

#[test]
fn an_equaliser_is_heard_in_the_rooms_of_its_bus_as_well() {
    let mut show = Show::new(48_000, 96_000, 1);
    show.timeline.rooms.push(Room::Named(staging::Room::Church));
    let clip = show.mono(noise(1, 9600));
    show.play(clip, 0, 0).room = Some(0);
    let plain = show.mixed().buses[0].left();
    show.timeline.buses[0].eq = vec![Band::HighPass { hz: 1000.0, order: 8 }];
    let bright = show.mixed().buses[0].left();
    let low = |samples: &[f32]| {
        let mut tail = samples[19_200..].to_vec();
        let passes = [0.541_196_1, 1.306_563].map(|q| Shape::LowPass { hz: 200.0, q });
        Biquad::sift(&passes, frame_rate(48_000), &mut tail);
        db(rms(&tail))
    };
    assert!(low(&bright) < low(&plain) - 30.0, "{} {}", low(&bright), low(&plain));
}

/// The gain of a bus with this compressor, dB, over a tone of these levels in dBFS, each for so many seconds: one value for
/// each millisecond, by its power over 10 ms, against that of the same tone untreated.
fn gains(settings: Compress, levels: &[(f64, f64)], pan: f32) -> Vec<f64> {
    let mut tone = Vec::new();
    for (level, seconds) in levels {
        let amplitude = libm::pow(10.0, level / 20.0) * std::f64::consts::SQRT_2;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole numbers of frames"
        )]
        let length = (seconds * RATE) as usize;
        tone.extend(sine(500.0, RATE, length).iter().map(|x| {
            #[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
            let factor = amplitude as f32;
            x * factor
        }));
    }
    let mut show = Show::new(48_000, tone.len() as u64, 1);
    let clip = show.mono(tone);
    show.play(clip, 0, 0).pan = Pan::new(pan).expect("a pan");
    let plain = show.mixed().buses[0].left();
    show.timeline.buses[0].compress = Some(settings);
    let heard = show.mixed().buses[0].left();
    let windows = plain.windows(480).zip(heard.windows(480)).step_by(48);
    windows.map(|(plain, heard)| db(rms(heard) / rms(plain))).collect()
}

#[test]
fn a_compressor_follows_its_curve_wherever_a_sound_is_panned() {
    // Threshold −24, 3 to 1, knee 6: below it nothing, at it a sixth of two thirds of the knee, above it two thirds.
    for (level, wanted) in [(-40.0, 0.0), (-28.0, 0.0), (-24.0, -0.5), (-18.0, -4.0), (-6.0, -12.0)] {
        for pan in [-1.0, 0.0, 0.4] {
            let gains = gains(compress(-24.0, 3.0, 0.01, 0.15), &[(level, 2.0)], pan);
            check_near(*gains.last().expect("two seconds"), wanted, 0.1);
        }
    }
    let mut settings = compress(-24.0, 3.0, 0.01, 0.15);
    settings.makeup = gain(5.0);
    check_near(*gains(settings, &[(-40.0, 1.0)], -1.0).last().expect("a second"), 5.0, 0.1);
}

#[test]
fn attack_and_release_take_as_long_as_the_script_says() {
    for (attack, release) in [(0.01, 0.1), (0.05, 0.3), (0.2, 1.0)] {
        let gains =
            gains(compress(-24.0, 4.0, attack, release), &[(-40.0, 1.0), (-8.0, 3.0), (-40.0, 5.0)], -1.0);
        // 12 dB; the 63rd part of the way, a window of 10 ms that begins 5 ms before.
        let deep = gains[3900];
        check_near(deep, -12.0, 0.1);
        let down = gains[990..].iter().position(|db| *db < deep * 0.632).expect("it goes down") as f64 - 5.0;
        let up = gains[3990..].iter().position(|db| *db > deep * 0.368).expect("it comes up") as f64 - 5.0;
        check_near(down, attack * 1000.0, 10.0);
        check_near(up, release * 1000.0, 20.0);
    }
}

/// The loudest of what lies above 6 kHz, dBFS, between two frames.
fn harshness(samples: &[f32], within: std::ops::Range<usize>) -> f64 {
    let mut samples = samples.to_vec();
    let passes = [0.541_196_1, 1.306_563].map(|q| Shape::HighPass { hz: 6000.0, q });
    Biquad::sift(&passes, frame_rate(48_000), &mut samples);
    db(f64::from(samples[within].iter().fold(0.0_f32, |peak, x| peak.max(x.abs()))))
}

#[test]
fn a_moving_gain_neither_grates_nor_clicks() {
    // A tone of 300 Hz that swells by 40 dB and falls again within a second, twice: the gain is always moving.
    let mut tone = sine(300.0, RATE, 96_000);
    for (frame, x) in tone.iter_mut().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
        let swell =
            libm::pow(10.0, -1.0 - libm::cos(2.0 * std::f64::consts::PI * frame as f64 / 48_000.0)) as f32;
        *x *= swell * 0.5;
    }
    let mut show = Show::new(48_000, 96_000, 2);
    let clip = show.mono(tone);
    show.play(clip, 0, 0);
    let plain = harshness(&show.mixed().sum.left(), 4800..90_000);
    let mut settings = compress(-30.0, 8.0, 0.005, 0.05);
    settings.makeup = gain(6.0);
    show.timeline.buses[0].compress = Some(settings);
    show.timeline.buses[0].eq = vec![Band::Peak { hz: 300.0, gain: gain(3.0), q: 1.0 }];
    let silence = show.mono(vec![0.0; 9600]);
    for start in [20_000, 50_000] {
        show.play(silence, 1, start);
    }
    show.duck(0, 1, -12.0, [2400, 0, 2400]);
    let treated = harshness(&show.mixed().sum.left(), 4800..90_000);
    assert!(plain < -90.0 && treated < -80.0, "{plain} {treated}");
}

#[test]
fn nothing_is_heard_of_filters_that_take_over() {
    // Forty seconds without a pause: four times others take over.
    let length = 40 * 48_000;
    let mut show = Show::new(48_000, length, 1);
    let clip = show.mono(sine(250.0, RATE, usize::try_from(length).expect("small")));
    show.play(clip, 0, 0);
    let bus = &mut show.timeline.buses[0];
    bus.compress = Some(compress(-20.0, 4.0, 0.01, 0.4));
    bus.eq = vec![Band::HighPass { hz: 120.0, order: 4 }, Band::Peak { hz: 250.0, gain: gain(6.0), q: 4.0 }];
    let left = show.mixed().buses[0].left();
    // A period has 192 frames.
    for frame in 10 * 48_000..left.len() {
        check_near(f64::from(left[frame]), f64::from(left[frame - 192]), 1e-5);
    }
    assert!(harshness(&left, 48_000..left.len() - 4800) < -90.0);
}

#[test]
fn a_compressor_does_not_undo_a_duck() {
    let mut show = Show::new(48_000, 480_000, 2);
    let music = show.mono(noise(1, 480_000));
    show.play(music, 1, 0).gain = gain(-6.0);
    let speech = show.mono(vec![0.0; 96_000]);
    show.play(speech, 0, 192_000);
    show.timeline.buses[1].compress = Some(compress(-30.0, 10.0, 0.01, 0.1));
    let up = show.mixed().buses[1].left();
    show.duck(1, 0, -9.0, [12_000, 9600, 24_000]);
    let ducked = show.mixed().buses[1].left();
    check_near(db(rms(&ducked[192_000..288_000]) / rms(&up[192_000..288_000])), -9.0, 0.01);
}

#[test]
fn music_that_stops_hard_does_not_click() {
    // A loud chord of low notes, stopped where it is loudest.
    let mut chord = vec![0.0; 96_000];
    for hz in [110.0, 165.0, 220.0] {
        for (sum, x) in chord.iter_mut().zip(sine(hz, RATE, 96_000)) {
            *sum += x * 0.25;
        }
    }
    let at = (40_000..44_000).max_by(|a, b| chord[*a].abs().total_cmp(&chord[*b].abs())).expect("frames");
    for (cut, room) in [(false, None), (true, Some(0))] {
        let mut show = Show::new(48_000, 96_000, 1);
        show.timeline.rooms.push(Room::Named(staging::Room::Church));
        show.timeline.buses[0].compress = Some(compress(-30.0, 3.0, 0.01, 0.15));
        if cut {
            show.timeline.buses[0].eq = vec![Band::HighPass { hz: 60.0, order: 4 }];
        }
        let clip = show.mono(chord.clone());
        let region = show.play(clip, 0, 0);
        (region.length, region.source_length) = (frames(at as u64), frames(at as u64));
        (region.cut, region.room) = (cut, room);
        // Straight off: what a click is.
        let clicks = harshness(&show.mixed().sum.left(), at - 480..at + 480);
        show.timeline.regions[0].fade_out = frames(96);
        let sum = show.mixed().sum;
        for channel in [sum.left(), sum.right()] {
            let stops = harshness(&channel, at - 480..at + 480);
            assert!(stops < -62.0, "{stops} dBFS, {clicks} without a fade");
            assert!(channel[at..].iter().all(|x| *x == 0.0), "silence must be able to hit");
        }
        // An equaliser must not ring on after a cut, and so softens it by itself.
        assert!(cut || clicks > -30.0, "{clicks}");
    }
}

#[test]
fn an_inner_voice_is_not_a_room_voice_on_a_treated_bus_either() {
    let voice = |perspective: Perspective, room: Option<usize>| {
        let mut show = Show::new(48_000, 96_000, 1);
        show.timeline.rooms.push(Room::Named(staging::Room::Hall));
        let bus = &mut show.timeline.buses[0];
        bus.eq = vec![Band::HighPass { hz: 80.0, order: 2 }];
        bus.compress = Some(compress(-24.0, 3.0, 0.01, 0.15));
        let clip = show.mono(noise(1, 48_000));
        let region = show.play(clip, 0, 0);
        (region.perspective, region.room, region.gain) = (perspective, room, gain(-12.0));
        show.mixed().sum.left()
    };
    let (inner, room) = (voice(Perspective::Close, None), voice(Perspective::Room, Some(0)));
    // Two hundredths of a second after the last word there is nothing of one and much of the other.
    assert!(db(rms(&inner[48_960..57_600]) / rms(&inner[..48_000])) < -80.0);
    assert!(db(rms(&room[48_960..57_600]) / rms(&room[..48_000])) > -25.0);
}
