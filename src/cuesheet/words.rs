//! When each word of a line is said, as well as it is known.
//!
//! Where the engine or an anchor told the time of a place in the text, that is kept; and an engine that can tell when
//! each word begins is asked, once for each take, for that takes longer than speaking. Between two such places, and
//! between them and the line's first and last sound, time is shared out by letters, after the pauses that are written.
//! Those times are marked as the estimates they are.

use std::io;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::cache::key::{Parts, SPEECH};
use crate::cache::{Cache, Kind};
use crate::cuesheet::load::speech_within;
use crate::cuesheet::speak::begins;
use crate::cuesheet::{Clip, LineRequest, Origin};
use crate::script::text::StopKind;
use crate::speech::Engines;
use crate::units::time::{FrameCount, SampleRate};

/// Who can tell when words are said: the engines, and what they told before.
#[derive(Clone, Copy, Debug)]
pub struct Witnesses<'a> {
    /// Who speaks.
    pub engines: &'a Engines,
    /// Where it may lie already.
    pub cache: &'a Cache,
}

/// A word and when it is said, in frames of its clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What is said, with the punctuation that belongs to it.
    pub text: String,
    /// When it begins.
    pub start: FrameCount,
    /// When it ends.
    pub end: FrameCount,
    /// Whether its beginning is an estimate.
    pub estimated: bool,
}

/// A place in the text whose time is known.
struct Knot {
    byte: usize,
    at: f64,
}

/// What is known of a take's words.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// The frame at which each of [`crate::script::text::Text::words`] begins, where that is known.
    starts: Vec<Option<u64>>,
    /// The first frame that is heard, and the one after the last.
    speech: (u64, u64),
}

/// The words of a line, in order. Without `witnesses` their times are estimates.
///
/// # Errors
/// Where the clip cannot be read.
pub fn words(
    request: &LineRequest,
    clip: &Clip,
    witnesses: Option<Witnesses<'_>>,
    rate: SampleRate,
) -> io::Result<Vec<Word>> {
    let text = &request.text.plain;
    let starts = request.text.words();
    let told = match witnesses {
        Some(witnesses) => told(request, clip, witnesses, &starts, rate)?,
        None => Told { starts: vec![None; starts.len()], speech: heard(clip)? },
    };
    let (first, last) = (FrameCount::new(told.speech.0), FrameCount::new(told.speech.1));
    let cued = clip.cues.iter().map(|cue| (cue.byte, cue.at, !cue.estimated));
    let measured = starts.iter().zip(&told.starts);
    let measured = measured.filter_map(|(byte, at)| at.map(|at| (*byte, FrameCount::new(at), true)));
    // A cue that is known exactly comes before what was measured of the same place.
    let mut places: Vec<(usize, FrameCount, bool)> = cued.chain(measured).collect();
    places.sort_by_key(|(byte, _, known)| (*byte, !known));
    places.dedup_by_key(|(byte, ..)| *byte);
    let mut knots = vec![Knot { byte: 0, at: first.get() as f64 }];
    for (byte, at, _) in &places {
        let at = at.get() as f64;
        if knots.last().is_some_and(|knot| *byte > knot.byte && at >= knot.at) {
            knots.push(Knot { byte: *byte, at });
        }
    }
    let end = (last.get() as f64).max(knots.last().map_or(0.0, |knot| knot.at));
    knots.push(Knot { byte: text.len() + 1, at: end });
    let line = Line { text, request, knots, rate };
    let known = |start: usize| places.iter().any(|(byte, _, known)| *byte == start && *known);
    let word = |(index, &start): (usize, &usize)| {
        let begin = if index == 0 { 0 } else { start };
        let next = starts.get(index + 1).copied().unwrap_or(text.len());
        let said = text[begin..next].trim_end();
        Word {
            text: text[begin..next].trim().to_owned(),
            start: line.time(start, true),
            end: line.time(begin + said.len(), false),
            estimated: !known(start),
        }
    };
    Ok(starts.iter().enumerate().map(word).collect())
}

/// What is known of a line's words: kept, or found out and kept.
fn told(
    request: &LineRequest,
    clip: &Clip,
    witnesses: Witnesses<'_>,
    words: &[usize],
    rate: SampleRate,
) -> io::Result<Told> {
    let spoken = clip.samples.identity().filter(|_| clip.origin == Origin::Synthesized);
    // A take's words follow from what the take follows from.
    let key = spoken.map(|take| Parts::new("words", SPEECH).identity(&take).data(&words).key_of_all());
    let kept = key.and_then(|key| witnesses.cache.fact::<Told>(Kind::Fact, &key));
    if let Some((kept, _)) = kept.filter(|(kept, _)| kept.starts.len() == words.len()) {
        return Ok(kept);
    }
    let starts = match clip.origin {
        Origin::Synthesized => begins(request, witnesses.engines, words, rate),
        _ => vec![None; words.len()],
    };
    let told = Told { starts, speech: heard(clip)? };
    if let Some(key) = key {
        witnesses.cache.keep_fact(Kind::Fact, &key, &told, &[]);
    }
    Ok(told)
}

/// The first frame of a clip that is heard, and the one after the last.
fn heard(clip: &Clip) -> io::Result<(u64, u64)> {
    let (first, last) = speech_within(&clip.samples)?;
    Ok((first.get(), last.get()))
}

struct Line<'a> {
    text: &'a str,
    request: &'a LineRequest,
    knots: Vec<Knot>,
    rate: SampleRate,
}

impl Line<'_> {
    /// When a byte of the text is reached: after a pause that stands there where `after` is, else before it.
    fn time(&self, byte: usize, after: bool) -> FrameCount {
        let next = self.knots.partition_point(|knot| knot.byte <= byte).clamp(1, self.knots.len() - 1);
        // A word that ends where a time is known ends there.
        let (from, to) = (&self.knots[next - 1], &self.knots[next]);
        let all = from.byte..to.byte.min(self.text.len() + 1);
        let (paused, silent) = (self.paused(all.start..byte, after), self.paused(all.clone(), true));
        let speaking = (to.at - from.at - silent).max(0.0);
        let share = self.heard(all.start..byte) / self.heard(all).max(1.0);
        let frames = from.at + (paused + speaking * share).min(to.at - from.at);
        super::tools::scaled(FrameCount::new(1), frames)
    }

    fn heard(&self, range: Range<usize>) -> f64 {
        let end = range.end.min(self.text.len());
        self.text[range.start.min(end)..end].chars().filter(|c| c.is_alphanumeric()).count() as f64
    }

    /// The frames of the pauses in a range, and of those at its end where they count.
    fn paused(&self, range: Range<usize>, and_at_end: bool) -> f64 {
        let inside = |at: usize| at > range.start && (at < range.end || (and_at_end && at == range.end));
        let stops = self.request.text.stops.iter().filter(|stop| inside(stop.at));
        let pauses = stops.filter_map(|stop| match &stop.what {
            StopKind::Pause(time) => Some(time.to_count(self.rate).get() as f64 / self.request.speed),
            StopKind::Mark(_) => None,
        });
        pauses.sum()
    }
}
