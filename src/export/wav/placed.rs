//! Frames that are written to their places in a file by whoever makes them, in any order: there is never more of them in
//! memory than what is gathered for one write.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::audio::at::{AT_ONCE, read_exact_at, write_all_at};
use crate::cache::checksum::{Checksum, Summing};
use crate::export::wav::packed::Packed;
use crate::export::wav::{WavFormat, WavWritten};
use crate::host::settle::Settling;
use crate::units::time::FrameCount;

/// What is added at once is not much longer than this.
const MORE: usize = 16 << 10;

/// Where the frames of a file stand, for any number of threads.
#[derive(Clone, Debug)]
pub struct Placing {
    file: Arc<File>,
    /// Not held while writing: systems let one thread at a time write to a file, and who waits there for so short a turn is on
    /// his way sooner than who was put to sleep here.
    settling: Arc<Mutex<Settling>>,
    /// The byte with which frames begin.
    start: u64,
    format: WavFormat,
    /// Whether checksums of what is placed are wanted.
    checksums: bool,
}

/// Frames in a row, on their way to their place. None by default.
#[derive(Debug, Default)]
pub struct Placed {
    /// What has not been written yet; and what there is in all.
    packed: Packed,
    /// The byte of the file that comes after what has been written.
    at: u64,
    /// How many bytes have been.
    written: u64,
    summing: Option<Box<Summing>>,
    /// Why something could not be written.
    failed: Option<io::Error>,
}

/// Frames that stand in their place.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// How many bytes they are.
    pub bytes: u64,
    /// Their checksum, where it is wanted.
    pub checksum: Option<Checksum>,
    pub(super) written: WavWritten,
    pub(super) stray: Option<FrameCount>,
}

impl Run {
    /// How many there are.
    pub fn frames(&self) -> FrameCount {
        self.written.frames
    }
}

impl Placed {
    /// Whether something of it could not be written.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// How many frames were added.
    pub fn frames(&self) -> FrameCount {
        self.packed.frames()
    }
}

impl Placing {
    pub(super) fn new(
        file: Arc<File>,
        settling: Arc<Mutex<Settling>>,
        start: u64,
        format: WavFormat,
    ) -> Placing {
        Placing { file, settling, start, format, checksums: false }
    }

    /// The same, with checksums of what is placed.
    #[must_use]
    pub fn with_checksums(self, checksums: bool) -> Placing {
        Placing { checksums, ..self }
    }

    /// The byte with which a frame of the file begins.
    fn byte(&self, frame: u64) -> u64 {
        self.start + frame * self.format.frame()
    }

    /// Begins a row at a frame of the file, unless it has begun.
    fn begin<'p>(&self, placed: &'p mut Placed, frame: u64) -> &'p mut Packed {
        if placed.packed.bytes.capacity() == 0 {
            placed.packed.bytes.reserve_exact(AT_ONCE + MORE);
            placed.at = self.byte(frame);
            placed.summing = self.checksums.then(Box::default);
        }
        &mut placed.packed
    }

    /// Adds frames of the master to a row that begins at the file's `frame`, dithered as those of a scene from its frame
    /// `first` on. What cannot be written is told by [`Placing::end`].
    pub fn add_dithered(&self, placed: &mut Placed, frame: u64, interleaved: &[f32], first: u64) {
        self.format.pack_dithered(interleaved, first, self.begin(placed, frame));
        if placed.packed.bytes.len() >= AT_ONCE {
            self.settle(placed);
        }
    }

    /// A row that begins at the file's `frame`, of `length` bytes of another file, from its byte `offset` on; they should have
    /// the checksum that is returned with it. They may be written over again. Nothing can be added to them.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn copy(&self, frame: u64, other: &File, offset: u64, length: u64) -> io::Result<(Placed, Checksum)> {
        let mut placed = Placed::default();
        let mut bytes = std::mem::take(&mut self.begin(&mut placed, frame).bytes);
        bytes.resize(AT_ONCE, 0);
        let mut summing = placed.summing.take().unwrap_or_default();
        let mut done = 0;
        while done < length {
            let now = (length - done).min(AT_ONCE as u64);
            let piece = &mut bytes[..FrameCount::new(now).index()];
            read_exact_at(other, piece, offset + done)?;
            summing.add(piece);
            self.put(&mut placed, piece);
            done += now;
        }
        placed.packed.written.frames = FrameCount::new(length / self.format.frame());
        let checksum = summing.checksum();
        placed.summing = self.checksums.then_some(summing);
        Ok((placed, checksum))
    }

    /// Writes what is gathered.
    fn settle(&self, placed: &mut Placed) {
        let mut bytes = std::mem::take(&mut placed.packed.bytes);
        if let Some(summing) = &mut placed.summing {
            summing.add(&bytes);
        }
        self.put(placed, &bytes);
        bytes.clear();
        placed.packed.bytes = bytes;
    }

    /// Writes bytes that come next.
    fn put(&self, placed: &mut Placed, bytes: &[u8]) {
        if placed.failed.is_none() {
            placed.failed = write_all_at(&self.file, bytes, placed.at).err();
            let mut settling = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
            settling.wrote(&self.file, bytes.len() as u64);
        }
        placed.at += bytes.len() as u64;
        placed.written += bytes.len() as u64;
    }

    /// Completes a row.
    ///
    /// # Errors
    /// Where something of it could not be written.
    pub(super) fn end(&self, mut placed: Placed) -> io::Result<Run> {
        if !placed.packed.bytes.is_empty() {
            self.settle(&mut placed);
        }
        if let Some(error) = placed.failed {
            return Err(error);
        }
        Ok(Run {
            bytes: placed.written,
            checksum: placed.summing.map(|summing| summing.checksum()),
            written: placed.packed.written,
            stray: placed.packed.stray,
        })
    }
}
