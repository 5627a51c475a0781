//! Everything that remembers: what buses do to their sound, and rooms while they ring. The second half of the mix, in
//! order, one block after the other.

use std::sync::Arc;

use crate::mix::block::{Block, FRAMES, Stereo};
use crate::mix::desk::Needed;
use crate::mix::plan::Plan;
use crate::mix::rooms::{Answer, Feed, Send, Space};
use crate::mix::strip::{Scratch, Strip};

/// Makes of what comes into the buses what comes out of them, and sums it. Keeps a copy of a room for each burst that rings, and
/// uses it again for later ones.
#[derive(Clone, Debug)]
pub(super) struct Wet {
    plan: Arc<Plan>,
    /// The block it comes to next.
    next: u64,
    /// How many of the plan's bursts, by start, have been looked at.
    seen: usize,
    /// Those that ring, in the plan's order: index of the burst, and its room.
    ringing: Vec<(usize, Answer)>,
    /// Rooms at rest, by the plan's index.
    idle: Vec<Vec<Answer>>,
    /// Of each bus.
    strips: Vec<Strip>,
    scratch: Scratch,
    input: Stereo,
    answer: Stereo,
    whole: Stereo,
    /// Which buses it does.
    own: Vec<bool>,
    /// From when on each bus is needed; empty where all of it always is.
    needed: Vec<Needed>,
}

impl Wet {
    pub(super) fn new(plan: Arc<Plan>) -> Wet {
        Wet {
            next: 0,
            seen: 0,
            ringing: Vec::new(),
            idle: vec![Vec::new(); plan.rooms.len()],
            strips: plan.desk.buses.iter().map(Strip::new).collect(),
            own: vec![true; plan.desk.buses.len()],
            needed: Vec::new(),
            plan,
            scratch: Scratch::new(),
            input: Stereo::silent(),
            answer: Stereo::silent(),
            whole: Stereo::silent(),
        }
    }

    /// The same, of these buses alone, which send to no others.
    pub(super) fn of(plan: Arc<Plan>, buses: &[usize]) -> Wet {
        let mut wet = Wet::new(plan);
        wet.own.fill(false);
        buses.iter().for_each(|bus| wet.own[*bus] = true);
        wet
    }

    /// Takes what `other`, which stands at the same block, remembers of its buses.
    pub(super) fn take(&mut self, other: Wet) {
        let strips = self.strips.iter_mut().zip(other.strips).zip(&other.own);
        strips.filter(|(_, own)| **own).for_each(|((strip, other), _)| *strip = other);
        self.ringing.extend(other.ringing);
        self.ringing.sort_unstable_by_key(|(burst, _)| *burst);
        self.idle.iter_mut().zip(other.idle).for_each(|(idle, other)| idle.extend(other));
    }

    /// Silences everything and makes a block the next one, no further before `block` than is needed for that to be right: at most
    /// [`Plan::memory`]. What is not needed is left out until then. Says which block it is.
    pub(super) fn lead_up_to(&mut self, block: u64) -> u64 {
        let start = block.saturating_mul(FRAMES as u64);
        let needed = self.plan.desk.needed(start, &self.plan.sends, &self.plan.bursts);
        self.lead_up(block, needed)
    }

    /// The same, where it is known from when on each bus is needed.
    pub(super) fn lead_up(&mut self, block: u64, needed: Vec<Needed>) -> u64 {
        let start = block.saturating_mul(FRAMES as u64);
        let own = needed.iter().zip(&self.own).filter(|(_, own)| **own);
        let from = own.map(|(bus, _)| bus.regions).fold(start, u64::min);
        self.seek(from / FRAMES as u64);
        self.needed = needed;
        self.next
    }

    /// Silences everything and makes `block` the next one.
    pub(super) fn seek(&mut self, block: u64) {
        for (burst, mut room) in self.ringing.drain(..) {
            room.rest();
            self.idle[self.plan.sends[self.plan.bursts[burst].send].room].push(room);
        }
        self.strips.iter_mut().for_each(Strip::rest);
        self.needed.clear();
        let start = block.saturating_mul(FRAMES as u64);
        self.seen = self.plan.bursts.partition_point(|burst| burst.start < start);
        self.next = block;
    }

    pub(super) fn position(&self) -> u64 {
        self.next
    }

    /// How many bursts ring on after the last block.
    pub(super) fn ringing(&self) -> usize {
        self.ringing.len()
    }

    /// Takes a block as [`crate::mix::dry::Dry`] left it, does what the buses do, and sums them.
    pub(super) fn finish(&mut self, block: &mut Block) {
        let first = self.next.saturating_mul(FRAMES as u64);
        self.next += 1;
        let end = first + FRAMES as u64;
        self.begin_bursts(end);
        let plan = Arc::clone(&self.plan);
        for &index in &plan.desk.order {
            let bus = &plan.desk.buses[index];
            if !self.own[index] || !bus.sounds(first, end) {
                continue;
            }
            let strip = &mut self.strips[index];
            if let Some(gains) = strip.gains(bus, first, block.bus_mut(index), &mut self.scratch) {
                block.bus_mut(index).multiply(gains);
                for sent in block.sent_mut().filter(|sent| plan.sends[sent.send].bus == index) {
                    sent.audio.multiply(gains);
                }
            }
            self.answer_regions(index, first, block);
            if let Some((send, factor)) = bus.room {
                self.answer_bus(send, factor, first, block.bus_mut(index));
            }
            if self.needed.get(index).is_none_or(|needed| end > needed.output) {
                self.strips[index].equalize(bus, first, block.bus_mut(index), &mut self.scratch);
            }
            bus.hushes.apply(first, block.bus_mut(index));
            for (to, factor) in &bus.sends {
                block.copy_bus(index, *to, *factor);
            }
        }
        block.sum_up();
        self.end_bursts(end);
    }

    /// Takes a room for each burst that begins before frame `end`.
    fn begin_bursts(&mut self, end: u64) {
        while let Some(burst) = self.plan.bursts.get(self.seen).filter(|burst| burst.start < end) {
            let Send { room, bus, feed } = self.plan.sends[burst.send];
            let is_needed = self.needed.get(bus).is_none_or(|needed| match feed {
                Feed::Bus => burst.over > needed.output,
                Feed::Regions => burst.over > needed.answers,
            });
            if self.own[bus] && is_needed {
                let at_rest = self.idle[room].pop();
                let at_rest = at_rest.or_else(|| self.plan.rooms[room].as_ref().and_then(Space::answer));
                self.ringing.extend(at_rest.map(|answer| (self.seen, answer)));
            }
            self.seen += 1;
        }
    }

    /// Adds to a bus what rooms answer to its regions.
    fn answer_regions(&mut self, bus: usize, first: u64, block: &mut Block) {
        for (burst, room) in &mut self.ringing {
            let burst = &self.plan.bursts[*burst];
            let send = &self.plan.sends[burst.send];
            if send.bus != bus || send.feed != Feed::Regions {
                continue;
            }
            match block.sent(burst.send).filter(|_| burst.end > first) {
                Some(sent) => {
                    self.input.clone_from(sent);
                    burst.gate(first, &mut self.input);
                }
                None => self.input.silence(),
            }
            room.process(&self.input, &mut self.answer);
            burst.end(first, &mut self.answer);
            block.bus_mut(bus).add(&self.answer);
        }
    }

    /// Makes of a bus what the room it is heard through answers to it.
    fn answer_bus(&mut self, send: usize, factor: f32, first: u64, bus: &mut Stereo) {
        bus.scale(factor);
        self.whole.silence();
        for (burst, room) in &mut self.ringing {
            let burst = &self.plan.bursts[*burst];
            if burst.send != send {
                continue;
            }
            self.input.clone_from(bus);
            burst.gate(first, &mut self.input);
            room.process(&self.input, &mut self.answer);
            burst.end(first, &mut self.answer);
            self.whole.add(&self.answer);
        }
        bus.clone_from(&self.whole);
    }

    /// Gives back the rooms of bursts that are over at frame `end`.
    fn end_bursts(&mut self, end: u64) {
        let mut at = 0;
        while at < self.ringing.len() {
            let burst = &self.plan.bursts[self.ringing[at].0];
            if burst.over > end {
                at += 1;
                continue;
            }
            let (_, mut room) = self.ringing.remove(at);
            room.rest();
            self.idle[self.plan.sends[burst.send].room].push(room);
        }
    }
}
