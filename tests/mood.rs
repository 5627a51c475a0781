//! Moods are heard: a whisper has no voice, a shout carries, and every direction does what it says to what can be
//! measured. All at the boundary of [`perform`], on a few lines.

use radioplay::speech::engine::Voice;
use radioplay::speech::mood::act;
use radioplay::speech::perform::{CEILING, LEVEL, Piece, Take, perform};
use radioplay::speech::pico::PicoEngine;
use radioplay::staging::Mood;
use radioplay::units::level::Gain;
use radioplay::units::time::SampleRate;
use rayon::prelude::*;

const RATE: SampleRate = SampleRate::DEFAULT;
/// Mostly voiced, without a pause.
const LINE: &str = "We were never alone my mother and I all the year long in the old house";

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn say(voice: &Voice, line: &[Piece]) -> Take {
    perform(&PicoEngine::new(), line, voice, RATE).expect("a line that can be said")
}

fn moody(mood: Mood) -> Vec<f32> {
    say(&act(Voice::default(), mood), &[text(LINE)]).audio.into_samples()
}

fn db(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum::<f64>() / samples.len().max(1) as f64
}

/// A direct-form filter: b0 b1 b2 a1 a2.
fn filter(samples: &[f64], [b0, b1, b2, a1, a2]: [f64; 5]) -> Vec<f64> {
    let (mut s1, mut s2) = (0.0, 0.0);
    let tick = |&x: &f64| {
        let y = b0 * x + s1;
        s1 = b1 * x - a1 * y + s2;
        s2 = b2 * x - a2 * y;
        y
    };
    samples.iter().map(tick).collect()
}

/// Integrated loudness after ITU-R BS.1770-5, with the coefficients of its tables for 48 kHz.
pub(crate) fn loudness(samples: &[f32]) -> f64 {
    let x: Vec<f64> = samples.iter().map(|&x| f64::from(x)).collect();
    let shelf = [
        1.535_124_859_586_97,
        -2.691_696_189_406_38,
        1.198_392_810_852_85,
        -1.690_659_293_182_41,
        0.732_480_774_215_85,
    ];
    let x = filter(&filter(&x, shelf), [1.0, -2.0, 1.0, -1.990_047_454_833_98, 0.990_072_250_366_21]);
    let blocks: Vec<f64> = x.windows(19_200).step_by(4800).map(power).collect();
    let mean = |least: f64| {
        let loud: Vec<f64> = blocks.iter().copied().filter(|&p| db(p) - 0.691 > least).collect();
        db(loud.iter().sum::<f64>() / loud.len().max(1) as f64) - 0.691
    };
    mean(mean(-70.0) - 10.0)
}

/// Pitch at 8 kHz, every 10 ms of the louder part: the median in Hz, the spread between the tenth and the ninetieth
/// of a hundred in semitones, and the mean correlation from one period to the next, which is 1 for a steady voice and
/// near 0 for noise.
fn pitch(samples: &[f32]) -> [f64; 3] {
    let x: Vec<f64> =
        samples.chunks_exact(6).map(|c| c.iter().map(|&x| f64::from(x)).sum::<f64>() / 6.0).collect();
    let at = |i: usize| &x[i..i + 320];
    let frames: Vec<usize> = (0..x.len() - 480).step_by(80).collect();
    let loudest = frames.iter().map(|&i| power(at(i))).fold(0.0, f64::max);
    let (mut hz, mut strengths) = (Vec::new(), Vec::new());
    for &i in frames.iter().filter(|&&i| power(at(i)) > 0.01 * loudest) {
        let correlation = |lag: usize| {
            let product: f64 = at(i).iter().zip(at(i + lag)).map(|(a, b)| a * b).sum();
            product / 320.0 / (power(at(i)) * power(at(i + lag))).sqrt().max(1e-20)
        };
        let values: Vec<f64> = (16..134).map(correlation).collect();
        let best = values.iter().copied().fold(0.0, f64::max);
        let lag = (1..values.len() - 1)
            .find(|&l| values[l] > 0.9 * best && values[l] >= values[l - 1] && values[l] >= values[l + 1]);
        strengths.push(best);
        hz.extend(lag.filter(|_| best > 0.6).map(|lag| 8000.0 / (lag + 16) as f64));
    }
    hz.sort_by(f64::total_cmp);
    let part = |share: usize| hz.get(hz.len() * share / 100).copied().unwrap_or(f64::NAN);
    let strength = strengths.iter().sum::<f64>() / strengths.len().max(1) as f64;
    [part(50), 12.0 * (part(90) / part(10)).log2(), strength]
}

/// How much stronger it is above 1.3 kHz than below, dB.
fn tilt(samples: &[f32]) -> f64 {
    let x: Vec<f64> = samples.iter().map(|&x| f64::from(x)).collect();
    let w = 2.0 * std::f64::consts::PI * 1300.0 / 48_000.0;
    let (alpha, cos) = (w.sin() / 2.0_f64.sqrt(), w.cos());
    let [a0, a1, a2] = [1.0 + alpha, -2.0 * cos, 1.0 - alpha];
    let band = |b: [f64; 3]| power(&filter(&x, [b[0] / a0, b[1] / a0, b[2] / a0, a1 / a0, a2 / a0]));
    let high = band([f64::midpoint(1.0, cos), -1.0 - cos, f64::midpoint(1.0, cos)]);
    let low = band([(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0]);
    db(high) - db(low)
}

#[test]
fn whisper_has_no_pitch_and_is_soft() {
    let (plain, whisper) = (moody(Mood::Plain), moody(Mood::Whisper));
    let [_, _, voiced] = pitch(&plain);
    let [_, _, unvoiced] = pitch(&whisper);
    assert!(voiced > 0.9 && unvoiced < 0.45, "periods are alike by {voiced}, in a whisper by {unvoiced}");
    let less = loudness(&plain) - loudness(&whisper);
    assert!((8.0..12.5).contains(&less), "{less} LU softer");
    assert!(tilt(&whisper) > tilt(&plain) + 6.0, "its spectrum is flatter");
}

#[test]
fn shout_carries() {
    let (plain, shout) = (moody(Mood::Plain), moody(Mood::Shout));
    let [low, ..] = pitch(&plain);
    let [high, _, voiced] = pitch(&shout);
    assert!((1.3..1.6).contains(&(high / low)), "{low} Hz rise to {high} Hz");
    assert!(voiced > 0.8, "it keeps its voice: {voiced}");
    let flatter = tilt(&shout) - tilt(&plain);
    assert!((5.0..11.0).contains(&flatter), "{flatter} dB stronger above 1.3 kHz");
    let more = loudness(&shout) - loudness(&plain);
    assert!((6.0..8.5).contains(&more), "{more} LU louder");
    let peak = shout.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    assert!(20.0 * peak.log10() <= CEILING + 0.01);
}

/// What a mood does to rate, pitch, range, level, tilt and steadiness: −1 less, 1 more, 0 not said.
const DIRECTIONS: &[(Mood, [i32; 6])] = &[
    (Mood::Quiet, [-1, -1, -1, -1, -1, 0]),
    (Mood::Tender, [-1, -1, 0, -1, -1, -1]),
    (Mood::Cold, [-1, -1, -1, -1, 1, 0]),
    (Mood::Weary, [-1, -1, -1, -1, -1, -1]),
    (Mood::Urgent, [1, 1, 1, 1, 1, 0]),
    (Mood::Angry, [1, 1, 1, 1, 1, 0]),
    (Mood::Broken, [-1, 1, 0, -1, 0, -1]),
    (Mood::Bright, [1, 1, 1, 1, 1, 0]),
    (Mood::Wry, [-1, -1, -1, -1, 0, 0]),
    (Mood::Hoarse, [-1, -1, 0, -1, 0, -1]),
    (Mood::Pleading, [-1, 1, 1, 0, 0, -1]),
];

#[test]
fn every_mood_moves_the_voice_as_it_says() {
    let measure = |mood: Mood| {
        let samples = moody(mood);
        let [hz, range, steady] = pitch(&samples);
        [1e6 / samples.len() as f64, hz, range, loudness(&samples), tilt(&samples), steady]
    };
    // What counts as heard: 2 %, 2 Hz, a fifth of a semitone, 0.4 LU, 0.4 dB, and 0.015 of correlation.
    let plain = measure(Mood::Plain);
    let least = [0.02 * plain[0], 2.0, 0.2, 0.4, 0.4, 0.015];
    let names = ["rate", "pitch", "range", "level", "tilt", "steadiness"];
    let wrong: Vec<String> = DIRECTIONS
        .par_iter()
        .flat_map_iter(|(mood, directions)| {
            let found = measure(*mood);
            let off = move |i: usize| {
                let moved = (found[i] - plain[i]) * f64::from(directions[i]);
                let wrong = directions[i] != 0 && moved < least[i];
                wrong.then(|| format!("{mood:?}: {} from {:.3} to {:.3}", names[i], plain[i], found[i]))
            };
            (0..6).filter_map(off).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn moods_are_the_same_on_every_thread() {
    let engine = PicoEngine::new();
    let line = [text("Do not go, "), Piece::Stress("please".to_owned()), text(", stay here.")];
    let say = |mood: &Mood| perform(&engine, &line, &act(Voice::default(), *mood), RATE).expect("a take");
    let alone: Vec<Take> = Mood::ALL.iter().map(say).collect();
    let together: Vec<Take> = Mood::ALL.par_iter().map(say).collect();
    assert_eq!(alone, together);
    for (i, take) in alone.iter().enumerate() {
        assert!(alone[..i].iter().all(|other| other != take), "{:?} is another's", Mood::ALL[i]);
    }
}

#[test]
fn cues_and_length_stay_where_they_are_through_any_processing() {
    let line = [text("Anna, "), Piece::Cue, text("Papa, "), Piece::Cue, text("Maria.")];
    let plain = say(&Voice::default(), &line);
    // Only what is done after the engine, so that the engine says the same.
    for voice in [
        Voice { breath: 1.0, ..Voice::default() },
        Voice { breath: 0.4, rough: 1.0, tremor: 1.0, range: 1.8, ..Voice::default() },
        Voice { effort: Gain::new(12.0).expect("a gain"), range: 0.0, ..Voice::default() },
    ] {
        let take = say(&voice, &line);
        assert_eq!((&take.cues, take.audio.frames()), (&plain.cues, plain.audio.frames()), "{voice:?}");
        // The first sounds of both words are plosives or nasals after silence: still where the cue is.
        for cue in take.cues.iter().map(|cue| cue.index()) {
            let level = |part: &[f32]| db(power(&part.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()));
            let samples = take.audio.samples();
            let (before, after) = (level(&samples[cue - 1440..cue - 240]), level(&samples[cue..cue + 2400]));
            assert!(after - before > 15.0, "{voice:?}: {before} dB before {cue}, {after} dB after");
        }
    }
}

#[test]
fn stressed_word_is_longer_higher_and_louder() {
    let before = text("I want you to want ");
    let after = text(" now.");
    let cued = |word: Piece| {
        let take = say(&Voice::default(), &[before.clone(), Piece::Cue, word, Piece::Cue, after.clone()]);
        let [start, end] = [take.cues[0].index(), take.cues[1].index()];
        take.audio.samples()[start..end].to_vec()
    };
    let plain = cued(text("money"));
    let stressed = cued(Piece::Stress("money".to_owned()));
    assert!(stressed.len() as f64 > 1.08 * plain.len() as f64, "{} and {}", stressed.len(), plain.len());
    let ([low, ..], [high, ..]) = (pitch(&plain), pitch(&stressed));
    assert!(high > 1.06 * low, "{low} Hz and {high} Hz");
    let level = |x: &[f32]| db(power(&x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()));
    assert!(level(&stressed) > level(&plain) + 0.5);
}

#[test]
fn lines_of_any_voice_are_equally_loud() {
    let lines = [
        "That is the sound that ended my marriage.",
        "As if the house were empty.",
        "I'm so pleased. I am.",
        "Tuesday is bloods. Thursday is walking. Every day is stairs.",
        "She had a stroke. She isn't a rival.",
        "How many keys did they give you?",
        "Somebody who loved me would find a way.",
        "Did you know?",
    ];
    let voices = [
        Voice { rate: 0.95, ..Voice::default() },
        Voice { lang: "en-US".to_owned(), pitch: 0.75, timbre: 0.85, ..Voice::default() },
        Voice { pitch: 0.88, timbre: 0.93, breath: 0.15, rough: 0.35, tremor: 0.3, ..Voice::default() },
    ];
    let all: Vec<(usize, usize)> =
        (0..voices.len()).flat_map(|v| (0..lines.len()).map(move |l| (v, l))).collect();
    let heard: Vec<f64> =
        all.par_iter().map(|&(v, l)| loudness(say(&voices[v], &[text(lines[l])]).audio.samples())).collect();
    let (least, most) = heard.iter().fold((f64::MAX, f64::MIN), |(a, b), &x| (a.min(x), b.max(x)));
    assert!(most - least < 1.0, "between {least} and {most} LUFS");
    assert!((most - f64::from(LEVEL)).abs() < 0.6, "{most} LUFS");
}
