//! `radioplay play`: an episode heard while it is being written.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::args::Play;
use crate::cli::build::{build, count, on_threads, settings, show_problems};
use crate::cli::cache::open;
use crate::cli::failure::Failure;
use crate::cli::locate::locate;
use crate::cli::terminal::Terminal;
use crate::cli::words::clock;
use crate::master::preset::specification;
use crate::play::device;
use crate::play::director::place::{Bounds, Goal, NOTHING, unheard};
use crate::play::director::preview::{Brief, Preview};
use crate::play::offline::{self, OfflineError};
use crate::play::prepare::Threads;

mod alarm;
mod editor;
mod plain;
mod screen;
mod transcript;

pub(super) fn run(args: &Play, terminal: &Terminal) -> Result<(), Failure> {
    if args.list_devices {
        return list(terminal);
    }
    if let Some(target) = &args.to_file {
        return on_threads(args.episode.jobs, || to_file(args, target, terminal));
    }
    let started = Instant::now();
    let located = locate(args.episode.script.as_deref(), &args.episode.allow).map_err(Failure::Usage)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let asked = args.episode.jobs.map(usize::from);
    // One is left for who plays, once there is something to be played.
    let threads =
        Threads { at_first: asked.unwrap_or(cores), then: asked.unwrap_or(cores.saturating_sub(1).max(1)) };
    let brief = Brief {
        show: located.show,
        script: located.script,
        name: located.name,
        cache: Arc::new(open(&args.episode.caching, terminal)),
        settings: settings(&args.episode),
        deliver: args.delivery.deliver,
        threads,
        from: args.from.clone(),
        to: args.to.clone(),
        scene: args.scene.clone(),
        again: args.again,
        solo: args.solo.clone(),
        mute: args.mute.clone(),
        device: args.device.clone(),
        watch: args.watch.then(|| args.episode.allow.clone()),
    };
    let preview = Preview::start(brief).map_err(|error| Failure::Machine(error.to_string()))?;
    if args.plain || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        plain::run(&preview, args.watch, started, terminal)
    } else {
        screen::run(&preview, args.watch, started, terminal)
    }
}

/// Why there is no sound, and what can be done about it.
fn no_sound(why: &str) -> Failure {
    let first = match (device::has_library(), cfg!(target_os = "linux")) {
        (false, _) => "install it (`apt install libasound2`), ",
        (true, true) => "start a sound server (PulseAudio, PipeWire), ",
        (true, false) => "",
    };
    let why = why.trim_end_matches('.');
    Failure::Machine(format!(
        "no sound: {why}; {first}name another device (`--device`, see `--list-devices`), or write a file \
         (`--to-file FILE`)"
    ))
}

fn list(terminal: &Terminal) -> Result<(), Failure> {
    let devices = device::list().map_err(|why| no_sound(&why))?;
    if devices.is_empty() {
        return Err(no_sound("there is no sound device"));
    }
    for (name, about) in devices {
        terminal.result(&if name == about { name } else { format!("{name}  {about}") });
    }
    Ok(())
}

/// Everything but the sound: what would be played is written.
fn to_file(args: &Play, target: &Path, terminal: &Terminal) -> Result<(), Failure> {
    let cache = open(&args.episode.caching, terminal);
    let (_, built) = build(&args.episode, &cache, terminal)?;
    show_problems(&args.episode, &built, terminal);
    if built.diagnostics.has_errors() {
        terminal.complain(&format!("nothing was written: {}", count(&built)));
        return Err(Failure::Script);
    }
    let timeline = &built.timeline;
    let place = |name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => {
            let cues = &built.sheet.cues;
            Goal::named(name, cues).map(Some).ok_or_else(|| Failure::Usage(Goal::unknown(name, cues)))
        }
    };
    let (from, to) = (place(&args.from)?, place(&args.to)?);
    if let Some(id) = args.scene.as_ref().filter(|id| timeline.scenes.iter().all(|scene| scene.id != **id)) {
        return Err(Failure::Usage(format!("there is no scene `{id}`")));
    }
    if let Some(wrong) = unheard(args.solo.iter().chain(&args.mute), &built.sheet.cues) {
        return Err(Failure::Usage(wrong));
    }
    let frame = |goal: &Option<Goal>, or: u64| goal.as_ref().map_or(or, |goal| goal.frame(timeline));
    if frame(&from, 0) >= frame(&to, timeline.length.get()) {
        return Err(Failure::Usage(NOTHING.to_owned()));
    }
    let bounds = Bounds { from, to, scene: args.scene.clone(), ..Bounds::default() };
    let name_of = |track: usize| {
        let track = &timeline.tracks[track];
        [&track.name, &timeline.buses[track.bus].name]
    };
    let muted = |track: usize| {
        let is_in = |names: &[String]| name_of(track).iter().any(|name| names.contains(name));
        is_in(&args.mute) || !(args.solo.is_empty() || is_in(&args.solo))
    };
    let specification = specification(args.delivery.deliver.unwrap_or(built.sheet.cues.deliver));
    let bars = terminal.bars(timeline.rate);
    let stretch = |performance: &_| bounds.stretch(performance);
    let written = offline::write(timeline, &built.samples(), &specification, muted, stretch, target, &bars);
    let frames = written.map_err(|error| match error {
        OfflineError::Stopped => Failure::Interrupted,
        error => Failure::Machine(error.to_string()),
    })?;
    terminal.say(&format!("{} as it would be heard", clock(frames.seconds(timeline.rate))));
    terminal.result(&target.display().to_string());
    Ok(())
}
