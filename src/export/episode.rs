//! An episode, or some of its scenes, as one WAV file: mixed, mastered and written in one pass, whole or not at all.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::audio::samples::Samples;
use crate::dsp::limiter::Report;
use crate::export::wav::{WavError, WavFormat, WavWriter};
use crate::master::{Master, Settings as MasterSettings};
use crate::mix::block::{Block, FRAMES};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::mix::spans;
use crate::progress::{Progress, Stage};
use crate::timeline::{SceneSpan, Timeline};
use crate::units::depth::BitDepth;
use crate::units::level::Level;
use crate::units::time::{FrameCount, SampleRate};

/// What a render came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Frames written.
    pub length: FrameCount,
    /// The loudest sample.
    pub peak: Level,
    /// What the limiter did.
    pub limiter: Report,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum EpisodeError {
    /// A clip cannot be read any more.
    Mix(MixError),
    /// The file cannot be written.
    Write(WavError),
    /// The person stopped it.
    Stopped,
}

impl fmt::Display for EpisodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EpisodeError::Mix(error) => write!(f, "{error}"),
            EpisodeError::Write(error) => write!(f, "{error}"),
            EpisodeError::Stopped => f.write_str("interrupted; nothing was written"),
        }
    }
}

impl std::error::Error for EpisodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            EpisodeError::Mix(error) => Some(error),
            EpisodeError::Write(error) => Some(error),
            EpisodeError::Stopped => None,
        }
    }
}

impl From<MixError> for EpisodeError {
    fn from(error: MixError) -> EpisodeError {
        EpisodeError::Mix(error)
    }
}

impl From<WavError> for EpisodeError {
    fn from(error: WavError) -> EpisodeError {
        EpisodeError::Write(error)
    }
}

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The episode.
    pub timeline: &'a Timeline,
    /// Its clips' samples, by index.
    pub samples: &'a [Samples],
    /// Which scenes, in order, joined end to end; all of the episode where empty.
    pub scenes: &'a [&'a SceneSpan],
    /// The word length.
    pub depth: BitDepth,
}

/// Mixes, masters and writes to `target`, which is whole or untouched afterwards.
///
/// # Errors
/// See [`EpisodeError`].
pub fn write(job: &Job<'_>, target: &Path, progress: &dyn Progress) -> Result<Summary, EpisodeError> {
    let timeline = job.timeline;
    let ranges = ranges(job);
    let length = ranges.iter().map(|range| range.end - range.start).sum();
    let plan = Arc::new(Plan::new(timeline, job.samples)?);
    let format = WavFormat { rate: timeline.rate, channels: Channels::Stereo, depth: job.depth };
    let writer = WavWriter::create(target, format, Some(FrameCount::new(length)))?;
    let master = Master::new(MasterSettings::default(), timeline.rate);
    let mut output = Output { writer, master, mix: Vec::new(), out: Vec::new(), peak: 0.0, progress };
    progress.begin(Stage::Mix, length);
    progress.begin(Stage::Write, length);
    let written = ranges.iter().try_for_each(|range| {
        let blocks = range.start / FRAMES as u64..range.end.div_ceil(FRAMES as u64);
        spans::mix(&plan, blocks, |block| output.take(block, range))
    });
    let summary = written.and_then(|()| output.finish(FrameCount::new(length)));
    progress.end(Stage::Mix);
    progress.end(Stage::Write);
    summary
}

/// The frames to be written, scenes that follow each other as one.
fn ranges(job: &Job<'_>) -> Vec<Range<u64>> {
    if job.scenes.is_empty() {
        return std::iter::once(0..job.timeline.length.get()).collect();
    }
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for scene in job.scenes {
        let start = scene.start.from_start().unwrap_or_default().get();
        let end = scene.boundary.from_start().unwrap_or_default().get();
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(start..end),
        }
    }
    ranges
}

/// The way from the mixer to the file.
struct Output<'a> {
    writer: WavWriter,
    master: Master,
    mix: Vec<f32>,
    out: Vec<f32>,
    peak: f32,
    progress: &'a dyn Progress,
}

impl Output<'_> {
    /// The frames of a block that lie in `range`.
    fn take(&mut self, block: &Block, range: &Range<u64>) -> Result<(), EpisodeError> {
        if self.progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        let first = block.start().from_start().unwrap_or_default().get();
        let end = first + block.frames().get();
        let (from, to) = (first.max(range.start), end.min(range.end));
        if from >= to {
            return Ok(());
        }
        self.mix.clear();
        block.sum().interleave_to(&mut self.mix);
        let sample = |frame: u64| 2 * FrameCount::new(frame - first).index();
        let part = &self.mix[sample(from)..sample(to)];
        self.master.push(part, &mut self.out);
        self.progress.advance(Stage::Mix, to - from);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), EpisodeError> {
        self.peak = self.out.iter().fold(self.peak, |peak, sample| peak.max(sample.abs()));
        self.writer.write(&self.out)?;
        self.progress.advance(Stage::Write, (self.out.len() / 2) as u64);
        self.out.clear();
        Ok(())
    }

    fn finish(mut self, length: FrameCount) -> Result<Summary, EpisodeError> {
        let master =
            std::mem::replace(&mut self.master, Master::new(MasterSettings::default(), SampleRate::DEFAULT));
        let limiter = master.finish(&mut self.out);
        self.flush()?;
        self.writer.finish()?;
        Ok(Summary { length, peak: Level::of_amplitude(self.peak), limiter })
    }
}
