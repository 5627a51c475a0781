//! Who it was: what sounds in a stretch of the episode, and which bus is loudest there.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use crate::cache::key::{Key, MIX, Parts};
use crate::cache::{Cache, Kind};
use crate::export::report::{Place, Sounding, seconds};
use crate::mix::Mixer;
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::mix::stretch::{Stretch, content, stretches};
use crate::timeline::{Region, Timeline};
use crate::units::time::{FrameCount, FramePos, SampleRate};

/// How many of those that sound are named.
const NAMED: usize = 8;
/// How many frames of a place are mixed again to hear what is loudest: a second, at 48 kHz.
const HEARD: u64 = 48_000;
/// How many frames around a moment: a block's worth.
const AROUND: u64 = FRAMES as u64 / 2;

/// An episode whose sounds are looked for.
pub(super) struct Blame<'t> {
    timeline: &'t Timeline,
    plan: &'t Arc<Plan>,
    stretches: Vec<Stretch>,
    /// Where it is kept what was heard of places that have not changed.
    cache: &'t Cache,
}

impl<'t> Blame<'t> {
    pub(super) fn new(timeline: &'t Timeline, plan: &'t Arc<Plan>, cache: &'t Cache) -> Blame<'t> {
        let stretches = if cache.keeps() { stretches(plan) } else { Vec::new() };
        Blame { timeline, plan, stretches, cache }
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

    /// The bus with the highest peak around `at`.
    pub(super) fn loudest_bus(&self, at: FramePos) -> Result<String, MixError> {
        let peaks = self.peaks(at.before(FrameCount::new(AROUND)), at.after(FrameCount::new(AROUND)))?;
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

    /// The highest sample of each bus in a stretch, of its first second at most.
    fn peaks(&self, start: FramePos, end: FramePos) -> Result<Vec<f32>, MixError> {
        let frame = |at: FramePos| at.from_start().unwrap_or_default().get();
        let (start, end) = (frame(start), frame(end).min(frame(start) + HEARD));
        let key = self.key(&(start..end));
        let known = key.as_ref().and_then(|key| self.cache.fact::<Vec<u32>>(Kind::Fact, key));
        if let Some((bits, _)) = known {
            return Ok(bits.into_iter().map(f32::from_bits).collect());
        }
        let mut mixer = Mixer::new(Arc::clone(self.plan));
        mixer.seek(start / FRAMES as u64);
        let mut heard = Block::new(self.plan.buses());
        let mut peaks = vec![0.0_f32; self.timeline.buses.len()];
        while mixer.position() * (FRAMES as u64) < end && mixer.render(&mut heard)? > FrameCount::ZERO {
            let first = frame(heard.start());
            let inside =
                |at: u64| FrameCount::new(at.saturating_sub(first)).index().min(heard.frames().index());
            let inside = inside(start)..inside(end);
            for (peak, bus) in peaks.iter_mut().zip(heard.buses()) {
                let samples = bus.left[inside.clone()].iter().chain(&bus.right[inside.clone()]);
                *peak = samples.fold(*peak, |peak, sample| peak.max(sample.abs()));
            }
        }
        if let Some(key) = key {
            let bits: Vec<u32> = peaks.iter().map(|peak| peak.to_bits()).collect();
            self.cache.keep_fact(Kind::Fact, &key, &bits, &[]);
        }
        Ok(peaks)
    }

    /// What the peaks of these frames are known by: what is heard there, and on which buses.
    fn key(&self, frames: &Range<u64>) -> Option<Key> {
        let heard = content(&self.stretches, frames).filter(|_| self.cache.keeps())?;
        let buses: Vec<&str> = self.timeline.buses.iter().map(|bus| bus.name.as_str()).collect();
        // What is heard counts tracks in their order, and leaves out those that are silent.
        let memory = FrameCount::new(self.plan.memory().get());
        let (from, until) = (FramePos::ZERO.after(FrameCount::new(frames.start)), frames.end);
        let reaches = |region: &&Region| {
            region.start.after(region.length).after(memory) > from
                && region.start < FramePos::ZERO.after(FrameCount::new(until))
        };
        let tracks = self.timeline.regions.iter().filter(reaches);
        let tracks: Vec<usize> = tracks.map(|region| self.timeline.tracks[region.track].bus).collect();
        Some(Parts::new("peaks", MIX).key(&heard).data(&buses).data(&tracks).key_of_all())
    }
}
