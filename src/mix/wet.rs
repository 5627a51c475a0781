//! The rooms while they ring: the second half of the mix, in order, one block after the other.

use std::sync::Arc;

use crate::mix::block::{Block, FRAMES, Stereo};
use crate::mix::plan::Plan;
use crate::mix::rooms::Answer;

/// Adds to blocks what the rooms answer, and sums the buses. Keeps a copy of a room for each burst that rings, and uses it
/// again for later ones.
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
    input: Stereo,
    answer: Stereo,
}

impl Wet {
    pub(super) fn new(plan: Arc<Plan>) -> Wet {
        Wet {
            next: 0,
            seen: 0,
            ringing: Vec::new(),
            idle: vec![Vec::new(); plan.rooms.len()],
            plan,
            input: Stereo::silent(),
            answer: Stereo::silent(),
        }
    }

    /// The block that has to be [`Wet::finish`]ed first for `block` to be right, at most [`Plan::memory`] before it.
    pub(super) fn begin(&self, block: u64) -> u64 {
        let start = block.saturating_mul(FRAMES as u64);
        let before = self.plan.bursts.iter().take_while(|burst| burst.start < start);
        before
            .filter(|burst| burst.over > start)
            .map(|burst| burst.start / FRAMES as u64)
            .min()
            .unwrap_or(block)
    }

    /// Silences every room and makes `block` the next one.
    pub(super) fn seek(&mut self, block: u64) {
        for (burst, mut room) in self.ringing.drain(..) {
            room.rest();
            self.idle[self.plan.sends[self.plan.bursts[burst].send].room].push(room);
        }
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

    /// Takes a block as [`crate::mix::dry::Dry`] left it, adds what the rooms answer to their buses, and sums the buses.
    pub(super) fn finish(&mut self, block: &mut Block) {
        let first = self.next.saturating_mul(FRAMES as u64);
        self.next += 1;
        let end = first + FRAMES as u64;
        while let Some(burst) = self.plan.bursts.get(self.seen).filter(|burst| burst.start < end) {
            let room = self.plan.sends[burst.send].room;
            let at_rest = self.idle[room].pop();
            let at_rest = at_rest.or_else(|| self.plan.rooms[room].as_ref().map(|space| space.answer()));
            self.ringing.extend(at_rest.map(|answer| (self.seen, answer)));
            self.seen += 1;
        }
        for (burst, room) in &mut self.ringing {
            let burst = &self.plan.bursts[*burst];
            match block.sent(burst.send).filter(|_| burst.end > first) {
                Some(sent) => {
                    self.input.clone_from(sent);
                    burst.gate(first, &mut self.input);
                }
                None => self.input.silence(),
            }
            room.process(&self.input, &mut self.answer);
            burst.end(first, &mut self.answer);
            block.bus_mut(self.plan.sends[burst.send].bus).add(&self.answer);
        }
        block.sum_up();
        let plan = &self.plan;
        let mut at = 0;
        while at < self.ringing.len() {
            let burst = &plan.bursts[self.ringing[at].0];
            if burst.over > end {
                at += 1;
                continue;
            }
            let (_, mut room) = self.ringing.remove(at);
            room.rest();
            self.idle[plan.sends[burst.send].room].push(room);
        }
    }
}
