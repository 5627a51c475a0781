//! Entries on the disk: found, read, written whole, removed.
//!
//! Every process at work holds a shared lock on the folder's `lock`. Who gets it for itself knows that nobody else is
//! at work, so that whatever lies in `partial/` was left by a process that was killed, and may go.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::cache::Kind;
use crate::cache::entry::{Head, Shape};
use crate::cache::key::Key;

/// Where entries are written before they get their names.
pub(super) const PARTIAL: &str = "partial";
const LOCK: &str = "lock";
/// An entry used again within this time is not marked as used once more: a write less for each.
const USED: Duration = Duration::from_secs(600);
/// How much is read at once.
const AT_ONCE: usize = 256 << 10;

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
        let mut left = head.shape.bytes();
        let mut hasher = blake3::Hasher::new();
        let mut bytes = vec![0; AT_ONCE];
        while left > 0 {
            let now = &mut bytes[..usize::try_from(left).unwrap_or(AT_ONCE).min(AT_ONCE)];
            file.read_exact(now)?;
            hasher.update(now);
            sink(now)?;
            left -= now.len() as u64;
        }
        if *hasher.finalize().as_bytes() == head.digest {
            Ok(())
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    /// Part of the content, unchecked.
    pub(super) fn part(&self, kind: Kind, key: &Key, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut file = File::open(self.path(kind, key))?;
        let length = file.metadata()?.len();
        let head = Head::read(&file, length, key)?;
        file.seek(SeekFrom::Start(Head::length(head.facts.len()).saturating_add(offset)))?;
        file.read_exact(out)
    }

    /// Writes an entry, whole or not at all. `content` is handed something that takes the content's bytes.
    pub(super) fn write(
        &self,
        kind: Kind,
        key: &Key,
        facts: Vec<u8>,
        shape: Shape,
        content: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>,
    ) -> io::Result<()> {
        let before = Head::length(facts.len());
        let mut file = tempfile::NamedTempFile::new_in(self.folder.join(PARTIAL))?;
        // The head is written last, when the digest is known.
        file.seek(SeekFrom::Start(before))?;
        let mut hasher = blake3::Hasher::new();
        content(&mut |bytes| {
            hasher.update(bytes);
            file.write_all(bytes)
        })?;
        let head = Head { shape, digest: *hasher.finalize().as_bytes(), facts };
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&head.to_bytes(key))?;
        file.persist(self.path(kind, key)).map_err(|error| error.error)?;
        self.written.fetch_add(before + shape.bytes(), Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn remove(&self, kind: Kind, key: &Key) {
        let _ = fs::remove_file(self.path(kind, key));
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
        self.sweep();
    }
}
