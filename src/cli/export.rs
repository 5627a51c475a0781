//! `radioplay export`: episodes with everything that ships, one after the other; a broken one does not stop the rest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::cache::Cache;
use crate::cli::args::{Episode, Export, Format, GainScope};
use crate::cli::build::{build, count, on_threads, settings, to_json};
use crate::cli::cache::{again, close, made, open};
use crate::cli::export::order::Order;
use crate::cli::export::outlook::{Outlook, outlook};
use crate::cli::export::perform::{Files, foresee, perform};
use crate::cli::export::summary::{EpisodeSummary, FileSummary, Status, Summary};
use crate::cli::failure::Failure;
use crate::cli::locate::{Located, locate, output_folder, scripts};
use crate::cli::terminal::Terminal;
use crate::cli::words::{clock, counted};
use crate::cuesheet::{Cues, makings};
use crate::diag::render::human::visible;
use crate::export::catalogue::{self, Output, Wanted, catalogue};
use crate::export::encode::Format as FileFormat;
use crate::export::episode::EpisodeError;
use crate::export::template::Template;
use crate::pipeline::{self, Build};
use crate::script::about::{About, Cover, CoverError, cover as cover_of};
use crate::units::depth::BitDepth;

mod masters;
mod order;
mod outlook;
mod perform;
mod standing;
mod summary;

pub(super) fn run(args: &Export, terminal: &Terminal) -> Result<(), Failure> {
    if args.formats.contains(&FileFormat::Flac) && args.bits == BitDepth::Float32 {
        return Err(Failure::Usage("FLAC holds whole numbers: pass `--bits 16` or `--bits 24`".to_owned()));
    }
    if let Some(format) = args.formats.iter().find(|format| !format.is_built()) {
        let format = format.extension();
        let why = format!(
            "this build writes no {format}: build it with `cargo build --release --features {format}`"
        );
        return Err(Failure::Usage(why));
    }
    let cache = open(&args.caching, terminal);
    let outcome = on_threads(args.jobs, || {
        let started = Instant::now();
        let scripts = scripts(&args.script);
        let mut batch = Batch { args, cache: &cache, terminal, taken: BTreeMap::new() };
        let mut episodes = Vec::new();
        for (index, script) in scripts.iter().enumerate() {
            let name = script.as_ref().map_or_else(|_| String::new(), |path| path.display().to_string());
            if !args.dry_run && scripts.len() > 1 && !name.is_empty() {
                terminal.say(&format!("[{}/{}] {}", index + 1, scripts.len(), visible(&name)));
            }
            let one = Instant::now();
            let outcome = script.clone().map_err(Failure::Usage).and_then(|path| batch.episode(&path));
            if matches!(outcome, Err(Failure::Interrupted)) {
                // Unlike a render's, some of an export's files may be complete.
                let rest = scripts.len() - index;
                terminal.complain(&format!(
                    "interrupted; {} not exported, from `{}` on; what was complete stays, and no file is half written",
                    counted(rest, "episode"),
                    visible(&name),
                ));
                return Err(Failure::Reported(Failure::Interrupted.code()));
            }
            if let Err(Failure::Usage(why) | Failure::Machine(why)) = &outcome {
                terminal.complain(why);
            }
            episodes.push(episode_summary(name, outcome, one.elapsed().as_secs_f64()));
        }
        let summary = Summary { episodes, seconds: started.elapsed().as_secs_f64() };
        report(args, &summary, terminal);
        if cache.keeps() && !args.dry_run {
            terminal.say(&made(&cache.tally()));
        }
        // The gravest failure gives the exit code.
        match summary.episodes.iter().map(|episode| episode.status).max() {
            None | Some(Status::Done) => Ok(()),
            Some(Status::Script) => Err(Failure::Script),
            Some(Status::Usage) => Err(Failure::Reported(2)),
            Some(Status::Machine) => Err(Failure::Reported(3)),
        }
    });
    close(&cache, terminal);
    outcome
}

fn episode_summary(script: String, outcome: Result<Outcome, Failure>, seconds: f64) -> EpisodeSummary {
    let (status, why, (files, outlook)) = match outcome {
        Ok(outcome) => (Status::Done, None, outcome),
        Err(Failure::Usage(why)) => (Status::Usage, Some(why), Outcome::default()),
        Err(Failure::Machine(why)) => (Status::Machine, Some(why), Outcome::default()),
        Err(_) => (Status::Script, Some("the script has errors".to_owned()), Outcome::default()),
    };
    EpisodeSummary { script, status, why, files, outlook, seconds }
}

/// An episode's files, and with `--dry-run` what would be made for them.
type Outcome = (Vec<FileSummary>, Option<Outlook>);

fn report(args: &Export, summary: &Summary, terminal: &Terminal) {
    if args.json {
        terminal.result(&to_json(summary));
    } else {
        for file in summary.episodes.iter().flat_map(|episode| &episode.files) {
            let note = if args.dry_run { note(file) } else { String::new() };
            terminal.result(&format!("{}{note}", visible(&file.file)));
        }
    }
    let files = || summary.episodes.iter().flat_map(|episode| &episode.files);
    if args.dry_run {
        let written = files().filter(|file| !file.unchanged).count();
        terminal.say(&format!("{written} of {} would be written", counted(files().count(), "file")));
        return;
    }
    let failed: Vec<&EpisodeSummary> =
        summary.episodes.iter().filter(|episode| episode.status != Status::Done).collect();
    let unchanged = match files().filter(|file| file.unchanged).count() {
        0 => String::new(),
        count if count == files().count() => " (left alone: they were what they should be)".to_owned(),
        count => format!(" ({count} of them left alone: they were what they should be)"),
    };
    terminal.say(&format!(
        "{} of {} exported, {}{unchanged}, in {}",
        summary.episodes.len() - failed.len(),
        counted(summary.episodes.len(), "episode"),
        counted(files().count(), "file"),
        clock(summary.seconds)
    ));
    if summary.episodes.len() > 1 {
        for episode in failed {
            let why = episode.why.as_deref().unwrap_or_default();
            // What names no script has said itself what it is.
            let script =
                if episode.script.is_empty() { String::new() } else { episode.script.clone() + ": " };
            terminal.complain(&format!("not exported: {script}{why}"));
        }
    }
}

/// What would become of a file.
fn note(file: &FileSummary) -> String {
    match &file.why {
        _ if file.unchanged => " (left alone: it is what it would be)".to_owned(),
        Some(why) if file.replaces => format!(" (replaced: {why})"),
        why => format!(" (written: {})", why.as_deref().unwrap_or_default()),
    }
}

struct Batch<'a> {
    args: &'a Export,
    cache: &'a Cache,
    terminal: &'a Terminal,
    /// What earlier episodes wrote, and which.
    taken: BTreeMap<String, String>,
}

impl Batch<'_> {
    fn episode(&mut self, script: &Path) -> Result<Outcome, Failure> {
        let args = self.args;
        let episode = Episode {
            script: Some(script.to_owned()),
            allow: args.allow.clone(),
            rate: args.rate,
            jobs: args.jobs,
            longest_clip: args.longest_clip,
            caching: args.caching.clone(),
            format: Format::Human,
        };
        if args.dry_run {
            return self.foresee(&episode);
        }
        let taken = self.taken.clone();
        again(self.cache, |cache| {
            let (located, built) = build(&episode, cache, self.terminal)?;
            self.terminal.diagnostics(&built.diagnostics, &built.sources);
            if built.diagnostics.has_errors() {
                let problems = count(&built);
                self.terminal.complain(&format!("`{}` was not exported: {problems}", script.display()));
                return Err(Failure::Script);
            }
            self.taken.clone_from(&taken);
            let outputs = self.outputs(&located, &built.sheet.cues, &built.script.about)?;
            let bars = self.terminal.bars(built.timeline.rate);
            let mut files = Files::new(&outputs);
            let cover = cover(&located, &built)?;
            let order = Order { args, built: &built, outputs: &outputs, cover, cache };
            makings::remember(cache, &located.show.locate(&located.script), &built.sheet);
            perform(&order, &mut files, &bars)?;
            Ok((files.into_summaries(), None))
        })
    }

    /// What would be written, left alone and made, known without making anything.
    fn foresee(&mut self, episode: &Episode) -> Result<Outcome, Failure> {
        let Batch { args, cache, terminal, .. } = *self;
        let located = locate(episode.script.as_deref(), &episode.allow).map_err(Failure::Usage)?;
        let bars = terminal.bars(settings(episode).rate);
        let built = pipeline::foresee(&located.show, &located.script, settings(episode), cache, &bars)
            .map_err(|error| Failure::Machine(error.to_string()))?;
        self.terminal.diagnostics(&built.diagnostics, &built.sources);
        if built.diagnostics.has_errors() {
            return Err(Failure::Script);
        }
        let outputs = self.outputs(&located, &built.sheet.cues, &built.script.about)?;
        let cover = cover(&located, &built)?;
        let order = Order { args, built: &built, outputs: &outputs, cover, cache };
        let failed = |error: EpisodeError| Failure::Machine(error.to_string());
        let known = foresee(&order, &bars).map_err(failed)?;
        let mut files = Files::new(&outputs);
        files.stand(&known.standings);
        let script = located.show.locate(&located.script);
        let outlook = outlook(&built, &script, (&outputs, &known), cache);
        if !args.json {
            terminal.say(&format!("{}\n{}", visible(&located.script), outlook.text().trim_end()));
        }
        Ok((files.into_summaries(), Some(outlook)))
    }

    fn outputs(&mut self, located: &Located, cues: &Cues, about: &About) -> Result<Vec<Output>, Failure> {
        let args = self.args;
        let folder = match &args.output {
            Some(folder) => folder.clone(),
            None => output_folder(located)?,
        };
        let mut presets = args.deliver.clone();
        presets.dedup();
        let wanted = Wanted {
            formats: args.formats.clone(),
            scenes: args.scenes,
            stems: args.stems.clone(),
            captions: args.captions.clone(),
            sessions: args.session.clone(),
            template: args.name.clone().unwrap_or_else(|| Template::usual(presets.len())),
            presets,
            folder,
        };
        let outputs = catalogue(cues, about, &located.name, &wanted)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        for output in &outputs {
            let path: PathBuf = std::path::absolute(&output.path).unwrap_or_else(|_| output.path.clone());
            if let Some(other) = self.taken.insert(catalogue::key(&path), located.script.clone()) {
                let path = output.path.display();
                return Err(Failure::Usage(format!("`{path}` was written for `{other}`; change `--name`")));
            }
        }
        Ok(outputs)
    }
}

/// The episode's cover, if it has one.
fn cover(located: &Located, built: &Build) -> Result<Option<Arc<Cover>>, Failure> {
    let path = built.script.about.cover.as_ref();
    let cover = path.map(|path| cover_of(&located.show, &path.value)).transpose();
    Ok(cover.map_err(|error: CoverError| Failure::Machine(error.to_string()))?.map(Arc::new))
}

/// Whether scenes are mastered one by one.
fn apart(args: &Export) -> bool {
    args.gain_scope == GainScope::File
}
