//! One episode's outputs, made: from a build to files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::cache::Cache;
use crate::cli::args::Export;
use crate::cli::export::apart;
use crate::cli::export::summary::{FileSummary, MasterSummary};
use crate::cli::failure::Failure;
use crate::cuesheet::words::Witnesses;
use crate::export;
use crate::export::captions;
use crate::export::catalogue::{self, Content, Output, Split};
use crate::export::deliver::{Delivery, Part, Written, deliver, deliver_apart};
use crate::export::episode::EpisodeError;
use crate::export::ingredients::Ingredients;
use crate::export::report::{Figures, explain};
use crate::export::session::{self, Session, SessionFormat};
use crate::export::stems::{self, Targets};
use crate::export::tags::{Chapter, Tags};
use crate::master::measure::{self, Heard};
use crate::master::preset::specification;
use crate::mix::plan::Plan;
use crate::pipeline::Build;
use crate::progress::Progress;
use crate::script::about::Cover;
use crate::speech::Engines;
use crate::staging::Preset;
use crate::timeline::Timeline;
use crate::units::time::{FrameCount, Seconds};

/// What becomes of each output.
pub(super) struct Files {
    summaries: Vec<(PathBuf, FileSummary)>,
}

impl Files {
    pub(super) fn new(outputs: &[Output]) -> Files {
        let summary = |output: &Output| FileSummary {
            file: output.path.display().to_string(),
            replaces: output.path.is_file(),
            preset: output.preset.map(Preset::word),
            master: None,
        };
        Files { summaries: outputs.iter().map(|output| (output.path.clone(), summary(output))).collect() }
    }

    fn mastered(&mut self, written: &[Written]) {
        for it in written {
            if let Some((_, summary)) = self.summaries.iter_mut().find(|(path, _)| *path == it.path) {
                summary.master = Some(MasterSummary {
                    frames: it.frames.get(),
                    gain_db: it.gain.db(),
                    limiter_db: it.limiter.db(),
                    loudness: Figures::new(&it.measures),
                    shortfall: it.shortfall.map(explain),
                });
            }
        }
    }

    pub(super) fn into_summaries(self) -> Vec<FileSummary> {
        self.summaries.into_iter().map(|(_, summary)| summary).collect()
    }
}

/// What is to be made.
pub(super) struct Order<'a> {
    pub(super) args: &'a Export,
    pub(super) built: &'a Build,
    pub(super) outputs: &'a [Output],
    /// The cover, if there is one.
    pub(super) cover: Option<Arc<Cover>>,
    /// What is kept between runs.
    pub(super) cache: &'a Cache,
}

/// Makes every output of an episode.
///
/// # Errors
/// The first failure; what has been completed before it stays.
pub(super) fn perform(order: &Order<'_>, files: &mut Files, progress: &dyn Progress) -> Result<(), Failure> {
    let failed = |error: EpisodeError| match error {
        EpisodeError::Stopped => Failure::Interrupted,
        error => Failure::Machine(error.to_string()),
    };
    masters(order, files, progress).map_err(failed)?;
    stems(order.built, order.outputs, progress).map_err(failed)?;
    sessions(order, progress).map_err(failed)?;
    texts(order)
}

/// Projects for workstations. Those of one name share their media.
fn sessions(order: &Order<'_>, progress: &dyn Progress) -> Result<(), EpisodeError> {
    let built = order.built;
    let samples = built.samples();
    let source = Ingredients { timeline: &built.timeline, samples: &samples, progress };
    let mut made: Vec<(PathBuf, Session)> = Vec::new();
    for output in order.outputs {
        let Content::Session(format) = output.content else { continue };
        let folder = session::media_folder(&output.path);
        if !made.iter().any(|(there, _)| *there == folder) {
            made.push((folder.clone(), session::write(&source, &built.sheet.cues.title, &folder)?));
        }
        let Some((_, made)) = made.iter().find(|(there, _)| *there == folder) else { continue };
        let media = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let tags = tags(order, built.sheet.cues.title.clone(), &(0..built.timeline.length.get()));
        let written = match format {
            SessionFormat::Dawproject => session::dawproject::write(made, &tags, &media, &output.path),
            SessionFormat::Reaper => export::text::write(&output.path, &session::reaper::write(made, &media)),
        };
        written.map_err(EpisodeError::File)?;
    }
    Ok(())
}

/// Captions, transcripts and chapters.
fn texts(order: &Order<'_>) -> Result<(), Failure> {
    let built = order.built;
    let failed = |why: String| Failure::Machine(why);
    let shown = |role: &str| {
        let defined = built.script.cast.get(role).and_then(|role| role.value.name.clone());
        defined.unwrap_or_else(|| role.to_owned())
    };
    let engines = Engines::new();
    let witnesses = Witnesses { engines: &engines, cache: order.cache };
    let transcript = captions::transcript(&built.sheet, &built.timeline, shown, witnesses)
        .map_err(|error| failed(format!("the scratch file cannot be read: {error}")))?;
    let tags = tags(order, built.sheet.cues.title.clone(), &(0..built.timeline.length.get()));
    for output in order.outputs {
        let content = match output.content {
            Content::Captions(format) => captions::write(&transcript, format),
            Content::Chapters => export::chapters::write(&tags, built.timeline.rate),
            _ => continue,
        };
        export::text::write(&output.path, &content).map_err(|error| failed(error.to_string()))?;
    }
    Ok(())
}

fn masters(order: &Order<'_>, files: &mut Files, progress: &dyn Progress) -> Result<(), EpisodeError> {
    let Order { args, built, outputs, cache, .. } = *order;
    let timeline = &built.timeline;
    let plan = Arc::new(Plan::new(timeline, &built.samples())?);
    // The mix is heard once for mono and once for stereo, however many presets there are.
    let mut heard: BTreeMap<usize, Heard> = BTreeMap::new();
    let mut presets: Vec<Preset> = outputs.iter().filter_map(|output| output.preset).collect();
    presets.dedup();
    for preset in presets {
        let specification = specification(preset);
        let channels: Channels = specification.channels;
        let delivery = Delivery { specification: &specification, depth: args.bits, progress };
        let heard = match heard.entry(channels.count()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(measure::measure_kept(&plan, cache, channels, progress)?),
        };
        let of_preset: Vec<&Output> = outputs.iter().filter(|output| output.preset == Some(preset)).collect();
        let mut parts = parts(order, &of_preset);
        let episode: Vec<Part> = parts.iter().take(1).cloned().collect();
        if apart(args) {
            let silence = specification.silence.map(|seconds| seconds.to_count(timeline.rate));
            files.mastered(&deliver(&delivery, heard, &episode)?);
            let scenes: Vec<Part> = parts.drain(1..).map(|part| Part { silence, ..part }).collect();
            files.mastered(&deliver_apart(&delivery, &heard.mixture, &scenes)?);
        } else {
            files.mastered(&deliver(&delivery, heard, &parts)?);
        }
    }
    Ok(())
}

/// The episode, and its scenes if they are wanted, each with its files.
fn parts(order: &Order<'_>, outputs: &[&Output]) -> Vec<Part> {
    let Order { args, built, .. } = *order;
    let timeline = &built.timeline;
    let handles = Seconds::new(args.handles).unwrap_or_default().to_count(timeline.rate);
    let mut parts: Vec<(Content, Part)> = Vec::new();
    for output in outputs {
        let Some(format) = output.format else { continue };
        let target = (format, output.path.clone());
        if let Some((_, part)) = parts.iter_mut().find(|(content, _)| *content == output.content) {
            part.targets.push(target);
            continue;
        }
        let (range, title) = match output.content {
            Content::Scene(index) => {
                let scene = &timeline.scenes[index];
                let own = frame(scene.start)..frame(scene.boundary);
                (widened(own, handles, timeline), format!("{}: {}", built.sheet.cues.title, scene.title))
            }
            _ => (0..timeline.length.get(), built.sheet.cues.title.clone()),
        };
        let tags = tags(order, title, &range);
        let part = Part { range, silence: [FrameCount::ZERO; 2], targets: vec![target], tags };
        parts.push((output.content.clone(), part));
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

/// What a file of these frames says about itself.
fn tags(order: &Order<'_>, title: String, range: &Range<u64>) -> Tags {
    let about = &order.built.script.about;
    Tags {
        title,
        series: about.series.clone(),
        number: about.number,
        artist: about.artist.clone(),
        year: about.year,
        description: about.description.clone(),
        cover: order.cover.clone(),
        start: FrameCount::new(range.start),
        chapters: chapters(&order.built.timeline, range),
    }
}

fn frame(position: crate::units::time::FramePos) -> u64 {
    position.from_start().unwrap_or_default().get()
}

fn widened(range: Range<u64>, by: FrameCount, timeline: &Timeline) -> Range<u64> {
    range.start.saturating_sub(by.get())..range.end.saturating_add(by.get()).min(timeline.length.get())
}

/// The scenes that lie in a range, as its chapters.
fn chapters(timeline: &Timeline, range: &Range<u64>) -> Vec<Chapter> {
    let inside = |at: u64| FrameCount::new(at.clamp(range.start, range.end) - range.start);
    let scenes = timeline.scenes.iter().map(|scene| Chapter {
        id: scene.id.clone(),
        title: scene.title.clone(),
        start: inside(frame(scene.start)),
        end: inside(frame(scene.boundary)),
    });
    scenes.filter(|chapter| chapter.start < chapter.end).collect()
}

fn stems(built: &Build, outputs: &[Output], progress: &dyn Progress) -> Result<(), EpisodeError> {
    let path = |content: &Content| {
        outputs.iter().find(|output| output.content == *content).map(|output| output.path.clone())
    };
    let samples = built.samples();
    let source = Ingredients { timeline: &built.timeline, samples: &samples, progress };
    let mut mix = path(&Content::Mix);
    for split in [Split::Bus, Split::Role, Split::Track] {
        let stems = catalogue::stems(&built.sheet.cues, split);
        let stems: Vec<_> = stems
            .into_iter()
            .enumerate()
            .map(|(index, stem)| (stem, path(&Content::Stem(split, index))))
            .collect();
        if stems.iter().all(|(_, path)| path.is_none()) {
            continue;
        }
        let targets = Targets { split, stems, rest: path(&Content::Rest(split)), mix: mix.take() };
        stems::write(&source, &targets)?;
    }
    Ok(())
}
