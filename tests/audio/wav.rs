//! WAV files are what other programs read, and hold what was asked for, to the last bit.

use std::fs;
use std::path::Path;
use std::process::Command;

use radioplay::audio::buffer::Channels;
use radioplay::audio::decode::{Limits, decode_to_buffer};
use radioplay::export::wav::{WavError, WavFormat, WavWriter, WavWritten};
use radioplay::units::depth::BitDepth;
use radioplay::units::time::{FrameCount, SampleRate};

fn format(depth: BitDepth, channels: Channels, hz: u32) -> WavFormat {
    WavFormat { rate: SampleRate::new(hz).unwrap(), channels, depth }
}

fn write(path: &Path, format: WavFormat, samples: &[f32]) -> Result<WavWritten, WavError> {
    let mut writer = WavWriter::create(path, format, None)?;
    for piece in samples.chunks(6) {
        writer.write(piece)?;
    }
    writer.finish()
}

fn integers(depth: BitDepth, samples: &[f32]) -> (Vec<i32>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let written = write(&path, format(depth, Channels::Mono, 48_000), samples).unwrap();
    assert_eq!(written.frames.get(), samples.len() as u64);
    let read = hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
    (read, written.clamped)
}

#[test]
fn integers_are_rounded_to_the_nearest_and_held_at_the_ends() {
    let lsb = 1.0 / 32_768.0;
    let samples = [0.0, 0.5 * lsb, 1.5 * lsb, -0.5 * lsb, 0.51 * lsb, -0.51 * lsb, 0.25, -1.0, 1.0 - lsb];
    assert_eq!(integers(BitDepth::Int16, &samples), (vec![0, 0, 2, 0, 1, -1, 8192, -32_768, 32_767], 0));
    assert_eq!(
        integers(BitDepth::Int16, &[1.0, 1.5, -1.5, 1e30]),
        (vec![32_767, 32_767, -32_768, 32_767], 4)
    );
    let top = 8_388_607;
    assert_eq!(
        integers(BitDepth::Int24, &[0.5, -1.0, 1.0, -2.0]),
        (vec![4_194_304, -top - 1, top, -top - 1], 2)
    );
}

#[test]
fn floats_are_stored_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let samples = [0.1, -0.2, 1.5, -2.5, 1e-30, 0.0];
    let written = write(&path, format(BitDepth::Float32, Channels::Stereo, 96_000), &samples).unwrap();
    assert_eq!(written, WavWritten { frames: FrameCount::new(3), clamped: 0 });
    let audio = decode_to_buffer(fs::File::open(&path).unwrap(), Some("wav"), Limits::default()).unwrap();
    assert_eq!((audio.samples(), audio.rate().hz()), (&samples[..], 96_000));
}

#[test]
fn other_programs_read_every_variant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let installed = |program: &str, argument: &str| {
        let there = Command::new(program).arg(argument).output().is_ok();
        if !there {
            eprintln!("SKIPPED: {program} is not installed, so no other program has read our WAV files");
        }
        there
    };
    let (ffprobe, soxi) = (installed("ffprobe", "-version"), installed("soxi", "-V"));
    for depth in BitDepth::ALL {
        for channels in [Channels::Mono, Channels::Stereo] {
            for hz in [44_100, 48_000, 192_000] {
                let samples = vec![0.25; 1000 * channels.count()];
                write(&path, format(depth, channels, hz), &samples).unwrap();
                let header = hound::WavReader::open(&path).unwrap();
                let spec = header.spec();
                assert_eq!((usize::from(spec.channels), spec.sample_rate), (channels.count(), hz));
                assert_eq!((spec.bits_per_sample, header.duration()), (depth.bits(), 1000));
                let run = |program: &str, arguments: &[&str]| {
                    let output = Command::new(program).args(arguments).arg(&path).output().unwrap();
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                    String::from_utf8(output.stdout).unwrap().trim().to_owned()
                };
                if ffprobe {
                    let entries = "stream=codec_name,sample_rate,channels,duration_ts";
                    let codec = ["pcm_s16le", "pcm_s24le", "pcm_f32le"][depth as usize];
                    assert_eq!(
                        run("ffprobe", &["-v", "warning", "-show_entries", entries, "-of", "csv=p=0"]),
                        format!("{codec},{hz},{},1000", channels.count())
                    );
                }
                if soxi {
                    assert_eq!(run("soxi", &["-s"]), "1000");
                    assert_eq!(run("soxi", &["-b"]), depth.bits().to_string());
                }
            }
        }
    }
}

#[test]
fn a_chunk_of_odd_length_is_padded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    write(&path, format(BitDepth::Int24, Channels::Mono, 48_000), &[0.5; 5]).unwrap();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len(), 68 + 15 + 1);
    assert_eq!(bytes[4..8], 76_u32.to_le_bytes());
    assert_eq!(bytes[64..68], 15_u32.to_le_bytes());
    assert_eq!(hound::WavReader::open(&path).unwrap().into_samples::<i32>().map(Result::unwrap).count(), 5);
}

#[test]
fn more_than_a_wav_can_hold_is_begun_as_rf64() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/x.wav");
    let format = format(BitDepth::Int24, Channels::Stereo, 48_000);
    let longest = format.longest();
    assert_eq!(longest.get(), (u64::from(u32::MAX) - 68) / 6);
    for (length, name) in [(longest, b"RIFF"), (longest.plus(FrameCount::new(1)), b"RF64")] {
        WavWriter::create(&path, format, Some(length)).unwrap().finish().unwrap();
        assert_eq!(&fs::read(&path).unwrap()[..4], name);
    }
}

/// Room for all of a file is asked for when it is begun, where the file system can do that.
#[cfg(target_os = "linux")]
#[test]
fn room_for_frames_that_never_came_is_given_back() {
    use std::os::unix::fs::MetadataExt;

    use radioplay::host::room::reserve;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    let format = format(BitDepth::Int24, Channels::Stereo, 48_000);
    let mut writer = WavWriter::create(&path, format, Some(FrameCount::new(1 << 20))).unwrap();
    writer.write(&[0.1; 6]).unwrap();
    let room = |about: &fs::Metadata| about.blocks() * 512;
    let begun = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().metadata().unwrap();
    // Not every file system can reserve any.
    let probe = tempfile::tempfile_in(folder.path()).unwrap();
    reserve(&probe, 1 << 20);
    assert_eq!(room(&begun) >= 6 << 20, room(&probe.metadata().unwrap()) >= 1 << 20);
    writer.finish().unwrap();
    let whole = fs::metadata(&path).unwrap();
    assert_eq!(whole.len(), 68 + 3 * 6);
    assert!(room(&whole) < 1 << 20, "{} bytes of room", room(&whole));
}

#[test]
fn a_file_with_what_is_no_number_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    for depth in BitDepth::ALL {
        let samples = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN];
        let error = write(&path, format(depth, Channels::Stereo, 48_000), &samples).unwrap_err();
        assert_eq!(error.to_string(), format!("frame 3 of `{}` is not a number", path.display()));
        assert!(!path.exists());
    }
}

#[test]
fn depths_are_named_as_they_are_read() {
    for depth in BitDepth::ALL {
        assert_eq!(depth.name().parse(), Ok(depth));
    }
    assert_eq!("32".parse::<BitDepth>().unwrap_err().to_string(), "expected `16`, `24` or `32f`");
}
