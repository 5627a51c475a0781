//! Blocks of the mix, made here and now.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::mix::Mixer;
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::units::time::FrameCount;

/// The mixers of a plan. One that has mixed a stretch stays where it stands: whoever mixes the next one goes on from there,
/// where another would first have to hear what rooms and compressors remember.
#[derive(Debug)]
pub(super) struct Blocks {
    plan: Arc<Plan>,
    /// Those nobody uses. A new one is made only where there is none: there are no more than were ever used at once.
    idle: Mutex<VecDeque<Idle>>,
}

/// A mixer that nobody uses.
#[derive(Debug)]
struct Idle {
    mixer: Mixer,
    /// Its last block: the first of the next stretch may lie in it as well.
    block: Block,
    /// Who used it last, and will likely go on.
    by: ThreadId,
}

impl Idle {
    /// Whether it has just made the block `first`, and has it.
    fn made(&self, first: u64) -> bool {
        let start = self.block.start().from_start().map(FrameCount::get);
        let there = start == Some(first * FRAMES as u64) && self.block.frames() > FrameCount::ZERO;
        there && self.mixer.position() == first + 1
    }
}

impl Blocks {
    pub(super) fn new(plan: Arc<Plan>) -> Blocks {
        Blocks { plan, idle: Mutex::default() }
    }

    /// Mixes the blocks in which `range` lies, on this thread alone.
    pub(super) fn each<E: From<MixError>>(
        &self,
        range: &Range<u64>,
        mut sink: impl FnMut(&Block) -> Result<(), E>,
    ) -> Result<(), E> {
        if range.is_empty() {
            return Ok(());
        }
        let (first, end) = (range.start / FRAMES as u64, range.end.div_ceil(FRAMES as u64));
        let mut at_work = self.at(first);
        if at_work.made(first) {
            sink(&at_work.block)?;
        }
        let Idle { mixer, block, .. } = &mut at_work;
        while mixer.position() < end && mixer.render(block)? > FrameCount::ZERO {
            sink(block)?;
        }
        self.idle().push_back(at_work);
        Ok(())
    }

    /// A mixer that comes to the block `first` next, or has just made it.
    fn at(&self, first: u64) -> Idle {
        let by = thread::current().id();
        let mut idle = self.idle();
        let there = idle.iter().position(|it| it.mixer.position() == first || it.made(first));
        if let Some(found) = there.and_then(|index| idle.remove(index)) {
            return Idle { by, ..found };
        }
        // One that is somewhere else has its memory already; this thread's own, lest another has to begin anew as well.
        let own = idle.iter().position(|it| it.by == by).unwrap_or(0);
        let other = idle.remove(own);
        drop(idle);
        let (mut mixer, block) = match other {
            Some(Idle { mixer, block, .. }) => (mixer, block),
            None => (Mixer::new(Arc::clone(&self.plan)), Block::new(self.plan.buses())),
        };
        mixer.seek(first);
        Idle { mixer, block, by }
    }

    /// Gives the memory of mixers back.
    pub(super) fn rest(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The frames of a block that lie in `range`.
pub(super) fn inside<'m>(block: &Block, range: &Range<u64>, mix: &'m mut Vec<f32>) -> &'m [f32] {
    block.sum().interleave_to(mix);
    let first = block.start().from_start().unwrap_or_default().get();
    let sample = |frame: u64| (FrameCount::new(frame.saturating_sub(first)).index() * 2).min(mix.len());
    &mix[sample(range.start)..sample(range.end)]
}
