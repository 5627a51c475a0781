//! The mix through the master: all of it, or any part, with the same bits.

use std::ops::Range;

use crate::dsp::limiter::Report;
use crate::master::mixture::Mixture;
use crate::master::{Master, Settings};
use crate::mix::block::FRAMES;
use crate::mix::error::Error as MixError;
use crate::units::level::Gain;
use crate::units::time::{FrameCount, FramePos};

/// What the limiter did in a stretch where it hardly rested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Where it was first turned down by more than [`HARD`].
    pub start: FramePos,
    /// Where it last was.
    pub end: FramePos,
    /// The deepest gain.
    pub deepest: Gain,
    /// Where that was.
    pub at: FramePos,
}

/// How far the limiter may turn down without it being worth a word, dB.
pub const HARD: f32 = 3.0;
/// How many frames are mastered in one go: whole blocks, 1.4 s at 48 kHz.
const BATCH: usize = 64 * FRAMES;
/// Efforts closer than this are one: half a second.
const TOGETHER: u64 = 2;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Performed {
    /// What the limiter did, in all.
    pub limiter: Report,
    /// Where it worked hard.
    pub efforts: Vec<Effort>,
}

/// Masters the frames of `range`, as many of them as there are, and hands them to `sink` in order, interleaved.
/// A part has the bits it has in the whole: the limiter is started early enough before it, and hears on after it.
///
/// # Errors
/// The first error of the mixer or of `sink`.
pub fn perform<E>(
    mixture: &Mixture,
    settings: Settings,
    range: &Range<u64>,
    mut sink: impl FnMut(&mut Vec<f32>) -> Result<(), E> + Send,
) -> Result<Performed, E>
where
    E: From<MixError> + Send,
{
    let rate = mixture.plan().rate();
    let mut master = Master::new(settings, rate);
    let width = settings.channels.count() as u64;
    let early = range.start.saturating_sub(master.settle().get()) / FRAMES as u64 * FRAMES as u64;
    let late = range.end.saturating_add(master.latency().get()).min(mixture.length().get());
    let mut output = Output { next: early, range: range.clone(), width, out: Vec::new() };
    let mut efforts = Efforts { list: Vec::new(), apart: u64::from(rate.hz()) / TOGETHER, offset: early };
    let mut next = early;
    let (mut batch, mut mastered) = (Vec::with_capacity(BATCH * 2), Vec::new());
    // One batch is mastered while what is ready of the one before is handed over.
    let mut turn = |batch: &mut Vec<f32>, master: &mut Master, output: &mut Output| {
        let work = || {
            for mix in batch.chunks(FRAMES * 2) {
                master.push(mix, &mut mastered);
                if next >= range.start {
                    efforts.take(master);
                } else {
                    master.take_deepest();
                }
                next += (mix.len() / 2) as u64;
            }
        };
        let ((), handed) = rayon::join(work, || output.hand_over(&mut sink));
        batch.clear();
        // Whatever was ready is gone.
        std::mem::swap(&mut output.out, &mut mastered);
        handed
    };
    mixture.hear(&(early..late), |mix| {
        batch.extend_from_slice(mix);
        if batch.len() < BATCH * 2 { Ok(()) } else { turn(&mut batch, &mut master, &mut output) }
    })?;
    turn(&mut batch, &mut master, &mut output)?;
    efforts.take(&mut master);
    let limiter = master.finish(&mut output.out);
    output.hand_over(&mut sink)?;
    Ok(Performed { limiter, efforts: efforts.list })
}

struct Output {
    /// The frame of the episode that the first of `out` is.
    next: u64,
    range: Range<u64>,
    width: u64,
    out: Vec<f32>,
}

impl Output {
    /// What lies in the range.
    fn hand_over<E>(&mut self, sink: &mut impl FnMut(&mut Vec<f32>) -> Result<(), E>) -> Result<(), E> {
        let samples = |frames: u64| FrameCount::new(frames * self.width).index();
        let before = self.range.start.saturating_sub(self.next);
        let inside = self.range.end.saturating_sub(self.next);
        let frames = (self.out.len() as u64) / self.width;
        self.next += frames;
        self.out.truncate(samples(inside.min(frames)));
        self.out.drain(..samples(before.min(frames)).min(self.out.len()));
        if !self.out.is_empty() {
            sink(&mut self.out)?;
        }
        self.out.clear();
        Ok(())
    }
}

struct Efforts {
    list: Vec<Effort>,
    /// How many frames may lie between parts of one effort.
    apart: u64,
    /// The frame of the episode that the master got first.
    offset: u64,
}

impl Efforts {
    fn take(&mut self, master: &mut Master) {
        let Some((gain, at)) = master.take_deepest().filter(|(gain, _)| gain.db() < -HARD) else { return };
        let at = at.after(FrameCount::new(self.offset));
        match self.list.last_mut() {
            Some(last) if at.span_since(last.end).get() <= self.apart => {
                last.end = at;
                if gain < last.deepest {
                    (last.deepest, last.at) = (gain, at);
                }
            }
            _ => self.list.push(Effort { start: at, end: at, deepest: gain, at }),
        }
    }
}
