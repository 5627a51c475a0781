//! When a bus's filters work, and where one set of them takes over from the other.
//!
//! Filters and compressors have state, which depends on all that went before. So that a block can be had without its
//! past, nothing may remember longer than a bounded time. Each *stretch* of a bus, in which it is never silent for long,
//! is cut into shifts of equal length from its first frame. Each shift but the first has filters of its own, which begin
//! at rest and hear the end of the shift before along with those that are at work. When they take over they have heard enough to
//! be where the others are: nothing is heard of it, and nobody has to hear more than the end of one shift and the
//! shift after it. That is part of what the mix *is*, done in the same way when playing through.

use crate::units::time::SampleRate;

/// The shortest shift, seconds; and how many times as long as a run-up it is at least.
const SHORTEST: (u64, u64) = (8, 2);

/// First frames, and the frames after the last.
pub(super) type Spans = Vec<(u64, u64)>;

/// The shifts of a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shifts {
    /// In order and apart.
    stretches: Spans,
    /// How long a shift is, frames.
    every: u64,
    /// How long before its beginning it hears along.
    run_up: u64,
}

/// Some frames of a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first frame and the one after its last.
    pub(super) span: (u64, u64),
    /// What the filters at work do first.
    pub(super) first: First,
    /// For those that hear along: whether they begin here, and how many frames are left to them at the first.
    pub(super) along: Option<(bool, u64)>,
}

/// What filters do at the beginning of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// They are put at rest.
    Rest,
    /// Those that heard along take over.
    TakeOver,
    /// They go on.
    GoOn,
}

impl Shifts {
    /// The shifts of a bus that sounds in `spans`, in order of their beginnings, whose filters ring for `ring` frames
    /// and remember for `run_up`, no less.
    pub(super) fn new(spans: &[(u64, u64)], ring: u64, run_up: u64, rate: SampleRate) -> Shifts {
        let mut stretches = joined(spans, run_up);
        stretches.iter_mut().for_each(|(_, end)| *end += ring);
        Shifts { stretches, every: (SHORTEST.0 * u64::from(rate.hz())).max(SHORTEST.1 * run_up), run_up }
    }

    /// When the filters work: as long as anything comes out of them.
    pub(super) fn stretches(&self) -> &[(u64, u64)] {
        &self.stretches
    }

    /// How long filters hear along before they take over, frames.
    pub(super) fn run_up(&self) -> u64 {
        self.run_up
    }

    /// The frame from which on the filters have to hear everything to be right from `frame` on.
    pub(super) fn begin(&self, frame: u64) -> u64 {
        let next = self.stretches.partition_point(|(_, end)| *end <= frame);
        match self.stretches.get(next).filter(|(start, _)| *start < frame) {
            Some((start, _)) if frame - start < self.every => *start,
            Some((start, _)) => start + (frame - start) / self.every * self.every - self.run_up,
            None => frame,
        }
    }

    /// The first piece in the frames `at..end` in which filters work and nothing changes.
    pub(super) fn piece(&self, at: u64, end: u64) -> Option<Piece> {
        let next = self.stretches.partition_point(|(_, end)| *end <= at);
        let (start, over) = *self.stretches.get(next)?;
        let (from, end) = (at.max(start), end.min(over));
        if from >= end {
            return None;
        }
        let into = from - start;
        let begin = into / self.every * self.every;
        let take_over = start + begin + self.every;
        // The last shift of a stretch has none after it.
        let along = take_over - self.run_up;
        let hears = take_over < over;
        let to = if hears && from < along { end.min(along) } else { end.min(take_over) };
        let first = match into {
            0 => First::Rest,
            _ if into == begin => First::TakeOver,
            _ => First::GoOn,
        };
        Some(Piece {
            span: (from, to),
            first,
            along: (hears && from >= along).then(|| (from == along, take_over - from)),
        })
    }

    /// What decides on when filters work in the frames from `from`, a frame that [`Shifts::begin`] gave, up to `end`,
    /// counted from `origin`.
    pub(super) fn between(&self, from: u64, end: u64, origin: u64) -> impl std::fmt::Debug {
        let place = |frame: u64| i128::from(frame) - i128::from(origin);
        // Whether filters hear along is decided by whether there is a shift after theirs.
        let seen = end.saturating_add(self.run_up);
        let near = self.stretches.iter().filter(|(start, over)| *over > from && *start < seen);
        let near =
            near.map(|(start, over)| (place(*start.max(&from)), *start < from, place((*over).min(seen + 1))));
        (self.every, self.run_up, near.collect::<Vec<_>>())
    }

    /// How far back it has to be heard, at most.
    pub(super) fn reach(&self) -> u64 {
        let longest = self.stretches.iter().map(|(start, end)| end - start).max().unwrap_or(0);
        longest.min(self.every + self.run_up)
    }
}

/// Spans in order, those no more than `gap` apart as one.
pub(super) fn joined(spans: &[(u64, u64)], gap: u64) -> Spans {
    let mut joined: Spans = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some((_, last)) if *start <= last.saturating_add(gap) => *last = (*last).max(*end),
            _ => joined.push((*start, *end)),
        }
    }
    joined
}
