//! What the mixer hands out: a block of every bus, and of their sum.

use crate::dsp::side_by_side::{add, add_scaled, interleave};
use crate::units::time::{FrameCount, FramePos};

/// How many frames a block has, but the episode's last. Blocks start at multiples of it.
pub const FRAMES: usize = 1024;

/// Two channels of a block's length, each by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Stereo {
    left: Box<[f32; FRAMES]>,
    right: Box<[f32; FRAMES]>,
}

/// One block of the episode. Made once and filled again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    start: FramePos,
    frames: usize,
    buses: Vec<Stereo>,
    /// Whether each bus has been sounded in since it was silenced.
    sounded: Vec<bool>,
    sum: Stereo,
    /// What has been sent to rooms; the first `sending` are in use.
    sent: Vec<Sent>,
    sending: usize,
}

/// What has been sent to a room in a block.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sent {
    /// Index of the send in the plan.
    pub(super) send: usize,
    pub(super) audio: Stereo,
}

/// One stereo signal in a block: as many samples per channel as the block has frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a> {
    /// The left channel.
    pub left: &'a [f32],
    /// The right channel.
    pub right: &'a [f32],
}

impl Block {
    /// Room for a block of this many buses.
    pub fn new(buses: usize) -> Block {
        Block {
            start: FramePos::ZERO,
            frames: 0,
            buses: vec![Stereo::silent(); buses],
            sounded: vec![false; buses],
            sum: Stereo::silent(),
            sent: Vec::new(),
            sending: 0,
        }
    }

    /// The block's first frame in the episode.
    pub fn start(&self) -> FramePos {
        self.start
    }

    /// How many frames it has: [`FRAMES`], less in the episode's last block, none past its end.
    pub fn frames(&self) -> FrameCount {
        FrameCount::new(self.frames as u64)
    }

    /// The sum of all buses: +0.0, plus the first, plus the second, and so on.
    pub fn sum(&self) -> View<'_> {
        self.sum.view(self.frames)
    }

    /// Every bus, by the timeline's index: treated and with its rooms, as it enters the sum.
    pub fn buses(&self) -> impl Iterator<Item = View<'_>> {
        self.buses.iter().map(|bus| bus.view(self.frames))
    }

    pub(super) fn begin(&mut self, start: FramePos, frames: u64, buses: usize) {
        self.start = start;
        self.frames = FrameCount::new(frames).index();
        self.buses.resize_with(buses, Stereo::silent);
        self.sounded.resize(buses, false);
        for (bus, sounded) in self.buses.iter_mut().zip(&mut self.sounded) {
            if std::mem::take(sounded) {
                bus.silence();
            }
        }
        self.sending = 0;
    }

    pub(super) fn bus_mut(&mut self, index: usize) -> &mut Stereo {
        self.sounded[index] = true;
        &mut self.buses[index]
    }

    /// Adds a track to a bus. The first changes places with the bus's silence, and nothing is added: what starts from +0.0
    /// is never −0.0. The track is silent afterwards.
    pub(super) fn add_track(&mut self, index: usize, track: &mut Stereo) {
        if std::mem::replace(&mut self.sounded[index], true) {
            self.buses[index].add(track);
            track.silence();
        } else {
            std::mem::swap(&mut self.buses[index], track);
        }
    }

    /// Adds a copy of one bus to another.
    pub(super) fn copy_bus(&mut self, from: usize, to: usize, factor: f32) {
        self.sounded[to] |= self.sounded[from];
        if let Ok([from, to]) = self.buses.get_disjoint_mut([from, to]) {
            let (left, right) = to.channels_from(0);
            add_scaled(left, &from.left[..], factor);
            add_scaled(right, &from.right[..], factor);
        }
    }

    /// What has been sent by a send so far, silent at first.
    pub(super) fn send_mut(&mut self, send: usize) -> &mut Stereo {
        let there = self.sent[..self.sending].iter().position(|sent| sent.send == send);
        let index = there.unwrap_or_else(|| {
            if self.sending == self.sent.len() {
                self.sent.push(Sent { send, audio: Stereo::silent() });
            }
            let fresh = &mut self.sent[self.sending];
            fresh.send = send;
            fresh.audio.silence();
            self.sending += 1;
            self.sending - 1
        });
        &mut self.sent[index].audio
    }

    /// What has been sent by a send; `None` for nothing.
    pub(super) fn sent(&self, send: usize) -> Option<&Stereo> {
        self.sent[..self.sending].iter().find(|sent| sent.send == send).map(|sent| &sent.audio)
    }

    pub(super) fn sent_mut(&mut self) -> impl Iterator<Item = &mut Sent> {
        self.sent[..self.sending].iter_mut()
    }

    /// Sums the buses, from silence. Those that are silent would change nothing: what
    /// starts from +0.0 is never −0.0.
    pub(super) fn sum_up(&mut self) {
        let mut sounded =
            self.buses.iter().zip(&self.sounded).filter_map(|(bus, sounded)| sounded.then_some(bus));
        match sounded.next() {
            Some(first) => self.sum.begin_with(first),
            None => self.sum.silence(),
        }
        sounded.for_each(|bus| self.sum.add(bus));
    }
}

impl View<'_> {
    /// Makes `out` these frames, left before right.
    pub fn interleave_to(&self, out: &mut Vec<f32>) {
        // As long as the last time, as a rule, so that nothing has to be cleared.
        out.resize(2 * self.left.len(), 0.0);
        interleave(self.left, self.right, out.as_chunks_mut::<2>().0);
    }
}

impl Stereo {
    pub(super) fn silent() -> Stereo {
        Stereo { left: Box::new([0.0; FRAMES]), right: Box::new([0.0; FRAMES]) }
    }

    pub(super) fn silence(&mut self) {
        self.left.fill(0.0);
        self.right.fill(0.0);
    }

    /// Both channels.
    pub(super) fn channels(&self) -> (&[f32], &[f32]) {
        (&self.left[..], &self.right[..])
    }

    /// Both channels from frame `start` on.
    pub(super) fn channels_from(&mut self, start: usize) -> (&mut [f32], &mut [f32]) {
        (&mut self.left[start..], &mut self.right[start..])
    }

    pub(super) fn add(&mut self, other: &Stereo) {
        add(&mut self.left[..], &other.left[..]);
        add(&mut self.right[..], &other.right[..]);
    }

    /// Becomes silence to which another is added: the other, but never −0.0.
    fn begin_with(&mut self, other: &Stereo) {
        for (sum, sample) in self.left.iter_mut().zip(&other.left[..]) {
            *sum = 0.0 + sample;
        }
        for (sum, sample) in self.right.iter_mut().zip(&other.right[..]) {
            *sum = 0.0 + sample;
        }
    }

    pub(super) fn scale(&mut self, factor: f32) {
        for channel in [&mut self.left, &mut self.right] {
            channel.iter_mut().for_each(|sample| *sample *= factor);
        }
    }

    pub(super) fn multiply(&mut self, gains: &[f32]) {
        for ((left, right), gain) in self.left.iter_mut().zip(&mut self.right[..]).zip(gains) {
            *left *= gain;
            *right *= gain;
        }
    }

    fn view(&self, frames: usize) -> View<'_> {
        View { left: &self.left[..frames], right: &self.right[..frames] }
    }
}
