//! Entries on the disk: found, read, written whole, removed.
//!
//! Every process at work holds a shared lock on the folder's `lock`. Who gets it for itself knows that nobody else is
//! at work, so that whatever lies in `partial/` was left by a process that was killed, and may go.

use std::fs::{self, File};
use std::io::{self, BufWriter, IntoInnerError, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::audio::at::AT_ONCE;
use crate::cache::Kind;
use crate::cache::checksum::Summing;
use crate::cache::entry::{Head, Shape};
use crate::cache::key::Key;

/// Where entries are written before they get their names.
pub(super) const PARTIAL: &str = "partial";
const LOCK: &str = "lock";
/// An entry used again within this time is not marked as used once more: a write less for each.
const USED: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    lock: File,
    /// Bytes written since somebody looked whether it has become too many.
    written: AtomicU64,
}

impl Store {
    pub(super) fn open(folder: &Path) -> io::Result<Store> {
        fs::create_dir_all(folder.join(PARTIAL))?;
        for kind in Kind::ALL {
            fs::create_dir_all(folder.join(kind.folder()))?;
        }
        let lock = File::options().create(true).append(true).open(folder.join(LOCK))?;
        let store = Store { folder: folder.to_owned(), lock, written: AtomicU64::new(0) };
        store.sweep();
        // Where the file system knows no locks nothing is ever swept away, which is safe.
        let _ = store.lock.lock_shared();
        Ok(store)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes written since [`Store::take_written`].
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn take_written(&self) -> u64 {
        self.written.swap(0, Ordering::Relaxed)
    }

    fn path(&self, kind: Kind, key: &Key) -> PathBuf {
        self.folder.join(kind.folder()).join(key.to_string())
    }

    /// Removes what was left half written, if nobody else is at work.
    fn sweep(&self) {
        if self.lock.try_lock().is_err() {
            return;
        }
        for left in fs::read_dir(self.folder.join(PARTIAL)).into_iter().flatten().flatten() {
            let _ = fs::remove_file(left.path());
        }
        let _ = self.lock.unlock();
    }

    pub(super) fn head(&self, kind: Kind, key: &Key) -> io::Result<Head> {
        let file = File::open(self.path(kind, key))?;
        let metadata = file.metadata()?;
        let head = Head::read(&file, metadata.len(), key)?;
        let now = SystemTime::now();
        let old = metadata.modified().ok().and_then(|then| now.duration_since(then).ok());
        if old.is_some_and(|old| old > USED) {
            // The oldest go first; what is used is not old.
            let _ = file.set_modified(now);
        }
        Ok(head)
    }

    /// Hands over the content, piece by piece of whole frames; only when this has returned is it known to be right.
    pub(super) fn stream(
        &self,
        kind: Kind,
        key: &Key,
        head: &Head,
        mut sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut file = File::open(self.path(kind, key))?;
        file.seek(SeekFrom::Start(Head::length(head.facts.len())))?;
        let mut summing = Summing::default();
        pieces(&mut file, head.shape.bytes(), |bytes| {
            summing.add(bytes);
            sink(bytes)
        })?;
        if summing.checksum() == head.checksum { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Hands over part of the content, piece by piece of whole frames, unchecked.
    pub(super) fn part(
        &self,
        kind: Kind,
        key: &Key,
        part: Range<u64>,
        mut sink: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let mut file = File::open(self.path(kind, key))?;
        let length = file.metadata()?.len();
        let head = Head::read(&file, length, key)?;
        file.seek(SeekFrom::Start(Head::length(head.facts.len()).saturating_add(part.start)))?;
        pieces(&mut file, part.end.saturating_sub(part.start), |bytes| {
            sink(bytes);
            Ok(())
        })
    }

    /// An entry to be written, whole or not at all.
    pub(super) fn writing(&self, kind: Kind, key: &Key, facts: Vec<u8>) -> io::Result<Writing<'_>> {
        let file = NamedTempFile::new_in(self.folder.join(PARTIAL))?;
        let mut file = BufWriter::with_capacity(AT_ONCE, file);
        // The head is written last, when the checksum is known.
        file.seek(SeekFrom::Start(Head::length(facts.len())))?;
        Ok(Writing { store: self, kind, key: *key, facts, file, summing: Summing::default() })
    }

    pub(super) fn remove(&self, kind: Kind, key: &Key) {
        let _ = fs::remove_file(self.path(kind, key));
    }
}

/// Hands over so many bytes, as many at once as are good to read.
fn pieces(file: &mut File, mut left: u64, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let at_once = |left: u64| usize::try_from(left).unwrap_or(AT_ONCE).min(AT_ONCE);
    let mut bytes = vec![0; at_once(left)];
    while left > 0 {
        let now = &mut bytes[..at_once(left)];
        file.read_exact(now)?;
        sink(now)?;
        left -= now.len() as u64;
    }
    Ok(())
}

/// An entry that is being written. It is found once it is finished; if it never is, nothing is left of it.
#[derive(Debug)]
pub(super) struct Writing<'s> {
    store: &'s Store,
    kind: Kind,
    key: Key,
    facts: Vec<u8>,
    file: BufWriter<NamedTempFile>,
    summing: Summing,
}

impl Writing<'_> {
    /// Takes more of the content.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.summing.add(bytes);
        self.file.write_all(bytes)
    }

    /// All of it was taken: it is so much.
    pub(super) fn finish(self, shape: Shape) -> io::Result<()> {
        let Writing { store, kind, key, facts, file, summing } = self;
        let mut file = file.into_inner().map_err(IntoInnerError::into_error)?;
        let head = Head { shape, checksum: summing.checksum(), facts };
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&head.to_bytes(&key))?;
        file.persist(store.path(kind, &key)).map_err(|error| error.error)?;
        store.written.fetch_add(Head::length(head.facts.len()) + shape.bytes(), Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
        self.sweep();
    }
}
