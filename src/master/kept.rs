//! A mix of which stretches are kept: what is there is read, what is missing is mixed, and kept for the next time.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use crate::audio::buffer::Channels;
use crate::audio::samples::SAMPLE_BYTES;
use crate::cache::audio::Recording;
use crate::cache::key::Key;
use crate::cache::{Cache, Kind};
use crate::master::blocks::{Blocks, inside};
use crate::mix::block::FRAMES;
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::mix::stretch::{Known, Stretch, stretches};
use crate::units::time::FrameCount;

/// Nothing is kept of a stretch.
const MISSING: u8 = 0;
/// It is there, but has not been read.
const THERE: u8 = 1;
/// It has been written just now; or read as a whole, and was what had been put there.
const CHECKED: u8 = 2;

/// The stretches of a mix, and which of them are kept.
#[derive(Debug)]
pub(super) struct Kept {
    blocks: Arc<Blocks>,
    cache: Cache,
    stretches: Vec<Stretch>,
    /// Of each. Looked up once anything is to be heard: not to know what the mix is known by.
    states: OnceLock<Vec<AtomicU8>>,
    /// How many of the stretches, from the first on, are kept once they are mixed.
    keeping: usize,
}

impl Kept {
    /// What `cache` has of the mix of `plan`, whose `blocks` are mixed where it has none; what is mixed `is_kept` there.
    pub(super) fn new(plan: &Plan, blocks: Arc<Blocks>, cache: Cache, is_kept: bool) -> Kept {
        let stretches = stretches(plan);
        // Whatever did not fit would push out what came before it, and nothing would be there the next time.
        let most = if is_kept { cache.most() / 2 / (2 * SAMPLE_BYTES) as u64 } else { 0 };
        let keeping = stretches.partition_point(|stretch| stretch.end <= most);
        Kept { states: OnceLock::new(), blocks, cache, stretches, keeping }
    }

    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Hands the frames of `range` to `sink`, in order, interleaved stereo, cut where blocks are.
    pub(super) fn hear<E: From<MixError>>(
        &self,
        range: &Range<u64>,
        sink: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cut = Cut { next: range.start, end: range.end, pending: Vec::new(), sink };
        let wanted = self.overlapping(range);
        let mut at = wanted.start;
        while at < wanted.end {
            if self.take(at, self.stretches[at].end.min(range.end), &mut cut)? {
                at += 1;
                continue;
            }
            // All that are missing in a row are mixed in one go.
            let missing = 1 + (at + 1..wanted.end).take_while(|index| !self.is_there(*index)).count();
            let last = self.stretches[at + missing - 1].end;
            self.mix(at, &(cut.next..last.min(range.end)), &mut cut)?;
            at += missing;
        }
        cut.finish()
    }

    fn overlapping(&self, range: &Range<u64>) -> Range<usize> {
        let first = self.stretches.partition_point(|stretch| stretch.end <= range.start);
        let end = self.stretches.partition_point(|stretch| stretch.start < range.end);
        first..end.max(first)
    }

    fn states(&self) -> &[AtomicU8] {
        self.states.get_or_init(|| {
            let state = |stretch: &Stretch| {
                let there = matches!(&stretch.known, Known::By(key) if self.cache.has(Kind::Mix, key));
                AtomicU8::new(if there { THERE } else { MISSING })
            };
            self.stretches.iter().map(state).collect()
        })
    }

    fn is_there(&self, index: usize) -> bool {
        self.states()[index].load(Ordering::Relaxed) != MISSING
    }

    fn key(&self, index: usize) -> Option<&Key> {
        if let Known::By(key) = &self.stretches[index].known { Some(key) } else { None }
    }

    /// Some samples of a stretch that is there, if all of it is what had been put there.
    fn read(&self, index: usize, samples: Range<usize>) -> Option<Vec<f32>> {
        let key = self.key(index)?;
        let stretch = self.stretches[index];
        let (mut audio, mut at) = (Vec::with_capacity(samples.len()), 0);
        let is_right = self.cache.stream(Kind::Mix, key, |bytes| {
            let end = at + bytes.len() / SAMPLE_BYTES;
            let wanted = samples.start.clamp(at, end) - at..samples.end.clamp(at, end) - at;
            audio.extend(floats(&bytes[wanted.start * SAMPLE_BYTES..wanted.end * SAMPLE_BYTES]));
            at = end;
        });
        let is_right = is_right && at as u64 == (stretch.end - stretch.start) * 2;
        self.states()[index].store(if is_right { CHECKED } else { MISSING }, Ordering::Relaxed);
        is_right.then_some(audio)
    }

    /// Takes what is kept of a stretch, up to the frame `end`; says whether all of it was there.
    fn take<E, S: FnMut(&[f32]) -> Result<(), E>>(
        &self,
        index: usize,
        end: u64,
        cut: &mut Cut<S>,
    ) -> Result<bool, E> {
        let start = self.stretches[index].start;
        let sample = |frame: u64| FrameCount::new(frame - start).index() * 2;
        let samples = sample(cut.next)..sample(end);
        match self.states()[index].load(Ordering::Relaxed) {
            MISSING => Ok(false),
            THERE => self.read(index, samples).map_or(Ok(false), |audio| {
                cut.take(cut.next, &audio)?;
                Ok(true)
            }),
            _ => self.pass(index, samples, cut),
        }
    }

    /// The same, of some samples of a stretch that was checked before: without having all of them at once.
    fn pass<E, S: FnMut(&[f32]) -> Result<(), E>>(
        &self,
        index: usize,
        samples: Range<usize>,
        cut: &mut Cut<S>,
    ) -> Result<bool, E> {
        let Some(key) = self.key(index) else { return Ok(false) };
        let bytes = (samples.start * SAMPLE_BYTES) as u64..(samples.end * SAMPLE_BYTES) as u64;
        let (mut audio, mut taken) = (Vec::new(), Ok(()));
        let read = self.cache.part(Kind::Mix, key, bytes, |bytes| {
            audio.clear();
            audio.extend(floats(bytes));
            if taken.is_ok() {
                taken = cut.take(cut.next, &audio);
            }
        });
        taken?;
        if read.is_err() {
            self.states()[index].store(MISSING, Ordering::Relaxed);
        }
        Ok(read.is_ok())
    }

    /// Mixes frames, the first of them in the stretch `index`, and keeps the stretches that lie among them as a whole.
    fn mix<E: From<MixError>, S: FnMut(&[f32]) -> Result<(), E>>(
        &self,
        mut index: usize,
        range: &Range<u64>,
        cut: &mut Cut<S>,
    ) -> Result<(), E> {
        let (mut kept, mut sum) = (None, Vec::new());
        self.blocks.each(range, |block| {
            let mut audio = inside(block, range, &mut sum);
            let mut at = block.start().from_start().unwrap_or_default().get().max(range.start);
            cut.take(at, audio)?;
            while !audio.is_empty() {
                let stretch = self.stretches[index];
                let now = FrameCount::new(stretch.end - at).index().saturating_mul(2).min(audio.len());
                if at == stretch.start && stretch.end <= range.end {
                    kept = self.record(index);
                }
                if let Some(kept) = &mut kept {
                    kept.push(&audio[..now]);
                }
                at += (now / 2) as u64;
                audio = &audio[now..];
                if at == stretch.end {
                    if kept.take().is_some_and(Recording::finish) {
                        self.states()[index].store(CHECKED, Ordering::Relaxed);
                    }
                    index += 1;
                }
            }
            Ok(())
        })
    }

    /// Where a stretch is kept while it is mixed, if it is to be.
    fn record(&self, index: usize) -> Option<Recording<'_>> {
        let key = self.key(index).filter(|_| index < self.keeping)?;
        Some(self.cache.record(Kind::Mix, key, Channels::Stereo))
    }
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.as_chunks::<SAMPLE_BYTES>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// Cuts frames where blocks are cut, whatever pieces they come in.
struct Cut<S> {
    /// The frame that comes next.
    next: u64,
    end: u64,
    pending: Vec<f32>,
    sink: S,
}

impl<S> Cut<S> {
    /// Takes frames, the first being the episode's `first`; of those wanted, they come without gaps.
    fn take<E>(&mut self, first: u64, audio: &[f32]) -> Result<(), E>
    where
        S: FnMut(&[f32]) -> Result<(), E>,
    {
        let sample = |frame: u64| FrameCount::new(frame.saturating_sub(first)).index().saturating_mul(2);
        let from = sample(self.next).min(audio.len());
        let mut audio = &audio[from..sample(self.end).clamp(from, audio.len())];
        while !audio.is_empty() {
            let pending = (self.pending.len() / 2) as u64;
            let missing = FRAMES as u64 - (self.next % FRAMES as u64);
            let now = FrameCount::new(missing).index().saturating_mul(2).min(audio.len());
            let (piece, later) = audio.split_at(now);
            audio = later;
            self.next += (now / 2) as u64;
            let whole = self.next.is_multiple_of(FRAMES as u64);
            if whole && pending == 0 {
                (self.sink)(piece)?;
                continue;
            }
            self.pending.extend_from_slice(piece);
            if whole {
                (self.sink)(&self.pending)?;
                self.pending.clear();
            }
        }
        Ok(())
    }

    fn finish<E>(mut self) -> Result<(), E>
    where
        S: FnMut(&[f32]) -> Result<(), E>,
    {
        if self.pending.is_empty() { Ok(()) } else { (self.sink)(&self.pending) }
    }
}
