//! `radioplay report`: the episode measured against what it is mastered for; as text, JSON and a picture.

use std::path::Path;

use crate::cache::Cache;
use crate::cli::args::{Format, Report as Args};
use crate::cli::build::{build, count, on_threads, print_json, show_problems, to_json};
use crate::cli::cache::with_cache;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cli::words::clock;
use crate::diag::render::human::visible;
use crate::export::episode::{self, EpisodeError};
use crate::export::job::Job;
use crate::export::plot;
use crate::export::report::{self, Figures, Place, Report};
use crate::master::preset::specification;
use crate::units::depth::BitDepth;

pub(super) fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    with_cache(&args.episode.caching, terminal, |cache| report_once(args, cache, terminal))
}

fn report_once(args: &Args, cache: &Cache, terminal: &Terminal) -> Result<(), Failure> {
    on_threads(args.episode.jobs, || {
        let (_, built) = build(&args.episode, cache, terminal)?;
        show_problems(&args.episode, &built, terminal);
        if built.diagnostics.has_errors() {
            if args.episode.format == Format::Json {
                print_json::<Report>(&built, None, terminal);
            } else {
                terminal.complain(&format!("nothing was measured: {}", count(&built)));
            }
            return Err(Failure::Script);
        }
        let specification = specification(args.delivery.deliver.unwrap_or(built.sheet.cues.deliver));
        let samples = built.samples();
        let job = Job {
            timeline: &built.timeline,
            samples: &samples,
            scenes: &[],
            depth: BitDepth::Float32,
            specification,
            measured: true,
            draw: args.plot.is_some(),
            cache,
        };
        let bars = terminal.bars(built.timeline.rate);
        let failed = |error: EpisodeError| match error {
            EpisodeError::Stopped => Failure::Interrupted,
            error => Failure::Machine(error.to_string()),
        };
        let summary = episode::write(&job, None, &bars).map_err(failed)?;
        let report = report::report(&built.timeline, &samples, &specification, &summary, cache)
            .map_err(|error| failed(error.into()))?;
        if let Some(target) = &args.plot {
            let title = &built.sheet.cues.title;
            let timeline = &built.timeline;
            let picture = plot::Picture { title, timeline, specification: &specification, summary: &summary };
            write(target, &plot::draw(&picture))?;
        }
        if let Some(target) = &args.output {
            write(target, &(to_json(&report) + "\n"))?;
        }
        if args.episode.format == Format::Json {
            print_json(&built, Some(report), terminal);
        } else {
            terminal.result(text(&report).trim_end());
        }
        Ok(())
    })
}

/// Writes a text to a file, whole or not at all.
///
/// # Errors
/// Where the system refuses.
pub(super) fn write(target: &Path, content: &str) -> Result<(), Failure> {
    crate::export::text::write(target, content).map_err(|error| Failure::Machine(error.to_string()))
}

/// A report for a person.
pub(super) fn text(report: &Report) -> String {
    let provisional = if report.provisional { "; provisional" } else { "" };
    let mut text = format!("mastered for {} ({}{provisional})\n", report.preset, report.source);
    for check in &report.checks {
        let found = check.found.map_or("none".to_owned(), |found| format!("{found:.1}"));
        let verdict = if check.passes { "pass" } else { "MISS" };
        text += &format!("  {verdict}  {}: {found}, asked for: {}\n", check.what, check.wanted);
        for place in &check.places {
            text += &format!("        {}\n", place_text(place));
        }
    }
    if let Some(why) = report.shortfall {
        text += &format!("  {why}\n");
    }
    text += &format!(
        "{:>28}  {:>6} {:>6} {:>6} {:>5} {:>6} {:>6} {:>6} {:>6}\n",
        "", "LUFS", "3 s", "0.4 s", "LU", "dBTP", "peak", "RMS", "noise"
    );
    text += &row("the episode", &report.episode);
    for scene in &report.scenes {
        text += &row(&scene.id, &scene.figures);
    }
    for (what, place) in [("loudest", &report.loudest), ("quietest", &report.quietest)] {
        if let Some(place) = place {
            text += &format!("{what}: {}\n", place_text(place));
        }
    }
    text += &format!("gain {:+.1} dB, limiter {}\n", report.gain, limiter(report));
    for hard in &report.hardest {
        let scene = hard.place.scene.as_deref().unwrap_or("");
        text += &format!(
            "  {:.1} dB at {} in `{}`: {}\n",
            hard.gain,
            clock(hard.at),
            visible(scene),
            visible(&hard.why)
        );
    }
    text
}

fn limiter(report: &Report) -> String {
    if report.limiter >= 0.0 {
        return "idle".to_owned();
    }
    let deep = match report.efforts {
        0 => String::new(),
        1 => ", once by more than 3 dB".to_owned(),
        n => format!(", in {n} places by more than 3 dB"),
    };
    format!("{:.1} dB at most{deep}", report.limiter)
}

fn row(name: &str, figures: &Figures) -> String {
    let name: String = visible(name).chars().take(28).collect();
    let number = |figure: Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{figure:.1}"));
    format!(
        "{name:<28}  {:>6} {:>6} {:>6} {:>5} {:>6} {:>6} {:>6} {:>6}\n",
        number(figures.integrated),
        number(figures.short_term_max),
        number(figures.momentary_max),
        number(figures.range),
        number(figures.true_peak),
        number(figures.sample_peak),
        number(figures.rms),
        number(figures.noise_floor),
    )
}

fn place_text(place: &Place) -> String {
    let sounding: Vec<String> =
        place.sounding.iter().map(|it| format!("{} `{}`", it.kind, visible(&it.id))).collect();
    let scene = place.scene.as_deref().map_or(String::new(), |scene| format!(" in `{}`", visible(scene)));
    let sounding = if sounding.is_empty() { "nothing sounds".to_owned() } else { sounding.join(", ") };
    format!("{} to {}{scene}: {sounding}", clock(place.start), clock(place.end))
}
