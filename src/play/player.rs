//! A performance from some frame on: mixed, mastered, metered.

use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::master::Master;
use crate::mix::Mixer;
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error;
use crate::play::meters::{Meters, Reading};
use crate::play::performance::Performance;
use crate::units::time::FrameCount;

/// How far back meters look, in milliseconds.
const METERED: u64 = 400;

/// Plays a performance. The frames are those of the rendered file, before dither.
#[derive(Clone, Debug)]
pub struct Player {
    performance: Arc<Performance>,
    mixer: Mixer,
    block: Block,
    /// `None` once it has handed over its last frames.
    master: Option<Master>,
    meters: Meters,
    /// The first block that the meters see: what they show looks no further back.
    metered: u64,
    mix: Vec<f32>,
    /// Mastered frames, in the channels that are delivered; the first `given` samples have been given.
    out: Vec<f32>,
    given: usize,
    /// How many frames are still to be dropped: those that only the limiter had to hear.
    early: u64,
    /// The episode's frame that is given next.
    next: u64,
}

impl Player {
    /// A player that stands at frame `at`. The limiter hears what comes before, as far back as it remembers, so that
    /// its frames are those of one that played from the beginning.
    pub fn new(performance: Arc<Performance>, at: u64) -> Player {
        let plan = &performance.plan;
        let master = Master::new(performance.master, plan.rate());
        let first = at.saturating_sub(master.settle().get()) / FRAMES as u64;
        let mut mixer = Mixer::new(Arc::clone(plan));
        mixer.seek(first);
        let seen = u64::from(plan.rate().hz()) * METERED / 1000;
        let metered = (at.saturating_sub(seen) / FRAMES as u64).max(first);
        Player {
            block: Block::new(plan.buses()),
            mixer,
            master: Some(master),
            meters: Meters::new(plan, performance.master, metered * FRAMES as u64),
            metered,
            mix: Vec::with_capacity(2 * FRAMES),
            out: Vec::with_capacity(4 * FRAMES),
            given: 0,
            early: at - first * FRAMES as u64,
            next: at,
            performance,
        }
    }

    /// A player that stands at frame `at` and has heard what it has to hear before: up to two seconds for the limiter,
    /// and as long as rooms remember, which takes as long as mixing that does.
    ///
    /// # Errors
    /// Where a clip cannot be read any more.
    pub fn warm(performance: Arc<Performance>, at: u64) -> Result<Player, Error> {
        let mut player = Player::new(performance, at);
        player.mixer.warm_up()?;
        while player.early > 0 && player.has_more()? {}
        Ok(player)
    }

    /// Has something to give at hand, or says that there is nothing.
    fn has_more(&mut self) -> Result<bool, Error> {
        let width = self.performance.master.channels.count();
        let there = (self.out.len() - self.given) / width;
        if there == 0 {
            return self.master_next();
        }
        let early = usize::try_from(self.early).unwrap_or(usize::MAX).min(there);
        self.given += early * width;
        self.early -= early as u64;
        Ok(true)
    }

    /// What it plays.
    pub fn performance(&self) -> &Arc<Performance> {
        &self.performance
    }

    /// The episode's frame that comes next.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Whether the episode is over.
    pub fn is_over(&self) -> bool {
        self.next >= self.performance.length()
    }

    /// Whether it has given all that is settled.
    pub fn is_stuck(&self) -> bool {
        self.next >= self.performance.settled_frames()
    }

    /// What the meters have seen since this was asked last.
    pub fn readings(&mut self) -> impl Iterator<Item = Reading> {
        self.meters.take()
    }

    /// Appends the next frames to `out`, interleaved stereo: as many as `frames`, fewer at the end of the episode or of what
    /// is settled; and says how many.
    ///
    /// # Errors
    /// Where a clip cannot be read any more.
    pub fn pull(&mut self, frames: usize, out: &mut Vec<f32>) -> Result<usize, Error> {
        let width = self.performance.master.channels.count();
        let mut pulled = 0;
        while pulled < frames {
            let there = (self.out.len() - self.given) / width;
            if there == 0 || self.early > 0 {
                if !self.has_more()? {
                    break;
                }
                continue;
            }
            let now = there.min(frames - pulled);
            let samples = &self.out[self.given..self.given + now * width];
            match self.performance.master.channels {
                Channels::Stereo => out.extend_from_slice(samples),
                Channels::Mono => out.extend(samples.iter().flat_map(|sample| [*sample; 2])),
            }
            self.given += now * width;
            pulled += now;
        }
        self.next += pulled as u64;
        Ok(pulled)
    }

    /// Masters the next block; says whether there may be more to give.
    fn master_next(&mut self) -> Result<bool, Error> {
        let Some(master) = &mut self.master else { return Ok(false) };
        self.out.clear();
        self.given = 0;
        let end = (self.mixer.position() + 1).saturating_mul(FRAMES as u64);
        if !self.performance.is_whole() && end > self.performance.until {
            return Ok(false);
        }
        if self.mixer.render(&mut self.block)? == FrameCount::ZERO {
            if let Some(master) = self.master.take() {
                master.finish(&mut self.out);
            }
            return Ok(true);
        }
        self.block.sum().interleave_to(&mut self.mix);
        master.push(&self.mix, &mut self.out);
        if self.mixer.position() > self.metered {
            self.meters.push(&self.block, &self.out);
        }
        Ok(true)
    }
}
