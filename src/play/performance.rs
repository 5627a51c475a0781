//! What is played: a plan, the master's settings, and how far it goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::audio::samples::Samples;
use crate::master::{Master, Settings};
use crate::mix::block::FRAMES;
use crate::mix::error::Error;
use crate::mix::plan::Plan;
use crate::timeline::Timeline;
use crate::units::level::Gain;

/// What is played, unchanging.
#[derive(Debug)]
pub struct Performance {
    /// Every time. Muted tracks are silent in it.
    pub timeline: Arc<Timeline>,
    /// What the mixer plays.
    pub plan: Arc<Plan>,
    /// What the master does.
    pub master: Settings,
    /// The first frame that is not settled; the episode's length where all is.
    pub until: u64,
    settled: u64,
    /// Starts of entries, rising, with their index.
    starts: Vec<(u64, usize)>,
    by_id: BTreeMap<String, usize>,
}

impl Performance {
    /// A performance of `timeline`, whose clips have these `samples`. Tracks for which `muted` holds are not heard;
    /// what gives way to them still does.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn new(
        mut timeline: Timeline,
        samples: &[Samples],
        master: Settings,
        until: u64,
        muted: impl Fn(usize) -> bool,
    ) -> Result<Performance, Error> {
        for region in timeline.regions.iter_mut().filter(|region| muted(region.track)) {
            region.gain = Gain::SILENCE;
        }
        let plan = Arc::new(Plan::new(&timeline, samples)?);
        let frame = |entry: usize| timeline.entries[entry].start.from_start().unwrap_or_default().get();
        let mut starts: Vec<(u64, usize)> =
            (0..timeline.entries.len()).map(|entry| (frame(entry), entry)).collect();
        starts.sort_unstable();
        let by_id = timeline.entries.iter().enumerate().map(|(index, it)| (it.id.clone(), index)).collect();
        let settled = if until >= plan.length().get() {
            plan.length().get()
        } else {
            let latency = Master::new(master, plan.rate()).latency().get();
            (until / FRAMES as u64 * FRAMES as u64).saturating_sub(latency)
        };
        Ok(Performance { timeline: Arc::new(timeline), plan, master, until, settled, starts, by_id })
    }

    /// The episode's length in frames.
    pub fn length(&self) -> u64 {
        self.plan.length().get()
    }

    /// Whether all of it is settled.
    pub fn is_whole(&self) -> bool {
        self.until >= self.length()
    }

    /// How many frames from the beginning can be played: whole blocks, less what the limiter hears ahead.
    pub fn settled_frames(&self) -> u64 {
        self.settled
    }

    /// The entry that began last at `frame`.
    pub fn entry_at(&self, frame: u64) -> Option<usize> {
        let after = self.starts.partition_point(|(start, _)| *start <= frame);
        after.checked_sub(1).map(|last| self.starts[last].1)
    }

    /// The line that is heard at `frame`, or was last.
    pub fn line_at(&self, frame: u64) -> Option<usize> {
        let after = self.starts.partition_point(|(start, _)| *start <= frame);
        let lines = self.starts[..after].iter().rev().map(|(_, entry)| *entry);
        lines.into_iter().find(|entry| self.timeline.entries[*entry].kind == "line")
    }

    /// The first frame of an entry.
    pub fn start_of(&self, entry: usize) -> u64 {
        self.timeline.entries.get(entry).map_or(0, |it| it.start.from_start().unwrap_or_default().get())
    }

    /// The entry of an id.
    pub fn entry(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The scene that is heard at `frame`.
    pub fn scene_at(&self, frame: u64) -> usize {
        let start = |index: usize| self.scene_start(index);
        let after = (0..self.timeline.scenes.len()).take_while(|scene| start(*scene) <= frame).count();
        after.saturating_sub(1)
    }

    /// The first frame of a scene.
    pub fn scene_start(&self, scene: usize) -> u64 {
        self.timeline.scenes.get(scene).map_or(0, |it| it.start.from_start().unwrap_or_default().get())
    }

    /// The frame after the last of a scene's own file.
    pub fn scene_end(&self, scene: usize) -> u64 {
        self.timeline
            .scenes
            .get(scene)
            .map_or(self.length(), |it| it.boundary.from_start().unwrap_or_default().get())
    }

    /// Where a frame of `other` is in this: as far after the same entry, the nearest before it that both have.
    pub fn carried(&self, other: &Performance, frame: u64) -> u64 {
        let after = other.starts.partition_point(|(start, _)| *start <= frame);
        let there = other.starts[..after].iter().rev().find_map(|(start, entry)| {
            let own = self.entry(&other.timeline.entries[*entry].id)?;
            Some(self.start_of(own) + (frame - start))
        });
        there.unwrap_or(frame).min(self.length())
    }
}
