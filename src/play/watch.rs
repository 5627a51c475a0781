//! Says when a file of the show has changed, once for each time somebody saves.
//!
//! Editors write in place, or beside and rename, or several times, or half and then the rest. So nothing is made of what
//! happened: after the first sign of a change it waits until there is none for [`QUIET`], at most [`LONGEST`], and says
//! that something changed. Whoever hears that reads everything again. Folders are watched, not files, since a file that
//! is renamed over is another file.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// How long nothing has to happen.
const QUIET: Duration = Duration::from_millis(25);
/// How long it is waited for that.
const LONGEST: Duration = Duration::from_millis(150);
/// The folder of the show that we write to ourselves, and what else makes no sound.
const IGNORED: [&str; 3] = ["output", ".git", "target"];
/// The folders of a show in which changes can be heard.
const FOLDERS: [&str; 3] = ["script", "voices", "sfx"];

/// A watch over a show. Ends when it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches a show, and other files and folders, and calls `changed` after each change.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn start(
        root: &Path,
        others: &[PathBuf],
        changed: impl Fn() + Send + 'static,
    ) -> Result<Watch, String> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let root = root.canonicalize().map_err(|error| error.to_string())?;
        let (signs, seen) = channel();
        let inside = root.clone();
        let heed = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| matters(&event, &inside)) {
                // Nobody waits any more where it ends.
                let _ = signs.send(());
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
        std::thread::spawn(move || {
            while seen.recv().is_ok() {
                let first = Instant::now();
                while first.elapsed() < LONGEST {
                    match seen.recv_timeout(QUIET) {
                        Ok(()) => {}
                        Err(RecvTimeoutError::Timeout) => break,
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
                changed();
            }
        });
        Ok(Watch { _watcher: watcher })
    }
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
