//! Regions become sound: tracks, buses, ducking, block by block.
//!
//! In: a [`plan::Plan`], which is a [`crate::timeline::Timeline`] and its clips' samples made ready to play. Out:
//! [`block::Block`]s of [`block::FRAMES`] frames, one stereo sum per bus and the sum of the buses. What is heard is
//! what is exported: preview, export and [`spans`] all pull the same blocks from the same [`Mixer`].
//!
//! # Signal flow
//!
//! region: clip → loop → treatment (through, perspective) → fades → gain and pan → its track; tracks → bus → bus gain
//! and ducks → sum. Planar 32-bit float throughout, and nothing clips.
//!
//! # Invariants
//!
//! - A frame's value depends on its absolute position alone, never on who pulls, from where, or on how many threads.
//!   Blocks lie on one grid from frame 0; loops, fades and ducks are functions of the frame; filters are restarted on
//!   a grid of their own (see [`plan::Plan`]).
//! - Sums have one order: regions by start (then by the timeline's order) into their track, tracks in the timeline's
//!   order into their bus, buses in the timeline's order into the sum, each from +0.0. So stems add up to the mix bit by bit. They are
//!   summed in `f32`, so that a program that adds up stems in files gets the same bits; with a hundred regions at
//!   once the rounding lies 130 dB below the loudest.
//! - State exists only for regions that sound in the current block, and its size is known before the first one:
//!   pulling blocks does not allocate (but [`crate::audio::samples::Samples`] in a file do when read).
//!
//! It does not limit, measure, or decide when anything happens.

pub mod block;
pub mod error;
pub mod plan;
pub mod spans;

mod duck;
mod treatment;
mod turns;
mod voice;

use std::sync::Arc;

use crate::mix::block::{Block, FRAMES, Stereo};
use crate::mix::error::Error;
use crate::mix::plan::Plan;
use crate::mix::turns::Scratch;
use crate::mix::voice::Voice;
use crate::units::time::{FrameCount, FramePos};

/// Plays a plan, block by block. Cheap to make: several can play one plan at once. Latency: none.
#[derive(Clone, Debug)]
pub struct Mixer {
    plan: Arc<Plan>,
    /// The block to render next.
    next: u64,
    /// How many of the plan's regions, by start, have been looked at.
    seen: usize,
    /// Those that sound, in the plan's order.
    voices: Vec<Voice>,
    scratch: Scratch,
    track: Stereo,
    gains: Vec<f32>,
}

impl Mixer {
    /// A mixer at the episode's first block.
    pub fn new(plan: Arc<Plan>) -> Mixer {
        Mixer {
            voices: Vec::with_capacity(plan.most_at_once),
            plan,
            next: 0,
            seen: 0,
            scratch: Scratch::new(),
            track: Stereo::silent(),
            gains: vec![1.0; FRAMES],
        }
    }

    /// What it plays.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Which block comes next, counted from 0.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// How many regions it keeps state for: those that sounded in the last block and go on.
    pub fn sounding(&self) -> usize {
        self.voices.len()
    }

    /// Makes `block` the next one. What follows is the same, bit by bit, as when everything before had been pulled.
    ///
    /// Looks at every region that starts before it; the next [`Mixer::render`] then filters again what leads up to it,
    /// at most [`Plan::replay`] for each region that has a treatment.
    pub fn seek(&mut self, block: u64) {
        self.voices.clear();
        self.seen = 0;
        self.next = block;
        let start = block.saturating_mul(FRAMES as u64);
        while let Some(region) = self.plan.regions.get(self.seen).filter(|region| region.start < start) {
            if region.end() > start {
                self.voices.push(Voice::new(&self.plan, self.seen));
            }
            self.seen += 1;
        }
    }

    /// Renders the next block and moves on; says how many frames of it belong to the episode: all [`FRAMES`] but in
    /// the last block, and none past the end.
    ///
    /// # Errors
    /// Where a clip cannot be read. The mixer then stands where it stood, and may be asked again.
    pub fn render(&mut self, out: &mut Block) -> Result<FrameCount, Error> {
        let first = self.next.saturating_mul(FRAMES as u64);
        let frames = self.plan.length.saturating_sub(first).min(FRAMES as u64);
        out.begin(FramePos::ZERO.after(FrameCount::new(first)), frames, self.plan.buses.len());
        if frames == 0 {
            return Ok(FrameCount::ZERO);
        }
        let end = first + FRAMES as u64;
        while self.plan.regions.get(self.seen).is_some_and(|region| region.start < end) {
            self.voices.push(Voice::new(&self.plan, self.seen));
            self.seen += 1;
        }
        self.fill(first, out)?;
        let regions = &self.plan.regions;
        self.voices.retain(|voice| regions[voice.region()].end() > end);
        self.next += 1;
        Ok(FrameCount::new(frames))
    }

    /// Fills a block that is silent so far, whose first frame in the episode is `first`.
    fn fill(&mut self, first: u64, out: &mut Block) -> Result<(), Error> {
        for (index, bus) in self.plan.buses.iter().enumerate() {
            let mut sounds = false;
            for track in &bus.tracks {
                let mut voices = self
                    .voices
                    .iter_mut()
                    .filter(|voice| self.plan.regions[voice.region()].track == *track)
                    .peekable();
                if voices.peek().is_none() {
                    continue;
                }
                self.track.silence();
                for voice in voices {
                    voice.add_to(&mut self.track, &self.plan, first, &mut self.scratch)?;
                }
                out.bus_mut(index).add(&self.track);
                sounds = true;
            }
            if sounds {
                self.gains.fill(1.0);
                for duck in &bus.ducks {
                    duck.apply(first, &mut self.gains);
                }
                for gain in &mut self.gains {
                    *gain *= bus.factor;
                }
                out.bus_mut(index).multiply(&self.gains);
                out.add_bus_to_sum(index);
            }
        }
        Ok(())
    }
}
