//! Rooms, measured: how long they ring, how densely and how evenly, and what a voice in one is like from near and far.

use radioplay::dsp::biquad::{Biquad, Shape as Filter};
use radioplay::dsp::reverb::Reverb;
use radioplay::dsp::room::{BANDS, Shape, shape};
use radioplay::staging::Room;
use radioplay::units::time::SampleRate;

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

fn rooms() -> impl Iterator<Item = (Room, Shape)> {
    Room::ALL.iter().filter_map(|room| Some((*room, shape(*room)?)))
}

/// A room's answer to an impulse in the middle, left and right, a little longer than its tail.
fn answer(shape: &Shape, rate: SampleRate) -> [Vec<f32>; 2] {
    let frames = shape.tail(rate).index() * 5 / 4;
    let mut impulse = vec![0.0; frames];
    impulse[0] = std::f32::consts::FRAC_1_SQRT_2;
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    Reverb::new(shape, rate).process((&impulse, &impulse), (&mut left, &mut right));
    [left, right]
}

/// The octave around `hz`, filtered backwards in time, so that the filter's own ringing comes before the sound and
/// not after it (ISO 3382-1, 2009, on short decays).
fn octave(samples: &[f32], hz: f64, rate: SampleRate) -> Vec<f64> {
    let band = || Biquad::new(Filter::BandPass { hz, q: std::f64::consts::SQRT_2 }, rate);
    let mut filters = [band(), band(), band()];
    let mut filtered: Vec<f64> =
        samples.iter().rev().map(|x| filters.iter_mut().fold(f64::from(*x), |x, it| it.tick(x))).collect();
    filtered.reverse();
    filtered
}

/// Schroeder's backward integration ("New method of measuring reverberation time", JASA 37, 1965), dB.
fn decay_curve(samples: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut curve: Vec<f64> = samples
        .iter()
        .rev()
        .map(|x| {
            sum += x * x;
            sum
        })
        .collect();
    curve.reverse();
    let all = curve[0];
    curve.iter().map(|rest| 10.0 * libm::log10(rest / all + 1e-30)).collect()
}

/// The time of a decay by 60 dB, from a straight line through the part between −5 and −35 dB (T30).
fn decay_time(curve: &[f64], rate: SampleRate) -> f64 {
    let points: Vec<(f64, f64)> = curve
        .iter()
        .enumerate()
        .filter(|(_, db)| (-35.0..=-5.0).contains(*db))
        .map(|(frame, db)| (frame as f64 / f64::from(rate.hz()), *db))
        .collect();
    let count = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (time, level) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - time) * (point.1 - level)).sum();
    let square: f64 = points.iter().map(|point| (point.0 - time) * (point.0 - time)).sum();
    -60.0 * square / both
}

/// The mean of both ears' decay times in an octave.
fn measured(answer: &[Vec<f32>; 2], hz: f64, rate: SampleRate) -> f64 {
    answer.iter().map(|ear| decay_time(&decay_curve(&octave(ear, hz, rate)), rate)).sum::<f64>() / 2.0
}

#[test]
fn every_room_rings_as_long_as_it_claims_in_every_band() {
    let mut wrong = Vec::new();
    for hz in [44_100, 48_000, 96_000] {
        for (room, shape) in rooms() {
            let answer = answer(&shape, rate(hz));
            for (band, claimed) in BANDS.into_iter().zip(shape.decay) {
                let found = measured(&answer, band, rate(hz));
                // A tenth, which the project asks for; half of it is the smallest difference that can be heard.
                if (found / claimed - 1.0).abs() > 0.1 {
                    wrong.push(format!("{} at {band} Hz, {hz}: {found:.3} s for {claimed} s", room.word()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `cargo test -- --ignored --nocapture decay_table`: the table in `script/README.md`.
#[test]
#[ignore = "a table for people"]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn decay_table() {
    for (room, shape) in rooms() {
        let answer = answer(&shape, rate(48_000));
        let found = BANDS.map(|band| measured(&answer, band, rate(48_000)));
        eprintln!("{:12} claimed {:?} measured {found:.3?}", room.word(), shape.decay);
    }
}

#[test]
fn every_room_is_as_loud_as_it_claims() {
    for (room, shape) in rooms() {
        let rate = rate(48_000);
        let answer = answer(&shape, rate);
        let power = |samples: &[f32]| octave_wide(samples, rate).iter().map(|x| x * x).sum::<f64>();
        let mut impulse = vec![0.0; 4800];
        impulse[0] = 1.0;
        let db = 10.0 * libm::log10((power(&answer[0]) + power(&answer[1])) / power(&impulse));
        // Early and late are set apart; what they have in common in time is not.
        assert!((db - shape.wet).abs() < 1.0, "{}: {db:.2} dB for {}", room.word(), shape.wet);
    }
}

fn octave_wide(samples: &[f32], rate: SampleRate) -> Vec<f64> {
    let mut filter = Biquad::new(Filter::BandPass { hz: 1000.0, q: 0.7 }, rate);
    samples.iter().map(|x| filter.tick(f64::from(*x))).collect()
}

/// J. Abel and P. Huang, "A simple, robust measure of reverberation echo density", 121st AES Convention, 2006: the share of
/// samples beyond one deviation, against that of a Gaussian, in 20 ms. 1 is as dense as noise.
fn echo_density(samples: &[f32]) -> f64 {
    let count = samples.len() as f64;
    let deviation = libm::sqrt(samples.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() / count);
    let beyond = samples.iter().filter(|x| f64::from(x.abs()) > deviation).count() as f64;
    beyond / count / 0.317_310_5
}

#[test]
fn tails_are_dense() {
    let rate = rate(48_000);
    for (room, shape) in rooms() {
        for ear in answer(&shape, rate) {
            // From a third of the decay on, at the latest 150 ms after its beginning.
            let begin = shape.predelay + (shape.decay[1] / 3.0).min(0.15);
            let from = SampleRate::hz(rate) as usize * (begin * 1000.0).round() as usize / 1000;
            let density = echo_density(&ear[from..from + 960]);
            assert!(density > 0.7, "{}: {density:.2}", room.word());
        }
    }
}

/// The largest of a spectrum's lines against their mean, dB, in the octaves from 500 Hz to 4 kHz of a stretch of the tail
/// whose decay has been taken out: what rings stands out.
fn ringing(ear: &[f32], shape: &Shape, rate: SampleRate) -> f64 {
    let fs = f64::from(rate.hz());
    // Over half of the decay: longer, and what rings a tenth longer than the rest would be taken for a tone.
    let length = 8192.min((shape.decay[1] * 0.5 * fs) as usize);
    let from = ((shape.predelay + shape.decay[1] * 0.15) * fs) as usize;
    let window = &ear[from..from + length];
    let mut loudest = 0.0_f64;
    let mut sum = 0.0;
    let mut lines = 0.0;
    let mut k = (500.0 * length as f64 / fs) as usize;
    while (k as f64) < 4000.0 * length as f64 / fs {
        let w = 2.0 * std::f64::consts::PI * k as f64 / length as f64;
        // Goertzel's algorithm, with Hann's window and the decay undone.
        let (mut s1, mut s2) = (0.0, 0.0);
        let turn = 2.0 * libm::cos(w);
        for (n, x) in window.iter().enumerate() {
            let hann = 0.5 - 0.5 * libm::cos(2.0 * std::f64::consts::PI * n as f64 / length as f64);
            let grown = libm::pow(10.0, 3.0 * n as f64 / fs / shape.decay[1]);
            let s0 = f64::from(*x) * hann * grown.min(1e3) + turn * s1 - s2;
            (s2, s1) = (s1, s0);
        }
        let power = s1 * s1 + s2 * s2 - turn * s1 * s2;
        loudest = loudest.max(power);
        sum += power;
        lines += 1.0;
        k += 1;
    }
    10.0 * libm::log10(loudest / (sum / lines))
}

#[test]
fn no_tail_rings_like_metal() {
    let rate = rate(48_000);
    for (room, shape) in rooms() {
        for ear in answer(&shape, rate) {
            let peak = ringing(&ear, &shape, rate);
            // The lines of noise are spread exponentially: of 600 the loudest lies 8 dB above the mean, now and then 11.
            assert!(peak < 13.0, "{}: one line {peak:.1} dB above the mean", room.word());
        }
    }
}

#[test]
fn the_ears_are_unrelated() {
    let rate = rate(48_000);
    for (room, shape) in rooms() {
        let [left, right] = answer(&shape, rate);
        // After the first reflections, which come from where they come from.
        let from = ((shape.predelay + 0.1 * shape.decay[1]) * 48_000.0) as usize;
        let sum = |a: &[f32], b: &[f32]| -> f64 {
            a[from..].iter().zip(&b[from..]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let related = sum(&left, &right) / libm::sqrt(sum(&left, &left) * sum(&right, &right));
        assert!(related.abs() < 0.35, "{}: {related:.2}", room.word());
        let balance = 10.0 * libm::log10(sum(&left, &left) / sum(&right, &right));
        assert!(balance.abs() < 1.5, "{}: {balance:.1} dB", room.word());
    }
}

#[test]
fn how_the_input_is_cut_makes_no_difference() {
    let (_, shape) = rooms().nth(2).expect("there are rooms");
    let input: Vec<f32> = crate::mix::noise(4, 6000);
    let mut whole = [vec![0.0; 6000], vec![0.0; 6000]];
    let mut parts = whole.clone();
    let [left, right] = &mut whole;
    Reverb::new(&shape, rate(48_000)).process((&input, &input), (left, right));
    let mut reverb = Reverb::new(&shape, rate(48_000));
    // Used before: at rest it is like new.
    reverb.process((&input, &input), (&mut vec![0.0; 6000], &mut vec![0.0; 6000]));
    reverb.rest();
    let mut at = 0;
    for length in [1, 31, 700, 33, 1024, 2000, 5, 2206] {
        let now = at..at + length;
        let [left, right] = &mut parts;
        reverb.process((&input[now.clone()], &input[now.clone()]), (&mut left[now.clone()], &mut right[now]));
        at += length;
    }
    assert_eq!(at, 6000);
    assert!(whole == parts);
}
