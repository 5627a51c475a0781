//! Recordings that are read where they lie: the same samples as the decoder's, or left to the decoder; and never what
//! they were not when they were looked at first.

use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use radioplay::audio::buffer::AudioBuffer;
use radioplay::audio::decode::plain::{Plain, plain};
use radioplay::audio::decode::{Limits, decode_to_buffer};
use radioplay::audio::samples::{Samples, Word};
use radioplay::cache::Cache;
use radioplay::cuesheet::tools::Reading;
use radioplay::host::Show;
use radioplay::pipeline::{self, Settings};
use radioplay::progress::Silent;
use radioplay::spool::SHORT;
use radioplay::units::time::FrameCount;

/// Frames in a recording: more than are read at once, and no round number.
const FRAMES: u32 = 23_457;

/// Noise, and both ends of the range.
fn words(bits: u16, channels: u16) -> Vec<i32> {
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state.cast_signed()) >> (32 - bits)
    };
    let top = i32::MAX >> (32 - bits);
    let ends = [0, 1, -1, top, top - 1, -top, -top - 1, 0];
    (0..FRAMES * u32::from(channels) - 8).map(|_| random()).chain(ends).collect()
}

fn recording(bits: u16, channels: u16, is_float: bool) -> Vec<u8> {
    let sample_format = if is_float { hound::SampleFormat::Float } else { hound::SampleFormat::Int };
    let spec = hound::WavSpec { channels, sample_rate: 48_000, bits_per_sample: bits, sample_format };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for word in words(bits, channels) {
        if is_float {
            writer.write_sample(word as f32 / 1e9).unwrap();
        } else {
            writer.write_sample(word).unwrap();
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn every_kind() -> Vec<(String, Vec<u8>)> {
    let kinds = [(16, false), (24, false), (32, false), (32, true)];
    let all = kinds.iter().flat_map(|(bits, is_float)| [1, 2].map(|channels| (*bits, channels, *is_float)));
    let mut all: Vec<(String, Vec<u8>)> = all
        .map(|(bits, channels, is_float)| {
            (format!("{bits} bits, {channels} channels, {is_float}"), recording(bits, channels, is_float))
        })
        .collect();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    for name in ["pcm-s16.wav", "pcm-s24.wav", "pcm-s32.wav", "pcm-f32.wav", "mono-s16.wav", "sox.wav"] {
        all.push((name.to_owned(), fs::read(fixtures.join(name)).unwrap()));
    }
    all
}

fn look(bytes: &[u8]) -> Option<Plain> {
    plain(&mut Cursor::new(bytes)).unwrap()
}

fn decoded(bytes: &[u8]) -> Option<AudioBuffer> {
    decode_to_buffer(Cursor::new(bytes.to_vec()), Some("wav"), Limits::default()).ok()
}

/// As old as a file has to be.
fn age(path: &Path) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}

/// A show with a recording that was written a while ago.
fn show(bytes: &[u8]) -> (tempfile::TempDir, Show, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("take.wav");
    fs::write(&path, bytes).unwrap();
    age(&path);
    let show = Show::open(folder.path(), Vec::new()).unwrap();
    (folder, show, path)
}

fn in_place(show: &Show, bytes: &[u8]) -> Samples {
    let (_, still) = show.open_still("take.wav").unwrap();
    let Plain { format, word, offset, frames } = look(bytes).unwrap();
    Samples::in_place(Box::new(still.unwrap()), (offset, word), format.channels, frames)
}

fn bits(samples: &[f32]) -> Vec<u32> {
    samples.iter().map(|sample| sample.to_bits()).collect()
}

#[test]
fn what_is_read_in_place_is_what_the_decoder_makes_of_it() {
    for (name, bytes) in every_kind() {
        let (_folder, show, _) = show(&bytes);
        let (samples, expected) = (in_place(&show, &bytes), decoded(&bytes).unwrap());
        assert_eq!(samples.frames(), expected.frames(), "{name}");
        assert_eq!(samples.channels(), expected.channels(), "{name}");
        let width = expected.channels().count();
        let mut all = vec![9.0; expected.samples().len() + 2];
        samples.read(FrameCount::ZERO, &mut all).unwrap();
        let (inside, outside) = all.split_at(expected.samples().len());
        assert!(bits(inside) == bits(expected.samples()), "{name}");
        assert_eq!(outside, [0.0; 2]);
        // On and on, with a leap back, and past the end.
        for mut reader in [samples.reader(), samples.reader_among_many()] {
            let last = (FRAMES - 5) as usize;
            let starts =
                (0..20_000).step_by(1024).chain([5, 300]).chain((2..23_000).step_by(777)).chain([last]);
            for start in starts {
                let mut block = vec![9.0; 1024 * width];
                reader.read(FrameCount::new(start as u64), &mut block).unwrap();
                let from = (start * width).min(expected.samples().len());
                let there = &expected.samples()[from..(from + block.len()).min(expected.samples().len())];
                assert!(bits(&block[..there.len()]) == bits(there), "{name} from {start}");
                assert!(block[there.len()..].iter().all(|sample| sample.to_bits() == 0), "{name}");
            }
        }
    }
}

#[test]
fn whatever_a_header_says_only_what_the_decoder_would_read_is_plain() {
    let mut plain_ones = 0;
    for (name, bytes) in every_kind() {
        let bytes = &bytes[..];
        let header = look(bytes).expect("it is plain").offset as usize;
        let mut changed = bytes.to_vec();
        for at in 0..header {
            for value in [0, 1, 2, 3, 4, 8, 16, 24, 32, 64, 127, 128, 255, bytes[at] ^ 1, bytes[at] ^ 16] {
                changed[at] = value;
                if let Some(found) = look(&changed) {
                    plain_ones += 1;
                    let Some(expected) = decoded(&changed) else {
                        // Integers that are said to be floats need not be numbers: who reads them in place looks.
                        assert_eq!(found.word, Word::Float, "{name}: {value} at {at}");
                        continue;
                    };
                    assert_eq!(found.format.rate, expected.rate(), "{name}: {value} at {at}");
                    assert_eq!(found.format.channels, expected.channels(), "{name}: {value} at {at}");
                    assert_eq!(found.frames, expected.frames(), "{name}: {value} at {at}");
                }
            }
            changed[at] = bytes[at];
        }
        for end in (0..header + 4).chain([bytes.len() - 1, bytes.len() / 2]) {
            assert_eq!(look(&bytes[..end]), None, "{name} cut at {end}");
        }
    }
    assert!(plain_ones > 0);
}

#[test]
fn a_damaged_or_odd_recording_is_left_to_the_decoder() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio");
    for name in
        ["pcm-u8.wav", "pcm-alaw.wav", "adpcm-ima.wav", "mono-f64.wav", "surround.wav", "flac-16.flac"]
    {
        assert_eq!(look(&fs::read(fixtures.join(name)).unwrap()), None, "{name}");
    }
}

#[test]
fn a_recording_that_is_changed_is_never_heard_as_something_else() {
    let bytes = recording(16, 1, false);
    // Written over, in part or to another length; taken away; another in its place.
    let changes: [fn(&Path, &[u8]); 4] = [
        |path, bytes| fs::write(path, vec![1; bytes.len()]).unwrap(),
        |path, bytes| fs::write(path, &bytes[..bytes.len() - 2]).unwrap(),
        |path, _| fs::remove_file(path).unwrap(),
        |path, bytes| {
            let other = path.with_file_name("other.wav");
            fs::write(&other, bytes).unwrap();
            age(&other);
            fs::rename(other, path).unwrap();
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let (_folder, show, path) = show(&bytes);
        let (samples, expected) = (in_place(&show, &bytes), decoded(&bytes).unwrap());
        let mut reader = samples.reader();
        let mut block = [0.0; 16];
        reader.read(FrameCount::ZERO, &mut block).unwrap();
        change(&path, &bytes);
        // Who has the old file open may go on reading that, but nothing else.
        let mut block = [0.0; 16];
        match reader.read(FrameCount::new(20_000), &mut block) {
            Ok(()) => assert_eq!(block, expected.samples()[20_000..20_016], "change {index}"),
            Err(_) => assert!(index != 2, "what was taken away while it was open is still there"),
        }
        drop(reader);
        assert!(samples.read(FrameCount::new(20_000), &mut block).is_err(), "change {index}");
        assert!(samples.reader().read(FrameCount::new(20_000), &mut block).is_err(), "change {index}");
    }
}

#[test]
fn a_recording_that_was_written_just_now_is_copied() {
    let (_folder, show, path) = show(&recording(16, 1, false));
    let is_still = || show.open_still("take.wav").unwrap().1.is_some();
    assert!(is_still());
    let at = |time| File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
    at(SystemTime::now());
    assert!(!is_still());
    at(SystemTime::now() + Duration::from_secs(3600));
    assert!(!is_still());
}

/// What a build has of a show's only sound, and of its only take.
fn built(show: &Show, reading: Reading, cache: &Cache) -> Vec<Samples> {
    let settings = Settings { reading, ..Settings::default() };
    let built = pipeline::build(show, "script/test.toml", settings, cache, &Silent).unwrap();
    assert!(!built.diagnostics.has_errors(), "{:?}", built.diagnostics);
    built.samples()
}

#[test]
fn a_show_sounds_the_same_read_in_place_and_copied_and_changes_are_errors() {
    for (name, bytes) in every_kind() {
        let (folder, show, path) = show(&bytes);
        fs::create_dir(folder.path().join("script")).unwrap();
        let script = "format = 1\ntitle = \"Test\"\n[sound.take]\nfile = \"take.wav\"\n\
                      [[scene]]\nid = \"one\"\nscript = [\n{ sfx = \"take\" }, { pause = 1 }\n]\n";
        fs::write(folder.path().join("script/test.toml"), script).unwrap();
        let store = tempfile::tempdir().unwrap();
        let kept = Cache::open(store.path(), 1 << 30).unwrap();
        let (copied, placed) = (built(&show, Reading::Copied, &kept), built(&show, Reading::InPlace, &kept));
        let length = copied[0].frames().index() * copied[0].channels().count();
        let (mut a, mut b) = (vec![0.0; length], vec![0.0; length]);
        copied[0].read(FrameCount::ZERO, &mut a).unwrap();
        placed[0].read(FrameCount::ZERO, &mut b).unwrap();
        assert!(bits(&a) == bits(&b), "{name}");
        assert_eq!(copied[0].identity(), placed[0].identity(), "{name}");
        assert!(placed[0].identity().is_some());
        fs::write(&path, &bytes).unwrap();
        copied[0].read(FrameCount::ZERO, &mut a).unwrap();
        let changed = placed[0].read(FrameCount::ZERO, &mut b);
        // What is short stays in memory, and what is resampled is copied.
        let found = look(&bytes).unwrap();
        let is_in_place = found.format.rate.hz() == 48_000 && length >= SHORT;
        assert_eq!(changed.is_err(), is_in_place, "{name}");
    }
}
