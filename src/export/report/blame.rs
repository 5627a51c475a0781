//! Who it was: what sounds in a stretch of the episode, and which bus is loudest there.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::export::report::{Place, Sounding, seconds};
use crate::mix::Mixer;
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::timeline::{Region, Timeline};
use crate::units::time::{FrameCount, FramePos, SampleRate};

/// How many of those that sound are named.
const NAMED: usize = 8;
/// How many blocks of a place are mixed again to hear what is loudest: a second, at 48 kHz.
const HEARD: u64 = 47;

/// An episode whose sounds are looked for.
pub(super) struct Blame<'t> {
    timeline: &'t Timeline,
    plan: &'t Arc<Plan>,
}

impl<'t> Blame<'t> {
    pub(super) fn new(timeline: &'t Timeline, plan: &'t Arc<Plan>) -> Blame<'t> {
        Blame { timeline, plan }
    }

    pub(super) fn rate(&self) -> SampleRate {
        self.timeline.rate
    }

    /// The stretch from `start` to `end`, and what sounds in it.
    pub(super) fn place(&self, start: FramePos, end: FramePos) -> Result<Place, MixError> {
        let end = end.max(start.after(FrameCount::new(1)));
        let peaks = self.peaks(start, end)?;
        let peak = |bus: usize| Reverse(peaks.get(bus).map_or(0, |peak| peak.to_bits()));
        let mut regions: Vec<&Region> = self
            .timeline
            .regions
            .iter()
            .filter(|region| region.start < end && region.start.after(region.length) > start)
            .collect();
        // Positive numbers are ordered as their bits are.
        regions.sort_by_key(|region| peak(self.timeline.tracks[region.track].bus));
        let mut sounding: Vec<Sounding> = Vec::new();
        for region in regions {
            let named = self.named(region);
            if !sounding.contains(&named) && sounding.len() < NAMED {
                sounding.push(named);
            }
        }
        let scene = self.timeline.scenes.iter().rfind(|scene| scene.start <= start);
        Ok(Place {
            start: seconds(start, self.rate()),
            end: seconds(end, self.rate()),
            scene: scene.map(|scene| scene.id.clone()),
            sounding,
        })
    }

    /// The bus with the highest peak within a block of `at`.
    pub(super) fn loudest_bus(&self, at: FramePos) -> Result<String, MixError> {
        let peaks = self.peaks(at, at.after(FrameCount::new(1)))?;
        let loudest = peaks.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        Ok(loudest.map_or(String::new(), |(bus, _)| self.timeline.buses[bus].name.clone()))
    }

    fn named(&self, region: &Region) -> Sounding {
        let track = &self.timeline.tracks[region.track];
        let (kind, id) = match region.entry {
            Some(entry) => (self.timeline.entries[entry].kind, self.timeline.entries[entry].id.clone()),
            None => ("tone", self.timeline.clips[region.clip].name.clone()),
        };
        Sounding { kind, id, track: track.name.clone(), bus: self.timeline.buses[track.bus].name.clone() }
    }

    /// The highest sample of each bus in the blocks of a stretch, of its first second at most.
    fn peaks(&self, start: FramePos, end: FramePos) -> Result<Vec<f32>, MixError> {
        let block = |at: FramePos| at.from_start().unwrap_or_default().get() / FRAMES as u64;
        let (first, last) = (block(start), block(end.before(FrameCount::new(1))));
        let mut mixer = Mixer::new(Arc::clone(self.plan));
        mixer.seek(first);
        let mut heard = Block::new(self.plan.buses());
        let mut peaks = vec![0.0_f32; self.timeline.buses.len()];
        for _ in first..=last.min(first + HEARD) {
            mixer.render(&mut heard)?;
            for (peak, bus) in peaks.iter_mut().zip(heard.buses()) {
                *peak = bus.left.iter().chain(bus.right).fold(*peak, |peak, sample| peak.max(sample.abs()));
            }
        }
        Ok(peaks)
    }
}
