//! How loud each bus and the master are, tenth of a second by tenth of a second.

use std::collections::VecDeque;

use crate::audio::buffer::Channels;
use crate::dsp::loudness::Meter;
use crate::master::Settings;
use crate::mix::block::Block;
use crate::mix::plan::Plan;
use crate::units::level::{Gain, Loudness, TruePeak};
use crate::units::narrow;
use crate::units::time::FrameCount;

/// What a meter shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Show {
    /// The loudness of the last 400 ms.
    pub momentary: Loudness,
    /// The highest point of the wave in the last tenth of a second.
    pub peak: TruePeak,
}

/// What all meters show.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The episode's frame it holds from.
    pub frame: u64,
    /// For each bus: as it reaches the limiter.
    pub buses: Vec<Show>,
    /// What is heard.
    pub master: Show,
}

/// The meters of a player.
#[derive(Clone, Debug)]
pub(super) struct Meters {
    gain: Gain,
    start: u64,
    buses: Vec<Meter>,
    master: Meter,
    seen: usize,
    hop: u64,
    interleaved: Vec<f32>,
    ready: VecDeque<Reading>,
}

impl Meters {
    /// Meters for what is played from frame `start` on.
    pub(super) fn new(plan: &Plan, master: Settings, start: u64) -> Meters {
        // Each counts from where it begins.
        let meter = |channels| Meter::new(channels, plan.rate(), FrameCount::ZERO);
        Meters {
            gain: master.gain,
            start,
            buses: (0..plan.buses()).map(|_| meter(Channels::Stereo)).collect(),
            master: meter(master.channels),
            seen: 0,
            hop: u64::from(plan.rate().hz()) / 10,
            interleaved: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes a block of the mix, and what the master made of as much.
    pub(super) fn push(&mut self, block: &Block, mastered: &[f32]) {
        self.master.push(mastered);
        for (meter, bus) in self.buses.iter_mut().zip(block.buses()) {
            bus.interleave_to(&mut self.interleaved);
            meter.push(&self.interleaved);
        }
        let hops = self.master.so_far().hops().len();
        if hops > self.seen {
            self.seen = hops;
            let frame = self.start + (hops as u64 - 1) * self.hop;
            let buses = self.buses.iter().map(|meter| show(meter, self.gain)).collect();
            self.ready.push_back(Reading { frame, buses, master: show(&self.master, Gain::UNITY) });
        }
    }

    /// What there is to show since this was asked last.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Reading> {
        self.ready.drain(..)
    }
}

fn show(meter: &Meter, gain: Gain) -> Show {
    let hop = meter.so_far().hops().last().copied().unwrap_or_default();
    let momentary = meter.so_far().latest_momentary();
    let db = f64::from(gain.db());
    let loudness = Loudness::of_energy(f64::from(momentary)).lufs() + db;
    let peak = f64::from(TruePeak::of_amplitude(hop.true_peak).dbtp()) + db;
    Show {
        momentary: Loudness::new(loudness).unwrap_or(Loudness::SILENCE),
        peak: TruePeak::new(narrow(peak)).unwrap_or(TruePeak::of_amplitude(0.0)),
    }
}
