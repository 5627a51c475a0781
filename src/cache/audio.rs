//! Sound in and out of entries.

use std::io;

use crate::audio::buffer::Channels;
use crate::audio::samples::{Fetch, SAMPLE_BYTES, Samples};
use crate::cache::entry::{Head, Shape};
use crate::cache::key::Key;
use crate::cache::store::Writing;
use crate::cache::{Cache, Kind};
use crate::spool::{SHORT, Spool, SpoolError};
use crate::units::time::FrameCount;

/// Samples that are turned into bytes at once; whole frames.
const AT_ONCE: usize = 16 << 10;

/// A sound that lies in an entry until it is asked for.
#[derive(Debug)]
pub(super) struct Kept {
    cache: Cache,
    kind: Kind,
    key: Key,
    head: Head,
    spool: Spool,
}

impl Kept {
    pub(super) fn new(cache: Cache, kind: Kind, key: Key, head: Head, spool: Spool) -> Kept {
        Kept { cache, kind, key, head, spool }
    }

    fn copy(&self) -> io::Result<Samples> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let inner = self.cache.inner.as_ref().ok_or_else(gone)?;
        let Shape::Sound { channels, frames } = self.head.shape else { return Err(gone()) };
        let mut full = None;
        let mut unless_full = |written: Result<(), SpoolError>| {
            written.map_err(|error| {
                full = Some(io::Error::other(error));
                io::ErrorKind::StorageFull.into()
            })
        };
        let stream = |sink: &mut dyn FnMut(&[u8]) -> io::Result<()>| {
            inner.store.stream(self.kind, &self.key, &self.head, sink)
        };
        // What was recorded, and short things, may take less room than in the entry; what was made here does seldom.
        let (read, samples) =
            if self.kind == Kind::Sound || self.head.shape.bytes() < (SHORT * SAMPLE_BYTES) as u64 {
                let mut writer = self.spool.writer(channels);
                let mut samples = Vec::new();
                let read = stream(&mut |bytes| {
                    samples.clear();
                    let bytes = bytes.as_chunks::<SAMPLE_BYTES>().0;
                    samples.extend(bytes.iter().map(|bytes| f32::from_le_bytes(*bytes)));
                    unless_full(writer.write(&samples))
                });
                (read, writer.finish())
            } else {
                let place = self.spool.stage(channels, frames);
                let mut at = 0;
                let read = stream(&mut |bytes| {
                    at += bytes.len() as u64;
                    unless_full(place.write_bytes(at - bytes.len() as u64, bytes))
                });
                (read, Ok(place.finish()))
            };
        if let Some(full) = full {
            // Not the entry's fault.
            return Err(full);
        }
        if let Err(error) = read {
            self.cache.lose(self.kind, &self.key, &error);
            return Err(error);
        }
        samples.map_err(io::Error::other)
    }
}

impl Fetch for Kept {
    fn fetch(&self) -> io::Result<Samples> {
        self.copy()
    }
}

/// A sound that is kept while it is made. If it is not finished, nothing is kept of it; nor where it cannot be written.
#[derive(Debug)]
pub struct Recording<'c> {
    cache: &'c Cache,
    writing: Option<Writing<'c>>,
    channels: Channels,
    samples: u64,
    bytes: Vec<u8>,
}

impl Cache {
    /// Keeps a sound that comes piece by piece, without facts, and counts it as made.
    pub fn record(&self, kind: Kind, key: &Key, channels: Channels) -> Recording<'_> {
        self.inner.iter().for_each(|inner| inner.count(&inner.made, kind));
        Recording::new(self, kind, key, b"null".to_vec(), channels)
    }
}

impl<'c> Recording<'c> {
    pub(super) fn new(
        cache: &'c Cache,
        kind: Kind,
        key: &Key,
        facts: Vec<u8>,
        channels: Channels,
    ) -> Recording<'c> {
        let writing = cache.inner.as_ref().and_then(|inner| inner.store.writing(kind, key, facts).ok());
        Recording { cache, writing, channels, samples: 0, bytes: Vec::new() }
    }

    /// Takes all of a sound.
    pub(super) fn copy(&mut self, sound: &Samples) -> io::Result<()> {
        let width = self.channels.count();
        let mut piece = vec![0.0; AT_ONCE];
        let mut at = FrameCount::ZERO;
        while at < sound.frames() {
            let frames = sound.frames().minus(at).min(FrameCount::new((AT_ONCE / width) as u64));
            let piece = &mut piece[..frames.index() * width];
            sound.read(at, piece)?;
            self.push(piece);
            at = at.plus(frames);
        }
        Ok(())
    }

    /// Takes the next samples, interleaved.
    pub fn push(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        self.bytes.clear();
        self.bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        let bytes = &self.bytes;
        if self.writing.as_mut().is_some_and(|writing| writing.push(bytes).is_err()) {
            self.writing = None;
        }
    }

    /// All of it was taken; says whether it is kept.
    pub fn finish(self) -> bool {
        let frames = FrameCount::new(self.samples / self.channels.count() as u64);
        // A full disk, or a folder that went away: then it is made again the next time.
        let shape = Shape::Sound { channels: self.channels, frames };
        let is_kept = self.writing.is_some_and(|writing| writing.finish(shape).is_ok());
        self.cache.stay_bounded();
        is_kept
    }
}
