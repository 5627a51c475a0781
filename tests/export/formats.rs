//! Every format, as other programs read it: the same samples, the tags, the chapters, the ceiling kept.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::export::drama;
use crate::show::{TestShow, has_program};

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\
\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

/// The drama with everything that an episode can say about itself.
fn tagged() -> TestShow {
    let show = drama();
    let script = std::fs::read_to_string(show.path("script/test.toml")).expect("it was written");
    let about = "series = \"Doors\"\nepisode = 7\nartist = \"Ann & Ben\"\nyear = 2024\n\
                 description = \"Knock; = knock.\"\ncover = \"art/cover.png\"\n";
    let script = script.replacen("deliver", &format!("{about}deliver"), 1);
    show.file("script/test.toml", script).file("art/cover.png", PIXEL)
}

fn export(show: &TestShow, args: &[&str]) -> Value {
    show.json(&[&["export", "--json", "--quiet"], args].concat())
}

fn output(show: &TestShow, program: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(args).current_dir(show.path("")).output().expect("it starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What a file says about itself: by ffprobe, keys in lower case.
fn probed(show: &TestShow, file: &str) -> (Vec<(String, String)>, Vec<Value>, Vec<String>) {
    let args = ["-v", "error", "-of", "json", "-show_format", "-show_chapters", "-show_streams", file];
    let json: Value = serde_json::from_slice(&output(show, "ffprobe", &args)).expect("it is JSON");
    let mut tags = Vec::new();
    let streams = json["streams"].as_array().expect("streams");
    for holder in streams.iter().chain([&json["format"]]) {
        for (key, value) in holder["tags"].as_object().into_iter().flatten() {
            tags.push((key.to_lowercase(), value.as_str().unwrap_or_default().to_owned()));
        }
    }
    let kinds = streams.iter().map(|stream| stream["codec_type"].to_string()).collect();
    (tags, json["chapters"].as_array().cloned().unwrap_or_default(), kinds)
}

#[test]
fn flac_has_the_samples_of_the_wav() {
    if !has_program("ffmpeg", &["-version"]) {
        return;
    }
    let show = tagged();
    for (bits, raw) in [("16", "s16le"), ("24", "s24le")] {
        export(&show, &["--format", "wav,flac", "--scenes", "--bits", bits]);
        let decoded =
            |file: &str| output(&show, "ffmpeg", &["-v", "error", "-i", file, "-map", "0:a", "-f", raw, "-"]);
        for file in ["test", "scenes/01-one", "scenes/02-two"] {
            let wav = decoded(&format!("output/test/{file}.wav"));
            assert!(wav.len() > 10_000);
            assert!(decoded(&format!("output/test/{file}.flac")) == wav, "{bits} {file}");
        }
    }
    let run = show.run(&["export", "--format", "flac", "--bits", "32f"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("FLAC holds whole numbers"), "{}", run.stderr);
}

#[test]
fn ffprobe_shows_tags_chapters_and_cover_in_every_format() {
    if !has_program("ffprobe", &["-version"]) {
        return;
    }
    let show = tagged();
    let formats = FORMATS.join(",");
    export(&show, &["--format", &formats]);
    let timeline = show.json(&["check", "--dump", "timeline"]);
    for format in FORMATS {
        let (tags, chapters, kinds) = probed(&show, &format!("output/test/test.{format}"));
        let tag = |keys: &[&str]| {
            let found = tags.iter().find(|(key, _)| keys.contains(&key.as_str()));
            found.unwrap_or_else(|| panic!("{format} has no {keys:?}: {tags:?}")).1.clone()
        };
        assert_eq!(tag(&["title"]), "A \"Drama\" & more", "{format}");
        assert_eq!(tag(&["album"]), "Doors", "{format}");
        assert_eq!(tag(&["track", "tracknumber"]), "7", "{format}");
        assert_eq!(tag(&["artist"]), "Ann & Ben", "{format}");
        assert_eq!(tag(&["date"]), "2024", "{format}");
        assert!(tags.iter().any(|(_, value)| value == "Knock; = knock."), "{format}: {tags:?}");
        assert!(kinds.contains(&"\"video\"".to_owned()) || *format == "wav", "{format}: {kinds:?}");
        let titles: Vec<&str> = chapters.iter().map(|it| it["tags"]["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["The first", "Second; = \\ thing", "three"], "{format}");
        for (chapter, scene) in chapters.iter().zip(timeline["scenes"].as_array().expect("scenes")) {
            let start: f64 = chapter["start_time"].as_str().unwrap().parse().unwrap();
            let wanted = scene["start"].as_f64().unwrap() / 48_000.0;
            assert!((start - wanted).abs() < 0.001, "{format}: {start} {wanted}");
        }
    }
}

/// What this build writes.
const FORMATS: &[&str] =
    if cfg!(feature = "mp3") { &["wav", "flac", "opus", "mp3"] } else { &["wav", "flac", "opus"] };
/// Those that lose something.
const LOSSY: &[&str] = if cfg!(feature = "mp3") { &["opus", "mp3"] } else { &["opus"] };

#[test]
fn lossy_files_keep_the_ceiling_after_decoding() {
    if !has_program("ffmpeg", &["-version"]) {
        return;
    }
    let show = tagged();
    // Turned up by far more than the limiter likes, so that encoding lifts many peaks.
    let summary = export(&show, &["--format", &FORMATS.join(","), "--deliver", "spotify,podcast-mono"]);
    let files = summary["episodes"][0]["files"].as_array().expect("files");
    let mut seen = 0;
    for file in files.iter().filter(|file| file["master"].is_object()) {
        let path = file["file"].as_str().expect("a path");
        if !LOSSY.iter().any(|format| path.ends_with(format)) {
            continue;
        }
        seen += 1;
        let said = file["master"]["loudness"]["true_peak"].as_f64().expect("a peak");
        assert!(said <= -1.0, "{path}: {said}");
        let log = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"])
            .current_dir(show.path(""))
            .output()
            .expect("ffmpeg starts");
        let log = String::from_utf8_lossy(&log.stderr).into_owned();
        let found = |what: &str| -> f64 {
            let line = log.rsplit(what).next().expect("it is measured");
            line.split_whitespace().next().expect("a number").parse().expect("a number")
        };
        let (peak, loudness) = (found("Peak:"), found("I:"));
        assert!(peak <= -0.9, "{path}: {peak}");
        let wanted = file["master"]["loudness"]["integrated"].as_f64().expect("a loudness");
        assert!((loudness - wanted).abs() <= 0.2, "{path}: {loudness} {wanted}");
    }
    assert_eq!(seen, 2 * LOSSY.len());
}

#[test]
fn opus_is_as_long_as_what_went_in_at_any_rate() {
    if !has_program("ffmpeg", &["-version"]) {
        return;
    }
    let show = drama();
    for rate in ["48000", "44100", "96000"] {
        let summary = export(&show, &["--format", "opus", "--rate", rate]);
        let frames = summary["episodes"][0]["files"][0]["master"]["frames"].as_u64().expect("a length");
        let rate: u64 = rate.parse().expect("a number");
        let wanted = (frames * 48_000 * 2 + rate) / (rate * 2);
        let raw =
            output(&show, "ffmpeg", &["-v", "error", "-i", "output/test/test.opus", "-f", "s16le", "-"]);
        assert_eq!(raw.len() as u64, wanted * 4, "{rate}");
    }
}

#[test]
fn mp3_is_as_long_as_what_went_in() {
    let show = drama();
    if cfg!(not(feature = "mp3")) {
        let run = show.run(&["export", "--format", "mp3"]);
        assert_eq!(run.code, 2);
        assert!(
            run.stderr.contains("build it with `cargo build --release --features mp3`"),
            "{}",
            run.stderr
        );
        return;
    }
    if !has_program("ffmpeg", &["-version"]) {
        return;
    }
    for (rate, factor) in [("48000", 1.0), ("44100", 1.0), ("96000", 0.5)] {
        let summary = export(&show, &["--format", "mp3", "--rate", rate]);
        let frames = summary["episodes"][0]["files"][0]["master"]["frames"].as_f64().expect("a length");
        let raw = output(&show, "ffmpeg", &["-v", "error", "-i", "output/test/test.mp3", "-f", "s16le", "-"]);
        assert!(
            (raw.len() as f64 / 4.0 - frames * factor).abs() <= 1.0,
            "{rate}: {} {frames}",
            raw.len() / 4
        );
    }
}

/// The chunks of a RIFF or RF64 file: name, place, length.
fn chunks(bytes: &[u8]) -> Vec<(String, usize, usize)> {
    let (mut at, mut found) = (12, Vec::new());
    while at + 8 <= bytes.len() {
        let name = String::from_utf8_lossy(&bytes[at..at + 4]).into_owned();
        let mut length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        if name == "data" && length == u32::MAX as usize {
            length = u64::from_le_bytes(bytes[28..36].try_into().unwrap()) as usize;
        }
        found.push((name, at + 8, length));
        at += 8 + length + length % 2;
    }
    assert_eq!(at, bytes.len(), "{found:?}");
    found
}

#[test]
fn wavs_carry_broadcast_fields_and_markers() {
    let show = tagged();
    let summary = export(&show, &["--scenes", "--deliver", "ebu-r128"]);
    let bytes = std::fs::read(show.path("output/test/test.wav")).expect("it was written");
    let found = chunks(&bytes);
    let names: Vec<&str> = found.iter().map(|chunk| chunk.0.as_str()).collect();
    assert_eq!(names, ["bext", "fmt ", "data", "cue ", "LIST", "LIST", "id3 "]);
    let number = |at: usize| i16::from_le_bytes(bytes[at..at + 2].try_into().unwrap());
    let bext = found[0].1;
    assert_eq!(number(bext + 346), 2);
    let master = &summary["episodes"][0]["files"][0]["master"]["loudness"];
    for (at, what) in [(412, "integrated"), (416, "true_peak"), (418, "momentary_max")] {
        let wanted = master[what].as_f64().expect("a figure");
        assert!((f64::from(number(bext + at)) / 100.0 - wanted).abs() < 0.02, "{what}");
    }
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let cue = found[3].1;
    let place = |at: usize| u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
    assert_eq!(place(cue), 3);
    for (index, scene) in timeline["scenes"].as_array().expect("scenes").iter().enumerate() {
        assert_eq!(Some(place(cue + 4 + 24 * index + 20)), scene["start"].as_u64());
    }
    // A scene knows where in the episode it was.
    let second = std::fs::read(show.path("output/test/scenes/02-two.wav")).expect("it was written");
    let start = u64::from_le_bytes(second[20 + 338..20 + 346].try_into().unwrap());
    assert_eq!(Some(start), timeline["scenes"][1]["start"].as_u64());
    if has_program("ffprobe", &["-version"]) {
        let (tags, _, _) = probed(&show, "output/test/scenes/02-two.wav");
        assert!(tags.contains(&("time_reference".to_owned(), start.to_string())), "{tags:?}");
    }
}

#[test]
fn files_of_more_than_four_gigabytes_are_rf64() {
    use radioplay::audio::buffer::Channels;
    use radioplay::export::tags::Tags;
    use radioplay::export::wav::{WavFormat, WavWriter};
    use radioplay::units::depth::BitDepth;
    use radioplay::units::time::{FrameCount, SampleRate};

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.wav");
    let format = WavFormat { rate: SampleRate::DEFAULT, channels: Channels::Stereo, depth: BitDepth::Int16 };
    let samples: Vec<f32> = (0..2000).map(|n| f32::from(n as i16) / 32_768.0).collect();
    let length = FrameCount::new(1000);
    // As if 4 GiB were 100 bytes.
    let mut writer =
        WavWriter::create_tagged(&path, format, length, &Tags::default(), Some(100)).expect("begun");
    writer.write(&samples).expect("written");
    writer.finish().expect("finished");
    let bytes = std::fs::read(&path).expect("it is there");
    assert_eq!(&bytes[..4], b"RF64");
    let found = chunks(&bytes);
    assert_eq!((found[0].0.as_str(), found[0].2), ("ds64", 28));
    let size = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((size(20), size(28), size(36)), (bytes.len() as u64 - 8, 4000, 1000));
    if has_program("ffmpeg", &["-version"]) {
        let raw = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(Path::new(&path))
            .args(["-f", "s16le", "-"])
            .output()
            .expect("ffmpeg starts");
        let words: Vec<i16> =
            raw.stdout.as_chunks::<2>().0.iter().map(|word| i16::from_le_bytes(*word)).collect();
        assert_eq!(words, (0..2000).collect::<Vec<i16>>());
    }
}
