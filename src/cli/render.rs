//! `radioplay render`: an episode, or some of its scenes, to a WAV file.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use crate::cache::Cache;
use crate::cli::args::{Format, Render};
use crate::cli::build::{build, count, on_threads, print_json, show_problems, to_json};
use crate::cli::cache::{made, with_cache};
use crate::cli::failure::Failure;
use crate::cli::locate::{Located, output_folder};
use crate::cli::report::{text, write};
use crate::cli::terminal::Terminal;
use crate::cli::words::{clock, counted};
use crate::cuesheet::{Origin, makings};
use crate::diag::suggest;
use crate::export::episode::{self, EpisodeError};
use crate::export::job::{Job, Summary};
use crate::export::report::{self, Figures, Report};
use crate::master::preset::specification;
use crate::master::recall;
use crate::pipeline::Build;
use crate::script::Script;
use crate::timeline::{SceneSpan, Timeline};

/// What a render came to, as JSON.
#[derive(Debug, Serialize)]
struct Rendered<'b> {
    file: String,
    frames: u64,
    rate: u32,
    seconds: f64,
    scenes: Vec<&'b str>,
    recorded: usize,
    synthesized: usize,
    peak_dbfs: Option<f32>,
    limiter_db: f32,
    gain_db: f32,
    /// Of what was written.
    loudness: Figures,
    /// Against what was asked for; of a whole episode only.
    report: Option<Report>,
    /// Whether the file was there already and was left alone.
    unchanged: bool,
    times_real_time: f64,
}

pub(super) fn run(args: &Render, terminal: &Terminal) -> Result<(), Failure> {
    with_cache(&args.episode.caching, terminal, |cache| render_once(args, cache, terminal))
}

fn render_once(args: &Render, cache: &Cache, terminal: &Terminal) -> Result<(), Failure> {
    let started = Instant::now();
    on_threads(args.episode.jobs, || {
        let (located, mut built) = build(&args.episode, cache, terminal)?;
        show_problems(&args.episode, &built, terminal);
        if built.diagnostics.has_errors() {
            if args.episode.format == Format::Json {
                print_json::<Rendered<'_>>(&built, None, terminal);
            } else {
                terminal.complain(&format!("nothing was rendered: {}", count(&built)));
            }
            return Err(Failure::Script);
        }
        // What was written is bound by now, and ten hours of it are as large as all that follows from them.
        built.script = Script::default();
        let scenes = chosen(&args.scene, &built.timeline)?;
        let target = match &args.output {
            Some(output) => output.clone(),
            None => default_target(&located, &args.scene)?,
        };
        let bars = terminal.bars(built.timeline.rate);
        let specification = specification(args.delivery.deliver.unwrap_or(built.sheet.cues.deliver));
        let samples = built.samples();
        // Who is to be quiet tells nobody what it is like.
        let measured = !terminal.is_quiet() || args.report.is_some() || args.episode.format == Format::Json;
        let job = Job {
            timeline: &built.timeline,
            samples: &samples,
            scenes: &scenes,
            depth: args.bits,
            specification,
            draw: false,
            measured,
            cache,
        };
        let failed = |error: EpisodeError| match error {
            EpisodeError::Stopped => Failure::Interrupted,
            // Who cannot be written says so by name.
            error => Failure::Machine(error.to_string()),
        };
        let summary = episode::write(&job, Some(&target), &bars).map_err(failed)?;
        // A scene by itself gets the episode's gain as well.
        let script = located.show.locate(&located.script);
        makings::remember(cache, &script, &built.sheet);
        recall::remember(cache, &script, specification.preset, summary.gain);
        let mut rendered = rendered(&built, &scenes, &target, &summary, started);
        if scenes.is_empty() && measured {
            let report = report::report(&built.timeline, &samples, &specification, &summary, cache);
            rendered.report = Some(report.map_err(|error| failed(error.into()))?);
        }
        if let (Some(file), Some(report)) = (&args.report, &rendered.report) {
            write(file, &(to_json(report) + "\n"))?;
        }
        if args.episode.format == Format::Json {
            print_json(&built, Some(rendered), terminal);
        } else {
            print(&rendered, terminal);
            if summary.unchanged {
                terminal.say("unchanged: the file was there already");
            }
            if cache.keeps() {
                terminal.say(&made(&cache.tally()));
            }
        }
        Ok(())
    })
}

/// The scenes that were asked for, in the episode's order; none for all of it.
fn chosen<'t>(ids: &[String], timeline: &'t Timeline) -> Result<Vec<&'t SceneSpan>, Failure> {
    for id in ids {
        if !timeline.scenes.iter().any(|scene| scene.id == *id) {
            let help = suggest::help(id, timeline.scenes.iter().map(|scene| scene.id.as_str()));
            let help = help.map_or(String::new(), |help| format!("; {help}"));
            return Err(Failure::Usage(format!("there is no scene `{id}`{help}")));
        }
    }
    Ok(timeline.scenes.iter().filter(|scene| ids.contains(&scene.id)).collect())
}

/// `output/EPISODE.wav` in the show; with scenes, `output/EPISODE.SCENE.wav`.
fn default_target(located: &Located, scenes: &[String]) -> Result<PathBuf, Failure> {
    let folder = output_folder(located)?;
    let name = std::iter::once(&located.name).chain(scenes).map(String::as_str).collect::<Vec<_>>().join(".");
    Ok(folder.join(format!("{name}.wav")))
}

fn rendered<'b>(
    build: &'b Build,
    scenes: &[&'b SceneSpan],
    target: &std::path::Path,
    summary: &Summary,
    started: Instant,
) -> Rendered<'b> {
    let timeline = &build.timeline;
    let seconds = summary.length.seconds(timeline.rate);
    let all = timeline.scenes.iter().map(|scene| scene.id.as_str());
    let lines = |origin| build.sheet.clips.iter().filter(|clip| clip.origin == origin).count();
    Rendered {
        file: target.display().to_string(),
        frames: summary.length.get(),
        rate: timeline.rate.hz(),
        seconds,
        scenes: if scenes.is_empty() {
            all.collect()
        } else {
            scenes.iter().map(|scene| scene.id.as_str()).collect()
        },
        recorded: lines(Origin::Recorded),
        synthesized: lines(Origin::Synthesized),
        peak_dbfs: Some(summary.peak.dbfs()).filter(|peak| peak.is_finite()),
        limiter_db: summary.limiter.deepest.db(),
        gain_db: summary.gain.db(),
        loudness: Figures::new(&summary.profile.measures()),
        report: None,
        unchanged: summary.unchanged,
        times_real_time: seconds / started.elapsed().as_secs_f64().max(1e-9),
    }
}

fn print(rendered: &Rendered<'_>, terminal: &Terminal) {
    if let Some(report) = &rendered.report {
        terminal.say(text(report).trim_end());
    }
    let or_silence = |figure: Option<f64>, unit: &str| {
        figure.map_or("silence".to_owned(), |figure| format!("{figure:.1} {unit}"))
    };
    terminal.say(&format!(
        "{} in {}, {} recorded, {} synthesized, loudness {}, true peak {}, {:.0} times faster than real time",
        clock(rendered.seconds),
        counted(rendered.scenes.len(), "scene"),
        counted(rendered.recorded, "line"),
        rendered.synthesized,
        or_silence(rendered.loudness.integrated, "LUFS"),
        or_silence(rendered.loudness.true_peak, "dBTP"),
        rendered.times_real_time,
    ));
    terminal.result(&rendered.file);
}
