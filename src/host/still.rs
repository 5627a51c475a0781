//! Recordings that are read where they lie, again and again, and must be what they were the first time.
//!
//! A file tells that it was written to by its time of modification. A system counts that in steps, so of a file that was
//! written to just now nobody can tell whether it was once more: such a one is not read in its place. Nor does it tell
//! of who writes through memory that is mapped to a file, before the system has noticed; nobody edits recordings so.

use std::fs::{File, Metadata};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::audio::samples::Place;
use crate::host::read_only;

/// How long ago a file must have been written to: the coarsest file systems count in two seconds.
const OLD: Duration = Duration::from_secs(3);

/// A regular file of a show, and what it was like when it was opened first.
#[derive(Debug)]
pub struct StillFile {
    /// Without links.
    path: PathBuf,
    stamp: Stamp,
}

/// What changes with a file's content, or where another file takes its place.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: SystemTime,
    /// Device and number.
    #[cfg(unix)]
    node: [u64; 2],
}

impl StillFile {
    /// The file at `path`, which has no links in it and was found to be allowed, as `metadata` has it. `None` where it
    /// cannot be told whether it changes.
    pub(super) fn new(path: PathBuf, metadata: &Metadata) -> Option<StillFile> {
        let stamp = Stamp::of(metadata).ok()?;
        // What is said to be of the future is as good as new.
        let age = SystemTime::now().duration_since(stamp.modified).ok()?;
        (age >= OLD).then_some(StillFile { path, stamp })
    }

    fn compare(&self, metadata: &Metadata) -> io::Result<()> {
        if metadata.is_file() && Stamp::of(metadata)? == self.stamp {
            return Ok(());
        }
        Err(io::Error::other("it was changed while it was being read"))
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Stamp> {
        Ok(Stamp {
            length: metadata.len(),
            modified: metadata.modified()?,
            #[cfg(unix)]
            node: {
                use std::os::unix::fs::MetadataExt;
                [metadata.dev(), metadata.ino()]
            },
        })
    }
}

impl Place for StillFile {
    fn open(&self) -> io::Result<File> {
        let file = read_only().open(&self.path)?;
        self.check(&file)?;
        Ok(file)
    }

    fn check(&self, file: &File) -> io::Result<()> {
        self.compare(&file.metadata()?)
    }
}
