//! What is said, by whom and when: the episode as text.
//!
//! [`transcript`] gathers it from the solved timeline; one module for each format writes it, escaped as the format asks.

use std::io;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::cuesheet::words::{Witnesses, words};
use crate::cuesheet::{Body, CueSheet, Origin, Request};
use crate::timeline::{Region, Timeline};
use crate::units::time::{FrameCount, FramePos, SampleRate};

mod html;
mod json;
mod plain;
mod srt;
mod vtt;

/// A format for what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaptionFormat {
    /// SubRip.
    Srt,
    /// WebVTT, with voice tags.
    Vtt,
    /// JSON as `podcast:transcript` has it, with words.
    Json,
    /// A plain transcript.
    Text,
    /// A transcript as a page.
    Html,
}

impl CaptionFormat {
    /// Every format.
    pub const ALL: [CaptionFormat; 5] = [
        CaptionFormat::Srt,
        CaptionFormat::Vtt,
        CaptionFormat::Json,
        CaptionFormat::Text,
        CaptionFormat::Html,
    ];

    /// Whether it tells when things are said.
    pub fn is_timed(self) -> bool {
        match self {
            CaptionFormat::Srt | CaptionFormat::Vtt | CaptionFormat::Json => true,
            CaptionFormat::Text | CaptionFormat::Html => false,
        }
    }

    /// Its word, and its files' ending.
    pub fn extension(self) -> &'static str {
        match self {
            CaptionFormat::Srt => "srt",
            CaptionFormat::Vtt => "vtt",
            CaptionFormat::Json => "json",
            CaptionFormat::Text => "txt",
            CaptionFormat::Html => "html",
        }
    }
}

/// The episode as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// Its title.
    pub title: String,
    /// Frames per second of every time here.
    pub rate: SampleRate,
    /// The scenes' ids and titles, in order.
    pub scenes: Vec<(String, String)>,
    /// Its lines by start, then as written.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// Index of its scene.
    pub scene: usize,
    /// Who speaks, as it is shown.
    pub speaker: String,
    /// Whether it was recorded.
    pub recorded: bool,
    /// What is said, white space made single blanks.
    pub text: String,
    /// Its first frame.
    pub start: FrameCount,
    /// The frame after its last.
    pub end: FrameCount,
    /// Its words, in frames of the episode.
    pub words: Vec<Word>,
}

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, with its punctuation.
    pub text: String,
    /// When it begins.
    pub start: FrameCount,
    /// When it ends.
    pub end: FrameCount,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// Gathers what is said. `shown` gives the name by which a role is shown, `witnesses` tell when words are said; without
/// them that is estimated.
///
/// # Errors
/// Where a clip cannot be read.
pub fn transcript(
    sheet: &CueSheet,
    timeline: &Timeline,
    shown: impl Fn(&str) -> String + Sync,
    witnesses: Option<Witnesses<'_>>,
) -> io::Result<Transcript> {
    let cues = &sheet.cues;
    let line = |region: &Region| {
        let entry = region.entry?;
        let Body::Sounding(sounding) = &cues.entries[entry].body else { return None };
        let (Some(speaker), Request::Line(request)) = (&sounding.speaker, &cues.requests[sounding.clip])
        else {
            return None;
        };
        let clip = &sheet.clips[sounding.clip];
        let (first, length) = (region.source_start, region.length);
        let start = position(region.start);
        // Of a clip that is cut, what is not heard is not written either, but for words that are said in part.
        let heard = |at: FrameCount| start.plus(at.max(first).minus(first).min(length));
        let end = first.plus(length);
        let words = match words(request, clip, witnesses, timeline.rate) {
            Ok(words) => words.into_iter(),
            Err(error) => return Some(Err(error)),
        };
        let words = words.filter(|word| word.end > first && word.start < end).map(|word| Word {
            start: heard(word.start),
            end: heard(word.end),
            text: one_line(&word.text),
            estimated: word.estimated,
        });
        Some(Ok(Line {
            id: cues.entries[entry].id.clone(),
            scene: cues.entries[entry].scene,
            speaker: one_line(&shown(speaker)),
            recorded: clip.origin == Origin::Recorded,
            text: one_line(&request.text.plain),
            start,
            end: start.plus(length),
            words: words.collect(),
        }))
    };
    // Asking voices when words are said takes its time.
    let lines = timeline.regions.par_iter().with_max_len(1).filter_map(line);
    let mut lines = lines.collect::<io::Result<Vec<Line>>>()?;
    lines.sort_by_key(|line| line.start);
    let scenes = cues.scenes.iter().map(|scene| (scene.id.clone(), one_line(&scene.title))).collect();
    Ok(Transcript { title: one_line(&cues.title), rate: timeline.rate, scenes, lines })
}

/// The transcript as the text of a file.
pub fn write(transcript: &Transcript, format: CaptionFormat) -> String {
    match format {
        CaptionFormat::Srt => srt::write(transcript),
        CaptionFormat::Vtt => vtt::write(transcript),
        CaptionFormat::Json => json::write(transcript),
        CaptionFormat::Text => plain::write(transcript),
        CaptionFormat::Html => html::write(transcript),
    }
}

fn position(at: FramePos) -> FrameCount {
    at.from_start().unwrap_or_default()
}

/// A text without line breaks, control characters or characters that change the direction of what follows.
fn one_line(text: &str) -> String {
    let quiet = |c: char| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = text.chars().map(quiet).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Milliseconds, to the nearest.
fn milliseconds(at: FrameCount, rate: SampleRate) -> u64 {
    let hz = u64::from(rate.hz());
    (at.get() * 1000 + hz / 2) / hz
}

/// Hours, minutes, seconds and milliseconds, with `point` before the last.
fn clock(at: FrameCount, rate: SampleRate, point: char) -> String {
    let all = milliseconds(at, rate);
    let (hours, minutes, seconds) = (all / 3_600_000, all / 60_000 % 60, all / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{:03}", all % 1000)
}

/// What is on the screen at once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Caption<'t> {
    line: &'t Line,
    /// Which of its line's, counted from 0.
    part: usize,
    /// One or two rows.
    rows: Vec<String>,
    start: FrameCount,
    end: FrameCount,
}

impl Eq for Line {}

/// The most characters in a row.
const ROW: usize = 42;
/// From how many characters on a sentence's end ends a caption.
const ENOUGH: usize = ROW;

/// The captions, by start.
fn captions(transcript: &Transcript) -> Vec<Caption<'_>> {
    let mut captions: Vec<Caption<'_>> = transcript.lines.iter().flat_map(of_line).collect();
    captions.sort_by_key(|caption| caption.start);
    captions
}

/// A line in captions of two rows at most, cut between words, where a clause ends if it can be.
fn of_line(line: &Line) -> Vec<Caption<'_>> {
    let mut parts: Vec<&[Word]> = Vec::new();
    let mut rest = &line.words[..];
    while !rest.is_empty() {
        let (mut length, mut take) = (0, 0);
        for (index, word) in rest.iter().enumerate() {
            length += word.text.chars().count() + usize::from(index > 0);
            if index > 0 && length > 2 * ROW {
                break;
            }
            take = index + 1;
            if length >= ENOUGH && word.text.ends_with(['.', '?', '!', '…', ';', ':', '—']) {
                break;
            }
        }
        let (part, later) = rest.split_at(take);
        parts.push(part);
        rest = later;
    }
    let last = parts.len().saturating_sub(1);
    let caption = |(part, words): (usize, &[Word])| {
        let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let start = if part == 0 { line.start } else { words[0].start };
        let end = if part == last { line.end } else { words[words.len() - 1].end };
        Caption { line, part, rows: rows(&text), start, end: end.max(start) }
    };
    parts.into_iter().enumerate().map(caption).collect()
}

/// A text in one row, or in two that are as equal as words allow.
fn rows(text: &str) -> Vec<String> {
    let count = |text: &str| text.chars().count();
    if count(text) <= ROW {
        return vec![text.to_owned()];
    }
    let blanks = text.match_indices(' ').map(|(at, _)| at);
    match blanks.min_by_key(|at| count(&text[..*at]).abs_diff(count(&text[at + 1..]))) {
        Some(at) => vec![text[..at].to_owned(), text[at + 1..].to_owned()],
        None => vec![text.to_owned()],
    }
}
