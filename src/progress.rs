//! How long work tells how far it has come, and learns that it is to stop.

use std::ops::Range;

/// A stage of a render that a person may have to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Lines become takes; counted in lines.
    Speech,
    /// Sounds become clips; counted in clips.
    Sounds,
    /// The whole mix is heard, to decide on its gain; counted in frames.
    Measure,
    /// Regions become sound; counted in frames.
    Mix,
    /// Samples become a file; counted in frames.
    Write,
}

/// Frames after which [`Progress::pass`] tells: a third of a second of an episode, a block of which is worked on in less time
/// than telling takes.
const OFTEN: u64 = 16_384;

/// Whoever is told. Called from several threads at once.
pub trait Progress: Sync {
    /// A stage begins, with `total` things to do.
    fn begin(&self, stage: Stage, total: u64);

    /// `count` more of them are done.
    fn advance(&self, stage: Stage, count: u64);

    /// The same of frames of an episode, told now and then: parts of it in any order, that come to all of it.
    fn pass(&self, stage: Stage, frames: Range<u64>) {
        let passed = frames.end / OFTEN - frames.start / OFTEN;
        if passed > 0 {
            self.advance(stage, passed * OFTEN);
        }
    }

    /// A stage is over.
    fn end(&self, stage: Stage);

    /// Whether the person wants it to stop: work ends soon after, leaving nothing half done.
    fn stopped(&self) -> bool;
}

/// Nobody is told, and nobody stops it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: Stage, _: u64) {}
    fn end(&self, _: Stage) {}
    fn stopped(&self) -> bool {
        false
    }
}
