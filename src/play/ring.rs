//! Frames on their way from the renderer to the audio callback.
//!
//! A ring of frames without locks (`rtrb`), and beside it a few numbers that both sides read and write whole. [`Tap`]
//! is what the callback calls, frame after frame: it pops, multiplies by a gate, and counts. It allocates nothing,
//! locks nothing and waits for nobody; where the ring is empty it is silent and says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use rodio::{ChannelCount, SampleRate, Source};
use rtrb::{Consumer, Producer, RingBuffer};

/// A sample for the left, one for the right.
pub type Frame = [f32; 2];

/// How long pausing and going on take, seconds: long enough not to click.
const GATE: f32 = 0.005;

/// What the thread that keeps a device is told.
#[derive(Debug)]
pub enum Signal {
    /// There are enough frames for it to begin.
    Filled,
    /// It is lost, and why.
    Lost(String),
    /// It is to be closed.
    Close,
}

/// What both sides know. Frames are counted at the device's rate, since the ring was made.
#[derive(Debug, Default)]
pub struct Shared {
    paused: AtomicBool,
    /// Up to which frame what is in the ring is not wanted any more.
    stale: AtomicU64,
    taken: AtomicU64,
    /// How often the callback has asked for a frame, whether there was one or not.
    asked: AtomicU64,
    /// Whether an empty ring is no surprise: the end, or waiting for what is being made, which has faded out.
    dry: AtomicBool,
    gaps: AtomicU64,
    underruns: AtomicU64,
    /// How many frames have to be there before it begins, and begins again: a device takes many at once.
    least: AtomicUsize,
}

impl Shared {
    /// How many frames the callback has taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// How many frames the callback has asked for: as long as this rises the device is alive.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// How often the ring was empty by surprise.
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// How often the device itself had nothing to play, since the callback came too late: as far as it tells.
    pub fn underruns(&self) -> u64 {
        self.underruns.load(Ordering::Relaxed)
    }

    /// Notes that the device had nothing to play. That is a gap only where something was to be heard.
    pub fn note_underrun(&self) {
        if self.taken() > 0 && !self.is_paused() && !self.dry.load(Ordering::Acquire) {
            self.underruns.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Pauses, or goes on.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    fn least(&self) -> usize {
        self.least.load(Ordering::Relaxed)
    }

    pub(super) fn expect_nothing(&self, dry: bool) {
        self.dry.store(dry, Ordering::Release);
    }

    pub(super) fn drop_up_to(&self, frame: u64) {
        self.stale.store(frame, Ordering::Release);
    }
}

/// The renderer's end.
#[derive(Debug)]
pub struct Feed {
    producer: Producer<Frame>,
    /// What both sides know.
    pub shared: Arc<Shared>,
    /// Frames pushed since the ring was made.
    pub written: u64,
    /// Frames per second of the device.
    pub rate: u32,
    /// How many frames the device itself holds, as far as is known.
    pub held: u64,
    /// How many frames the ring is to hold; it has room for more.
    ahead: usize,
    /// How many gaps there were when that was last looked at.
    gaps: u64,
    /// Who waits for the first frames, if anybody does, and for how many.
    starter: Option<(Sender<Signal>, u64)>,
}

impl Feed {
    /// How many frames are wanted. After each gap the ring is held fuller, as long as it has room.
    pub fn room(&mut self) -> usize {
        let gaps = self.shared.gaps();
        if gaps > self.gaps {
            self.gaps = gaps;
            self.ahead = self.ahead.saturating_mul(2);
        }
        let slots = self.producer.slots();
        let held = self.producer.buffer().capacity() - slots;
        self.ahead.saturating_sub(held).min(slots)
    }

    /// Has the ring hold only so many frames, as long as that is enough; the device itself holds as many as `held`.
    #[must_use]
    pub fn holding(self, ahead: usize, held: u64) -> Feed {
        // It would wait for ever for more than the ring is to hold.
        self.shared.least.store(self.shared.least().min(ahead / 4 * 3), Ordering::Relaxed);
        Feed { ahead, held, ..self }
    }

    /// Pushes a frame; one for which there is no room is lost.
    pub fn push(&mut self, frame: Frame) {
        if self.producer.push(frame).is_ok() {
            self.written += 1;
        }
    }

    /// Has `device` told to begin when there are as many `frames` as it takes at once, or no more will come. A device that
    /// began before would be full of silence that has to be heard first.
    #[must_use]
    pub fn starting(self, device: Sender<Signal>, frames: u64) -> Feed {
        Feed { starter: Some((device, frames)), ..self }
    }

    /// Has the device begin, if it has not yet and there are enough frames; or any, where there will be `no_more` for now.
    pub(super) fn start(&mut self, no_more: bool) {
        let written = self.written;
        let due = |(_, frames): &mut (_, u64)| written >= *frames || (no_more && written > 0);
        if let Some((device, _)) = self.starter.take_if(due) {
            // Where nobody listens there is no device any more.
            let _ = device.send(Signal::Filled);
        }
    }

    /// Whether the ring may be empty once the device has asked for frames again: it asks for half of what it holds at once,
    /// and whoever sees to the ring may be late by as many frames as `late`.
    pub(super) fn is_low(&self, late: u64) -> bool {
        self.written - self.shared.taken() <= self.held / 2 + late
    }

    /// Whether the other end is gone.
    pub fn is_cut(&self) -> bool {
        self.producer.is_abandoned()
    }
}

/// The callback's end: a source for rodio, in as many channels as the device has.
#[derive(Debug)]
pub struct Tap {
    consumer: Consumer<Frame>,
    shared: Arc<Shared>,
    channels: ChannelCount,
    rate: SampleRate,
    /// The channel that comes next.
    channel: u16,
    frame: Frame,
    /// 1 where it is open, 0 where it is shut.
    gate: f32,
    step: f32,
    taken: u64,
    asked: u64,
    starving: bool,
    /// Whether anything was ever there.
    begun: bool,
}

/// A ring for `frames`, to a device of this shape.
pub fn ring(frames: usize, channels: ChannelCount, rate: SampleRate) -> (Feed, Tap) {
    let (producer, consumer) = RingBuffer::new(frames);
    let shared = Arc::new(Shared { least: AtomicUsize::new(frames / 8), ..Shared::default() });
    #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^24")]
    let step = 1.0 / (GATE * rate.get() as f32);
    let tap = Tap {
        consumer,
        shared: Arc::clone(&shared),
        channels,
        rate,
        channel: 0,
        frame: [0.0; 2],
        gate: 1.0,
        step,
        taken: 0,
        asked: 0,
        starving: false,
        begun: false,
    };
    let feed = Feed {
        producer,
        shared,
        written: 0,
        rate: rate.get(),
        held: 0,
        ahead: frames,
        gaps: 0,
        starter: None,
    };
    (feed, tap)
}

impl Tap {
    /// How many frames are there to be taken.
    pub fn buffered(&self) -> usize {
        self.consumer.slots()
    }

    /// The next frame.
    fn pull(&mut self) -> Frame {
        self.asked += 1;
        self.shared.asked.store(self.asked, Ordering::Relaxed);
        let stale = self.shared.stale.load(Ordering::Acquire) > self.taken;
        let shut = stale || self.shared.is_paused();
        if shut && self.gate <= 0.0 {
            if stale {
                self.drop_stale();
            }
            return [0.0; 2];
        }
        let waits = !self.begun || self.starving;
        if waits && self.consumer.slots() < self.shared.least() && !self.shared.dry.load(Ordering::Acquire) {
            return [0.0; 2];
        }
        let Ok(frame) = self.consumer.pop() else {
            if !self.starving && self.begun && !self.shared.dry.load(Ordering::Acquire) {
                self.shared.gaps.fetch_add(1, Ordering::Relaxed);
            }
            // After the beginning, whatever comes next comes in softly.
            self.starving = true;
            if self.begun {
                self.gate = 0.0;
            }
            return [0.0; 2];
        };
        self.starving = false;
        self.begun = true;
        self.taken += 1;
        self.shared.taken.store(self.taken, Ordering::Release);
        if shut {
            self.gate = (self.gate - self.step).max(0.0);
        } else if self.gate < 1.0 {
            self.gate = (self.gate + self.step).min(1.0);
        }
        // Times one is the frame itself, to the bit.
        frame.map(|sample| sample * self.gate)
    }

    /// Lets go of what is not wanted. At most what the ring holds.
    fn drop_stale(&mut self) {
        let stale = self.shared.stale.load(Ordering::Acquire);
        while self.taken < stale && self.consumer.pop().is_ok() {
            self.taken += 1;
        }
        self.shared.taken.store(self.taken, Ordering::Release);
    }
}

impl Iterator for Tap {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.channel == 0 {
            self.frame = self.pull();
        }
        let sample = match (self.channels.get(), self.channel) {
            (1, _) => (self.frame[0] + self.frame[1]) * 0.5,
            (_, channel @ 0..2) => self.frame[usize::from(channel)],
            _ => 0.0,
        };
        self.channel = (self.channel + 1) % self.channels.get();
        Some(sample)
    }
}

impl Source for Tap {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> ChannelCount {
        self.channels
    }

    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}
