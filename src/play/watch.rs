//! Says when a file of the show has changed, once for each time somebody saves.
//!
//! Editors write in place, or beside and rename, or several times, or half and then the rest. So nothing is made of what
//! happened: after the first sign of a change it waits until there is none for [`QUIET`], at most [`LONGEST`], and says
//! that something changed. Whoever hears that reads everything again. Where a file was closed by who wrote it, or put in
//! another's place, that is most likely all: it is said after [`BRIEF`] already, and confirmed later. Folders are watched,
//! not files, since a file that is renamed over is another file.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// How long nothing has to happen after what is most likely the end of a save.
const BRIEF: Duration = Duration::from_millis(2);
/// How long nothing has to happen.
const QUIET: Duration = Duration::from_millis(25);
/// How long it is waited for that.
const LONGEST: Duration = Duration::from_millis(150);
/// The folder of the show that we write to ourselves, and what else makes no sound.
const IGNORED: [&str; 3] = ["output", ".git", "target"];
/// The folders of a show in which changes can be heard.
const FOLDERS: [&str; 3] = ["script", "voices", "sfx"];

/// What is known of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something was saved, and most likely all of it.
    Likely,
    /// Nothing has happened since that was said.
    Confirmed,
    /// Something was saved, all of it.
    Sure,
}

/// A watch over a show. Ends when it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches a show, and other files and folders, and tells `changed` of each change.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn start(
        root: &Path,
        others: &[PathBuf],
        changed: impl Fn(Change) + Send + 'static,
    ) -> Result<Watch, String> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let root = root.canonicalize().map_err(|error| error.to_string())?;
        let (signs, seen) = channel();
        let inside = root.clone();
        let heed = move |event: notify::Result<notify::Event>| {
            if let Some(event) = event.ok().filter(|event| matters(event, &inside)) {
                // Nobody waits any more where it ends.
                let _ = signs.send(ends_a_save(event.kind));
            }
        };
        let mut watcher = notify::recommended_watcher(heed).map_err(|error| error.to_string())?;
        // The show's own folder only as such: it may hold anything.
        let mut watched = vec![(root.clone(), RecursiveMode::NonRecursive)];
        watched.extend(FOLDERS.map(|folder| (root.join(folder), RecursiveMode::Recursive)));
        watched.extend(others.iter().map(|path| (path.clone(), RecursiveMode::Recursive)));
        for (path, mode) in watched.into_iter().filter(|(path, _)| path.exists()) {
            watcher.watch(&path, mode).map_err(|error| format!("`{}`: {error}", path.display()))?;
        }
        std::thread::spawn(move || follow(&seen, &changed));
        Ok(Watch { _watcher: watcher })
    }
}

/// Makes changes of signs, each of which may be the end of a save, until there are none any more.
fn follow(signs: &Receiver<bool>, changed: &impl Fn(Change)) {
    while let Ok(mut ends) = signs.recv() {
        let first = Instant::now();
        let mut told = false;
        loop {
            let wait = if ends && !told { BRIEF } else { QUIET };
            match signs.recv_timeout(wait) {
                Ok(sign) => {
                    (ends, told) = (sign, false);
                    if first.elapsed() >= LONGEST {
                        break;
                    }
                }
                Err(RecvTimeoutError::Timeout) if ends && !told => {
                    changed(Change::Likely);
                    told = true;
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        changed(if told { Change::Confirmed } else { Change::Sure });
    }
}

/// Whether a save most likely ends with this: who wrote the file has closed it, or it has taken another's place.
fn ends_a_save(kind: EventKind) -> bool {
    let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let placed = [RenameMode::To, RenameMode::Both].map(|mode| EventKind::Modify(ModifyKind::Name(mode)));
    kind == closed || placed.contains(&kind)
}

/// Whether an event may change what is heard: reading a file does not, nor does what we write ourselves.
fn matters(event: &notify::Event, root: &Path) -> bool {
    let written =
        !matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let ours = |path: &PathBuf| {
        let first = path.strip_prefix(root).ok().and_then(|inside| inside.components().next());
        first.is_some_and(|first| IGNORED.iter().any(|name| first.as_os_str() == *name))
    };
    written && (event.paths.is_empty() || !event.paths.iter().all(ours))
}
