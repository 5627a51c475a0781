//! One episode's outputs, made: from a build to files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cli::export::apart;
use crate::cli::export::masters::Masters;
use crate::cli::export::order::{Order, range_of, shown, tags};
use crate::cli::export::standing::{Standings, standings};
use crate::cli::export::summary::{FileSummary, MasterSummary};
use crate::cli::failure::Failure;
use crate::cuesheet::words::Witnesses;
use crate::export;
use crate::export::captions::{self, CaptionFormat};
use crate::export::catalogue::{self, Content, Output, Split};
use crate::export::deliver::{deliver, deliver_apart};
use crate::export::delivery::{Delivery, Part, Written};
use crate::export::episode::EpisodeError;
use crate::export::ingredients::Ingredients;
use crate::export::ledger::{Ledger, Standing};
use crate::export::pages::Pages;
use crate::export::report::{Figures, explain};
use crate::export::session::{self, Session, SessionFormat};
use crate::export::stems::{self, Targets};
use crate::host::whole;
use crate::master::preset::specification;
use crate::pipeline::Build;
use crate::progress::Progress;
use crate::speech::Engines;
use crate::staging::Preset;
use crate::units::time::FrameCount;

/// What becomes of each output.
pub(super) struct Files {
    summaries: Vec<(PathBuf, FileSummary)>,
    /// Of those that were written page by page.
    pages: BTreeMap<PathBuf, Pages>,
}

impl Files {
    pub(super) fn new(outputs: &[Output]) -> Files {
        let summary = |output: &Output| FileSummary {
            file: output.path.display().to_string(),
            replaces: output.path.is_file(),
            unchanged: false,
            why: None,
            preset: output.preset.map(Preset::word),
            master: None,
        };
        let summaries = outputs.iter().map(|output| (output.path.clone(), summary(output))).collect();
        Files { summaries, pages: BTreeMap::new() }
    }

    /// Enters how each file stands.
    pub(super) fn stand(&mut self, standings: &[Standing]) {
        for ((_, summary), standing) in self.summaries.iter_mut().zip(standings) {
            match standing {
                Standing::Right(told) => {
                    summary.unchanged = true;
                    summary.master = serde_json::from_str(told).ok().flatten();
                }
                Standing::Wrong(why) => summary.why = Some(why.to_string()),
            }
        }
    }

    /// What a file came to, as it is kept.
    fn told(&self, path: &Path) -> String {
        let summary = self.summaries.iter().find(|(there, _)| there == path);
        let master = summary.and_then(|(_, summary)| summary.master.as_ref());
        serde_json::to_string(&master).unwrap_or_default()
    }

    fn mastered(&mut self, written: Vec<Written>) {
        for it in written {
            self.pages.extend(it.pages.map(|pages| (it.path.clone(), pages)));
            if let Some((_, summary)) = self.summaries.iter_mut().find(|(path, _)| *path == it.path) {
                summary.master = Some(MasterSummary {
                    frames: it.frames.get(),
                    gain_db: it.gain.db(),
                    limiter_db: it.limiter.db(),
                    loudness: Figures::new(&it.measures),
                    shortfall: it.shortfall.map(|it| explain(it).to_owned()),
                });
            }
        }
    }

    pub(super) fn into_summaries(self) -> Vec<FileSummary> {
        self.summaries.into_iter().map(|(_, summary)| summary).collect()
    }
}

/// How every output of an episode stands, without making anything.
///
/// # Errors
/// Where a clip cannot be read.
pub(super) fn foresee(order: &Order<'_>, progress: &dyn Progress) -> Result<Standings, EpisodeError> {
    let mut masters = Masters::new(order, progress)?;
    let decided = masters.decided(&presets_of_whole(order), false)?;
    Ok(standings(order, &masters, &decided))
}

/// Makes every output of an episode that is not what it should be already.
///
/// # Errors
/// The first failure; what has been completed before it stays.
pub(super) fn perform(order: &Order<'_>, files: &mut Files, progress: &dyn Progress) -> Result<(), Failure> {
    let failed = |error: EpisodeError| match error {
        EpisodeError::Stopped => Failure::Interrupted,
        error => Failure::Machine(error.to_string()),
    };
    sweep(order.outputs);
    let mut made = Masters::new(order, progress).map_err(failed)?;
    let decided = made.decided(&presets_of_whole(order), true).map_err(failed)?;
    let known = standings(order, &made, &decided);
    files.stand(&known.standings);
    let wrong = order.outputs.iter().zip(&known.standings);
    let wrong = wrong.filter(|(_, standing)| matches!(standing, Standing::Wrong(_)));
    let outputs: Vec<Output> = wrong.map(|(output, _)| output.clone()).collect();
    let recipe = |output: &Output| {
        let index = order.outputs.iter().position(|it| it.path == output.path);
        index.and_then(|index| known.recipes[index].as_ref())
    };
    let ledger = Ledger::new(order.cache);
    let enter = |files: &Files, with: &[PathBuf], written: &dyn Fn(&Output) -> bool| {
        for output in outputs.iter().filter(|output| written(output)) {
            if let Some(recipe) = recipe(output) {
                let pages = files.pages.get(&output.path).cloned();
                ledger.enter(&output.path, recipe, pages, files.told(&output.path), with);
            }
        }
    };
    let order = &Order { outputs: &outputs, cover: order.cover.clone(), ..*order };
    masters(order, &mut made, files).map_err(failed)?;
    enter(files, &[], &|output| output.preset.is_some());
    stems(order.built, order.outputs, progress).map_err(failed)?;
    enter(files, &[], &|output| output.preset.is_none() && output.format.is_some());
    for (folder, media) in sessions(order, progress).map_err(failed)? {
        let shares = |output: &Output| {
            matches!(output.content, Content::Session(_)) && session::media_folder(&output.path) == folder
        };
        enter(files, &media, &shares);
    }
    texts(order)?;
    enter(files, &[], &|output| matches!(output.content, Content::Captions(_) | Content::Chapters));
    Ok(())
}

/// Removes what killed exports left half written, wherever something is to be written.
fn sweep(outputs: &[Output]) {
    let media = outputs.iter().filter(|output| matches!(output.content, Content::Session(_)));
    let media = media.map(|output| session::media_folder(&output.path));
    let parents = outputs.iter().filter_map(|output| output.path.parent()).map(Path::to_owned);
    let folders: BTreeSet<PathBuf> = parents.chain(media).collect();
    folders.iter().for_each(|folder| whole::sweep(folder));
}

/// Projects for workstations. Those of one name share their media: which folder that is, and what is in it, from the
/// projects' own folder on.
fn sessions(
    order: &Order<'_>,
    progress: &dyn Progress,
) -> Result<Vec<(PathBuf, Vec<PathBuf>)>, EpisodeError> {
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
    let media = |(folder, session): (PathBuf, Session)| {
        let name = PathBuf::from(folder.file_name().unwrap_or_default());
        let files = session.media.iter().map(|media| name.join(&media.file)).collect();
        (folder, files)
    };
    Ok(made.into_iter().map(media).collect())
}

/// Captions, transcripts and chapters.
fn texts(order: &Order<'_>) -> Result<(), Failure> {
    let built = order.built;
    let failed = |why: String| Failure::Machine(why);
    let engines = Engines::new();
    // To measure when words are said takes longer than to say them: it is done for who wants to know.
    let formats = || {
        order.outputs.iter().filter_map(|output| match output.content {
            Content::Captions(format) => Some(format),
            _ => None,
        })
    };
    let timed = formats().any(CaptionFormat::is_timed);
    let witnesses = timed.then_some(Witnesses { engines: &engines, cache: order.cache });
    let transcript = formats().next().map(|_| {
        captions::transcript(&built.sheet, &built.timeline, |role| shown(built, role), witnesses)
            .map_err(|error| failed(format!("the scratch file cannot be read: {error}")))
    });
    let transcript = transcript.transpose()?;
    let tags = tags(order, built.sheet.cues.title.clone(), &(0..built.timeline.length.get()));
    for output in order.outputs {
        let content = match (&output.content, &transcript) {
            (Content::Captions(format), Some(transcript)) => captions::write(transcript, *format),
            (Content::Chapters, _) => export::chapters::write(&tags, built.timeline.rate),
            _ => continue,
        };
        export::text::write(&output.path, &content).map_err(|error| failed(error.to_string()))?;
    }
    Ok(())
}

fn masters(order: &Order<'_>, masters: &mut Masters<'_>, files: &mut Files) -> Result<(), EpisodeError> {
    let Order { args, built, outputs, cache, .. } = *order;
    for preset in presets(outputs) {
        let specification = specification(preset);
        let delivery =
            Delivery { specification: &specification, depth: args.bits, progress: masters.progress(), cache };
        let of_preset: Vec<&Output> = outputs.iter().filter(|output| output.preset == Some(preset)).collect();
        // Of either there may be none: what is right already is not made.
        let is_episode = |(content, _): &(Content, Part)| *content == Content::Episode;
        let (episode, scenes): (Vec<_>, Vec<_>) = parts(order, &of_preset).into_iter().partition(is_episode);
        let (mut whole, mut scenes): (Vec<Part>, Vec<Part>) =
            (episode.into_iter().map(|it| it.1).collect(), scenes.into_iter().map(|it| it.1).collect());
        if apart(args) {
            let silence = specification.silence.map(|seconds| seconds.to_count(built.timeline.rate));
            scenes.iter_mut().for_each(|part| part.silence = silence);
            files.mastered(deliver_apart(&delivery, masters.mixture(), &scenes)?);
        } else {
            whole.append(&mut scenes);
        }
        if !whole.is_empty() {
            files.mastered(deliver(&delivery, masters.master(preset)?, &whole)?);
        }
    }
    Ok(())
}

/// The presets for which the whole episode is mastered: scenes that are mastered by themselves depend on nothing that is
/// decided for all of them.
fn presets_of_whole(order: &Order<'_>) -> Vec<Preset> {
    let alone = |output: &&Output| apart(order.args) && matches!(output.content, Content::Scene(_));
    presets(order.outputs.iter().filter(|output| !alone(output)))
}

/// The presets of some outputs.
fn presets<'o>(outputs: impl IntoIterator<Item = &'o Output>) -> Vec<Preset> {
    let mut presets: Vec<Preset> = outputs.into_iter().filter_map(|output| output.preset).collect();
    presets.dedup();
    presets
}

/// The episode and its scenes, as far as they are wanted, each with its files.
fn parts(order: &Order<'_>, outputs: &[&Output]) -> Vec<(Content, Part)> {
    let mut parts: Vec<(Content, Part)> = Vec::new();
    for output in outputs {
        let Some(format) = output.format else { continue };
        let target = (format, output.path.clone());
        if let Some((_, part)) = parts.iter_mut().find(|(content, _)| *content == output.content) {
            part.targets.push(target);
            continue;
        }
        let (range, title) = range_of(order, &output.content);
        let tags = tags(order, title, &range);
        let part = Part { range, silence: [FrameCount::ZERO; 2], targets: vec![target], tags };
        parts.push((output.content.clone(), part));
    }
    parts
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
