//! The whole episode on every processor: spans of blocks mixed at once, handed over in order.
//!
//! Three things go on at the same time: spans far ahead are mixed dry, each by itself; the ones before them get their
//! rooms, block after block; and those before these are handed over.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use crate::mix::block::{Block, FRAMES};
use crate::mix::dry::Dry;
use crate::mix::error::Error;
use crate::mix::plan::Plan;
use crate::mix::wet::Wet;
use crate::units::time::FrameCount;

/// The most blocks that are mixed in one go by one thread: 5.5 s at 48 kHz. Long against [`Plan::replay`], which each
/// span may have to pay.
const SPAN: usize = 256;
/// What all blocks together may take, in bytes, where that leaves spans of any length.
const MEMORY: usize = 72 << 20;

/// Mixes `blocks` of `plan`, as many of them as it has, and hands them to `sink`, one after the other from the first:
/// the same blocks, bit by bit, that one [`crate::mix::Mixer`] renders.
///
/// Memory: three spans for each thread of the current rayon pool, of all buses, the sum, and what is sent at
/// once: 8 KiB for each of them and block; spans are shorter where that would be more than 72 MiB.
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
    let threads = rayon::current_num_threads();
    let each = (plan.buses() + 1 + plan.most_sends) * FRAMES * 2 * size_of::<f32>();
    let length = (MEMORY / (3 * threads * each)).clamp(4, SPAN);
    let batch = || -> Vec<Span> { (0..threads).map(|_| Span::new(plan)).collect() };
    let (mut ready, mut middle, mut ahead) = (batch(), batch(), batch());
    let mut wet = Wet::new(Arc::clone(plan));
    // The rooms have to hear what came before.
    let mut next = wet.lead_up_to(blocks.start);
    loop {
        let hand_over = || {
            let wanted = ready.iter().flat_map(Span::blocks).filter(|block| !before(block, blocks.start));
            wanted.into_iter().try_for_each(&mut sink)
        };
        let add_rooms = || middle.iter_mut().flat_map(Span::blocks_mut).for_each(|block| wet.finish(block));
        let mix = || {
            let spans = ahead.par_iter_mut().enumerate();
            spans.try_for_each(|(index, span)| span.mix(next + (index * length) as u64, length, blocks.end))
        };
        let (handed, (mixed, ())) = rayon::join(hand_over, || rayon::join(mix, add_rooms));
        handed?;
        mixed?;
        if ahead.iter().chain(&middle).all(|span| span.mixed == 0) {
            return Ok(());
        }
        next += (threads * length) as u64;
        std::mem::swap(&mut ready, &mut middle);
        std::mem::swap(&mut middle, &mut ahead);
    }
}

/// Whether a block comes before another.
fn before(block: &Block, first: u64) -> bool {
    block.start().from_start().unwrap_or_default().get() < first.saturating_mul(FRAMES as u64)
}

/// Blocks in a row, with a mixer of their own. Used again for later ones.
struct Span {
    mixer: Dry,
    blocks: Vec<Block>,
    /// How many of the blocks are of the span mixed last.
    mixed: usize,
}

impl Span {
    fn new(plan: &Arc<Plan>) -> Span {
        Span { mixer: Dry::new(Arc::clone(plan)), blocks: Vec::new(), mixed: 0 }
    }

    fn mix(&mut self, first: u64, length: usize, end: u64) -> Result<(), Error> {
        self.mixer.seek(first);
        self.mixed = 0;
        while self.mixed < length && self.mixer.position() < end {
            if self.mixed == self.blocks.len() {
                self.blocks.push(Block::new(self.mixer.plan().buses()));
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

    fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks[..self.mixed]
    }
}
