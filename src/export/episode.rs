//! An episode, or some of its scenes: measured, mixed, mastered and written as one WAV file, whole or not at all.
//!
//! The gain is the episode's, whatever part of it is written: scenes joined end to end are the episode.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::dsp::limiter::Report;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Profile;
use crate::export::job::{Job, Summary};
use crate::export::outcome;
use crate::export::wav::{Packed, WavError, WavFormat, WavWriter};
use crate::host::whole::{WholeError, sweep};
use crate::master::dither::Dither;
use crate::master::envelopes::envelopes;
use crate::master::limit::{self, Decision};
use crate::master::measure::{self, MasterError};
use crate::master::mixture::Mixture;
use crate::master::perform::{self, Performed};
use crate::master::preset::Target;
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::progress::{Progress, Stage};
use crate::units::depth::BitDepth;
use crate::units::level::Gain;
use crate::units::time::FrameCount;

/// Why nothing was written.
#[derive(Debug)]
pub enum EpisodeError {
    /// A clip cannot be read any more.
    Mix(MixError),
    /// The file cannot be written.
    Write(WavError),
    /// A file cannot be written.
    File(WholeError),
    /// A format cannot hold it, or its encoder gives up.
    Encode {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The person stopped it.
    Stopped,
}

impl fmt::Display for EpisodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EpisodeError::Mix(error) => write!(f, "{error}"),
            EpisodeError::Write(error) => write!(f, "{error}"),
            EpisodeError::File(error) => write!(f, "{error}"),
            EpisodeError::Encode { path, why } => {
                write!(f, "`{}` cannot be written: {why}", path.display())
            }
            EpisodeError::Stopped => f.write_str("interrupted; nothing was written"),
        }
    }
}

impl std::error::Error for EpisodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            EpisodeError::Mix(error) => Some(error),
            EpisodeError::Write(error) => Some(error),
            EpisodeError::File(error) => Some(error),
            EpisodeError::Stopped | EpisodeError::Encode { .. } => None,
        }
    }
}

impl From<MixError> for EpisodeError {
    fn from(error: MixError) -> EpisodeError {
        EpisodeError::Mix(error)
    }
}

impl From<MasterError> for EpisodeError {
    fn from(error: MasterError) -> EpisodeError {
        match error {
            MasterError::Mix(error) => EpisodeError::Mix(error),
            MasterError::Stopped => EpisodeError::Stopped,
        }
    }
}

impl From<WavError> for EpisodeError {
    fn from(error: WavError) -> EpisodeError {
        EpisodeError::Write(error)
    }
}

/// Mixes, masters and writes to `target`, which is whole or untouched afterwards. Without a target everything is done
/// but the writing, and so is known.
///
/// # Errors
/// See [`EpisodeError`].
pub fn write(job: &Job<'_>, target: Option<&Path>, progress: &dyn Progress) -> Result<Summary, EpisodeError> {
    let rate = job.timeline.rate;
    let ranges = ranges(job);
    let length = FrameCount::new(ranges.iter().map(|range| range.end - range.start).sum());
    let plan = Arc::new(Plan::new(job.timeline, job.samples)?);
    let channels = job.specification.channels;
    let format = WavFormat { rate, channels, depth: job.depth };
    let mixture = if job.draw { Mixture::new(plan) } else { Mixture::cached(plan, job.cache) };
    let key = outcome::key(job, &mixture, &ranges).zip(target);
    if let Some(summary) = key.and_then(|(key, target)| outcome::recall(job.cache, &key, target)) {
        // Nothing is written, so nobody else tidies up after a render that was killed.
        target.and_then(Path::parent).into_iter().for_each(sweep);
        return Ok(summary);
    }
    // What cannot be written is known before any work is done.
    let writer = target.map(|target| WavWriter::create(target, format, Some(length))).transpose()?;
    let buses = if job.draw { envelopes(mixture.plan(), progress)? } else { Vec::new() };
    let all = 0..mixture.length().get();
    let whole = ranges.len() == 1 && ranges[0] == all;
    let known = learn(job, mixture, whole, progress)?;
    progress.begin(Stage::Mix, length.get());
    progress.begin(Stage::Write, if target.is_some() { length.get() } else { 0 });
    let finish = Finish { format: writer.is_some().then_some(format), channels, progress };
    let made = make(&known, &ranges, whole, finish, writer);
    progress.end(Stage::Mix);
    progress.end(Stage::Write);
    let (performed, profile) = made?;
    let deepest = performed.iter().map(|it| it.limiter).reduce(worse);
    let summary = Summary {
        length,
        peak: profile.measures().sample_peak,
        gain: known.decision.settings.gain,
        shortfall: known.decision.shortfall,
        limiter: deepest.unwrap_or(Report { deepest: Gain::UNITY, at: None, not_finite: 0, clamped: 0 }),
        efforts: performed.into_iter().flat_map(|it| it.efforts).collect(),
        profile,
        buses,
        unchanged: false,
    };
    if let Some((key, target)) = key {
        outcome::remember(job.cache, &key, target, &summary);
    }
    Ok(summary)
}

/// What is known before anything is mastered.
struct Known {
    mixture: Mixture,
    decision: Decision,
    /// What the mix is like; nothing where it was not heard.
    mixed: Profile,
    /// What the master of all of it will be like, if that is known.
    mastered: Option<Profile>,
}

/// Decides on the gain, by the whole episode.
fn learn(
    job: &Job<'_>,
    mixture: Mixture,
    whole: bool,
    progress: &dyn Progress,
) -> Result<Known, EpisodeError> {
    let specification = &job.specification;
    if specification.target == Target::AsMixed {
        let mixed = Profile::empty(job.timeline.rate);
        return Ok(Known { mixture, decision: limit::as_mixed(specification), mixed, mastered: None });
    }
    let heard = measure::measure_mix(mixture, specification.channels, progress)?;
    let (decision, mastered) = if whole {
        let (decision, profile) = limit::decide_and_measure(&heard, specification, progress)?;
        (decision, Some(profile))
    } else {
        (limit::decide(&heard, specification, progress)?, None)
    };
    Ok(Known { mixture: heard.mixture, decision, mixed: heard.profile, mastered })
}

/// Masters and writes `ranges`, which may be the `whole`; says what was done in each, and what came of it all.
fn make(
    known: &Known,
    ranges: &[Range<u64>],
    whole: bool,
    finish: Finish<'_>,
    mut writer: Option<WavWriter>,
) -> Result<(Vec<Performed>, Profile), EpisodeError> {
    let Known { mixture, decision, mixed, mastered } = known;
    let mut write = |packed: Option<Packed>| {
        if finish.progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        let (Some(writer), Some(packed)) = (&mut writer, packed) else { return Ok(()) };
        writer.write_packed(&packed)?;
        finish.progress.advance(Stage::Write, packed.frames().get());
        Ok(())
    };
    let shape = |packed: &mut _, first, frames: &[f32]| finish.shape(packed, first, frames);
    let made = match mastered {
        Some(profile) => {
            let performed = perform::perform(
                mixture,
                decision.settings,
                mixed,
                &(0..mixture.length().get()),
                shape,
                write,
            )?;
            (vec![performed], profile.clone())
        }
        None if whole => {
            let (performed, profile) = perform::perform_unmeasured(mixture, decision.settings, shape, write)?;
            (vec![performed], profile)
        }
        None => {
            // Counted from the first frame written, whatever part of the episode that is.
            let mut meter = Meter::new(finish.channels, mixture.plan().rate(), FrameCount::ZERO);
            let shape = |(heard, packed): &mut (Vec<f32>, Option<Packed>), first, frames: &[f32]| {
                heard.extend_from_slice(frames);
                finish.shape(packed, first, frames);
            };
            let performed = ranges.iter().map(|range| {
                perform::perform(mixture, decision.settings, mixed, range, shape, |(heard, packed)| {
                    meter.push(&heard);
                    write(packed)
                })
            });
            (performed.collect::<Result<_, EpisodeError>>()?, meter.finish())
        }
    };
    if let Some(writer) = writer {
        writer.finish()?;
    }
    Ok(made)
}

/// The way from the master to words.
#[derive(Clone, Copy)]
struct Finish<'a> {
    /// Nothing is written where there is none.
    format: Option<WavFormat>,
    channels: Channels,
    progress: &'a dyn Progress,
}

impl Finish<'_> {
    /// The frames of the episode from `first` on as they are written.
    fn shape(&self, packed: &mut Option<Packed>, first: u64, frames: &[f32]) {
        self.progress.advance(Stage::Mix, (frames.len() / self.channels.count()) as u64);
        let Some(format) = self.format else { return };
        let packed = packed.get_or_insert_default();
        if format.depth == BitDepth::Float32 {
            return format.pack(frames, packed);
        }
        let mut dither = Dither::new(format.depth, format.channels, first);
        format.pack_as_words(frames.len(), packed, |words| dither.words(frames, words));
    }
}

/// Two parts' reports as one.
fn worse(a: Report, b: Report) -> Report {
    let deeper = if b.deepest < a.deepest { b } else { a };
    Report { not_finite: a.not_finite + b.not_finite, clamped: a.clamped + b.clamped, ..deeper }
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
