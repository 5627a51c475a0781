//! The rooms of a plan, and when each of them rings.
//!
//! A room's answer to a sum is the sum of its answers. So what is sent to a room is cut into *bursts*, each answered
//! by a copy of the room that was at rest before, and rings out after it; the answers are added up. That is
//! the same sound as one room that runs through, but each burst has an end: nothing of it is heard [`Space::tail`]
//! after its last frame. So a block depends on a bounded stretch of the past, and bursts do not depend on each
//! other.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::audio::samples::Samples;
use crate::dsp::convolve::{Convolver, Impulse};
use crate::dsp::fade::rise;
use crate::dsp::reverb::Reverb;
use crate::dsp::room::{LONGEST_IMPULSE, shape};
use crate::mix::block::{FRAMES, Stereo};
use crate::mix::error::Error;
use crate::mix::hush::CUT;
use crate::mix::placed::Placed;
use crate::mix::shifts::{Spans, joined};
use crate::staging::Perspective;
use crate::timeline::{Room, Timeline};
use crate::units::level::Gain;
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// How long the input of a burst may be, in seconds and in tails, whichever is longer: of regions, and of a whole bus, which seldom
/// falls silent by itself.
const LONGEST: (u64, u64) = (8, 2);
pub(super) const LONGEST_OF_BUS: (u64, u64) = (16, 4);
/// What a recorded room is turned down to: its energy against that of the sound itself at 1 m, dB.
const RECORDED: f64 = -6.0;

/// A room, at rest.
#[derive(Clone, Debug)]
pub(super) struct Space {
    /// Made when it is first wanted: most of the rooms of a long episode are not heard for long, and how loud a room is
    /// has to be measured.
    answer: Arc<OnceLock<Answer>>,
    rate: SampleRate,
    /// How long it is heard, frames.
    pub(super) tail: u64,
    /// Its figures, for a room that has them.
    pub(super) shape: Option<crate::dsp::room::Shape>,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Network(Box<Reverb>),
    Recorded(Box<Convolver>),
}

/// What goes into a room, whose answer goes to a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Send {
    pub(super) room: usize,
    pub(super) bus: usize,
    pub(super) feed: Feed,
}

/// Where what goes into a room comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    /// From regions of the bus. One that is cut has a send of its own.
    Regions,
    /// All of the bus, which is heard through nothing else.
    Bus,
}

/// A stretch of a send, and how long it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) start: u64,
    /// The frame after its last.
    pub(super) end: u64,
    /// From when on nothing is heard of it.
    pub(super) over: u64,
    /// How long before that it fades, frames.
    pub(super) fade: u64,
    /// How long what is sent rises at its beginning, frames.
    pub(super) rise: u64,
    pub(super) send: usize,
}

impl Space {
    /// The rooms of a timeline; `None` for one that is silent.
    pub(super) fn all(timeline: &Timeline, samples: &[Samples]) -> Result<Vec<Option<Space>>, Error> {
        let rate = timeline.rate;
        let space = |room: &Room| match room {
            Room::Named(room) => Ok(shape(*room).map(|shape| Space {
                answer: Arc::default(),
                rate,
                tail: shape.tail(rate).get(),
                shape: Some(shape),
            })),
            Room::Recorded { clip } => {
                let samples = samples.get(*clip).ok_or_else(|| Error::Inconsistent {
                    what: "a room was recorded in no clip".to_owned(),
                })?;
                let name = || timeline.clips[*clip].name.clone();
                let impulse =
                    impulse(samples, rate).map_err(|source| Error::Read { clip: name(), source })?;
                Ok(impulse.map(|(impulse, tail)| Space {
                    answer: Arc::new(OnceLock::from(Answer::Recorded(Box::new(Convolver::new(Arc::new(
                        impulse,
                    )))))),
                    rate,
                    tail,
                    shape: None,
                }))
            }
        };
        timeline.rooms.iter().map(space).collect()
    }

    /// A copy of the room, at rest.
    pub(super) fn answer(&self) -> Option<Answer> {
        if let (None, Some(shape)) = (self.answer.get(), &self.shape) {
            // Should another thread have made the same meanwhile, that is as good.
            let _ = self.answer.set(Answer::Network(Box::new(Reverb::new(shape, self.rate))));
        }
        self.answer.get().cloned()
    }

    /// What makes its answer as loud as what is sent to it, around 1 kHz.
    pub(super) fn unity(&self) -> Gain {
        let db = self.shape.map_or(RECORDED, |shape| shape.wet);
        Gain::new(crate::units::narrow(-db)).unwrap_or_default()
    }

    /// How loudly the room answers to a sound `metres` away, against its answer at 1 m.
    pub(super) fn level(&self, perspective: Perspective, metres: f64) -> Gain {
        let far = self.shape.map_or(Gain::UNITY, |shape| shape.far(metres));
        match perspective {
            // All that comes round the corner comes through this room.
            Perspective::Off => far + Gain::new(3.0).unwrap_or_default(),
            _ => far,
        }
    }
}

impl Answer {
    pub(super) fn rest(&mut self) {
        match self {
            Answer::Network(reverb) => reverb.rest(),
            Answer::Recorded(convolver) => convolver.rest(),
        }
    }

    /// Writes the answer to the next block over `out`.
    pub(super) fn process(&mut self, input: &Stereo, out: &mut Stereo) {
        let (input, out) = (input.channels(), out.channels_from(0));
        match self {
            Answer::Network(reverb) => reverb.process(input, out),
            Answer::Recorded(convolver) => convolver.process(input, out),
        }
    }
}

impl Burst {
    /// Silences those frames of `audio`, whose first is the episode's `first`, that the burst does not send.
    pub(super) fn gate(&self, first: u64, audio: &mut Stereo) {
        let index = |frame: u64| FrameCount::new(frame.saturating_sub(first)).index().min(FRAMES);
        let (from, to) = (index(self.start), index(self.end));
        let (left, right) = audio.channels_from(0);
        for channel in [left, right] {
            channel[..from].fill(0.0);
            channel[to.max(from)..].fill(0.0);
            for (frame, sample) in (self.start.max(first)..self.start + self.rise).zip(&mut channel[from..]) {
                *sample *= rise(frame - self.start, self.rise);
            }
        }
    }

    /// Ends the answer in `audio` where the burst is over.
    pub(super) fn end(&self, first: u64, audio: &mut Stereo) {
        let falls = self.over.saturating_sub(self.fade);
        if first + FRAMES as u64 <= falls {
            return;
        }
        let (left, right) = audio.channels_from(0);
        for (frame, (left, right)) in (first..).zip(left.iter_mut().zip(right)) {
            let gain = if frame < falls {
                1.0
            } else if frame >= self.over {
                0.0
            } else {
                rise(self.over - 1 - frame, self.fade)
            };
            *left *= gain;
            *right *= gain;
        }
    }
}

/// The sends that `regions` need, and their bursts by start. Every region that has a room is told its send.
pub(super) fn sends(
    regions: &mut [Placed],
    bus_of: impl Fn(usize) -> usize,
    rooms: &[Option<Space>],
    rate: SampleRate,
) -> (Vec<Send>, Vec<Burst>) {
    let mut sends = Vec::new();
    // By room and bus: the send, and the spans of its regions.
    let mut shared: BTreeMap<(usize, usize), (usize, Spans)> = BTreeMap::new();
    let mut bursts = Vec::new();
    let cut = Seconds::new(CUT).unwrap_or_default().to_count(rate).get();
    for region in regions.iter_mut() {
        let Some(room) = region.room.filter(|room| rooms.get(*room).is_some_and(Option::is_some)) else {
            continue;
        };
        let bus = bus_of(region.track);
        let (start, end) = (region.start, region.end());
        if region.cut {
            region.send = Some(sends.len());
            bursts.push(Burst {
                start,
                end,
                over: end,
                fade: cut.min(region.length),
                rise: 0,
                send: sends.len(),
            });
            sends.push(Send { room, bus, feed: Feed::Regions });
            continue;
        }
        let (send, spans) = shared.entry((room, bus)).or_insert_with(|| {
            sends.push(Send { room, bus, feed: Feed::Regions });
            (sends.len() - 1, Vec::new())
        });
        region.send = Some(*send);
        spans.push((start, end));
    }
    for ((room, _), (send, spans)) in shared {
        let tail = rooms[room].as_ref().map_or(0, |space| space.tail);
        let fed = Fed { spans: &spans, cuts: &[], tail, longest: LONGEST };
        bursts.extend(fed.bursts(send, rate));
    }
    bursts.sort_by_key(|burst| (burst.start, burst.send, burst.end));
    (sends, bursts)
}

/// What is sent to a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fed<'s> {
    /// When, in order of the beginnings.
    pub(super) spans: &'s [(u64, u64)],
    /// Frames at which everything that rings ends, in order.
    pub(super) cuts: &'s [u64],
    /// How long the room is heard, frames.
    pub(super) tail: u64,
    /// How long a burst may be: [`LONGEST`] or [`LONGEST_OF_BUS`].
    pub(super) longest: (u64, u64),
}

impl Fed<'_> {
    /// The bursts of a send, by index, that is fed like this.
    pub(super) fn bursts(&self, send: usize, rate: SampleRate) -> Vec<Burst> {
        let longest = (self.longest.0 * u64::from(rate.hz())).max(self.longest.1 * self.tail);
        let cut = Seconds::new(CUT).unwrap_or_default().to_count(rate).get();
        let mut bursts = Vec::new();
        // One that begins while the last still rings goes on with it.
        for (mut start, last) in joined(self.spans, self.tail.saturating_sub(1)) {
            let mut rise = 0;
            while start < last {
                let next = self.cuts.partition_point(|cut| *cut <= start);
                let next = self.cuts.get(next).copied().unwrap_or(u64::MAX);
                let end = last.min(start + longest).min(next);
                let over = (end + self.tail).min(next);
                let fade = if over == next { cut.min(over - start) } else { self.tail / 8 };
                bursts.push(Burst { start, end, over, fade, rise, send });
                rise = if end == next { cut } else { 0 };
                start = end;
            }
        }
        bursts
    }
}

/// A recorded answer without the sound itself, as loud as named rooms are, and its length in frames; `None` for one that
/// is silent.
fn impulse(samples: &Samples, rate: SampleRate) -> std::io::Result<Option<(Impulse, u64)>> {
    let width = samples.channels().count();
    let longest = Seconds::new(LONGEST_IMPULSE).unwrap_or_default().to_count(rate);
    let frames = samples.frames().min(longest).index();
    let mut interleaved = vec![0.0; frames * width];
    samples.read(FrameCount::ZERO, &mut interleaved)?;
    let channel = |index: usize| interleaved.iter().skip(index).step_by(width).copied().collect::<Vec<f32>>();
    let (mut left, mut right) = (channel(0), channel(width - 1));
    // The sound itself is in the mix already: everything up to 2 ms after the loudest sample goes.
    let loud = |at: &usize| left[*at].abs().max(right[*at].abs());
    let peak = (0..frames).max_by(|a, b| loud(a).total_cmp(&loud(b)).then(b.cmp(a))).unwrap_or(0);
    let short = rate.hz() as usize / 500;
    for (ago, frame) in (peak..frames).enumerate().take(2 * short).map(|(ago, frame)| (ago as u64, frame)) {
        let gain = if ago < short as u64 { 0.0 } else { rise(ago - short as u64, short as u64) };
        left[frame] *= gain;
        right[frame] *= gain;
    }
    // The time until then stays with the sound itself.
    let (mut left, mut right) = (left.split_off(peak), right.split_off(peak));
    let power: f64 = left.iter().chain(&right).map(|x| f64::from(*x) * f64::from(*x)).sum();
    if power <= 1e-12 || !power.is_finite() {
        return Ok(None);
    }
    let factor = crate::units::narrow(libm::sqrt(2.0 * libm::pow(10.0, RECORDED / 10.0) / power));
    left.iter_mut().chain(&mut right).for_each(|x| *x *= factor);
    Ok(Some((Impulse::new(&left, &right, FRAMES.trailing_zeros()), left.len() as u64)))
}
