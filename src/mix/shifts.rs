//! When a bus's filters work, and where one set of them takes over from the other.
//!
//! Filters and compressors have state, which depends on all that went before. So that a block can be had without its
//! past, nothing may remember longer than a bounded time. Each *stretch* of a bus, in which it is never silent for long,
//! is cut into shifts, of equal length from where each scene begins, so that a scene that begins later than it did is the same
//! scene. Each shift but the first has filters of its own, which begin at rest and hear the end of the shift before along
//! with those that are at work. When they take over they have heard enough to be where the others are: nothing is heard
//! of it, and nobody has to hear more than the end of one shift and the shift after it. That is part of what the mix *is*,
//! done in the same way when playing through.

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
    /// Where one shift follows another, in order: each in a stretch, and at least the run-up after what began before.
    takeovers: Vec<u64>,
    /// How long before its beginning a shift hears along.
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
    /// and remember for `run_up`, no less; in an episode whose `scenes` begin at these frames, in order.
    pub(super) fn new(
        spans: &[(u64, u64)],
        scenes: &[u64],
        ring: u64,
        run_up: u64,
        rate: SampleRate,
    ) -> Shifts {
        let mut stretches = joined(spans, run_up);
        stretches.iter_mut().for_each(|(_, end)| *end += ring);
        let every = (SHORTEST.0 * u64::from(rate.hz())).max(SHORTEST.1 * run_up);
        let mut takeovers = Vec::new();
        for (start, over) in &stretches {
            let first = scenes.partition_point(|scene| scene <= start);
            let inside = scenes[first..].iter().copied().take_while(|scene| scene < over);
            let bases = std::iter::once(*start).chain(inside.clone());
            let ends = inside.chain([*over]);
            let mut last = *start;
            for (base, end) in bases.zip(ends) {
                let mut next = base;
                while next < end {
                    if next >= last + run_up && next > *start {
                        takeovers.push(next);
                        last = next;
                    }
                    next += every;
                }
            }
        }
        Shifts { stretches, takeovers, run_up }
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
            Some((start, _)) => self.before(*start, frame).map_or(*start, |takeover| takeover - self.run_up),
            None => frame,
        }
    }

    /// The last takeover up to a frame, in the stretch that begins at `start`.
    fn before(&self, start: u64, frame: u64) -> Option<u64> {
        let seen = self.takeovers.partition_point(|takeover| *takeover <= frame);
        seen.checked_sub(1).map(|last| self.takeovers[last]).filter(|takeover| *takeover > start)
    }

    /// The first piece in the frames `at..end` in which filters work and nothing changes.
    pub(super) fn piece(&self, at: u64, end: u64) -> Option<Piece> {
        let next = self.stretches.partition_point(|(_, end)| *end <= at);
        let (start, over) = *self.stretches.get(next)?;
        let (from, end) = (at.max(start), end.min(over));
        if from >= end {
            return None;
        }
        let next = self.takeovers.partition_point(|takeover| *takeover <= from);
        // The last shift of a stretch has none after it.
        let takeover = self.takeovers.get(next).copied().filter(|takeover| *takeover < over);
        let first = if from == start {
            First::Rest
        } else if self.before(start, from) == Some(from) {
            First::TakeOver
        } else {
            First::GoOn
        };
        let (to, along) = match takeover {
            Some(takeover) if from < takeover - self.run_up => (end.min(takeover - self.run_up), None),
            Some(takeover) => (end.min(takeover), Some((from == takeover - self.run_up, takeover - from))),
            None => (end, None),
        };
        Some(Piece { span: (from, to), first, along })
    }

    /// What decides on what comes out of the filters in the frames from `from`, no later than [`Shifts::begin`] gave, up to
    /// `end`, counted from `origin`.
    pub(super) fn between(&self, from: u64, end: u64, origin: u64) -> impl std::fmt::Debug {
        let place = |frame: u64| i128::from(frame) - i128::from(origin);
        let near = self.stretches.iter().filter(|(start, over)| *over > from && *start < end);
        let near =
            near.map(|(start, over)| (place(*start.max(&from)), *start < from, place((*over).min(end))));
        let takeovers = self.takeovers.iter().filter(|takeover| (from..end).contains(takeover));
        (self.run_up, near.collect::<Vec<_>>(), takeovers.map(|it| place(*it)).collect::<Vec<_>>())
    }

    /// How far back it has to be heard, at most.
    pub(super) fn reach(&self) -> u64 {
        let mut reach = 0;
        for (start, over) in &self.stretches {
            let own = self.takeovers.partition_point(|takeover| takeover <= start);
            let own = self.takeovers[own..].iter().take_while(|takeover| *takeover < over);
            let mut from = *start;
            for takeover in own {
                reach = reach.max(takeover - from);
                from = takeover - self.run_up;
            }
            reach = reach.max(over - from);
        }
        reach
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
