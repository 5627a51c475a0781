//! A mix of which stretches are kept: what is there is read, what is missing is mixed, and kept for the next time.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::audio::samples::{SAMPLE_BYTES, Samples};
use crate::cache::key::Key;
use crate::cache::{Cache, Kind};
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::mix::stretch::{Known, Stretch, stretches};
use crate::mix::{Mixer, spans};
use crate::units::time::FrameCount;

/// Nothing is kept of a stretch.
const MISSING: u8 = 0;
/// It is there, but has not been read.
const THERE: u8 = 1;
/// It has been read as a whole and was what had been put there.
const CHECKED: u8 = 2;

/// The stretches of a mix, and which of them are kept.
#[derive(Debug)]
pub(super) struct Kept {
    plan: Arc<Plan>,
    cache: Cache,
    stretches: Vec<Stretch>,
    states: Vec<AtomicU8>,
    /// How many of the stretches, from the first on, are kept once they are mixed.
    keeping: usize,
}

impl Kept {
    /// What `cache` has of the mix of `plan`.
    pub(super) fn new(plan: Arc<Plan>, cache: Cache) -> Kept {
        let stretches = stretches(&plan);
        let state = |stretch: &Stretch| {
            let there = matches!(&stretch.known, Known::By(key) if cache.has(Kind::Mix, key));
            AtomicU8::new(if there { THERE } else { MISSING })
        };
        // Whatever did not fit would push out what came before it, and nothing would be there the next time.
        let most = cache.most() / 2 / (2 * SAMPLE_BYTES) as u64;
        let keeping = stretches.partition_point(|stretch| stretch.end <= most);
        Kept { states: stretches.iter().map(state).collect(), plan, cache, stretches, keeping }
    }

    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Hands the frames of `range` to `sink`, in order, interleaved stereo, cut where blocks are.
    pub(super) fn hear<E: From<MixError> + Send>(
        &self,
        range: &Range<u64>,
        sink: impl FnMut(&[f32]) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut cut = Cut { next: range.start, end: range.end, pending: Vec::new(), sink };
        let wanted = self.overlapping(range);
        let mut at = wanted.start;
        while at < wanted.end {
            // As many as there are threads are read at once.
            let most = wanted.end.min(at + 2 * rayon::current_num_threads());
            let there = (at..most).take_while(|index| self.is_there(*index)).count();
            let read: Vec<Option<Vec<f32>>> =
                (at..at + there).into_par_iter().map(|index| self.read(index)).collect();
            for audio in read {
                let start = self.stretches[at].start;
                match audio {
                    Some(audio) => cut.take(start, &audio)?,
                    None => self.mix(at..at + 1, &mut cut)?,
                }
                at += 1;
            }
            let missing = (at..wanted.end).take_while(|index| !self.is_there(*index)).count();
            if missing > 0 {
                self.mix(at..at + missing, &mut cut)?;
                at += missing;
            }
        }
        cut.finish()
    }

    /// The same without help from other threads.
    pub(super) fn hear_alone<E: From<MixError>>(
        &self,
        range: &Range<u64>,
        sink: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cut = Cut { next: range.start, end: range.end, pending: Vec::new(), sink };
        for index in self.overlapping(range) {
            let Stretch { start, end, .. } = self.stretches[index];
            let inside = start.max(range.start)..end.min(range.end);
            match self.part(index, &inside) {
                Some(audio) => cut.take(inside.start, &audio)?,
                None => self.mix_alone(&inside, &mut cut)?,
            }
        }
        cut.finish()
    }

    fn overlapping(&self, range: &Range<u64>) -> Range<usize> {
        let first = self.stretches.partition_point(|stretch| stretch.end <= range.start);
        let end = self.stretches.partition_point(|stretch| stretch.start < range.end);
        first..end.max(first)
    }

    fn is_there(&self, index: usize) -> bool {
        self.states[index].load(Ordering::Relaxed) != MISSING
    }

    fn key(&self, index: usize) -> Option<&Key> {
        if let Known::By(key) = &self.stretches[index].known { Some(key) } else { None }
    }

    /// A stretch that is there, if it is what had been put there.
    fn read(&self, index: usize) -> Option<Vec<f32>> {
        let key = self.key(index)?;
        let stretch = self.stretches[index];
        let bytes = self.cache.content(Kind::Mix, key);
        let audio = bytes.map(|bytes| floats(&bytes));
        let whole = audio.filter(|audio| audio.len() as u64 == (stretch.end - stretch.start) * 2);
        self.states[index].store(if whole.is_some() { CHECKED } else { MISSING }, Ordering::Relaxed);
        whole
    }

    /// Part of a stretch that was read before, or is read now.
    fn part(&self, index: usize, range: &Range<u64>) -> Option<Vec<f32>> {
        let start = self.stretches[index].start;
        let sample = |frame: u64| FrameCount::new(frame - start).index() * 2;
        let samples = sample(range.start)..sample(range.end);
        match self.states[index].load(Ordering::Relaxed) {
            MISSING => None,
            THERE => self.read(index).map(|audio| audio[samples].to_vec()),
            _ => {
                let mut bytes = vec![0; samples.len() * SAMPLE_BYTES];
                let offset = (samples.start * SAMPLE_BYTES) as u64;
                self.cache.part(Kind::Mix, self.key(index)?, offset, &mut bytes).ok()?;
                Some(floats(&bytes))
            }
        }
    }

    /// Mixes some stretches, and keeps them.
    fn mix<E: From<MixError> + Send, S: FnMut(&[f32]) -> Result<(), E> + Send>(
        &self,
        indices: Range<usize>,
        cut: &mut Cut<S>,
    ) -> Result<(), E> {
        let all = self.stretches[indices.start].start..self.stretches[indices.end - 1].end;
        let blocks = all.start / FRAMES as u64..all.end.div_ceil(FRAMES as u64);
        let (mut index, mut made, mut block_sum) = (indices.start, Vec::new(), Vec::new());
        spans::mix(&self.plan, blocks, |block| {
            let (first, mut audio) = within(block, &all, &mut block_sum);
            let mut at = first;
            cut.take(first, audio)?;
            while !audio.is_empty() {
                let stretch = self.stretches[index];
                let now = FrameCount::new(stretch.end - at).index().saturating_mul(2).min(audio.len());
                made.extend_from_slice(&audio[..now]);
                at += (now / 2) as u64;
                audio = &audio[now..];
                if at == stretch.end {
                    self.keep(index, std::mem::take(&mut made));
                    index += 1;
                }
            }
            Ok(())
        })
    }

    fn mix_alone<E: From<MixError>, S: FnMut(&[f32]) -> Result<(), E>>(
        &self,
        range: &Range<u64>,
        cut: &mut Cut<S>,
    ) -> Result<(), E> {
        let mut mixer = Mixer::new(Arc::clone(&self.plan));
        mixer.seek(range.start / FRAMES as u64);
        let (mut block, mut sum) = (Block::new(self.plan.buses()), Vec::new());
        while mixer.position() < range.end.div_ceil(FRAMES as u64)
            && mixer.render(&mut block)? > FrameCount::ZERO
        {
            let (first, audio) = within(&block, range, &mut sum);
            cut.take(first, audio)?;
        }
        Ok(())
    }

    fn keep(&self, index: usize, audio: Vec<f32>) {
        let Some(key) = self.key(index).filter(|_| index < self.keeping) else { return };
        let samples = Samples::in_memory(AudioBuffer::new(audio, Channels::Stereo, self.plan.rate()));
        self.cache.keep_sound(Kind::Mix, key, &(), samples);
        // If it could not be written, reading it will show that.
        self.states[index].store(THERE, Ordering::Relaxed);
    }
}

/// The frames of a block that lie in `range`, and the first of them.
fn within<'m>(block: &Block, range: &Range<u64>, sum: &'m mut Vec<f32>) -> (u64, &'m [f32]) {
    sum.clear();
    block.sum().interleave_to(sum);
    let first = block.start().from_start().unwrap_or_default().get();
    let sample = |frame: u64| (FrameCount::new(frame.saturating_sub(first)).index() * 2).min(sum.len());
    (first.max(range.start), &sum[sample(range.start)..sample(range.end)])
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<SAMPLE_BYTES>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
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
