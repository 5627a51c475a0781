//! The chunks of a WAV around its samples: format, broadcast extension, markers, tags.
//!
//! References: EBU Tech 3285 version 2 (`bext`), EBU Tech 3306 (`RF64`, `ds64`), Microsoft and IBM, "Multimedia
//! Programming Interface and Data Specifications 1.0" (`cue `, `LIST` of type `adtl`).

use crate::audio::buffer::Channels;
use crate::dsp::loudness::profile::Measures;
use crate::export::tags::{Chapter, Tags};
use crate::export::wav::WavFormat;
use crate::units::depth::BitDepth;
use crate::units::level::Loudness;
use crate::units::time::FrameCount;

/// The bytes of a `bext` chunk's content without its coding history.
const BEXT: usize = 602;
/// Where its five loudness figures stand in it.
pub(super) const LOUDNESS: u64 = 256 + 32 + 32 + 10 + 8 + 8 + 2 + 64;
/// What stands in place of a loudness figure that is not known.
const UNKNOWN: i16 = 0x7fff;

/// One chunk: its name, the length of its content, the content, and a byte that evens it out.
pub(super) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.extend(length(content.len()));
    bytes.extend(content);
    if content.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

/// The content of the `fmt ` chunk: 16 bytes for 16-bit integers, else 40.
pub(super) fn format(format: WavFormat) -> Vec<u8> {
    let WavFormat { rate, channels, depth } = format;
    let count: u16 = if channels == Channels::Mono { 1 } else { 2 };
    let frame = count * (depth.bits() / 8);
    let float = depth == BitDepth::Float32;
    let plain = depth == BitDepth::Int16;
    let mut bytes = Vec::new();
    let tag: u16 = if plain { 1 } else { 0xfffe };
    bytes.extend(tag.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(rate.hz().to_le_bytes());
    bytes.extend((rate.hz() * u32::from(frame)).to_le_bytes());
    bytes.extend(frame.to_le_bytes());
    bytes.extend(depth.bits().to_le_bytes());
    if !plain {
        bytes.extend(22_u16.to_le_bytes());
        bytes.extend(depth.bits().to_le_bytes());
        // Front centre; or front left and front right.
        let speakers: u32 = if channels == Channels::Mono { 4 } else { 3 };
        bytes.extend(speakers.to_le_bytes());
        let kind: u16 = if float { 3 } else { 1 };
        bytes.extend(kind.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    }
    bytes
}

/// The content of the `bext` chunk, loudness not known yet. It has no date: the same inputs give the same bytes.
pub(super) fn broadcast(tags: &Tags, format: WavFormat) -> Vec<u8> {
    let mut bytes = vec![0; BEXT];
    let mut put = |at: usize, size: usize, text: &str| {
        let ascii = text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' });
        let ascii: String = ascii.take(size).collect();
        bytes[at..at + ascii.len()].copy_from_slice(ascii.as_bytes());
    };
    put(0, 256, &tags.title);
    put(256, 32, "radioplay");
    bytes[338..346].copy_from_slice(&tags.start.get().to_le_bytes());
    bytes[346..348].copy_from_slice(&2_u16.to_le_bytes());
    for figure in 0..5 {
        bytes[412 + figure * 2..414 + figure * 2].copy_from_slice(&UNKNOWN.to_le_bytes());
    }
    let mode = if format.channels == Channels::Mono { "mono" } else { "stereo" };
    let (rate, bits) = (format.rate.hz(), format.depth.bits());
    let history = format!("A=PCM,F={rate},W={bits},M={mode},T=radioplay\r\n");
    bytes.extend(history.as_bytes());
    // Some programs forget the byte that evens a chunk out.
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// The five loudness figures: hundredths of LUFS, LU, dBTP, LUFS and LUFS.
pub(super) fn loudness(measures: &Measures) -> Vec<u8> {
    let figures = [
        measures.integrated.map(Loudness::lufs),
        measures.range,
        measures.true_peak.map(|peak| f64::from(peak.value.dbtp())),
        measures.momentary.map(|found| found.value.lufs()),
        measures.short_term.map(|found| found.value.lufs()),
    ];
    let hundredths = |figure: Option<f64>| {
        let figure = figure.filter(|figure| (-99.99..=99.99).contains(figure));
        #[expect(clippy::cast_possible_truncation, reason = "held inside ±9999")]
        figure.map_or(UNKNOWN, |figure| (figure * 100.0).round() as i16)
    };
    figures.into_iter().flat_map(|figure| hundredths(figure).to_le_bytes()).collect()
}

/// Names as a `LIST` of type `INFO`, for programs that read no ID3 in a WAV.
pub(super) fn names(tags: &Tags) -> Vec<u8> {
    let mut list = b"INFO".to_vec();
    let mut say = |name: &[u8; 4], value: Option<String>| {
        if let Some(value) = value {
            let value: Vec<u8> = value.bytes().filter(|byte| *byte != 0).chain([0]).collect();
            list.extend(chunk(name, &value));
        }
    };
    say(b"INAM", Some(tags.title.clone()));
    say(b"IPRD", tags.series.clone());
    say(b"ITRK", tags.number.map(|number| number.to_string()));
    say(b"IART", tags.artist.clone());
    say(b"ICRD", tags.year.map(|year| format!("{year:04}")));
    say(b"ICMT", tags.description.clone());
    say(b"ISFT", Some("radioplay".to_owned()));
    chunk(b"LIST", &list)
}

/// What comes after the samples: markers for the chapters, with their titles and lengths.
pub(super) fn markers(chapters: &[Chapter]) -> Vec<u8> {
    // Numbered from 0 as ID3 chapters are, since ffmpeg takes chapters of one number for one.
    // A marker's place is a 32-bit number: what lies 24 hours on, at 48 kHz, has none.
    let place = |frames: FrameCount| u32::try_from(frames.get()).ok();
    let known: Vec<(u32, u32, &Chapter)> = chapters
        .iter()
        .zip(0_u32..)
        .filter_map(|(chapter, id)| place(chapter.start).map(|start| (id, start, chapter)))
        .collect();
    if known.is_empty() {
        return Vec::new();
    }
    let mut cue = length(known.len()).to_vec();
    let mut list = b"adtl".to_vec();
    for (id, start, chapter) in known {
        cue.extend(id.to_le_bytes());
        cue.extend(start.to_le_bytes());
        cue.extend(b"data");
        cue.extend([0; 8]);
        cue.extend(start.to_le_bytes());
        let mut label = id.to_le_bytes().to_vec();
        label.extend(chapter.title.bytes().filter(|byte| *byte != 0).chain([0]));
        list.extend(chunk(b"labl", &label));
        let mut region = id.to_le_bytes().to_vec();
        region.extend(place(chapter.end.minus(chapter.start)).unwrap_or(u32::MAX).to_le_bytes());
        region.extend(b"rgn ");
        region.extend([0; 8]);
        list.extend(chunk(b"ltxt", &region));
    }
    let mut bytes = chunk(b"cue ", &cue);
    bytes.extend(chunk(b"LIST", &list));
    bytes
}
