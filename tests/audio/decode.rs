//! Every format against the sound its fixture was made from (`tests/fixtures/audio/make.sh`: 0.2 s of a 500 Hz sine,
//! left at 0.5, right at 0.25, from frame 0 on), and files that lie.

use std::f64::consts::TAU;
use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};

use radioplay::audio::buffer::{AudioBuffer, Channels};
use radioplay::audio::decode::error::DecodeError;
use radioplay::audio::decode::{Limits, decode, decode_to_buffer};
use radioplay::units::time::Seconds;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audio")
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(name)).unwrap()
}

fn decoded(name: &str) -> Result<AudioBuffer, DecodeError> {
    let extension = Path::new(name).extension().unwrap().to_str();
    decode_to_buffer(File::open(fixtures().join(name)).unwrap(), extension, Limits::default())
}

fn decoded_bytes(bytes: Vec<u8>) -> Result<AudioBuffer, DecodeError> {
    decode_to_buffer(Cursor::new(bytes), None, Limits::default())
}

/// The root mean square of what a channel differs from the sine by, in dB against full scale, `early` frames early.
fn error_db(audio: &AudioBuffer, channel: usize, amplitude: f64, early: i64) -> f64 {
    let (width, rate) = (audio.channels().count(), f64::from(audio.rate().hz()));
    let frames = audio.samples().chunks_exact(width).take((rate * 0.2) as usize - 50);
    let count = frames.len() as f64;
    let sum: f64 = frames
        .enumerate()
        .map(|(n, frame)| {
            let expected = amplitude * (TAU * 500.0 * (n as i64 + early) as f64 / rate).sin();
            (f64::from(frame[channel]) - expected).powi(2)
        })
        .sum();
    10.0 * (sum / count).max(1e-30).log10()
}

#[test]
fn every_format_gives_its_sound_at_its_length_and_place() {
    // Name, frames, the most each channel may differ by in dB, which is the format's own resolution.
    let exact = [
        ("pcm-u8.wav", 1600, -50.0),
        ("pcm-s16.wav", 1600, -98.0),
        ("pcm-s24.wav", 1600, -140.0),
        ("pcm-s32.wav", 1600, -150.0),
        ("pcm-f32.wav", 1600, -150.0),
        ("pcm-alaw.wav", 1600, -45.0),
        ("pcm-mulaw.wav", 1600, -42.0),
        ("pcm-s16.aiff", 1600, -98.0),
        ("pcm-s24.aiff", 1600, -140.0),
        ("pcm-f32.aiff", 1600, -150.0),
        ("pcm-s16.caf", 1600, -98.0),
        ("sox.wav", 1600, -60.0),
        ("flac-16.flac", 3200, -98.0),
        ("flac-24.flac", 3200, -98.0),
        ("flac-16.mkv", 3200, -98.0),
        ("alac-16.m4a", 3200, -98.0),
        ("alac-16.caf", 3200, -98.0),
        // Lossy: the sine's sudden start costs most of it.
        ("lame.mp3", 8820, -34.0),
        ("vorbis.ogg", 8820, -45.0),
        ("aac.m4a", 8820, -25.0),
        ("aac-faststart.m4a", 8820, -25.0),
        // ADPCM ends with a whole block, and Matroska does not say how much of the last packet is sound.
        ("adpcm-ms.wav", 2024, -33.0),
        ("adpcm-ima.wav", 2034, -30.0),
        ("vorbis.mkv", 9792, -45.0),
    ];
    for (name, frames, most) in exact {
        let audio = decoded(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((audio.channels(), audio.frames().get()), (Channels::Stereo, frames), "{name}");
        let right = if name == "sox.wav" { 0.5 } else { 0.25 };
        for (channel, amplitude) in [(0, 0.5), (1, right)] {
            let error = error_db(&audio, channel, amplitude, 0);
            assert!(error < most, "{name}, channel {channel}: differs by {error:.1} dB");
        }
    }
    for (name, most) in [("mono-s16.wav", -98.0), ("mono-f64.wav", -150.0)] {
        let audio = decoded(name).unwrap();
        assert_eq!((audio.channels(), audio.frames().get()), (Channels::Mono, 1600), "{name}");
        assert!(error_db(&audio, 0, 0.5, 0) < most, "{name}");
    }
}

/// A cut in the wrong place by even 5 frames would show: the sine moves by 20 degrees.
#[test]
fn lossy_formats_are_aligned_to_the_frame() {
    for name in ["lame.mp3", "vorbis.ogg", "aac.m4a", "aac-faststart.m4a"] {
        let audio = decoded(name).unwrap();
        let best =
            (-40..40).min_by(|a, b| error_db(&audio, 0, 0.5, *a).total_cmp(&error_db(&audio, 0, 0.5, *b)));
        assert!(best.unwrap().abs() <= 1, "{name}: {best:?}");
    }
    // Neither says how much an encoder put before the sound, so it stays: 1024 frames, and LAME's 1105.
    assert_eq!(decoded("aac.aac").unwrap().frames().get(), 10 * 1024);
    assert_eq!(decoded("untagged.mp3").unwrap().frames().get(), 9 * 1152);
}

#[test]
fn surround_is_mixed_down_by_bs_775() {
    let audio = decoded("surround.wav").unwrap();
    assert_eq!(audio.channels(), Channels::Stereo);
    let half = 0.5_f32.sqrt();
    let expected = [0.1 + 0.3 * half + 0.05 * half, 0.2 + 0.3 * half + 0.025 * half];
    for frame in audio.samples().as_chunks::<2>().0 {
        assert!((frame[0] - expected[0]).abs() < 1e-6 && (frame[1] - expected[1]).abs() < 1e-6, "{frame:?}");
    }
    assert_eq!(decoded("three.wav").unwrap().channels(), Channels::Stereo);
}

#[test]
fn an_incomplete_file_is_an_error_wherever_it_ends() {
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // Streams without a length are whole wherever they end; `make.sh` is no audio.
        if ["make.sh", "aac.aac", "untagged.mp3"].contains(&name.as_str()) {
            continue;
        }
        let whole = fs::read(&path).unwrap();
        for end in [0, 1, 7, 40, whole.len() / 4, whole.len() / 2, whole.len() - 1] {
            let result = decoded_bytes(whole[..end].to_vec());
            assert!(result.is_err(), "{name} cut to {end} bytes decodes");
        }
    }
    assert!(matches!(decoded_bytes(Vec::new()), Err(DecodeError::Empty)));
    let cut = bytes("pcm-s16.wav")[..3244].to_vec();
    let error = decoded_bytes(cut).unwrap_err();
    assert_eq!(error.to_string(), "ends after 0.100 s, before its own header says: it is incomplete");
}

#[test]
fn a_file_that_claims_four_billion_frames_gives_what_it_has() {
    let mut wav = bytes("pcm-s16.wav");
    let data = wav.windows(4).position(|w| w == b"data").unwrap();
    wav[data + 4..data + 8].copy_from_slice(&0xffff_ff00_u32.to_le_bytes());
    wav[4..8].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
    let result = decoded_bytes(wav.clone());
    assert!(matches!(result, Err(DecodeError::Truncated { .. })), "{result:?}");
    // All ones is how programs that write to a pipe say that they do not know.
    wav[data + 4..data + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    wav[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decoded_bytes(wav).unwrap().frames().get(), 1600);
    // A packet of four billion frames must not make the decoder reserve room for them.
    let mut caf = bytes("pcm-s16.caf");
    let desc = caf.windows(4).position(|w| w == b"desc").unwrap() + 12;
    caf[desc + 20..desc + 24].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(decoded_bytes(caf).is_err());
}

#[test]
fn what_is_no_number_is_no_sample() {
    let wav = bytes("pcm-f32.wav");
    for (value, text) in
        [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (1e30, "1000000000000000000000000000000")]
    {
        let mut wav = wav.clone();
        let frame_800 = wav.len() - 800 * 8;
        wav[frame_800..frame_800 + 4].copy_from_slice(&value.to_le_bytes());
        let error = decoded_bytes(wav).unwrap_err();
        assert_eq!(error.to_string(), format!("has a sample of {text} at 0.100 s, which is no sound"));
    }
}

#[test]
fn the_limit_counts_what_is_decoded() {
    let limits = Limits { longest: Seconds::new(0.15).unwrap() };
    for name in ["pcm-s16.wav", "lame.mp3", "aac.aac"] {
        let mut handed = 0;
        let result = decode(Cursor::new(bytes(name)), None, limits, |format, piece| {
            handed += piece.len() / format.channels.count();
            Ok(())
        });
        assert!(matches!(result, Err(DecodeError::TooLong { .. })), "{name}: {result:?}");
        assert!(handed < 8820, "{name}: {handed} frames");
    }
    let limits = Limits { longest: Seconds::new(0.2).unwrap() };
    assert!(decode_to_buffer(Cursor::new(bytes("lame.mp3")), None, limits).is_ok());
}

#[test]
fn what_is_no_audio_says_so() {
    assert!(matches!(decoded_bytes(b"[[scene]]\nid = \"knock\"\n".repeat(99)), Err(DecodeError::Unknown)));
    assert!(matches!(decoded("opus.ogg"), Err(DecodeError::Unsupported(_))));
    let empty = bytes("pcm-s16.wav")[..44].to_vec();
    let mut empty_wav = empty;
    empty_wav[40..44].fill(0);
    assert!(matches!(decoded_bytes(empty_wav), Err(DecodeError::Empty)));
}

/// Found by fuzzing: symphonia's Vorbis decoder indexes past a table.
#[test]
fn a_decoder_that_panics_is_a_damaged_file() {
    assert!(matches!(decoded("hostile-vorbis-floor.mkv"), Err(DecodeError::Malformed { .. })));
}

#[test]
fn damaged_files_end_in_an_error_or_in_sound_never_otherwise() {
    let mut random = radioplay::dsp::noise::Random::new(11);
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let whole = fs::read(&path).unwrap();
        for _ in 0..40 {
            let mut damaged = whole.clone();
            for _ in 0..4 {
                let at = (random.next_u64() % whole.len().min(400) as u64) as usize;
                damaged[at] = random.next_u64() as u8;
            }
            if let Ok(audio) = decoded_bytes(damaged) {
                assert!(
                    audio.frames().get() > 0 && audio.samples().iter().all(|s| s.is_finite()),
                    "{path:?}"
                );
            }
        }
    }
}
