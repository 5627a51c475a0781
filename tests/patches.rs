//! The show's patches: every one reads without a complaint and renders to sound that can be used as it is. Broken
//! patches are reported where they are broken.

use std::fs;
use std::path::PathBuf;

use radioplay::audio::buffer::AudioBuffer;
use radioplay::diag::Diagnostics;
use radioplay::diag::code::Code;
use radioplay::document;
use radioplay::sound::patch::hands::Hands;
use radioplay::sound::patch::{self, Patch, Rendered};
use radioplay::source::{SourceFile, Sources};
use radioplay::units::time::SampleRate;
use rayon::prelude::*;

/// Patches up to this many seconds are checked in two variants; longer ones in one.
const SHORT: f64 = 3.0;

/// Sounds of one blow or several: where they land can be measured.
const STRUCK: [&str; 19] = [
    "knock",
    "knock-again",
    "knock-hesitant",
    "lock-click",
    "lock-click-small",
    "cup",
    "door-close",
    "door-slam",
    "car-door-open",
    "car-door-close",
    "metal-door",
    "bolt",
    "switch-off",
    "impact",
    "gunshot",
    "glasses-clink",
    "doorbell",
    "clock-strike",
    "bell",
];

/// Of these the first blow is meant, not the strongest.
const FIRST: [&str; 7] =
    ["car-door-close", "impact", "doorbell", "clock-strike", "bell", "metal-door", "glasses-clink"];

/// What a library of a radio play must have, and what it is called here.
const LIBRARY: &[(&str, &[&str])] = &[
    ("wooden doors", &["door-open", "door-close", "door-slam", "door-creak"]),
    ("metal doors", &["metal-door", "metal-door-open"]),
    ("car doors", &["car-door-open", "car-door-close"]),
    ("locks, keys and bolts", &["lock-click", "lock-click-small", "key-turn", "keys", "bolt"]),
    ("knocks: hesitant, firm, with the fist", &["knock-hesitant", "knock", "knock-again"]),
    ("steps", &["steps-wood", "steps-stone", "steps-gravel", "steps-carpet", "steps-heels", "steps-running"]),
    ("clocks and bells", &["clock", "clock-strike", "bell", "doorbell", "shop-bell"]),
    (
        "telephones",
        &["phone-ring", "phone-vibrate", "phone-dial", "phone-keys", "phone-pickup", "phone-hangup"],
    ),
    ("paper and cloth", &["paper", "page-turn", "cloth"]),
    ("furniture", &["chair", "sofa-sit", "drawer"]),
    ("the table", &["cutlery", "glasses-clink", "glass-break", "cup", "stir", "pour"]),
    ("the kitchen", &["kettle", "water-tap", "match"]),
    ("rain: window, roof, street", &["rain-window", "rain-roof", "rain-street"]),
    ("weather and elements", &["wind-leaves", "wind-house", "thunder", "fire", "sea"]),
    ("bodies", &["heartbeat", "breath", "breath-fast"]),
    (
        "engines and traffic",
        &["car-start-leave", "engine-idle", "car-pass", "traffic", "train", "train-pass"],
    ),
    ("animals", &["birds", "crickets", "dog-bark", "dogs"]),
    ("crowds and hospitals", &["murmur", "applause", "monitor"]),
    ("static, a crack, a whoosh", &["static", "gunshot", "whoosh"]),
    (
        "music: drone, pad, piano, bowed",
        &["drone-low", "pad-warm", "piano-notes", "bowed-note", "theme-love"],
    ),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sfx")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the show has a folder of sounds");
    let mut names: Vec<String> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

fn read(text: &str) -> (Patch, Diagnostics, String) {
    let file = SourceFile::new("test.toml".to_owned(), text.to_owned());
    let mut diagnostics = Diagnostics::new();
    let id = Sources::new().add(file.clone());
    let table = document::parse(id, &file, &mut diagnostics);
    let patch = patch::parse(&table, &mut diagnostics);
    (patch, diagnostics, text.to_owned())
}

fn load(name: &str) -> Patch {
    let path = folder().join(format!("{name}.toml"));
    let (patch, diagnostics, _) = read(&fs::read_to_string(path).expect("the patch is there"));
    let messages: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert!(messages.is_empty(), "{name}: {messages:?}");
    patch
}

fn channels(audio: &AudioBuffer) -> Vec<Vec<f32>> {
    let count = audio.channels().count();
    (0..count).map(|c| audio.samples().iter().skip(c).step_by(count).copied().collect()).collect()
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, s| peak.max(s.abs()))
}

fn db(amplitude: f64) -> f64 {
    20.0 * libm::log10(amplitude)
}

/// What every finished sound must be, at 48 kHz like all measures here.
fn check(name: &str, patch: &Patch, sound: &Rendered) {
    let all = sound.audio.samples();
    assert!(all.iter().all(|s| s.is_finite()), "{name}: not a number");
    assert!(peak(all) <= 0.98, "{name}: peaks at {}", peak(all));
    assert!(peak(all) > 0.001, "{name}: silent");
    assert!(sound.hit < sound.audio.frames(), "{name}: lands outside");
    assert_eq!(sound.audio.frames(), patch.length().to_count(sound.audio.rate()), "{name}");
    for channel in channels(&sound.audio) {
        let mean = channel.iter().map(|&s| f64::from(s)).sum::<f64>() / channel.len() as f64;
        assert!(db(mean.abs()) < -60.0, "{name}: DC of {} dBFS", db(mean.abs()));
        if sound.looped {
            // From the last sample to the first is a step like any other, not one of the largest thousandth.
            let mut steps: Vec<f32> = channel.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
            let large = steps.len() - steps.len() / 1000 - 1;
            let usual = *steps.select_nth_unstable_by(large, f32::total_cmp).1;
            let seam = (channel[0] - channel[channel.len() - 1]).abs();
            assert!(seam <= usual, "{name}: the seam jumps by {seam}, the rest hardly ever by {usual}");
        } else {
            // A quarter and half of a millisecond.
            let ends = [&channel[..12], &channel[channel.len() - 24..]];
            let loudest = ends.map(peak).into_iter().fold(0.0, f32::max);
            assert!(loudest < 0.01 * peak(all).max(0.1), "{name}: ends at {loudest}");
        }
    }
}

#[test]
fn every_patch_reads_and_renders_to_usable_sound() {
    let names = names();
    assert!(names.len() >= 60, "only {} patches", names.len());
    names.par_iter().for_each(|name| {
        let patch = load(name);
        check(name, &patch, &patch::render(&patch, SampleRate::DEFAULT, 0, Hands::One));
    });
}

#[test]
fn the_library_has_what_a_radio_play_needs() {
    let names = names();
    for (what, wanted) in LIBRARY {
        for name in *wanted {
            assert!(names.iter().any(|have| have == name), "{what}: `{name}` is missing");
        }
    }
    let tones = names.iter().filter(|name| name.ends_with("-tone") || *name == "street-night");
    assert!(tones.filter(|name| *name != "phone-tone").count() >= 12, "room tones of a dozen places");
}

/// Music that comes from nothing: it starts where it starts.
const SWELLS: [&str; 2] = ["bowed-note", "theme-ashes"];

#[test]
fn where_a_sound_lands_there_is_sound() {
    names().par_iter().for_each(|name| {
        let patch = load(name);
        if patch.looped() || SWELLS.contains(&name.as_str()) {
            return;
        }
        let sound = patch::render(&patch, SampleRate::new(16_000).expect("a rate"), 0, Hands::One);
        let left = &channels(&sound.audio)[0];
        let power = |part: &[f32]| part.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
        let stretch = 4000.min(left.len());
        let loudest = left.chunks(stretch).map(power).fold(0.0, f64::max);
        let hit = sound.hit.index();
        let there = power(&left[hit..(hit + stretch).min(left.len())]);
        assert!(there > loudest * 1e-3, "{name} lands in a pause, {:.0} dB below", 0.5 * db(there / loudest));
    });
}

#[test]
fn the_same_variant_is_the_same_bytes_and_another_is_not() {
    let bits = |sound: &Rendered| sound.audio.samples().iter().map(|s| s.to_bits()).collect::<Vec<_>>();
    names().par_iter().for_each(|name| {
        let patch = load(name);
        // What is long is compared at a rate at which it takes less time.
        let short = patch.length().get() <= SHORT;
        let rate = if short { SampleRate::DEFAULT } else { SampleRate::new(8000).expect("a rate") };
        let first = patch::render(&patch, rate, 0, Hands::One);
        let again = patch::render(&patch, rate, 0, Hands::All);
        let other = patch::render(&patch, rate, 1, Hands::One);
        assert!(bits(&first) == bits(&again), "{name} is not the same twice");
        assert!(bits(&first) != bits(&other), "{name} repeats itself");
        if short {
            check(name, &patch, &other);
        }
    });
}

/// The middle of the 5 ms that rise most in energy above the 5 ms before them, seconds.
fn steepest(samples: &[f32]) -> f64 {
    let energy: Vec<f64> =
        samples.chunks(48).map(|block| block.iter().map(|&s| f64::from(s) * f64::from(s)).sum()).collect();
    let rise = |n: usize| energy[n..n + 5].iter().sum::<f64>() - energy[n - 5..n].iter().sum::<f64>();
    let best = (5..energy.len() - 5).max_by(|&a, &b| rise(a).total_cmp(&rise(b))).expect("a sound");
    best as f64 / 1000.0
}

/// The first moment within 20 dB of the peak, seconds.
fn first_loud(samples: &[f32]) -> f64 {
    let loud = 0.1 * peak(samples);
    samples.iter().position(|s| s.abs() >= loud).expect("a sound") as f64 / 48e3
}

#[test]
fn what_is_struck_lands_on_a_strong_onset() {
    for name in STRUCK {
        let patch = load(name);
        for variant in 0..3 {
            let sound = patch::render(&patch, SampleRate::DEFAULT, variant, Hands::One);
            let left = &channels(&sound.audio)[0];
            let hit = sound.hit.seconds(sound.audio.rate());
            // A rhythm lands on its first blow, as does what has nothing before it; else it is the steepest.
            let found = if name.starts_with("knock") || FIRST.contains(&name) {
                first_loud(left)
            } else {
                steepest(left)
            };
            assert!((hit - found).abs() <= 0.010, "{name} lands at {hit:.3} s, its onset is at {found:.3} s");
        }
    }
}

/// How many times 10 ms of sound are at least 12 dB above the 30 ms before, 80 ms apart or more.
fn onsets(samples: &[f32]) -> usize {
    let energy: Vec<f64> =
        samples.chunks(240).map(|block| block.iter().map(|&s| f64::from(s) * f64::from(s)).sum()).collect();
    let loudest = energy.windows(2).map(|w| w[0] + w[1]).fold(0.0, f64::max);
    let mut count = 0;
    let mut last = None;
    for n in 0..energy.len() - 1 {
        let now = energy[n] + energy[n + 1];
        let before = energy[n.saturating_sub(6)..n].iter().sum::<f64>() / 3.0;
        let apart = last.is_none_or(|last| n - last >= 16);
        if now > 0.05 * loudest && now > 16.0 * before && apart {
            count += 1;
            last = Some(n);
        }
    }
    count
}

#[test]
fn the_knock_has_as_many_hits_as_its_rhythm() {
    for (name, hits) in [("knock", 5), ("knock-again", 6), ("dog-bark", 3)] {
        for variant in 0..4 {
            let sound = patch::render(&load(name), SampleRate::DEFAULT, variant, Hands::One);
            let left = &channels(&sound.audio)[0];
            assert_eq!(onsets(left), hits, "{name}, variant {variant}");
        }
    }
}

#[test]
fn a_patch_sounds_the_same_at_every_rate() {
    for name in ["knock", "lock-click", "paper", "breath", "dog-bark"] {
        let patch = load(name);
        let level = |hz: u32| {
            let rate = SampleRate::new(hz).expect("a rate");
            let sound = patch::render(&patch, rate, 0, Hands::One);
            let power: f64 = sound.audio.samples().iter().map(|&s| f64::from(s) * f64::from(s)).sum();
            let rms = db(libm::sqrt(power / sound.audio.samples().len() as f64));
            (rms, sound.hit.seconds(rate), sound.audio.frames().seconds(rate))
        };
        let reference = level(48_000);
        for hz in [44_100, 96_000] {
            let other = level(hz);
            assert!((other.0 - reference.0).abs() < 2.0, "{name}: {reference:?} and {other:?} at {hz} Hz");
            assert!((other.1 - reference.1).abs() < 0.003, "{name}: {reference:?} and {other:?} at {hz} Hz");
            assert!((other.2 - reference.2).abs() < 1e-4, "{name}: {reference:?} and {other:?} at {hz} Hz");
        }
    }
}

#[test]
fn levels_are_as_asked() {
    let text = |level: &str| {
        format!(
            "description = 'a test'\nlength = 0.5\nlevel = {level}\nevent = [{{ layers = [{{ tone = {{ hz = 440 }} }}] }}]"
        )
    };
    let samples = |level: &str| {
        let (patch, diagnostics, _) = read(&text(level));
        assert!(!diagnostics.has_errors());
        patch::render(&patch, SampleRate::DEFAULT, 0, Hands::One).audio.into_samples()
    };
    assert!((db(f64::from(peak(&samples("{ peak = -6.0 }")))) + 6.0).abs() < 0.01);
    let quiet = samples("{ rms = -30.0 }");
    let power = quiet.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / quiet.len() as f64;
    assert!((db(libm::sqrt(power)) + 30.0).abs() < 0.01);
}

/// What is wrong with a patch: each report's code and the text it points at.
fn mistakes(text: &str) -> Vec<(Code, String)> {
    let (patch, diagnostics, text) = read(text);
    // Whatever is wrong with it, it can be performed.
    patch::render(&patch, SampleRate::DEFAULT, 0, Hands::One);
    let report = |d: &radioplay::diag::Diagnostic| {
        let span = d.primary.as_ref().expect("a patch's mistake has a place").span;
        (d.code, text[span.range()].to_owned())
    };
    diagnostics.iter().map(report).collect()
}

fn layer(layer: &str) -> String {
    format!("description = 'a test'\nlength = 0.2\nevent = [{{ layers = [{layer}] }}]")
}

#[test]
fn a_broken_patch_is_reported_where_it_is_broken() {
    let check = |text: &str, code: Code, place: &str| {
        let found = mistakes(text);
        assert!(found.iter().any(|(c, p)| *c == code && p == place), "{text}\n{found:?}");
    };
    check(&layer("{ noise = { color = 'pink' } }"), Code::UnknownKey, "color");
    check(&layer("{ noise = { colour = 'mauve' } }"), Code::UnknownWord, "'mauve'");
    check(&layer("{ noise = {}, tone = { hz = 50 } }"), Code::Conflict, "{ noise = {}, tone = { hz = 50 } }");
    check(&layer("{ tone = { hz = 1e9 } }"), Code::OutOfRange, "1e9");
    check(&layer("{ tone = { hz = nan } }"), Code::OutOfRange, "nan");
    check(&layer("{ tone = {} }"), Code::MissingKey, "{}");
    check(&layer("{ tone = { note = 'H4' } }"), Code::UnknownWord, "'H4'");
    check(&layer("{ notes = { score = 'A4:x' } }"), Code::UnknownWord, "'A4:x'");
    check(&layer("{ modes = { hz = 90 } }"), Code::MissingKey, "{ hz = 90 }");
    check(&layer("{ modes = { list = [[440, 0.1]] } }"), Code::WrongType, "[440, 0.1]");
    check(&layer("{ noise = {}, filters = [{ q = 2 }] }"), Code::Conflict, "{ q = 2 }");
    check(&layer("{ noise = {}, envelope = [[0.2, 0], [0.1, -9]] }"), Code::OutOfRange, "0.1");
    check(&layer("{ noise = {}, envelope = 3 }"), Code::WrongType, "3");
    check(&layer(""), Code::OutOfRange, "[]");
    check("description = 'a test'\nlength = 0.2\nevent = []", Code::OutOfRange, "[]");
    check("description = 'a test'\nlength = 700\nevent = []", Code::TooLong, "700");
    check("description = 'a test'\nlength = 1\nhit = 2\nevent = []", Code::OutOfRange, "2");
    let loops = "description = 'a test'\nlength = 1\nloop = true\nfade = [0, 1]\nevent = []";
    check(loops, Code::Conflict, "[0, 1]");
    let rhythm = "description = 'a test'\nlength = 1\n[[event]]\nrepeat = {}\nlayers = [{ noise = {} }]";
    check(rhythm, Code::Conflict, "{}");
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = "length = 'long'\nlop = true\nlevel = {}\n[[event]]\nlayers = [{ noise = { width = 3 } }, {}]";
    let codes: Vec<Code> = mistakes(text).into_iter().map(|(code, _)| code).collect();
    for code in [Code::MissingKey, Code::WrongType, Code::UnknownKey, Code::Conflict, Code::OutOfRange] {
        assert!(codes.contains(&code), "{code} is missing from {codes:?}");
    }
}

#[test]
fn a_patch_that_would_take_for_ever_is_refused_and_not_performed() {
    let text = "description = 'a test'\nlength = 180\n[[event]]\nrepeat = { every = 0.005 }\nlayers = [{ modes = { shape = 'bell', material = 'steel', hz = 60, count = 128, ring = 60 } }]";
    let (patch, diagnostics, _) = read(text);
    assert!(diagnostics.iter().any(|d| d.code == Code::TooLong));
    let sound = patch::render(&patch, SampleRate::new(8000).expect("a rate"), 0, Hands::One);
    assert!(sound.audio.samples().iter().all(|s| s.abs() <= 0.0));
}

/// One patch with every source and most filters.
const EVERYTHING: &str = "
description = 'everything at once'
length = 0.5
seed = 5
filters = [{ drive = 3 }, { tail = 0.4 }]
[[event]]
repeat = { rate = 12 }
vary = { time = 0.01, gain = 3, pitch = 2, pan = 0.5 }
layers = [{ modes = { shape = 'lump', material = 'glass', hz = 700 }, filters = [{ comb = 0.003 }] }]
[[event]]
layers = [
  { noise = { colour = 'pink', width = 1, gusts = {} }, filters = [{ bandpass = [[0, 300], [0.5, 3000]] }] },
  { grains = { rate = 200, tonal = 0.5 }, filters = [{ peak = 900, db = 3 }] },
  { pulses = { rate = 90, noise = 0.2, body = { material = 'wood', hz = 200 } } },
  { tone = { note = 'A3', wave = 'saw', voices = 3, detune = 0.1, drift = 0.1, vibrato = {} } },
  { notes = { score = 'A4+C5:0.25 E5' } },
]
";

#[test]
fn bytes_are_the_same_on_every_machine() {
    let (patch, diagnostics, _) = read(EVERYTHING);
    assert!(!diagnostics.has_errors());
    let sound = patch::render(&patch, SampleRate::DEFAULT, 3, Hands::One);
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let bytes = sound.audio.samples().iter().flat_map(|s| s.to_bits().to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, fnv);
    // Whoever changes what patches sound like changes this, knowingly; whoever only moves to another machine does not.
    assert_eq!(format!("{hash:016x}"), "f8fe97e7644b0d04");
}

#[test]
fn what_only_pushes_leaves_no_dc() {
    for end in ["length = 1.0", "length = 1.0\nloop = true"] {
        let text = format!(
            "description = 'a test'\n{end}\nevent = [{{ layers = [{{ pulses = {{ rate = 90, contact = 0.004 }} }}] }}]"
        );
        let (patch, diagnostics, _) = read(&text);
        assert!(!diagnostics.has_errors());
        check(end, &patch, &patch::render(&patch, SampleRate::DEFAULT, 0, Hands::One));
    }
}

#[test]
fn silence_stays_silent() {
    let (patch, diagnostics, _) = read(&layer("{ tone = { hz = 440 }, envelope = [[0, -120]] }"));
    assert!(!diagnostics.has_errors());
    let sound = patch::render(&patch, SampleRate::DEFAULT, 0, Hands::One);
    assert!(sound.audio.samples().iter().all(|s| s.abs() <= 0.0));
}

fn reference() -> String {
    fs::read_to_string(folder().join("README.md")).expect("the reference is there")
}

#[test]
fn every_example_of_the_reference_reads() {
    let reference = reference();
    let examples: Vec<&str> =
        reference.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 8, "only {} examples", examples.len());
    for example in examples {
        let text = if example.starts_with('{') { layer(example) } else { example.to_owned() };
        let (patch, diagnostics, _) = read(&text);
        let messages: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(messages.is_empty(), "{example}\n{messages:?}");
        let sound = patch::render(&patch, SampleRate::DEFAULT, 0, Hands::One);
        assert!(peak(sound.audio.samples()) > 0.1, "{example} is silent");
    }
}

#[test]
fn the_reference_lists_every_sound_as_it_is() {
    let reference = reference();
    for name in names() {
        let row = reference.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("`{name}` is not in the library of sfx/README.md"));
        let patch = load(&name);
        let length = format!("| {}{} |", patch.length().get(), if patch.looped() { ", loop" } else { "" });
        assert!(row.contains(&length), "{row} should say {length}");
    }
}
