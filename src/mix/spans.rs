//! The whole episode on every processor: spans of blocks mixed at once, handed over in order.

use std::mem;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use crate::mix::Mixer;
use crate::mix::block::Block;
use crate::mix::error::Error;
use crate::mix::plan::Plan;
use crate::units::time::FrameCount;

/// How many blocks are mixed in one go by one thread: 5.5 s at 48 kHz. Long against [`Plan::replay`], which each span
/// may have to pay, and short enough that two for each thread are little memory.
const SPAN: usize = 256;

/// Mixes `blocks` of `plan`, as many of them as it has, and hands them to `sink`, one after the other from the first: the same blocks, bit by
/// bit, that one [`Mixer`] renders. While `sink` works on one batch of spans, the next is being mixed.
///
/// Memory: two spans for each thread of the current rayon pool, of all buses and the sum: 8 KiB for each of them,
/// block and 1024 frames.
///
/// # Errors
/// The first error of the mixer or of `sink`, after which nothing more is handed over.
pub fn mix<E>(
    plan: &Arc<Plan>,
    blocks: Range<u64>,
    mut sink: impl FnMut(&Block) -> Result<(), E> + Send,
) -> Result<(), E>
where
    E: From<Error> + Send,
{
    let batch = || -> Vec<Span> { (0..rayon::current_num_threads()).map(|_| Span::new(plan)).collect() };
    let (mut ready, mut ahead) = (batch(), batch());
    let mut next = blocks.start;
    loop {
        let hand_over = || ready.iter().flat_map(Span::blocks).try_for_each(&mut sink);
        let mix = || {
            let spans = ahead.par_iter_mut().enumerate();
            spans.try_for_each(|(index, span)| span.mix(next + (index * SPAN) as u64, blocks.end))
        };
        let (handed, mixed) = rayon::join(hand_over, mix);
        handed?;
        mixed?;
        if ahead.iter().all(|span| span.mixed == 0) {
            return Ok(());
        }
        next += (ahead.len() * SPAN) as u64;
        mem::swap(&mut ready, &mut ahead);
    }
}

/// Blocks in a row, with a mixer of their own. Used again for later ones.
struct Span {
    mixer: Mixer,
    blocks: Vec<Block>,
    /// How many of the blocks are of the span mixed last.
    mixed: usize,
}

impl Span {
    fn new(plan: &Arc<Plan>) -> Span {
        Span { mixer: Mixer::new(Arc::clone(plan)), blocks: Vec::new(), mixed: 0 }
    }

    fn mix(&mut self, first: u64, end: u64) -> Result<(), Error> {
        self.mixer.seek(first);
        self.mixed = 0;
        while self.mixed < SPAN && self.mixer.position() < end {
            if self.mixed == self.blocks.len() {
                self.blocks.push(Block::new(self.mixer.plan()));
            }
            if self.mixer.render(&mut self.blocks[self.mixed])? == FrameCount::ZERO {
                break;
            }
            self.mixed += 1;
        }
        Ok(())
    }

    fn blocks(&self) -> &[Block] {
        &self.blocks[..self.mixed]
    }
}
