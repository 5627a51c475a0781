//! The only place that prints: results to standard output, talk and progress to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::audio::decode::panic_is_expected;
use crate::cli::args::When;
use crate::cli::words::clock;
use crate::diag::render::human;
use crate::diag::{Diagnostics, Severity};
use crate::progress::{Progress, Stage};
use crate::source::Sources;
use crate::units::time::SampleRate;

/// Set by the first Ctrl-C; work ends soon after. A second one ends the process at once.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How soon after an interrupt another is the same one: `timeout` sends its signal to the program, and then to the group
/// that the program is in.
const SAME: Duration = Duration::from_millis(200);

/// What the person sits in front of.
#[derive(Debug)]
pub(super) struct Terminal {
    colour: bool,
    quiet: bool,
}

impl Terminal {
    pub(super) fn new(when: When, quiet: bool) -> Terminal {
        let colour = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        };
        Terminal { colour, quiet }
    }

    /// Makes Ctrl-C end the work in hand cleanly; pressed again, it ends at once. A process that cannot have a handler still works.
    pub(super) fn catch_interrupts() {
        let mut first = None;
        let handler = move || {
            let first = *first.get_or_insert_with(Instant::now);
            if INTERRUPTED.swap(true, Ordering::SeqCst) && first.elapsed() > SAME {
                std::process::exit(super::INTERRUPTED_EXIT.into());
            }
        };
        drop(ctrlc::set_handler(handler));
    }

    /// Keeps panics that are caught, and reported as broken files, off the screen.
    pub(super) fn hide_expected_panics() {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic_is_expected() {
                print(panic);
            }
        }));
    }

    /// Whether Ctrl-C was pressed.
    pub(super) fn interrupted() -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }

    /// A result, to standard output. A reader that has gone away is no failure.
    pub(super) fn result(&self, text: &str) {
        drop(writeln!(io::stdout().lock(), "{text}"));
    }

    /// Whether it says nothing but errors.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A word about what is going on, to standard error; not if it is to be quiet.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            drop(writeln!(io::stderr().lock(), "{text}"));
        }
    }

    /// What went wrong, to standard error.
    pub(super) fn complain(&self, text: &str) {
        let prefix = if self.colour { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
        drop(writeln!(io::stderr().lock(), "{prefix}: {}", human::visible(text)));
    }

    /// Diagnostics, to standard error; only errors if it is to be quiet.
    pub(super) fn diagnostics(&self, diagnostics: &Diagnostics, sources: &Sources) {
        let mut shown = diagnostics.clone();
        shown.retain(|diagnostic| !self.quiet || diagnostic.severity == Severity::Error);
        let text = human::render(&shown, sources, self.colour);
        if !text.is_empty() {
            drop(writeln!(io::stderr().lock(), "{text}"));
        }
    }

    /// Bars for long work, only on a terminal.
    pub(super) fn bars(&self, rate: SampleRate) -> Bars {
        let target = if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Bars { bars: MultiProgress::with_draw_target(target), running: Mutex::new(Vec::new()), rate }
    }
}

/// A bar for each stage that runs. Hidden where standard error is no terminal.
#[derive(Debug)]
pub(super) struct Bars {
    bars: MultiProgress,
    running: Mutex<Vec<(Stage, ProgressBar)>>,
    rate: SampleRate,
}

impl Bars {
    fn with(&self, stage: Stage, act: impl FnOnce(&ProgressBar)) {
        let Ok(running) = self.running.lock() else { return };
        if let Some((_, bar)) = running.iter().find(|(running, _)| *running == stage) {
            act(bar);
        }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: u64) {
        let (name, counts) = match stage {
            Stage::Speech => ("speech", "{pos}/{len} lines"),
            Stage::Sounds => ("sounds", "{pos}/{len} clips"),
            Stage::Measure => ("measure", "{done}/{all}"),
            Stage::Mix => ("mix", "{done}/{all}"),
            Stage::Write => ("write", "{done}/{all}"),
        };
        let layout = format!("{name:>7} [{{bar:32}}] {counts}, {{eta}} left");
        let rate = f64::from(self.rate.hz());
        let style = ProgressStyle::with_template(&layout)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("done", move |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = out.write_str(&clock(state.pos() as f64 / rate));
            })
            .with_key("all", move |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = out.write_str(&clock(state.len().unwrap_or(0) as f64 / rate));
            })
            .progress_chars("=> ");
        let bar = self.bars.add(ProgressBar::new(total).with_style(style));
        if let Ok(mut running) = self.running.lock() {
            running.push((stage, bar));
        }
    }

    fn advance(&self, stage: Stage, count: u64) {
        self.with(stage, |bar| bar.inc(count));
    }

    fn end(&self, stage: Stage) {
        self.with(stage, ProgressBar::finish_and_clear);
        if let Ok(mut running) = self.running.lock() {
            running.retain(|(running, _)| *running != stage);
        }
    }

    fn stopped(&self) -> bool {
        Terminal::interrupted()
    }
}
