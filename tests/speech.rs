//! Lines become takes: whatever the text, on any thread, at exact times.

use radioplay::speech::engine::{Engine, Speech, SpeechError, Utterance, Voice};
use radioplay::speech::perform::{CEILING, LEVEL, Piece, Refusal, Take, accept, perform};
use radioplay::speech::pico::PicoEngine;
use radioplay::units::level::{Gain, Level};
use radioplay::units::time::{SampleRate, Seconds};
use rayon::prelude::*;

use crate::mood::loudness;

const RATE: SampleRate = SampleRate::DEFAULT;

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn pause(seconds: f64) -> Piece {
    Piece::Pause(Seconds::new(seconds).expect("a time"))
}

fn voice(lang: &str) -> Voice {
    Voice { lang: lang.to_owned(), ..Voice::default() }
}

fn say(line: &[Piece]) -> Take {
    perform(&PicoEngine::new(), line, &Voice::default(), RATE).expect("a line that can be said")
}

fn speak(engine: &PicoEngine, text: &str, cues: &[usize], voice: &Voice) -> Result<Speech, SpeechError> {
    engine.speak(&Utterance { text: text.to_owned(), cues: cues.to_vec(), ..Utterance::default() }, voice)
}

fn level(samples: &[f32]) -> f32 {
    let sum: f32 = samples.iter().map(|s| s * s).sum();
    10.0 * libm::log10f((sum / samples.len().max(1) as f32).max(1e-20))
}

fn peak(samples: &[f32]) -> Level {
    Level::of_amplitude(samples.iter().fold(0.0, |most, s| s.abs().max(most)))
}

#[test]
fn same_line_gives_same_bytes_in_any_order_on_any_thread() {
    let lines: Vec<String> = (0..24)
        .map(|i| format!("Line {i}, {}", ["said once.", "was it asked?", "12:30 & more…"][i % 3]))
        .collect();
    let cues = [0, 5];
    let alone: Vec<Speech> = lines
        .iter()
        .map(|line| speak(&PicoEngine::new(), line, &cues, &Voice::default()).expect("speech"))
        .collect();
    let engine = PicoEngine::new();
    let together: Vec<Speech> = lines
        .par_iter()
        .map(|line| speak(&engine, line, &cues, &Voice::default()).expect("speech"))
        .collect();
    assert_eq!(alone, together);
    let backwards =
        lines.iter().rev().map(|line| speak(&engine, line, &cues, &Voice::default()).expect("speech"));
    assert_eq!(alone.into_iter().rev().collect::<Vec<_>>(), backwards.collect::<Vec<_>>());
}

#[test]
fn voices_are_the_ones_released() {
    // A change of Pico, of its voices or of how they are asked changes every cached line: it must be meant, and
    // `PicoEngine::version` must change with it.
    let speech = speak(&PicoEngine::new(), "Almost to the day.", &[], &Voice::default()).expect("speech");
    let hash = speech
        .audio
        .samples()
        .iter()
        .flat_map(|s| s.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    assert_eq!((speech.audio.frames().get(), hash), (26_880, 15_553_103_542_063_617_900));
}

#[test]
fn six_languages_speak_and_a_seventh_is_refused() {
    let engine = PicoEngine::new();
    for language in engine.languages() {
        let take =
            perform(&engine, &[text("Maria, radio, piano.")], &voice(language.tag), RATE).expect("speech");
        let seconds = take.audio.frames().seconds(RATE);
        assert!((1.0..4.0).contains(&seconds), "{}: {seconds} s", language.tag);
    }
    assert_eq!(engine.languages()[0].tag, "en-GB");
    assert_eq!(engine.accept("x", "en-gb"), Ok(()));
    assert_eq!(engine.accept("nuqneH", "tlh"), Err(SpeechError::UnknownLanguage("tlh".to_owned())));
}

#[test]
fn markup_in_a_text_is_never_obeyed() {
    let engine = PicoEngine::new();
    let length = |line: &str| {
        speak(&engine, line, &[], &Voice::default())
            .map(|s| s.audio.frames().seconds(s.audio.rate()))
            .expect("speech")
    };
    let file = std::env::temp_dir().join(format!("radioplay-must-not-exist-{}.wav", std::process::id()));
    length(&format!("before <genfile file=\"{}\">hello</genfile> after", file.display()));
    assert!(!file.exists());
    // Had the break been obeyed, nine seconds would be silent; read out, the rest is the same words.
    assert!((length("one <break time=\"9s\"/> two") - length("one break time=9s/ two")).abs() < 0.5);
    assert!(
        (length("one <speed level=\"20\">two three") - length("one speed level=20 two three")).abs() < 0.5
    );
    assert!((length("a\u{ff1c}b\u{fe64}c") - length("a b c")).abs() < 0.5);
}

#[test]
fn any_text_is_said_or_refused() {
    let engine = PicoEngine::new();
    let long_word = "é".repeat(10_000);
    let long_text = "Not a soul. ".repeat(90_000);
    let spoken = [
        "&amp; \\ ^ ~ ` | { } [ ] # % @ _ *",
        "a\0b\u{1}\u{7f}\r\n\n\tc",
        "yes 😀 and 👩‍👩‍👧 no 1️⃣",
        "\u{202e}right\u{202c} to \u{feff}left",
        "zalgo: t̵̢͔͓̘̟͓̅̓h̸̡̛̏e̶͚̎ end",
        "ﬁne ½ ² № ｆｕｌｌ Łódź 𝐁𝐨𝐥𝐝 ½ Œuvre ⅓",
        "'tis the dogs' rock 'n' roll",
        "https://example.com/a?b=1&c=2#d me@example.com",
        "-5 – 7 --- 8 — 9−3 1914–1918",
        &"word ".repeat(400),
        &"a-b,c.d:e;".repeat(200),
        &"?!".repeat(500).replace("!", "!x"),
    ];
    for line in spoken {
        assert_eq!(engine.accept(line, "en-GB"), Ok(()), "{line}");
        assert!(speak(&engine, line, &[], &Voice::default()).is_ok(), "{line}");
    }
    let silent = ["", " ", "…", "—", "?!", "😀🎉", "<>", "\0", "\u{301}", "“”", "''", "♪ ♫", "*", "/"];
    for line in silent {
        assert_eq!(engine.accept(line, "en-GB"), Err(SpeechError::Silent), "{line}");
        assert_eq!(speak(&engine, line, &[], &Voice::default()), Err(SpeechError::Silent), "{line}");
    }
    let foreign =
        [("so: привет, да", 4..16, "Cyrillic"), ("日本", 0..6, "Chinese"), ("a שלום", 2..10, "Hebrew")];
    for (line, bytes, name) in foreign {
        let Err(SpeechError::Foreign { range, what }) = engine.accept(line, "en-GB") else {
            panic!("{line}")
        };
        assert_eq!((range, what.contains(name)), (bytes, true), "{line}: {what}");
        assert!(speak(&engine, line, &[], &Voice::default()).is_err());
    }
    let too_long =
        [(format!("so {long_word} end"), 3..20_003), ("7".repeat(41), 0..41), (long_text, 20_000..1_080_000)];
    for (line, bytes) in &too_long {
        let Err(SpeechError::TooLong { range, .. }) = engine.accept(line, "en-GB") else { panic!() };
        assert_eq!(range, *bytes);
        assert!(speak(&engine, line, &[], &Voice::default()).is_err());
    }
}

#[test]
fn cue_is_where_its_word_is_first_heard() {
    // After a comma there is silence, so the word's beginning can be read off the waveform: within 10 ms around the
    // cue the sound rises by more than 20 dB, in every language and at every rate and timbre.
    let engine = PicoEngine::new();
    for (lang, rate, timbre) in [
        ("en-GB", 1.0, 1.0),
        ("en-US", 0.8, 0.85),
        ("de-DE", 1.3, 1.2),
        ("it-IT", 1.0, 1.0),
        ("fr-FR", 1.0, 1.0),
    ] {
        let voice = Voice { rate, timbre, ..voice(lang) };
        let line = [text("Anna, "), Piece::Cue, text("Papa, "), Piece::Cue, text("Maria.")];
        let take = perform(&engine, &line, &voice, RATE).expect("a take");
        let samples = take.audio.samples();
        assert_eq!(take.cues.len(), 2);
        for cue in take.cues.iter().map(|cue| cue.index()) {
            let (before, after) = (level(&samples[cue - 1440..cue - 240]), level(&samples[cue..cue + 2400]));
            assert!(after - before > 20.0, "{lang}: {before} dB before {cue}, {after} dB after");
        }
    }
}

#[test]
fn cues_never_fall_and_stay_within_the_take() {
    let line = [
        Piece::Cue,
        Piece::Cue,
        text("One "),
        Piece::Cue,
        text("tw"),
        Piece::Cue,
        text("o three"),
        Piece::Cue,
        text(", four"),
        Piece::Cue,
        pause(0.25),
        Piece::Cue,
        text("five."),
        Piece::Cue,
        Piece::Cue,
        pause(0.5),
        Piece::Cue,
    ];
    let take = say(&line);
    let cues: Vec<u64> = take.cues.iter().map(|cue| cue.get()).collect();
    let end = take.audio.frames().get();
    assert_eq!(cues.len(), 10);
    assert!(cues.is_sorted(), "{cues:?}");
    assert_eq!(cues[0], cues[1]);
    assert!(cues[0] < 2400 && cues[1] < cues[2] && cues[3] < cues[4] && cues[4] < cues[5], "{cues:?}");
    // Inside a word means at the word.
    assert_eq!(cues[2], cues[3]);
    assert!((12_000..14_400).contains(&(cues[6] - cues[5])), "a quarter of a second and a rise: {cues:?}");
    assert_eq!(cues[7], end - 24_000);
    assert_eq!(cues[9], end);
}

#[test]
fn cue_changes_only_the_phrasing() {
    let plain = say(&[text("I knew it was you, and I waited.")]);
    let cued = say(&[text("I knew it was you, "), Piece::Cue, text("and I waited.")]);
    let (plain, cued) = (plain.audio.frames().seconds(RATE), cued.audio.frames().seconds(RATE));
    assert!((plain - cued).abs() < 0.15, "{plain} s and {cued} s");
}

#[test]
fn pause_is_exact_to_the_frame() {
    let length = |line: &[Piece]| say(line).audio.frames().get();
    let (one, two) = (length(&[text("One.")]), length(&[text("Two.")]));
    assert_eq!(length(&[text("One."), pause(0.6), text("Two.")]), one + 28_800 + two);
    assert_eq!(length(&[text("One."), pause(0.1), pause(0.200_01), text("Two.")]), one + 14_400 + two);
    assert_eq!(
        length(&[pause(1.0), text("One."), pause(-1.0), text(" … "), pause(0.5)]),
        48_000 + one + 24_000
    );
    let take = say(&[text("One."), pause(0.6), text("Two.")]);
    let start = usize::try_from(one).expect("a short line");
    assert!(take.audio.samples()[start..start + 28_800].iter().all(|s| s.to_bits() == 0));
    let both = Refusal::Speech { piece: 0, error: SpeechError::Silent };
    assert_eq!(accept(&PicoEngine::new(), &[pause(1.0), text("…")], "en-GB"), Err(both.clone()));
    assert_eq!(perform(&PicoEngine::new(), &[], &Voice::default(), RATE), Err(both));
    let endless = [text("One."), pause(80_000.0)];
    assert_eq!(
        perform(&PicoEngine::new(), &endless, &Voice::default(), RATE),
        Err(Refusal::TooLong { piece: 1 })
    );
}

#[test]
fn refusal_names_the_piece_and_its_bytes() {
    let line =
        [text("fine "), Piece::Cue, text("and "), pause(1.0), text("well, "), Piece::Cue, text("so: да")];
    let Err(Refusal::Speech { piece, error: SpeechError::Foreign { range, .. } }) =
        accept(&PicoEngine::new(), &line, "en-GB")
    else {
        panic!("Cyrillic must be refused");
    };
    assert_eq!((piece, range), (6, 4..8));
}

#[test]
fn every_voice_is_equally_loud_and_none_clips() {
    // The American one is where Pico overflows: the click it made was louder than the line, which was turned down for it.
    let engine = PicoEngine::new();
    let line = [text("Oh no, Anna, I am all alone. Who are you?")];
    for (lang, rate, pitch, timbre) in [
        ("en-GB", 1.0, 1.0, 1.0),
        ("en-US", 0.9, 0.5, 0.82),
        ("de-DE", 0.5, 0.5, 1.6),
        ("es-ES", 1.0, 0.5, 1.6),
        ("fr-FR", 2.0, 2.0, 0.6),
        ("it-IT", 1.2, 1.3, 1.2),
    ] {
        let voice = Voice { rate, pitch, timbre, ..voice(lang) };
        let take = perform(&engine, &line, &voice, RATE).expect("a take");
        assert!(peak(take.audio.samples()) < Level::new(CEILING + 0.01).expect("a level"), "{lang}");
        let heard = loudness(take.audio.samples());
        assert!((heard - f64::from(LEVEL)).abs() < 0.3, "{lang}: {heard} LUFS");
        let loud = Voice { volume: Gain::new(40.0).expect("a gain"), ..voice.clone() };
        let loud = perform(&engine, &line, &loud, RATE).expect("a take");
        assert!((peak(loud.audio.samples()).dbfs() - CEILING).abs() < 0.01, "{lang}");
        let quiet = Voice { volume: Gain::new(-6.0).expect("a gain"), ..voice };
        let quiet = perform(&engine, &line, &quiet, RATE).expect("a take");
        assert!((level(quiet.audio.samples()) - level(take.audio.samples()) + 6.0).abs() < 0.01, "{lang}");
    }
}

#[test]
fn edges_are_silent_and_close_to_the_speech() {
    for line in
        ["Fine.", "Thin ice.", "Stop!", "He knew.", "Ask us.", "Half past.", "Sh, she sleeps.", "Cliff"]
    {
        for (lang, timbre) in [("en-GB", 1.0), ("en-US", 0.85)] {
            let take = perform(&PicoEngine::new(), &[text(line)], &Voice { timbre, ..voice(lang) }, RATE);
            let take = take.expect("a take");
            let samples = take.audio.samples();
            let n = samples.len();
            assert!(peak(&samples[..4]).dbfs() < -80.0 && peak(&samples[n - 4..]).dbfs() < -80.0, "{line}");
            let cut = level(&samples[..480]).max(level(&samples[n - 480..]));
            assert!(cut < LEVEL - 30.0, "{line}: a sound of {cut} dB was cut");
            let first = samples.chunks(240).position(|c| level(c) > LEVEL - 40.0).expect("speech");
            assert!(first <= 4, "{line}: {first} windows of silence");
        }
    }
}

#[test]
fn timbre_moves_pitch_and_leaves_the_speed() {
    let engine = PicoEngine::new();
    // Pauses between phrases do not follow the speed, so this line has none.
    let line = "We were never alone my mother and I all the year long in the old house";
    let plain = speak(&engine, line, &[], &Voice::default()).expect("speech").audio;
    let large = Voice { timbre: 0.8, ..Voice::default() };
    let large = speak(&engine, line, &[], &large).expect("speech").audio;
    assert_eq!((plain.rate().hz(), large.rate().hz()), (16_000, 12_800));
    let (a, b) = (plain.frames().seconds(plain.rate()), large.frames().seconds(large.rate()));
    assert!((a / b - 1.0).abs() < 0.03, "{a} s and {b} s");
    let slow = Voice { rate: 0.5, ..Voice::default() };
    let slow = speak(&engine, line, &[], &slow).expect("speech").audio;
    let slow = slow.frames().seconds(slow.rate());
    assert!((slow / a - 2.0).abs() < 0.1, "{slow} s and {a} s");
}

/// A cue is found exactly, in the rendering that it is a cue of. The words measured in that rendering have to agree.
#[test]
fn words_are_measured_to_a_fiftieth_of_a_second() {
    let engine = PicoEngine::new();
    let lines = [
        ("en-GB", "A year, almost to the day, and you come back as if nothing had happened."),
        ("en-GB", "Six sleek swans swam swiftly southwards, she said; nobody believed it."),
        ("en-US", "Can I come in? It is only me, and I have brought the book you wanted."),
        ("de-DE", "Komm doch herein, ich habe schon den ganzen Abend auf dich gewartet."),
        ("fr-FR", "Je ne sais pas ce que vous voulez dire par cette question."),
    ];
    let mut apart: Vec<f64> = Vec::new();
    for (lang, line) in lines {
        let voice = Voice { rate: 0.95, ..voice(lang) };
        let words: Vec<usize> =
            std::iter::once(0).chain(line.match_indices(' ').map(|(at, _)| at + 1)).collect();
        let found: Vec<(f64, String)> = words[1..]
            .par_iter()
            .map(|&word| {
                let utterance = Utterance { text: line.to_owned(), cues: vec![word], ..Utterance::default() };
                let exact = engine.speak(&utterance, &voice).expect("speech");
                let measured = engine.speak_by_word(&utterance, &voice, &words).expect("speech");
                let measured = measured.expect("every word is told from its neighbours");
                assert_eq!(measured.audio, exact.audio, "{line}");
                assert!(measured.cues.is_sorted(), "{line}");
                let index = words.iter().position(|at| *at == word).expect("it is one of them");
                let difference = measured.cues[index].get() as f64 - exact.cues[0].get() as f64;
                (difference.abs() / f64::from(exact.audio.rate().hz()), line[word..].to_owned())
            })
            .collect();
        for (seconds, word) in &found {
            println!("{:6.1} ms  {word}", seconds * 1000.0);
        }
        apart.extend(found.iter().map(|(seconds, _)| *seconds));
    }
    apart.sort_by(f64::total_cmp);
    let (middle, most) = (apart[apart.len() / 2], apart[apart.len() - 1]);
    println!(
        "median {:.1} ms, 90 % {:.1} ms, most {:.1} ms",
        middle * 1e3,
        apart[apart.len() * 9 / 10] * 1e3,
        most * 1e3
    );
    assert!(middle < 0.01 && most < 0.05, "median {middle}, most {most}");
}
