//! `radioplay export`: episodes with everything that ships, one after the other; a broken one does not stop the rest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::cache::Cache;
use crate::cli::args::{Episode, Export, Format, GainScope};
use crate::cli::build::{build, count, on_threads, settings, to_json};
use crate::cli::cache::{again, close, open};
use crate::cli::export::perform::{Files, perform};
use crate::cli::export::summary::{EpisodeSummary, FileSummary, Status, Summary};
use crate::cli::failure::Failure;
use crate::cli::locate::{Located, locate, output_folder, scripts};
use crate::cli::terminal::Terminal;
use crate::cli::words::{clock, counted};
use crate::diag::render::human::visible;
use crate::export::catalogue::{self, Output, Wanted, catalogue};
use crate::export::template::Template;
use crate::pipeline;

mod perform;
mod summary;

pub(super) fn run(args: &Export, terminal: &Terminal) -> Result<(), Failure> {
    let cache = open(&args.caching, terminal);
    let outcome = on_threads(args.jobs, || {
        let started = Instant::now();
        let scripts = scripts(&args.script);
        let mut batch = Batch { args, cache: &cache, terminal, taken: BTreeMap::new() };
        let mut episodes = Vec::new();
        for (index, script) in scripts.iter().enumerate() {
            let name = script.as_ref().map_or_else(|_| String::new(), |path| path.display().to_string());
            if !args.dry_run && scripts.len() > 1 {
                terminal.say(&format!("[{}/{}] {}", index + 1, scripts.len(), visible(&name)));
            }
            let one = Instant::now();
            let outcome = script.clone().map_err(Failure::Usage).and_then(|path| batch.episode(&path));
            if matches!(outcome, Err(Failure::Interrupted)) {
                return Err(Failure::Interrupted);
            }
            if let Err(Failure::Usage(why) | Failure::Machine(why)) = &outcome {
                terminal.complain(why);
            }
            episodes.push(episode_summary(name, outcome, one.elapsed().as_secs_f64()));
        }
        let summary = Summary { episodes, seconds: started.elapsed().as_secs_f64() };
        report(args, &summary, terminal);
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

fn episode_summary(
    script: String,
    outcome: Result<Vec<FileSummary>, Failure>,
    seconds: f64,
) -> EpisodeSummary {
    let (status, why, files) = match outcome {
        Ok(files) => (Status::Done, None, files),
        Err(Failure::Usage(why)) => (Status::Usage, Some(why), Vec::new()),
        Err(Failure::Machine(why)) => (Status::Machine, Some(why), Vec::new()),
        Err(_) => (Status::Script, Some("the script has errors".to_owned()), Vec::new()),
    };
    EpisodeSummary { script, status, why, files, seconds }
}

fn report(args: &Export, summary: &Summary, terminal: &Terminal) {
    if args.json {
        terminal.result(&to_json(summary));
    } else {
        for file in summary.episodes.iter().flat_map(|episode| &episode.files) {
            let note = if args.dry_run && file.replaces { " (replaces the one there)" } else { "" };
            terminal.result(&format!("{}{note}", visible(&file.file)));
        }
    }
    if args.dry_run {
        return;
    }
    let failed: Vec<&EpisodeSummary> =
        summary.episodes.iter().filter(|episode| episode.status != Status::Done).collect();
    let files: usize = summary.episodes.iter().map(|episode| episode.files.len()).sum();
    terminal.say(&format!(
        "{} of {} exported, {}, in {}",
        summary.episodes.len() - failed.len(),
        counted(summary.episodes.len(), "episode"),
        counted(files, "file"),
        clock(summary.seconds)
    ));
    if summary.episodes.len() > 1 {
        for episode in failed {
            let why = episode.why.as_deref().unwrap_or_default();
            terminal.complain(&format!("not exported: {}: {why}", episode.script));
        }
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
    fn episode(&mut self, script: &Path) -> Result<Vec<FileSummary>, Failure> {
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
            return self.outline(&episode);
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
            let outputs = self.outputs(&located, &built.sheet.cues)?;
            let bars = self.terminal.bars(built.timeline.rate);
            let mut files = Files::new(&outputs);
            perform(args, &built, &outputs, &mut files, cache, &bars)?;
            Ok(files.into_summaries())
        })
    }

    /// What would be written, known without hearing anything.
    fn outline(&mut self, episode: &Episode) -> Result<Vec<FileSummary>, Failure> {
        let script = episode.script.as_deref();
        let located = locate(script, &episode.allow).map_err(Failure::Usage)?;
        let outline = pipeline::outline(&located.show, &located.script, settings(episode));
        self.terminal.diagnostics(&outline.diagnostics, &outline.sources);
        if outline.diagnostics.has_errors() {
            return Err(Failure::Script);
        }
        let outputs = self.outputs(&located, &outline.cues)?;
        Ok(Files::new(&outputs).into_summaries())
    }

    fn outputs(&mut self, located: &Located, cues: &crate::cuesheet::Cues) -> Result<Vec<Output>, Failure> {
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
            template: args.name.clone().unwrap_or_else(|| Template::usual(presets.len())),
            presets,
            folder,
        };
        let outputs =
            catalogue(cues, &located.name, &wanted).map_err(|error| Failure::Usage(error.to_string()))?;
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

/// Whether scenes are mastered one by one.
fn apart(args: &Export) -> bool {
    args.gain_scope == GainScope::File
}
