//! An episode, or some of its scenes: measured, mixed, mastered and written as one WAV file, whole or not at all.
//!
//! The gain is the episode's, whatever part of it is written: scenes joined end to end are the episode.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder};

use crate::audio::buffer::Channels;
use crate::cache::key::Key;
use crate::dsp::limiter::Report;
use crate::dsp::loudness::profile::Profile;
use crate::export::job::{Job, Summary};
use crate::export::pages::{AtHand, Binding, Pages};
use crate::export::wav::placed::{Placed, Placing};
use crate::export::wav::{WavError, WavFormat, WavWriter};
use crate::export::{outcome, pages};
use crate::host::whole::{WholeError, sweep};
use crate::master::bounds::Bounds;
use crate::master::envelopes::envelopes;
use crate::master::limit::{self, Decision};
use crate::master::measure::{self, MasterError};
use crate::master::mixture::Mixture;
use crate::master::perform::{self, At, Deeds, Performed, Portion};
use crate::master::preset::Target;
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::progress::{Progress, Stage};
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
    let binding = Binding::new(job.cache);
    let placing = writer.as_ref().map(|writer| writer.placing().with_checksums(binding.is_some()));
    let at_hand = AtHand::new(job.cache, format, target);
    let finish = Finish { placing, at_hand, ahead: Mutex::default(), channels, progress };
    let known = finish.beside(job, &mixture, &ranges, || learn(job, mixture.clone(), &ranges, &finish))?;
    progress.begin(Stage::Mix, length.get());
    progress.begin(Stage::Write, if target.is_some() { length.get() } else { 0 });
    let file = File { writer, binding };
    let decision = *known.decision();
    let is_wanted = job.measured || job.cache.keeps();
    let made = make(known, &ranges, is_wanted, &finish, file);
    progress.end(Stage::Mix);
    progress.end(Stage::Write);
    let (performed, profile, pages) = made?;
    let deepest = performed.iter().map(|it| it.limiter).reduce(worse);
    let summary = Summary {
        length,
        peak: profile.measures().sample_peak,
        gain: decision.settings.gain,
        shortfall: decision.shortfall,
        limiter: deepest.unwrap_or(Report { deepest: Gain::UNITY, at: None, not_finite: 0, clamped: 0 }),
        efforts: performed.into_iter().flat_map(|it| it.efforts).collect(),
        profile,
        buses,
        unchanged: false,
    };
    if let Some((target, pages)) = target.zip(pages) {
        if let Some((key, _)) = key {
            outcome::remember(job.cache, &key, pages.clone().bare(), &summary);
        }
        pages::enter(job.cache, format, target, pages, (&job.specification, &decision.settings));
    }
    Ok(summary)
}

/// What is known before anything is mastered.
enum Known {
    /// Nothing: what nobody asks to be of some loudness need not be heard before.
    Nothing(Mixture, Decision),
    /// How high the mix goes, and what the written parts of the master will be like.
    Measured { mixture: Mixture, bounds: Bounds, decision: Decision, profile: Profile },
}

/// Decides on the gain, by the whole episode, of which `ranges` are written.
fn learn(
    job: &Job<'_>,
    mixture: Mixture,
    ranges: &[Range<u64>],
    finish: &Finish<'_>,
) -> Result<Known, EpisodeError> {
    let (specification, progress) = (&job.specification, finish.progress);
    let all = 0..mixture.length().get();
    let whole = ranges.iter().eq([&all]);
    if specification.target == Target::AsMixed && whole && finish.at_hand.is_empty() {
        return Ok(Known::Nothing(mixture, limit::as_mixed(specification)));
    }
    let heard = measure::measure_mix(mixture, specification.channels, progress)?;
    let (decision, profile) = if whole {
        limit::decide_and_measure(&heard, specification, progress)?
    } else {
        let (decision, portions) = limit::decide_and_measure_portions(&heard, specification, progress)?;
        let mut written = Profile::empty(job.timeline.rate);
        ranges.iter().for_each(|range| portions.add_to(&mut written, range));
        (decision, written)
    };
    let bounds = heard.portions.bounds();
    Ok(Known::Measured { mixture: heard.mixture, bounds, decision, profile })
}

impl Known {
    fn decision(&self) -> &Decision {
        let (Known::Nothing(_, decision) | Known::Measured { decision, .. }) = self;
        decision
    }
}

/// Masters and writes `ranges`; says what was done in each, and what came of it all, if that is known or `is_wanted`.
fn make(
    known: Known,
    ranges: &[Range<u64>],
    is_wanted: bool,
    finish: &Finish<'_>,
    mut file: File,
) -> Result<(Vec<Performed>, Profile, Option<Pages>), EpisodeError> {
    let mut write = |portion: Portion<Placed>| {
        if finish.progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        let Some(placing) = &finish.placing else { return Ok(()) };
        finish.progress.advance(Stage::Write, file.append(placing, portion)?);
        Ok(())
    };
    let (performed, profile) = match known {
        Known::Nothing(mixture, decision) => {
            let shape = |placed: &mut _, at: At, frames: &[f32]| finish.shape(placed, at.frame, at, frames);
            let (performed, profile) =
                perform::perform_unmeasured(&mixture, decision.settings, is_wanted, shape, write)?;
            (vec![performed], profile)
        }
        Known::Measured { mixture, bounds, decision, profile } => {
            let mut performed = Vec::new();
            // Where each range begins in the file.
            let mut first = 0;
            for range in ranges {
                let place = |frame: u64| first + (frame - range.start);
                let at_hand = |key: &Key, portion: &Range<u64>| finish.find(key, place(portion.start));
                let shape = |placed: &mut _, at: At, frames: &[f32]| {
                    finish.shape(placed, place(at.frame), at, frames)
                };
                let part = perform::perform(
                    (&mixture, &bounds),
                    decision.settings,
                    range,
                    at_hand,
                    shape,
                    &mut write,
                )?;
                performed.push(part);
                first = place(range.end);
            }
            (performed, profile)
        }
    };
    Ok((performed, profile, file.finish()?))
}

/// The file, if there is to be one.
struct File {
    writer: Option<WavWriter>,
    /// Of the pages, where they are wanted.
    binding: Option<Binding>,
}

impl File {
    /// Takes a portion that stands in its place; says how many frames it has.
    fn append(&mut self, placing: &Placing, portion: Portion<Placed>) -> Result<u64, WavError> {
        let Some(writer) = &mut self.writer else { return Ok(0) };
        let run = writer.append(placing, portion.piece)?;
        if let (Some(binding), Some(checksum)) = (&mut self.binding, &run.checksum) {
            binding.add(run.bytes, checksum, portion.key.as_ref().map(|key| (key, &portion.deeds)));
        }
        Ok(run.frames().get())
    }

    fn finish(self) -> Result<Option<Pages>, WavError> {
        let Some(writer) = self.writer else { return Ok(None) };
        let (start, target) = (writer.start(), writer.target().to_owned());
        writer.finish()?;
        Ok(self.binding.and_then(|binding| binding.finish(&target, start).ok()))
    }
}

/// The way from the master to its place in the file.
struct Finish<'a> {
    /// Nothing is written where there is none.
    placing: Option<Placing>,
    /// What the file that is written holds already.
    at_hand: AtHand,
    /// What of that stands in its place already, by what it is known by and the frame it begins with.
    ahead: Mutex<BTreeMap<(String, u64), (Placed, Deeds)>>,
    channels: Channels,
    progress: &'a dyn Progress,
}

/// Says that something is over when it goes, should a thread go down too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Finish<'_> {
    /// Does some work, and beside it takes over what the master will have in common with the file that is there, if it gets
    /// the same gain: it seldom gets another, and then what was taken over is written again.
    fn beside<T>(
        &self,
        job: &Job<'_>,
        mixture: &Mixture,
        ranges: &[Range<u64>],
        work: impl FnOnce() -> T,
    ) -> T {
        let likely = self.at_hand.settings(&job.specification);
        let Some((settings, placing)) = likely.zip(self.placing.as_ref()) else { return work() };
        let is_over = AtomicBool::new(false);
        let take_over = || {
            let mut first = 0;
            for range in ranges {
                for (key, portion) in perform::keys(mixture, settings, range) {
                    if is_over.load(Ordering::Relaxed) || self.progress.stopped() {
                        return;
                    }
                    let frame = first + (portion.start - range.start);
                    let Some(found) = self.at_hand.place(&key, placing, frame) else { continue };
                    // What cannot be written is tried once more, and told of, when its turn comes.
                    if found.0.has_failed() {
                        return;
                    }
                    self.ahead().insert((key.to_string(), frame), found);
                }
                first += range.end - range.start;
            }
        };
        thread::scope(|scope| {
            // Where no thread can be had, it is done later.
            let _ = Builder::new().spawn_scoped(scope, take_over);
            let _over = Over(&is_over);
            work()
        })
    }

    fn ahead(&self) -> MutexGuard<'_, BTreeMap<(String, u64), (Placed, Deeds)>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds frames that come to be the file's from `frame` on.
    fn shape(&self, placed: &mut Placed, frame: u64, at: At, frames: &[f32]) {
        self.progress.pass(Stage::Mix, frame..frame + (frames.len() / self.channels.count()) as u64);
        if let Some(placing) = &self.placing {
            placing.add_dithered(placed, frame, frames, at.in_scene);
        }
    }

    /// What is at hand of a portion that comes to begin at the file's frame `frame`.
    fn find(&self, key: &Key, frame: u64) -> Option<(Placed, Deeds)> {
        let ahead = self.ahead().remove(&(key.to_string(), frame));
        let (placed, deeds) = match ahead {
            Some(found) => found,
            None => self.at_hand.place(key, self.placing.as_ref()?, frame)?,
        };
        self.progress.pass(Stage::Mix, frame..frame + placed.frames().get());
        Some((placed, deeds))
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
