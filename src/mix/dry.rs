//! Everything that remembers nothing: regions on tracks, tracks on buses, and what is sent to rooms, block by block.

use std::sync::Arc;

use crate::mix::block::{Block, FRAMES, Stereo};
use crate::mix::error::Error;
use crate::mix::plan::Plan;
use crate::mix::turns::Scratch;
use crate::mix::voice::Voice;
use crate::units::time::{FrameCount, FramePos};

/// Plays a plan without what its buses do: leaves in each block what comes into the buses, and what has been sent to rooms.
#[derive(Clone, Debug)]
pub(super) struct Dry {
    plan: Arc<Plan>,
    /// The block to render next.
    next: u64,
    /// How many of the plan's regions, by start, have been looked at.
    seen: usize,
    /// Those that sound, in the plan's order.
    voices: Vec<Voice>,
    scratch: Scratch,
    /// Silent between two tracks.
    track: Stereo,
    /// The tracks it plays; all of them where `None`.
    tracks: Option<Vec<bool>>,
}

impl Dry {
    pub(super) fn new(plan: Arc<Plan>) -> Dry {
        Dry {
            voices: Vec::with_capacity(plan.most_at_once),
            plan,
            next: 0,
            seen: 0,
            scratch: Scratch::new(),
            track: Stereo::silent(),
            tracks: None,
        }
    }

    /// The same, of these buses alone.
    pub(super) fn of(plan: Arc<Plan>, buses: &[usize]) -> Dry {
        let own = buses.iter().flat_map(|bus| &plan.desk.buses[*bus].tracks);
        let mut tracks = vec![false; plan.desk.buses.iter().map(|bus| bus.tracks.len()).sum()];
        own.for_each(|track| tracks[*track] = true);
        Dry { tracks: Some(tracks), ..Dry::new(plan) }
    }

    pub(super) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub(super) fn position(&self) -> u64 {
        self.next
    }

    /// How many regions sounded in the last block and go on.
    pub(super) fn sounding(&self) -> usize {
        self.voices.len()
    }

    /// Makes `block` the next one, where it is not already.
    pub(super) fn seek(&mut self, block: u64) {
        if block == self.next {
            return;
        }
        self.voices.clear();
        self.seen = 0;
        self.next = block;
        let start = block.saturating_mul(FRAMES as u64);
        while let Some(region) = self.plan.regions.get(self.seen).filter(|region| region.start < start) {
            if region.end() > start && self.plays(region.track) {
                self.voices.push(Voice::new(&self.plan, self.seen));
            }
            self.seen += 1;
        }
    }

    fn plays(&self, track: usize) -> bool {
        self.tracks.as_ref().is_none_or(|tracks| tracks[track])
    }

    /// Takes what `other`, which stands at the same block, remembers of its regions.
    pub(super) fn take(&mut self, other: Dry) {
        for voice in other.voices {
            if let Some(own) = self.voices.iter_mut().find(|own| own.region() == voice.region()) {
                *own = voice;
            }
        }
    }

    /// Renders the next block and moves on; says how many frames of it belong to the episode.
    pub(super) fn render(&mut self, out: &mut Block) -> Result<FrameCount, Error> {
        let first = self.next.saturating_mul(FRAMES as u64);
        let frames = self.plan.length.saturating_sub(first).min(FRAMES as u64);
        out.begin(FramePos::ZERO.after(FrameCount::new(first)), frames, self.plan.buses());
        if frames == 0 {
            return Ok(FrameCount::ZERO);
        }
        let end = first + FRAMES as u64;
        while let Some(region) = self.plan.regions.get(self.seen).filter(|region| region.start < end) {
            if self.plays(region.track) {
                self.voices.push(Voice::new(&self.plan, self.seen));
            }
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
        for (index, bus) in self.plan.desk.buses.iter().enumerate() {
            for track in &bus.tracks {
                let mut voices = self
                    .voices
                    .iter_mut()
                    .filter(|voice| self.plan.regions[voice.region()].track == *track)
                    .peekable();
                if voices.peek().is_none() {
                    continue;
                }
                let mut heard = voices
                    .map(|voice| voice.add_to(&mut self.track, out, &self.plan, first, &mut self.scratch));
                if let Some(error) = heard.find_map(Result::err) {
                    self.track.silence();
                    return Err(error);
                }
                out.add_track(index, &mut self.track);
            }
        }
        Ok(())
    }
}
