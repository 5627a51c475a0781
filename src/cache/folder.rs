//! A cache's folder as a whole: where it is, what is in it, and making it smaller.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use etcetera::BaseStrategy;

use crate::cache::Kind;

/// How much a cache holds at most where nobody says otherwise, in bytes: 4 GiB.
pub const MOST: u64 = 4 << 30;

/// The folder in which this platform keeps what programs can make again, and ours in it; `None` where the person has
/// no home.
pub fn default_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.cache_dir().join("radioplay"))
}

/// How many entries of a kind there are, and how many bytes they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// How many entries.
    pub entries: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// An entry's file.
struct Found {
    path: PathBuf,
    kind: Kind,
    bytes: u64,
    used: SystemTime,
}

/// What a cache holds, kind by kind. Nothing where there is no cache.
///
/// # Errors
/// Where the folder is there but cannot be read.
pub fn holdings(folder: &Path) -> io::Result<Vec<(Kind, Holding)>> {
    let found = entries(folder)?;
    let holding = |kind: Kind| {
        let of_kind = found.iter().filter(|entry| entry.kind == kind);
        of_kind.fold(Holding::default(), |sum, entry| Holding {
            entries: sum.entries + 1,
            bytes: sum.bytes + entry.bytes,
        })
    };
    Ok(Kind::ALL.into_iter().map(|kind| (kind, holding(kind))).collect())
}

/// Removes what has gone unused for longest until no more than `most` bytes are left, and says what went. Stretches of
/// the mix are large and quickly made, so they give way first where they take more than half.
///
/// # Errors
/// Where the folder cannot be read.
pub fn prune(folder: &Path, most: u64) -> io::Result<Holding> {
    let mut found = entries(folder)?;
    let mut all: u64 = found.iter().map(|entry| entry.bytes).sum();
    if all <= most {
        return Ok(Holding::default());
    }
    found.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.path.cmp(&b.path)));
    let mixed = |entry: &&Found| entry.kind == Kind::Mix;
    let mut mixes: u64 = found.iter().filter(mixed).map(|entry| entry.bytes).sum();
    let mut gone = Holding::default();
    for only_mixes in [true, false] {
        for entry in &mut found {
            let enough = all <= most || (only_mixes && mixes <= most / 2);
            if enough {
                break;
            }
            if entry.bytes == 0 || (only_mixes && entry.kind != Kind::Mix) {
                continue;
            }
            // Another process may have been faster.
            let _ = fs::remove_file(&entry.path);
            all -= entry.bytes;
            mixes -= if entry.kind == Kind::Mix { entry.bytes } else { 0 };
            gone.entries += 1;
            gone.bytes += std::mem::take(&mut entry.bytes);
        }
    }
    Ok(gone)
}

fn entries(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let listed = match fs::read_dir(folder.join(kind.folder())) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in listed {
            let entry = entry?;
            // One that another process has just removed is not there.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                found.push(Found { path: entry.path(), kind, bytes: metadata.len(), used });
            }
        }
    }
    Ok(found)
}
