//! `radioplay check`: everything short of mixing.

use serde::Serialize;

use crate::cli::args::{Check, Dump, Format};
use crate::cli::build::{build, count, on_threads, print_json, show_problems, to_json};
use crate::cli::cache;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cli::words::{clock, counted};
use crate::cuesheet::{Origin, Request, dump as cuesheet};
use crate::pipeline::Build;
use crate::script::dump as script;
use crate::timeline::dump as timeline;

/// What `check` finds, as JSON.
#[derive(Debug, Serialize)]
struct Report<'b> {
    title: &'b str,
    rate: u32,
    frames: u64,
    seconds: f64,
    scenes: Vec<SceneReport<'b>>,
    recorded: usize,
    synthesized: usize,
    unrecorded: Vec<Unrecorded<'b>>,
}

#[derive(Debug, Serialize)]
struct SceneReport<'b> {
    id: &'b str,
    title: &'b str,
    start: f64,
    seconds: f64,
    lines: usize,
}

#[derive(Debug, Serialize)]
struct Unrecorded<'b> {
    role: &'b str,
    id: &'b str,
    text: &'b str,
}

pub(super) fn run(args: &Check, terminal: &Terminal) -> Result<(), Failure> {
    let cache = cache::open(&args.episode.caching, terminal);
    let outcome = on_threads(args.episode.jobs, || {
        let (_, built) = build(&args.episode, &cache, terminal)?;
        show_problems(&args.episode, &built, terminal);
        match args.dump {
            Some(Dump::Script) => dump(args, &built, script::dump(&built.script, &built.sources), terminal),
            Some(Dump::Cuesheet) => dump(args, &built, cuesheet::dump(&built.sheet), terminal),
            Some(Dump::Timeline) => dump(args, &built, timeline::dump(&built.timeline), terminal),
            None if args.episode.format == Format::Json => print_json(&built, Some(report(&built)), terminal),
            None => print(&built, terminal),
        }
        if built.diagnostics.has_errors() { Err(Failure::Script) } else { Ok(()) }
    });
    cache::close(&cache, terminal);
    outcome
}

/// Prints a stage's result: alone where people are shown the problems, else together with them.
fn dump<T: Serialize>(args: &Check, build: &Build, result: T, terminal: &Terminal) {
    match args.episode.format {
        Format::Human => terminal.result(&to_json(&result)),
        Format::Json => print_json(build, Some(result), terminal),
    }
}

fn report(build: &Build) -> Report<'_> {
    let (timeline, cues) = (&build.timeline, &build.sheet.cues);
    let seconds = |frames: i64| frames as f64 / f64::from(timeline.rate.hz());
    let mut lines = vec![0; timeline.scenes.len()];
    timeline.entries.iter().filter(|entry| entry.kind == "line").for_each(|entry| lines[entry.scene] += 1);
    let scenes = timeline.scenes.iter().zip(lines).map(|(scene, lines)| SceneReport {
        id: &scene.id,
        title: &scene.title,
        start: seconds(scene.start.get()),
        seconds: scene.boundary.span_since(scene.start).seconds(timeline.rate),
        lines,
    });
    let spoken = |origin| build.sheet.clips.iter().filter(|clip| clip.origin == origin).count();
    let unrecorded =
        cues.requests.iter().zip(&build.sheet.clips).filter_map(|(request, clip)| match request {
            Request::Line(line) if clip.origin != Origin::Recorded => {
                Some(Unrecorded { role: &line.role, id: &line.id, text: &line.text.plain })
            }
            _ => None,
        });
    Report {
        title: &cues.title,
        rate: timeline.rate.hz(),
        frames: timeline.length.get(),
        seconds: timeline.length.seconds(timeline.rate),
        scenes: scenes.collect(),
        recorded: spoken(Origin::Recorded),
        synthesized: spoken(Origin::Synthesized),
        unrecorded: unrecorded.collect(),
    }
}

fn print(build: &Build, terminal: &Terminal) {
    let report = report(build);
    let visible = crate::diag::render::human::visible;
    let mut text = format!(
        "{}: {} ({} frames at {} Hz), {}, {} recorded, {} synthesized\n",
        visible(report.title),
        clock(report.seconds),
        report.frames,
        report.rate,
        counted(report.scenes.len(), "scene"),
        counted(report.recorded, "line"),
        report.synthesized,
    );
    for scene in &report.scenes {
        text += &format!(
            "{:>10}  {:>8}  {:>3} {}  {}: {}\n",
            clock(scene.start),
            clock(scene.seconds),
            scene.lines,
            if scene.lines == 1 { "line " } else { "lines" },
            visible(scene.id),
            visible(scene.title),
        );
    }
    if !report.unrecorded.is_empty() {
        text += &format!("not recorded yet ({}), as voices/ROLE/ID.wav:\n", report.unrecorded.len());
        for line in &report.unrecorded {
            text += &format!("  {}/{}  {}\n", visible(line.role), visible(line.id), visible(line.text));
        }
    }
    text += &count(build);
    terminal.result(&text);
}
