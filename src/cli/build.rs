//! From arguments to a built episode, with its problems shown: what `render` and `check` have in common.

use serde::Serialize;

use crate::audio::decode::Limits;
use crate::cache::Cache;
use crate::cli::args::{Episode, Format};
use crate::cli::failure::Failure;
use crate::cli::locate::{Located, locate};
use crate::cli::terminal::Terminal;
use crate::cli::words::counted;
use crate::cuesheet::tools::Reading;
use crate::diag::Severity;
use crate::diag::render::{human, json};
use crate::pipeline::{self, Build, Settings};
use crate::units::time::{SampleRate, Seconds};

/// Runs `work` on as many threads as were asked for.
///
/// # Errors
/// Where the threads cannot be started, and whatever `work` fails with.
pub(super) fn on_threads<T: Send>(
    jobs: Option<u16>,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    let threads = jobs.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Failure::Machine(format!("threads cannot be started: {error}")))?.install(work)
}

/// What an episode is built with.
pub(super) fn settings(args: &Episode) -> Settings {
    let rate = SampleRate::new(args.rate).unwrap_or(SampleRate::DEFAULT);
    let longest = Seconds::new(f64::from(args.longest_clip) * 60.0).unwrap_or_default();
    Settings { rate, limits: Limits { longest }, reading: Reading::InPlace }
}

/// Builds the episode. Its problems are the caller's to show.
///
/// # Errors
/// Where there is no such episode, no scratch file, or the person stopped it.
pub(super) fn build(args: &Episode, cache: &Cache, terminal: &Terminal) -> Result<(Located, Build), Failure> {
    let located = locate(args.script.as_deref(), &args.allow).map_err(Failure::Usage)?;
    let settings = settings(args);
    let bars = terminal.bars(settings.rate);
    let built = pipeline::build(&located.show, &located.script, settings, cache, &bars)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    if Terminal::interrupted() {
        return Err(Failure::Interrupted);
    }
    Ok((located, built))
}

/// Shows what is wrong: to people on standard error. As JSON it is part of the result, which the caller prints.
pub(super) fn show_problems(args: &Episode, build: &Build, terminal: &Terminal) {
    if args.format == Format::Human {
        terminal.diagnostics(&build.diagnostics, &build.sources);
    }
}

/// A result as JSON: the diagnostics, and whatever else the command has to say.
#[derive(Debug, Serialize)]
pub(super) struct JsonResult<'b, T: Serialize> {
    /// Every problem, sorted by place.
    pub(super) diagnostics: Vec<json::JsonDiagnostic<'b>>,
    /// What the command found; `null` where errors kept it from it.
    pub(super) result: Option<T>,
}

/// Prints a result as JSON.
pub(super) fn print_json<T: Serialize>(build: &Build, result: Option<T>, terminal: &Terminal) {
    let all = JsonResult { diagnostics: json::render(&build.diagnostics, &build.sources), result };
    terminal.result(&to_json(&all));
}

/// Any value as JSON text, in which what a terminal might obey is escaped: JSON itself asks that only of some of it.
pub(super) fn to_json<T: Serialize>(value: &T) -> String {
    let text =
        serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    // These stand only inside strings. All of them lie in the first plane, where the escape is the character's number.
    let obeyed = |c: char| c != '\n' && human::visible(c.encode_utf8(&mut [0; 4])) != c.to_string();
    let escaped = |c: char| if obeyed(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    if text.contains(obeyed) { text.chars().map(escaped).collect() } else { text }
}

/// How many of each: "2 errors and 1 warning".
pub(super) fn count(build: &Build) -> String {
    let some = |severity, what: &str| match build.diagnostics.count(severity) {
        0 => None,
        n => Some(counted(n, what)),
    };
    let parts: Vec<String> =
        [some(Severity::Error, "error"), some(Severity::Warning, "warning"), some(Severity::Note, "note")]
            .into_iter()
            .flatten()
            .collect();
    match parts.split_last() {
        None => "no problems".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
