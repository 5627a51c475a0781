//! When each word of a line is said, as well as it is known.
//!
//! Where the engine or an anchor told the time of a place in the text, that is kept. Between two such places, and
//! between them and the line's first and last sound, time is shared out by letters, after the pauses that are written.
//! Those times are marked as the estimates they are.

use std::io;
use std::ops::Range;

use crate::cuesheet::load::speech_within;
use crate::cuesheet::{Clip, LineRequest};
use crate::script::text::StopKind;
use crate::units::time::{FrameCount, SampleRate};

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

/// The words of a line, in order.
///
/// # Errors
/// Where the clip cannot be read.
pub fn words(request: &LineRequest, clip: &Clip, rate: SampleRate) -> io::Result<Vec<Word>> {
    let text = &request.text.plain;
    let starts = request.text.words();
    let (first, last) = speech_within(&clip.samples)?;
    let mut knots = vec![Knot { byte: 0, at: first.get() as f64 }];
    for cue in &clip.cues {
        let at = cue.at.get() as f64;
        if knots.last().is_some_and(|knot| cue.byte > knot.byte && at >= knot.at) {
            knots.push(Knot { byte: cue.byte, at });
        }
    }
    let end = (last.get() as f64).max(knots.last().map_or(0.0, |knot| knot.at));
    knots.push(Knot { byte: text.len() + 1, at: end });
    let line = Line { text, request, knots, rate };
    let known = |byte: usize| clip.cues.iter().any(|cue| cue.byte == byte && !cue.estimated);
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
