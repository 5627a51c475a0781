//! What one bus does to its sound: equaliser and compressor, with what they remember.

use std::ops::Range;

use crate::dsp::compressor::Compressor;
use crate::dsp::equalizer::Equalizer;
use crate::mix::block::{FRAMES, Stereo};
use crate::mix::desk::BusPlan;
use crate::mix::shifts::{First, Shifts};
use crate::units::time::FrameCount;

/// The part of it over which they take over.
const BLEND: u64 = 4;

/// The equaliser and compressor of a bus at work, twice: one that is heard, and one that hears along.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    eq: Option<Relay<Equalizer>>,
    leveller: Option<Relay<Leveller>>,
}

/// A compressor and what it listens through.
#[derive(Clone, Debug)]
struct Leveller {
    eq: Option<Equalizer>,
    compressor: Compressor,
}

/// Room to work in, one block long.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    left: Vec<f32>,
    right: Vec<f32>,
    gains: Vec<f32>,
    level: Vec<f32>,
    other: Vec<f32>,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        let block = || vec![0.0; FRAMES];
        Scratch { left: block(), right: block(), gains: block(), level: block(), other: block() }
    }
}

impl Strip {
    /// The strip of a bus, at rest.
    pub(super) fn new(bus: &BusPlan) -> Strip {
        let at_rest = bus.strip.as_ref().map(|(at_rest, _)| at_rest);
        let eq = || at_rest.and_then(|it| it.eq.clone());
        let compressor = at_rest.and_then(|it| it.compressor.clone());
        let leveller = compressor.map(|compressor| Leveller { eq: eq(), compressor });
        Strip { eq: eq().map(Relay::new), leveller: leveller.map(Relay::new) }
    }

    /// Puts everything at rest.
    pub(super) fn rest(&mut self) {
        self.eq.iter_mut().for_each(|eq| eq.each(Equalizer::rest));
        self.leveller.iter_mut().for_each(|leveller| leveller.each(Leveller::rest));
    }

    /// The gains of a block whose first frame is `first`: of the compressor, which listens to `audio`, the ducks and the
    /// bus itself. `None` where all of them are 1.
    pub(super) fn gains<'s>(
        &mut self,
        bus: &BusPlan,
        first: u64,
        audio: &Stereo,
        scratch: &'s mut Scratch,
    ) -> Option<&'s [f32]> {
        if bus.ducks.is_empty() && bus.factor.to_bits() == 1.0_f32.to_bits() && self.leveller.is_none() {
            return None;
        }
        let Scratch { left, right, gains, level, other } = scratch;
        gains.fill(1.0);
        bus.ducks.iter().for_each(|duck| duck.apply(first, gains));
        gains.iter_mut().for_each(|gain| *gain *= bus.factor);
        if let (Some(leveller), Some((_, shifts))) = (&mut self.leveller, &bus.strip) {
            level.fill(1.0);
            let channels = audio.channels();
            leveller.run(shifts, first, Leveller::rest, |now, along, range| {
                let mut listen = |leveller: &mut Leveller, out: &mut [f32]| {
                    let (left, right) = (&mut left[range.clone()], &mut right[range.clone()]);
                    left.copy_from_slice(&channels.0[range.clone()]);
                    right.copy_from_slice(&channels.1[range.clone()]);
                    leveller.listen(left, right, out);
                };
                let level = &mut level[range.clone()];
                listen(now, level);
                if let Some((along, turn)) = along {
                    let other = &mut other[range.clone()];
                    listen(along, other);
                    turn.blend(level, other);
                }
            });
            gains.iter_mut().zip(&*level).for_each(|(gain, level)| *gain *= level);
        }
        Some(gains)
    }

    /// Sends a block whose first frame is `first` through the equaliser.
    pub(super) fn equalize(&mut self, bus: &BusPlan, first: u64, audio: &mut Stereo, scratch: &mut Scratch) {
        let (Some(eq), Some((_, shifts))) = (&mut self.eq, &bus.strip) else { return };
        let (all_left, all_right) = audio.channels_from(0);
        eq.run(shifts, first, Equalizer::rest, |now, along, range| {
            let (left, right) = (&mut all_left[range.clone()], &mut all_right[range.clone()]);
            let Some((along, turn)) = along else { return now.process(left, right) };
            let (other_left, other_right) = (&mut scratch.left[range.clone()], &mut scratch.right[range]);
            other_left.copy_from_slice(left);
            other_right.copy_from_slice(right);
            now.process(left, right);
            along.process(other_left, other_right);
            turn.blend(left, other_left);
            turn.blend(right, other_right);
        });
    }
}

impl Leveller {
    fn rest(&mut self) {
        self.eq.iter_mut().for_each(Equalizer::rest);
        self.compressor.rest();
    }

    /// The gains for these frames, which are filtered on the way.
    fn listen(&mut self, left: &mut [f32], right: &mut [f32], gains: &mut [f32]) {
        if let Some(eq) = &mut self.eq {
            eq.process(left, right);
        }
        self.compressor.listen(left, right, gains);
    }
}

/// Filters that are heard, and those that take over from them.
#[derive(Clone, Debug)]
struct Relay<T> {
    now: T,
    along: T,
}

/// How far those that hear along are from taking over.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Frames, at the first of a piece.
    left: u64,
    /// Over how many of the last it happens.
    blend: u64,
}

impl<T: Clone> Relay<T> {
    fn new(at_rest: T) -> Relay<T> {
        Relay { along: at_rest.clone(), now: at_rest }
    }

    fn each(&mut self, mut act: impl FnMut(&mut T)) {
        act(&mut self.now);
        act(&mut self.along);
    }

    /// Does the `work` of those frames of a block whose first frame is `first` that lie in a shift.
    fn run(
        &mut self,
        shifts: &Shifts,
        first: u64,
        rest: fn(&mut T),
        mut work: impl FnMut(&mut T, Option<(&mut T, Turn)>, Range<usize>),
    ) {
        let index = |frame: u64| FrameCount::new(frame - first).index();
        let (mut at, end) = (first, first + FRAMES as u64);
        while let Some(piece) = shifts.piece(at, end) {
            match piece.first {
                First::Rest => rest(&mut self.now),
                First::TakeOver => std::mem::swap(&mut self.now, &mut self.along),
                First::GoOn => {}
            }
            if let Some((true, _)) = piece.along {
                rest(&mut self.along);
            }
            let along =
                piece.along.map(|(_, left)| (&mut self.along, Turn { left, blend: shifts.run_up() / BLEND }));
            work(&mut self.now, along, index(piece.span.0)..index(piece.span.1));
            at = piece.span.1;
        }
    }
}

impl Turn {
    /// Lets `now` become `along` towards the end.
    fn blend(self, now: &mut [f32], along: &[f32]) {
        let begin = FrameCount::new(self.left.saturating_sub(self.blend)).index();
        for (index, (now, along)) in now.iter_mut().zip(along).enumerate().skip(begin) {
            let done = self.blend + 1 - (self.left - index as u64);
            *now += (along - *now) * (done as f32 / (self.blend + 1) as f32);
        }
    }
}
