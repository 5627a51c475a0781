//! Blocks of the mix, made here and now.

use std::ops::Range;
use std::sync::Arc;

use crate::mix::Mixer;
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::units::time::FrameCount;

/// Mixes the blocks in which `range` lies, on this thread alone.
pub(super) fn each_block<E: From<MixError>>(
    plan: &Arc<Plan>,
    range: &Range<u64>,
    mut sink: impl FnMut(&Block) -> Result<(), E>,
) -> Result<(), E> {
    let mut mixer = Mixer::new(Arc::clone(plan));
    mixer.seek(range.start / FRAMES as u64);
    let mut block = Block::new(plan.buses());
    while mixer.position() < range.end.div_ceil(FRAMES as u64) && mixer.render(&mut block)? > FrameCount::ZERO
    {
        sink(&block)?;
    }
    Ok(())
}

/// The frames of a block that lie in `range`.
pub(super) fn inside<'m>(block: &Block, range: &Range<u64>, mix: &'m mut Vec<f32>) -> &'m [f32] {
    block.sum().interleave_to(mix);
    let first = block.start().from_start().unwrap_or_default().get();
    let sample = |frame: u64| (FrameCount::new(frame.saturating_sub(first)).index() * 2).min(mix.len());
    &mix[sample(range.start)..sample(range.end)]
}
