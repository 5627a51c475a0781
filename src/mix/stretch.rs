//! Stretches of the mix that can be kept from one run to the next, and what each of them depends on.
//!
//! Each scene is cut into stretches of [`LENGTH`] from its own start, and everything in a stretch's key is counted from the
//! stretch's start: so a scene that begins later than it did is the same scene. That holds because no sample of
//! the mix knows where in the episode it lies (see [`crate::mix`], "Invariants"): loops, fades, filters and ducks are
//! counted from regions, rooms from bursts. Only rooms that were recorded are worked out on the episode's
//! own grid of blocks, so for them the place on it counts too.
//!
//! A stretch depends on the regions that sound in it, on the bursts that ring in it, on the regions that feed these, as
//! far back as they do, and on what their buses do meanwhile: a compressor hears what came some seconds before. Tracks and buses count by their order among
//! those in use, so that a role more or less changes nothing where it does not speak.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::cache::key::{Key, MIX, Parts};
use crate::mix::block::FRAMES;
use crate::mix::placed::Placed;
use crate::mix::plan::Plan;
use crate::mix::rooms::Feed;

/// How long a stretch is: 8 s.
const LENGTH: u64 = 8;

/// Frames of the episode, within one scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first.
    pub start: u64,
    /// The one after the last.
    pub end: u64,
    /// What it depends on.
    pub known: Known,
}

/// What a stretch depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is silent.
    Silent,
    /// Whatever this stands for.
    By(Key),
    /// A sound that nothing is known of.
    Unknown,
}

/// The first frame of each stretch of a plan and the one after its last, in order.
pub fn bounds(plan: &Plan) -> Vec<(u64, u64)> {
    let length = u64::from(plan.rate.hz()) * LENGTH;
    let cuts = plan.scenes.iter().copied().chain([plan.length]);
    let mut bounds: Vec<(u64, u64)> = Vec::new();
    let mut start = 0;
    for cut in cuts.filter(|cut| *cut <= plan.length) {
        while start < cut {
            let end = cut.min(start + length);
            bounds.push((start, end));
            start = end;
        }
    }
    bounds
}

/// Every frame of a plan, stretch by stretch, in order.
pub fn stretches(plan: &Plan) -> Vec<Stretch> {
    let last = heard_until(plan);
    let bus_of = buses_of_tracks(plan);
    let memory = plan.desk.memory();
    let (mut next, mut next_burst) = (0, 0);
    let (mut regions, mut bursts): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let reach = |(start, end)| {
        while plan.regions.get(next).is_some_and(|region| region.start < end) {
            regions.push(next);
            next += 1;
        }
        while plan.bursts.get(next_burst).is_some_and(|burst| burst.start < end) {
            bursts.push(next_burst);
            next_burst += 1;
        }
        // Nothing that is over by then can ever count again.
        regions.retain(|region| last[*region].saturating_add(memory) > start);
        bursts.retain(|burst| plan.bursts[*burst].over.saturating_add(memory) > start);
        // What feeds a room that still rings counts besides.
        let needed = plan.desk.needed(start, &plan.sends, &plan.bursts);
        let counts: Vec<u64> = needed.iter().map(|bus| bus.input).collect();
        let region_counts = |region: &&usize| last[**region] > counts[bus_of[plan.regions[**region].track]];
        let burst_counts = |burst: &&usize| {
            let burst = &plan.bursts[**burst];
            burst.over > counts[plan.sends[burst.send].bus]
        };
        Reach {
            plan,
            start,
            end,
            regions: regions.iter().filter(region_counts).copied().collect(),
            bursts: bursts.iter().filter(burst_counts).copied().collect(),
            counts,
        }
    };
    let reaches: Vec<Reach<'_>> = bounds(plan).into_iter().map(reach).collect();
    let stretch = |it: &Reach<'_>| Stretch { start: it.start, end: it.end, known: it.known() };
    reaches.par_iter().map(stretch).collect()
}

/// What the frames of `range` of a mix of these stretches are known by; `None` where something in it is known by nothing.
pub fn content(stretches: &[Stretch], range: &Range<u64>) -> Option<Key> {
    let first = stretches.partition_point(|stretch| stretch.end <= range.start);
    let mut parts = Parts::new("mix of", "1");
    for stretch in stretches[first..].iter().take_while(|stretch| stretch.start < range.end) {
        let place = i128::from(stretch.start) - i128::from(range.start);
        parts = parts.data(&place).number(stretch.end - stretch.start);
        parts = match &stretch.known {
            Known::By(key) => parts.key(key),
            Known::Silent => parts.text("silent"),
            Known::Unknown => return None,
        };
    }
    Some(parts.number(range.end - range.start).key_of_all())
}

/// The bus of each track.
fn buses_of_tracks(plan: &Plan) -> Vec<usize> {
    let tracks = plan.desk.buses.iter().flat_map(|bus| &bus.tracks).max().map_or(0, |last| last + 1);
    let mut buses = vec![0; tracks];
    for (index, bus) in plan.desk.buses.iter().enumerate() {
        bus.tracks.iter().for_each(|track| buses[*track] = index);
    }
    buses
}

/// For each region, until when anything of it can be heard, in its room too.
fn heard_until(plan: &Plan) -> Vec<u64> {
    let mut by_send: BTreeMap<usize, Vec<(u64, u64)>> = BTreeMap::new();
    for burst in &plan.bursts {
        by_send.entry(burst.send).or_default().push((burst.start, burst.over));
    }
    let until = |region: &Placed| {
        let bursts = region.send.and_then(|send| by_send.get(&send));
        // A send's bursts come in order, and what begins later is over later.
        let fed = bursts.and_then(|it| it.partition_point(|burst| burst.0 < region.end()).checked_sub(1));
        let over = fed.and_then(|last| bursts.map(|it| it[last].1));
        region.end().max(over.unwrap_or(0))
    };
    plan.regions.iter().map(until).collect()
}

/// What can be heard in a stretch.
struct Reach<'p> {
    plan: &'p Plan,
    start: u64,
    end: u64,
    /// Indices, in the plan's order.
    regions: Vec<usize>,
    bursts: Vec<usize>,
    /// For each bus, the frame from which on what comes into it counts.
    counts: Vec<u64>,
}

impl Reach<'_> {
    fn known(&self) -> Known {
        if self.regions.is_empty() && self.bursts.is_empty() {
            return Known::Silent;
        }
        self.key().map_or(Known::Unknown, Known::By)
    }

    fn key(&self) -> Option<Key> {
        let plan = self.plan;
        let regions = || self.regions.iter().map(|region| &plan.regions[*region]);
        let tracks = ranks(regions().map(|region| region.track));
        let sends = ranks(self.bursts.iter().map(|burst| plan.bursts[*burst].send));
        let mut parts = Parts::new("mix", MIX).data(&plan.rate).number(self.end - self.start);
        parts = self.buses(parts, &tracks);
        for region in regions() {
            parts = self.region(parts, region, &tracks, &sends)?;
        }
        for (send, rank) in &sends {
            let send = plan.sends[*send];
            let room = plan.room_names[send.room].as_ref()?;
            let whole = send.feed == Feed::Bus;
            parts = parts.number(*rank as u64).number(u64::from(whole)).text(&room.text);
            if room.counts_blocks {
                parts = parts.number(self.start % FRAMES as u64);
            }
        }
        for burst in self.bursts.iter().map(|burst| &plan.bursts[*burst]) {
            let send = (sends.get(&burst.send).copied(), burst.rise);
            let times = [burst.start, burst.end, burst.over].map(|frame| self.place(frame));
            parts = parts.data(&(times, burst.fade, send));
        }
        Some(parts.key_of_all())
    }

    /// The buses in use: which tracks are on which, in their order; how loud they are, when they are turned down, what
    /// they do to their sound, and since when; where they send it.
    fn buses(&self, mut parts: Parts, tracks: &BTreeMap<usize, usize>) -> Parts {
        let bursts = self.bursts.iter().map(|burst| self.plan.bursts[*burst].start);
        let from = bursts.chain(self.counts.iter().copied()).fold(self.start, u64::min);
        let all = &self.plan.desk.buses;
        for (index, (bus, counts)) in all.iter().zip(&self.counts).enumerate() {
            let own: Vec<usize> = bus.tracks.iter().filter_map(|track| tracks.get(track)).copied().collect();
            let receives = || all.iter().any(|other| other.sends.iter().any(|(to, _)| *to == index));
            if own.is_empty() && !receives() {
                continue;
            }
            let room =
                bus.room.map(|(send, factor)| (&self.plan.room_names[self.plan.sends[send].room], factor));
            parts = parts.data(&(own, bus.factor, &bus.sends, room));
            if let Some((at_rest, shifts)) = &bus.strip {
                parts = parts.data(&(at_rest, shifts.between(*counts, self.end, self.start)));
                parts = parts.data(&bus.hushes.between(*counts, self.end, self.start));
            }
            for duck in &bus.ducks {
                parts = parts.data(&duck.between(from, self.end, self.start));
            }
        }
        parts
    }

    fn region(
        &self,
        parts: Parts,
        region: &Placed,
        tracks: &BTreeMap<usize, usize>,
        sends: &BTreeMap<usize, usize>,
    ) -> Option<Parts> {
        let identity = self.plan.clips[region.clip].samples.identity()?;
        let track = tracks.get(&region.track).copied();
        let send = region.send.and_then(|send| sends.get(&send)).copied();
        let placed = (self.place(region.start), region.length, region.source_start, &region.looped);
        let shaped = (region.fade_in, region.fade_out, &region.levels, region.levels.noise(region.seed));
        let routed = (track, send, region.send.is_some(), region.chain.is_some(), region.cut);
        Some(parts.identity(&identity).data(&placed).data(&shaped).data(&routed))
    }

    /// A frame of the episode, counted from the stretch's first.
    fn place(&self, frame: u64) -> i128 {
        i128::from(frame) - i128::from(self.start)
    }
}

/// Numbers by their order, without gaps.
fn ranks(numbers: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
    let mut ranks: BTreeMap<usize, usize> = numbers.map(|number| (number, 0)).collect();
    ranks.values_mut().enumerate().for_each(|(rank, value)| *value = rank);
    ranks
}
