//! Regions become sound: tracks, buses, ducking, block by block.
//!
//! In: a [`plan::Plan`], which is a [`crate::timeline::Timeline`] and its clips' samples made ready to play. Out:
//! [`block::Block`]s of [`block::FRAMES`] frames, one stereo sum per bus and the sum of the buses. What is heard is
//! what is exported: preview, export and [`spans`] all pull the same blocks from the same [`Mixer`].
//!
//! # Signal flow
//!
//! region: clip → loop → what stands between (`through`) → distance → fades → gain and pan → its track; tracks, and
//! what other buses send → bus → compressor → bus gain and ducks → rooms of its regions → its own room → EQ → sum, and
//! sends to other buses. A region in a room is sent there before its distance is heard, with the bus's gains: what is ducked
//! is ducked before the room answers, as it would be if it were quieter. The compressor listens to what the EQ leaves of
//! what comes in; what it does is heard in the rooms as well. Each stem has its rooms in it. Planar 32-bit float
//! throughout, and nothing clips.
//!
//! # Two halves
//!
//! [`dry`] does everything up to the buses, each block by itself, so any number of spans can be done at once.
//! [`wet`] does the buses and the rooms, one block after the other, since they remember. What they remember is bounded:
//! sends to rooms are cut into bursts that are answered apart ([`rooms`]), equalisers and compressors hand over to others
//! that have heard only the last seconds ([`shifts`]). So a seek listens to at most [`Plan::memory`] again.
//!
//! # Invariants
//!
//! - A frame's value depends on its absolute position alone, never on who pulls, from where, or on how many threads.
//!   And on that only through recorded rooms: a scene that is moved as a whole keeps its samples ([`stretch`]).
//!   Blocks lie on one grid from frame 0; loops, fades and ducks are functions of the frame; filters of regions are
//!   restarted on a grid of their own (see [`plan::Plan`]), those of buses in shifts, rooms at the beginning of each
//!   burst.
//! - Sums have one order: regions by start (then by the timeline's order) into their track, tracks in the timeline's
//!   order into their bus, then what other buses send, in the order in which they are done, then what rooms answer, by
//!   the start of their bursts; buses in the timeline's order into
//!   the sum, each from +0.0. So stems add up to the mix bit by bit. They are
//!   summed in `f32`, so that a program that adds up stems in files gets the same bits; with a hundred regions at
//!   once the rounding lies 130 dB below the loudest.
//! - State exists only for regions that sound in the current block, for buses and for rooms that ring. Pulling blocks
//!   does not allocate, but where more bursts ring at once than ever before (and [`crate::audio::samples::Samples`] in a
//!   file do when read).
//!
//! It does not limit, measure, or decide when anything happens.

pub mod block;
pub mod error;
pub mod plan;
pub mod spans;
pub mod stretch;

mod at_rest;
mod desk;
mod dry;
mod duck;
mod hush;
mod placed;
mod rooms;
mod shifts;
mod strip;
mod treatment;
mod turns;
mod voice;
mod wet;

use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::mix::block::{Block, FRAMES};
use crate::mix::dry::Dry;
use crate::mix::error::Error;
use crate::mix::plan::Plan;
use crate::mix::wet::Wet;
use crate::units::time::FrameCount;

/// Plays a plan, block by block. Cheap to make: several can play one plan at once. Latency: none.
#[derive(Clone, Debug)]
pub struct Mixer {
    dry: Dry,
    wet: Wet,
    /// The block to render next.
    next: u64,
    /// For blocks that only the rooms hear.
    heard: Block,
}

impl Mixer {
    /// A mixer at the episode's first block.
    pub fn new(plan: Arc<Plan>) -> Mixer {
        Mixer {
            heard: Block::new(plan.buses()),
            dry: Dry::new(Arc::clone(&plan)),
            wet: Wet::new(plan),
            next: 0,
        }
    }

    /// What it plays.
    pub fn plan(&self) -> &Arc<Plan> {
        self.dry.plan()
    }

    /// Which block comes next, counted from 0.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// How many regions it keeps state for: those that sounded in the last block and go on.
    pub fn sounding(&self) -> usize {
        self.dry.sounding()
    }

    /// How many rooms ring on after the last block.
    pub fn ringing(&self) -> usize {
        self.wet.ringing()
    }

    /// Makes `block` the next one. What follows is the same, bit by bit, as when everything before had been pulled.
    ///
    /// The next [`Mixer::render`] looks at every region that starts before it, filters again what leads up to it, at
    /// most [`Plan::replay`] for each region that has a treatment, and lets buses and rooms hear at most
    /// [`Plan::memory`] again.
    pub fn seek(&mut self, block: u64) {
        self.next = block;
    }

    /// Does at once what the next [`Mixer::render`] would have to do first. Buses that have nothing to do with one another
    /// hear what came before side by side, on as many threads as there are, and each from no earlier than it has to.
    ///
    /// # Errors
    /// Where a clip cannot be read.
    pub fn warm_up(&mut self) -> Result<(), Error> {
        if self.wet.position() == self.next {
            return Ok(());
        }
        let plan = self.plan();
        let start = self.next.saturating_mul(FRAMES as u64);
        let needed = plan.desk.needed(start, &plan.sends, &plan.bursts);
        let mut groups = plan.desk.groups();
        groups.retain(|buses| buses.iter().any(|bus| needed[*bus].regions < start));
        let warm = |buses: &Vec<usize>| {
            let (mut dry, mut wet) = (Dry::of(Arc::clone(plan), buses), Wet::of(Arc::clone(plan), buses));
            let mut heard = Block::new(plan.buses());
            wet.lead_up(self.next, needed.clone());
            lead(&mut dry, &mut wet, &mut heard, self.next)?;
            Ok((dry, wet))
        };
        let warmed: Vec<(Dry, Wet)> = groups.par_iter().map(warm).collect::<Result<_, _>>()?;
        self.dry.seek(self.next);
        self.wet.seek(self.next);
        for (dry, wet) in warmed {
            self.dry.take(dry);
            self.wet.take(wet);
        }
        Ok(())
    }

    /// Renders the next block and moves on; says how many frames of it belong to the episode: all
    /// [`block::FRAMES`] but in the last block, and none past the end.
    ///
    /// # Errors
    /// Where a clip cannot be read. The mixer then stands where it stood, and may be asked again.
    pub fn render(&mut self, out: &mut Block) -> Result<FrameCount, Error> {
        if self.wet.position() != self.next {
            self.wet.lead_up_to(self.next);
            lead(&mut self.dry, &mut self.wet, &mut self.heard, self.next)?;
        }
        self.dry.seek(self.next);
        let frames = self.dry.render(out)?;
        if frames > FrameCount::ZERO {
            self.wet.finish(out);
            self.next += 1;
        }
        Ok(frames)
    }
}

/// Has buses and rooms hear what comes before the block `to`, from where they stand.
fn lead(dry: &mut Dry, wet: &mut Wet, heard: &mut Block, to: u64) -> Result<(), Error> {
    dry.seek(wet.position());
    while wet.position() < to {
        if dry.render(heard)? == FrameCount::ZERO {
            wet.seek(to);
        } else {
            wet.finish(heard);
        }
    }
    Ok(())
}
