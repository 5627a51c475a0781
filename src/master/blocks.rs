//! Blocks of the mix, made here and now.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::current_num_threads;

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
    /// Those nobody uses, and the last block of each: the first of the next stretch may lie in it as well.
    idle: Mutex<VecDeque<(Mixer, Block)>>,
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
        let (first, end) = (range.start / FRAMES as u64, range.end.div_ceil(FRAMES as u64));
        let (mut mixer, mut block) = self.at(first);
        if first < end && made(&mixer, &block, first) {
            sink(&block)?;
        }
        while mixer.position() < end && mixer.render(&mut block)? > FrameCount::ZERO {
            sink(&block)?;
        }
        let mut idle = self.idle();
        idle.push_back((mixer, block));
        // As many as can be at work at once: else those nobody goes on from would gather.
        if idle.len() > current_num_threads() {
            idle.pop_front();
        }
        Ok(())
    }

    /// A mixer that comes to the block `first` next, or has just made it.
    fn at(&self, first: u64) -> (Mixer, Block) {
        let mut idle = self.idle();
        let there =
            idle.iter().position(|(mixer, block)| mixer.position() == first || made(mixer, block, first));
        if let Some(found) = there.and_then(|index| idle.remove(index)) {
            return found;
        }
        // One that is somewhere else has its memory already.
        let other = idle.pop_front();
        drop(idle);
        let (mut mixer, block) =
            other.unwrap_or_else(|| (Mixer::new(Arc::clone(&self.plan)), Block::new(self.plan.buses())));
        mixer.seek(first);
        (mixer, block)
    }

    /// Gives the memory of mixers back.
    pub(super) fn rest(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Mixer, Block)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a mixer has just made the block `first`, and this is it.
fn made(mixer: &Mixer, block: &Block, first: u64) -> bool {
    let start = block.start().from_start().map(FrameCount::get);
    mixer.position() == first + 1 && start == Some(first * FRAMES as u64)
}

/// The frames of a block that lie in `range`.
pub(super) fn inside<'m>(block: &Block, range: &Range<u64>, mix: &'m mut Vec<f32>) -> &'m [f32] {
    block.sum().interleave_to(mix);
    let first = block.start().from_start().unwrap_or_default().get();
    let sample = |frame: u64| (FrameCount::new(frame.saturating_sub(first)).index() * 2).min(mix.len());
    &mix[sample(range.start)..sample(range.end)]
}
