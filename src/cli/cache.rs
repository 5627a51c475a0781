//! `radioplay cache`: what is kept from earlier runs; and the cache a command is to use.

use std::path::PathBuf;

use serde::Serialize;

use crate::cache::folder::{self, Holding};
use crate::cache::{Cache, Kind, Tally};
use crate::cli::args::{Cache as Args, CacheAction, Caching};
use crate::cli::build::to_json;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cli::words::counted;
use crate::diag::render::human::visible;

/// The variable that names the folder where no option does. Empty: nothing is kept.
const VARIABLE: &str = "RADIOPLAY_CACHE";

/// How often work is begun again because something went away meanwhile.
const ATTEMPTS: usize = 3;

pub(super) fn run(args: &Args, terminal: &Terminal) -> Result<(), Failure> {
    let Some(folder) = folder(&args.caching) else {
        return Err(Failure::Usage("nothing is kept: name a folder by `--cache`".to_owned()));
    };
    let failed =
        |error| Failure::Machine(format!("the cache `{}` cannot be read: {error}", folder.display()));
    let removed = match args.action {
        CacheAction::Show => Holding::default(),
        CacheAction::Prune => folder::prune(&folder, most(&args.caching)).map_err(failed)?,
        CacheAction::Clear => folder::prune(&folder, 0).map_err(failed)?,
    };
    let held = folder::holdings(&folder).map_err(failed)?;
    let shown = Shown {
        folder: folder.display().to_string(),
        kinds: held
            .iter()
            .map(|(kind, it)| KindShown { kind: kind.folder(), entries: it.entries, bytes: it.bytes })
            .collect(),
        removed: KindShown { kind: "all", entries: removed.entries, bytes: removed.bytes },
    };
    if args.json {
        terminal.result(&to_json(&shown));
        return Ok(());
    }
    let mut text = visible(&shown.folder);
    for it in &shown.kinds {
        text += &format!("\n{:>9}  {:>7}  {:>10}", it.kind, it.entries, size(it.bytes));
    }
    if args.action != CacheAction::Show {
        text += &format!("\nremoved {} entries, {}", removed.entries, size(removed.bytes));
    }
    terminal.result(&text);
    Ok(())
}

/// The cache a command is to use. One that cannot be used is no reason to fail: then nothing is kept.
pub(super) fn open(args: &Caching, terminal: &Terminal) -> Cache {
    let Some(folder) = folder(args) else { return Cache::none() };
    Cache::open(&folder, most(args)).unwrap_or_else(|error| {
        terminal
            .say(&format!("the cache `{}` cannot be used: {error}", visible(&folder.display().to_string())));
        Cache::none()
    })
}

/// Does `work` with the cache. Where something that was found there turned out to be damaged or gone when it was read,
/// the work is done once more, and finds it missing; the last time with no cache at all.
pub(super) fn with_cache(
    args: &Caching,
    terminal: &Terminal,
    work: impl Fn(&Cache) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let cache = open(args, terminal);
    let outcome = again(&cache, work);
    close(&cache, terminal);
    outcome
}

/// The same with a cache that is open already.
pub(super) fn again<T>(
    cache: &Cache,
    mut work: impl FnMut(&Cache) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut outcome = work(cache);
    for attempt in 1..=ATTEMPTS {
        if !cache.take_lost() || !matches!(outcome, Err(Failure::Machine(_))) {
            break;
        }
        outcome = if attempt < ATTEMPTS { work(cache) } else { work(&Cache::none()) };
    }
    outcome
}

/// Ends a command's use of the cache: keeps it within its bounds, and says what was damaged.
pub(super) fn close(cache: &Cache, terminal: &Terminal) {
    cache.bound();
    let damaged = usize::try_from(cache.tally().damaged).unwrap_or(usize::MAX);
    if damaged > 0 {
        let entries =
            if damaged == 1 { "1 damaged entry".to_owned() } else { format!("{damaged} damaged entries") };
        terminal.say(&format!("{entries} in the cache, made again"));
    }
}

/// What was made, and what was there: "made 1 of 169 lines, 0 of 62 sounds".
pub(super) fn made(tally: &Tally) -> String {
    let of = |kinds: &[Kind], what: &str| {
        let made: u64 = kinds.iter().map(|kind| tally.made(*kind)).sum();
        let found: u64 = kinds.iter().map(|kind| tally.found(*kind)).sum();
        let all = counted(usize::try_from(made + found).unwrap_or(usize::MAX), what);
        format!("{made} of {all}")
    };
    let (sounds, mixes) = ([Kind::Sound, Kind::Patch], [Kind::Mix]);
    format!(
        "made {}, {}, {}; the rest was kept",
        of(&[Kind::Take], "spoken line"),
        of(&sounds, "sound"),
        of(&mixes, "stretch").replace("stretchs", "stretches") + " of the mix"
    )
}

fn folder(args: &Caching) -> Option<PathBuf> {
    if args.no_cache {
        return None;
    }
    if let Some(folder) = &args.cache {
        return Some(folder.clone());
    }
    match std::env::var_os(VARIABLE) {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(folder.into()),
        None => folder::default_folder(),
    }
}

fn most(args: &Caching) -> u64 {
    args.cache_size.saturating_mul(1 << 20)
}

fn size(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib >= 1024.0 { format!("{:.2} GiB", mib / 1024.0) } else { format!("{mib:.1} MiB") }
}

/// The cache as JSON.
#[derive(Debug, Serialize)]
struct Shown {
    folder: String,
    kinds: Vec<KindShown>,
    removed: KindShown,
}

#[derive(Debug, Serialize)]
struct KindShown {
    kind: &'static str,
    entries: u64,
    bytes: u64,
}
