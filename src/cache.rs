//! What was made before and need not be made again: takes, decoded sounds, patches, stretches of the mix, results.
//!
//! An entry is found by its [`key::Key`], a digest of everything that decides what it holds and of nothing else; so an
//! entry is never out of date, only unused. It lies in a file of its own, `KIND/KEY`, that is written under another
//! name and renamed, and never changed afterwards. Several processes may share a folder: two that make the same entry
//! make the same bytes, and one that reads an entry which another has just removed makes it again.
//!
//! Entries are checked when they are read. The head has a checksum of its own, and is checked as soon as an entry is
//! looked up; lengths, marks and the like are in it, so that an episode can be checked without reading any sound. The
//! rest is checked when it is first read: sound is copied to the [`Spool`] then, so that what was checked is what is
//! heard, whatever happens to the file. What is damaged is removed and counted, and made again ([`Cache::take_lost`]).
//!
//! Nothing depends on the cache: where it cannot be read or written, everything is made, and the bytes are the same.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audio::samples::{Identity, Samples};
use crate::cache::audio::{Kept, Recording};
use crate::cache::entry::{Head, Shape};
use crate::cache::key::Key;
use crate::cache::store::Store;
use crate::spool::Spool;
use crate::units::time::FrameCount;

pub mod audio;
pub mod checksum;
mod entry;
pub mod folder;
pub mod key;
mod store;

/// What an entry holds; also the name of the folder it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A line as a voice engine said it.
    Take,
    /// A recorded take or clip, decoded at the project rate.
    Sound,
    /// A patch, rendered.
    Patch,
    /// A stretch of a scene, mixed.
    Mix,
    /// Facts about something larger: what a render came to. They alone may be replaced by others.
    Fact,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Take, Kind::Sound, Kind::Patch, Kind::Mix, Kind::Fact];

    /// What several of them are called, and the folder they lie in.
    pub fn folder(self) -> &'static str {
        match self {
            Kind::Take => "takes",
            Kind::Sound => "sounds",
            Kind::Patch => "patches",
            Kind::Mix => "mixes",
            Kind::Fact => "facts",
        }
    }
}

/// How much a cache may hold, and how it is used. Cheap to clone; every clone is the same cache.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// `None`: nothing is kept.
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    /// How many bytes it may hold.
    most: u64,
    /// By [`Kind::ALL`].
    found: [AtomicU64; 5],
    made: [AtomicU64; 5],
    damaged: AtomicU64,
    /// Whether something that was found could not be read after all since this was asked last.
    lost: AtomicBool,
    /// Whether that has ever happened: then sounds are read as soon as they are found.
    careful: AtomicBool,
    /// What is kept only when there is time for it; `None` where everything is kept at once.
    postponed: Mutex<Option<Vec<Postponed>>>,
}

/// A sound that is to be kept.
#[derive(Debug)]
struct Postponed {
    kind: Kind,
    key: Key,
    facts: Vec<u8>,
    samples: Samples,
}

/// What a run took from the cache, and what it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    found: [u64; 5],
    made: [u64; 5],
    /// Entries that were not what had been put there.
    pub damaged: u64,
}

impl Tally {
    /// How many entries of a kind were there.
    pub fn found(&self, kind: Kind) -> u64 {
        self.found[kind as usize]
    }

    /// How many of a kind had to be made.
    pub fn made(&self, kind: Kind) -> u64 {
        self.made[kind as usize]
    }
}

impl Cache {
    /// A cache that keeps nothing.
    pub fn none() -> Cache {
        Cache::default()
    }

    /// The cache in `folder`, which is made if need be, and holds at most `most` bytes, but for what is written within
    /// an eighth of that. What other processes left half written when they were killed
    /// is removed, unless one is still at work.
    ///
    /// # Errors
    /// Where the folder cannot be made or written.
    pub fn open(folder: &Path, most: u64) -> Result<Cache, io::Error> {
        let inner = Inner {
            store: Store::open(folder)?,
            most,
            found: Default::default(),
            made: Default::default(),
            damaged: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            careful: AtomicBool::new(false),
            postponed: Mutex::new(None),
        };
        Ok(Cache { inner: Some(Arc::new(inner)) })
    }

    /// Whether anything is kept at all.
    pub fn keeps(&self) -> bool {
        self.inner.is_some()
    }

    /// The facts and the sound kept under a key. The sound is read, checked and copied to `spool` when it is first
    /// asked for; until then it is only known to be as long as it should be.
    pub fn sound<F: DeserializeOwned>(&self, kind: Kind, key: &Key, spool: &Spool) -> Option<(F, Samples)> {
        let inner = self.inner.as_ref()?;
        let head = inner.head(kind, key)?;
        let Shape::Sound { channels, frames } = head.shape else { return None };
        let Ok(facts) = serde_json::from_slice(&head.facts) else {
            inner.damage(kind, key);
            return None;
        };
        let kept = Kept::new(self.clone(), kind, *key, head, spool.clone());
        let samples = Samples::fetched(Arc::new(kept), channels, frames);
        let careful = inner.careful.load(Ordering::Relaxed);
        if careful && samples.read(FrameCount::ZERO, &mut vec![0.0; channels.count()]).is_err() {
            return None;
        }
        inner.count(&inner.found, kind);
        Some((facts, samples.identified(key.identity())))
    }

    /// Keeps facts and a sound under a key, if that can be done, and counts it as made. Gives the sound its identity.
    pub fn keep_sound<F: Serialize>(&self, kind: Kind, key: &Key, facts: &F, samples: Samples) -> Samples {
        let Some(inner) = &self.inner else { return samples };
        inner.count(&inner.made, kind);
        let samples = samples.identified(key.identity());
        if let Ok(facts) = serde_json::to_vec(facts) {
            let one = Postponed { kind, key: *key, facts, samples: samples.clone() };
            let mut postponed = inner.postponed.lock().unwrap_or_else(PoisonError::into_inner);
            match postponed.as_mut() {
                Some(postponed) => postponed.push(one),
                None => {
                    drop(postponed);
                    self.keep(one);
                }
            }
        }
        samples
    }

    fn keep(&self, one: Postponed) {
        let mut recording = Recording::new(self, one.kind, &one.key, one.facts, one.samples.channels());
        if recording.copy(&one.samples).is_ok() {
            recording.finish();
        }
    }

    fn stay_bounded(&self) {
        if self.inner.as_ref().is_some_and(|inner| inner.store.written() > inner.most / 8) {
            self.bound();
        }
    }

    /// Keeps no sound any more before [`Cache::catch_up`] is called: for who waits for what is made, and not for its being
    /// written. Until then it is not found either.
    pub fn postpone(&self) {
        if let Some(inner) = &self.inner {
            inner.postponed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
        }
    }

    /// Keeps what was postponed, and from now on everything at once.
    pub fn catch_up(&self) {
        let Some(inner) = &self.inner else { return };
        let postponed = inner.postponed.lock().unwrap_or_else(PoisonError::into_inner).take();
        postponed.unwrap_or_default().into_iter().for_each(|one| self.keep(one));
    }

    /// Facts and bytes kept under a key.
    pub fn fact<F: DeserializeOwned>(&self, kind: Kind, key: &Key) -> Option<(F, Vec<u8>)> {
        let inner = self.inner.as_ref()?;
        let head = inner.head(kind, key)?;
        let bytes = self.content(kind, key)?;
        inner.count(&inner.found, kind);
        Some((serde_json::from_slice(&head.facts).ok()?, bytes))
    }

    /// Keeps facts and bytes under a key, if that can be done, in place of what was there.
    pub fn keep_fact<F: Serialize>(&self, kind: Kind, key: &Key, facts: &F, bytes: &[u8]) {
        let Some(inner) = &self.inner else { return };
        inner.count(&inner.made, kind);
        let _ = serde_json::to_vec(facts).map_err(io::Error::from).and_then(|facts| {
            let shape = Shape::Bytes { length: bytes.len() as u64 };
            let mut writing = inner.store.writing(kind, key, facts)?;
            writing.push(bytes)?;
            writing.finish(shape)
        });
    }

    /// Whether there is an entry under a key. It counts as found.
    pub fn has(&self, kind: Kind, key: &Key) -> bool {
        let Some(inner) = &self.inner else { return false };
        let there = inner.head(kind, key).is_some();
        if there {
            inner.count(&inner.found, kind);
        }
        there
    }

    /// The content under a key, checked.
    pub fn content(&self, kind: Kind, key: &Key) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream(kind, key, |piece| bytes.extend_from_slice(piece)).then_some(bytes)
    }

    /// Hands over the content under a key, piece by piece of whole frames; says whether it was what had been put there, which
    /// is known only then.
    pub fn stream(&self, kind: Kind, key: &Key, mut sink: impl FnMut(&[u8])) -> bool {
        let Some(inner) = self.inner.as_ref() else { return false };
        let Some(head) = inner.head(kind, key) else { return false };
        let read = inner.store.stream(kind, key, &head, |bytes| {
            sink(bytes);
            Ok(())
        });
        if read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::NotFound) {
            inner.damage(kind, key);
        }
        read.is_ok()
    }

    /// Hands over these bytes of the sound under a key, piece by piece of whole samples. Not checked: for who has read all of
    /// it before.
    ///
    /// # Errors
    /// Where it is not there any more.
    pub fn part(&self, kind: Kind, key: &Key, bytes: Range<u64>, sink: impl FnMut(&[u8])) -> io::Result<()> {
        let inner = self.inner.as_ref().ok_or(io::ErrorKind::NotFound)?;
        inner.store.part(kind, key, bytes, sink)
    }

    /// What was found and made so far.
    pub fn tally(&self) -> Tally {
        let Some(inner) = &self.inner else { return Tally::default() };
        let read = |counts: &[AtomicU64; 5]| std::array::from_fn(|kind| counts[kind].load(Ordering::Relaxed));
        Tally {
            found: read(&inner.found),
            made: read(&inner.made),
            damaged: inner.damaged.load(Ordering::Relaxed),
        }
    }

    /// Whether, since this was asked last, a sound that was found turned out to be damaged or gone when it was read:
    /// then whoever got an error should begin again, and will find missing whatever is damaged. What is found and made
    /// is counted from then on.
    pub fn take_lost(&self) -> bool {
        let Some(inner) = self.inner.as_ref().filter(|it| it.lost.swap(false, Ordering::Relaxed)) else {
            return false;
        };
        inner.careful.store(true, Ordering::Relaxed);
        inner.found.iter().chain(&inner.made).for_each(|count| count.store(0, Ordering::Relaxed));
        true
    }

    /// How many bytes it may hold; none where it keeps nothing.
    pub fn most(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.most)
    }

    /// Removes the entries that have gone unused for longest until no more bytes are left than it may hold, where
    /// something was written since this was done last.
    pub fn bound(&self) {
        if let Some(inner) = self.inner.as_ref().filter(|inner| inner.store.take_written() > 0) {
            let _ = folder::prune(inner.store.folder(), inner.most);
        }
    }

    fn lose(&self, kind: Kind, key: &Key, error: &io::Error) {
        if let Some(inner) = &self.inner {
            if error.kind() != io::ErrorKind::NotFound {
                inner.damage(kind, key);
            }
            inner.lost.store(true, Ordering::Relaxed);
        }
    }
}

impl Inner {
    /// The head of an entry that is there and sound.
    fn head(&self, kind: Kind, key: &Key) -> Option<Head> {
        match self.store.head(kind, key) {
            Ok(head) => Some(head),
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.damage(kind, key);
                }
                None
            }
        }
    }

    fn damage(&self, kind: Kind, key: &Key) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.store.remove(kind, key);
    }

    fn count(&self, counts: &[AtomicU64; 5], kind: Kind) {
        counts[kind as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl Key {
    /// What a sound that is kept under the key is known by.
    pub fn identity(&self) -> Identity {
        Identity::new(*self.bytes())
    }
}
