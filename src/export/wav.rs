//! WAV files: 16-bit, 24-bit or 32-bit float, mono or stereo.
//!
//! Integers are made by scaling with 2^(bits − 1), rounding to the nearest, halves to the even one, and holding the
//! result inside the range; how many samples had to be held is counted, not hidden. Dither is for the caller to add
//! before. 16-bit files have the plain 44-byte header, the others the extensible one of 68 bytes; with [`Tags`] there
//! is a broadcast extension before the samples, and markers and an ID3 tag after them.
//!
//! A WAV's lengths are 32-bit numbers: what is known to pass them is written as RF64, whose lengths have 64.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::audio::at::{AT_ONCE, write_all_at};
use crate::audio::buffer::Channels;
use crate::dsp::loudness::profile::Measures;
use crate::export::id3;
use crate::export::tags::Tags;
use crate::export::wav::packed::Packed;
use crate::export::wav::placed::{Placed, Placing, Run};
use crate::host::room::reserve;
use crate::host::settle::Settling;
use crate::host::whole::{WholeError, WholeFile};
use crate::units::depth::BitDepth;
use crate::units::time::{FrameCount, SampleRate};

pub mod packed;
pub mod placed;
mod riff;

/// The most bytes of samples: what a 32-bit number holds, less the header and one byte of padding.
const MOST_BYTES: u64 = u32::MAX as u64 - 68;
/// What is left for everything around the samples in a file that has tags: 32 MiB, of which a picture may have 16.
const AROUND: u64 = 32 << 20;
/// The content of a `ds64` chunk without a table.
const DS64: usize = 28;

/// How a WAV stores sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WavFormat {
    /// The sample rate.
    pub rate: SampleRate,
    /// Mono or stereo.
    pub channels: Channels,
    /// The word length.
    pub depth: BitDepth,
}

impl WavFormat {
    /// The most frames a plain file of this format can hold: 4 GiB of samples, 4 h 8 min in 24-bit stereo at 48 kHz.
    pub fn longest(self) -> FrameCount {
        FrameCount::new(MOST_BYTES / self.frame())
    }

    /// Bytes in a frame.
    fn frame(self) -> u64 {
        self.depth.bytes() * self.channels.count() as u64
    }
}

/// A WAV file being written. It appears under its name by [`WavWriter::finish`], or never.
pub struct WavWriter {
    format: WavFormat,
    whole: WholeFile,
    file: Arc<File>,
    settling: Arc<Mutex<Settling>>,
    written: WavWritten,
    /// What has not been written to the file yet, and the byte of the file where it goes.
    gathered: Packed,
    at: u64,
    /// Whether lengths have 64 bits.
    long: bool,
    /// Where the loudness figures stand, if there are any.
    loudness: Option<u64>,
    /// Where the samples begin.
    samples: u64,
    /// What comes after them.
    after: Vec<u8>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WavWritten {
    /// The length.
    pub frames: FrameCount,
    /// Samples that lay outside the range of integers, +1.0 included, and were held at its end.
    pub clamped: u64,
}

impl WavWriter {
    /// Begins a file that is to hold `length` frames, if that is known. See [`WholeFile::create`].
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn create(
        target: impl Into<PathBuf>,
        format: WavFormat,
        length: Option<FrameCount>,
    ) -> Result<WavWriter, WavError> {
        let long = length.is_some_and(|length| length > format.longest());
        WavWriter::begin(target.into(), format, (length, long), None)
    }

    /// Begins a file that is to hold `length` frames and says so much about itself. One of more than `most` bytes of
    /// samples is RF64: 4 GiB where it is `None`.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn create_tagged(
        target: impl Into<PathBuf>,
        format: WavFormat,
        length: FrameCount,
        tags: &Tags,
        most: Option<u64>,
    ) -> Result<WavWriter, WavError> {
        let most = most.unwrap_or(MOST_BYTES - AROUND);
        let long = length.get().saturating_mul(format.frame()) > most;
        WavWriter::begin(target.into(), format, (Some(length), long), Some(tags))
    }

    fn begin(
        target: PathBuf,
        format: WavFormat,
        (length, long): (Option<FrameCount>, bool),
        tags: Option<&Tags>,
    ) -> Result<WavWriter, WavError> {
        let whole = WholeFile::create(target).map_err(WavError::Whole)?;
        let file = Arc::new(whole.handle().map_err(WavError::Whole)?);
        let mut head = if long { b"RF64".to_vec() } else { b"RIFF".to_vec() };
        head.extend(u32::MAX.to_le_bytes());
        head.extend(b"WAVE");
        if long {
            head.extend(riff::chunk(b"ds64", &[0; DS64]));
        }
        let mut loudness = None;
        if let Some(tags) = tags {
            loudness = Some(head.len() as u64 + 8 + riff::LOUDNESS);
            head.extend(riff::chunk(b"bext", &riff::broadcast(tags, format)));
        }
        head.extend(riff::chunk(b"fmt ", &riff::format(format)));
        head.extend(b"data");
        head.extend(u32::MAX.to_le_bytes());
        let after = tags.map_or(Vec::new(), |tags| {
            let mut after = riff::markers(&tags.chapters);
            after.extend(riff::names(tags));
            after.extend(riff::chunk(b"id3 ", &id3::bytes(tags, format.rate)));
            after
        });
        if let Some(length) = length {
            let around = (head.len() + after.len()) as u64;
            reserve(&file, length.get().saturating_mul(format.frame()).saturating_add(around));
        }
        let (gathered, at, samples) = (Packed::default(), head.len() as u64, head.len() as u64);
        let (settling, written) = (Arc::default(), WavWritten::default());
        let writer = WavWriter {
            format,
            whole,
            file,
            settling,
            written,
            gathered,
            at,
            long,
            loudness,
            samples,
            after,
        };
        write_all_at(&writer.file, &head, 0).map_err(|error| writer.failed(error))?;
        Ok(writer)
    }

    /// Where the file will stand.
    pub fn target(&self) -> &Path {
        self.whole.target()
    }

    /// Where in the file its sound begins.
    pub fn start(&self) -> u64 {
        self.samples
    }

    /// Appends interleaved frames, whole ones only; an incomplete last frame is dropped.
    ///
    /// # Errors
    /// Where they do not fit a WAV, where one is no number, where the disk is full.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), WavError> {
        self.format.pack(interleaved, &mut self.gathered);
        let (written, stray) = self.gathered.take_counts();
        self.count(written, stray)?;
        if self.gathered.bytes.len() >= AT_ONCE { self.settle() } else { Ok(()) }
    }

    /// The same for frames that were packed already, in this file's format.
    ///
    /// # Errors
    /// See [`WavWriter::write`].
    pub fn write_packed(&mut self, packed: &Packed) -> Result<(), WavError> {
        self.count(packed.written, packed.stray)?;
        if self.gathered.bytes.len() + packed.bytes.len() >= AT_ONCE {
            self.settle()?;
        }
        if packed.bytes.len() >= AT_ONCE {
            return self.write_at_end(&packed.bytes);
        }
        self.gathered.bytes.extend_from_slice(&packed.bytes);
        Ok(())
    }

    /// The places of its frames: who writes there hands over what came of it, in order, to [`WavWriter::append`].
    pub fn placing(&self) -> Placing {
        Placing::new(Arc::clone(&self.file), Arc::clone(&self.settling), self.samples, self.format)
    }

    /// The same for frames that were put by `placing` where the next ones go.
    ///
    /// # Errors
    /// See [`WavWriter::write`].
    pub fn append(&mut self, placing: &Placing, placed: Placed) -> Result<Run, WavError> {
        self.settle()?;
        let run = placing.end(placed).map_err(|error| self.failed(error))?;
        self.count(run.written, run.stray)?;
        self.at += run.bytes;
        Ok(run)
    }

    /// Counts frames that are appended, if they can be.
    fn count(&mut self, written: WavWritten, stray: Option<FrameCount>) -> Result<(), WavError> {
        let total = self.written.frames.plus(written.frames);
        let longest = self.format.longest();
        if !self.long && total > longest {
            let path = self.whole.target().to_owned();
            return Err(WavError::TooLong { path, longest, rate: self.format.rate });
        }
        if let Some(stray) = stray {
            let frame = self.written.frames.plus(stray);
            return Err(WavError::NotASample { path: self.whole.target().to_owned(), frame });
        }
        self.written.frames = total;
        self.written.clamped += written.clamped;
        Ok(())
    }

    /// Writes what is gathered.
    fn settle(&mut self) -> Result<(), WavError> {
        let mut bytes = std::mem::take(&mut self.gathered.bytes);
        let settled = self.write_at_end(&bytes);
        bytes.clear();
        self.gathered.bytes = bytes;
        settled
    }

    fn write_at_end(&mut self, bytes: &[u8]) -> Result<(), WavError> {
        write_all_at(&self.file, bytes, self.at).map_err(|error| self.failed(error))?;
        self.at += bytes.len() as u64;
        self.settling().wrote(&self.file, bytes.len() as u64);
        Ok(())
    }

    /// Tells what was measured of the samples; without it the file says nothing of its loudness.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn tell(&mut self, measures: &Measures) -> Result<(), WavError> {
        let Some(at) = self.loudness else { return Ok(()) };
        write_all_at(&self.file, &riff::loudness(measures), at).map_err(|error| self.failed(error))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses; then a file of that name is as it was before.
    pub fn finish(self) -> Result<WavWritten, WavError> {
        let (whole, written) = self.complete()?;
        whole.commit().map_err(WavError::Whole)?;
        Ok(written)
    }

    /// Completes the file, which has no name until what this gives is committed.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn complete(mut self) -> Result<(WholeFile, WavWritten), WavError> {
        self.settle()?;
        self.end().map_err(|error| self.failed(error))?;
        let settling = std::mem::take(&mut *self.settling());
        settling.finish().map_err(|error| self.failed(error))?;
        Ok((self.whole, self.written))
    }

    /// Writes what comes after the samples, and the lengths.
    fn end(&self) -> io::Result<()> {
        let data = self.written.frames.get() * self.format.frame();
        // A chunk of odd length is followed by a byte that its length does not count.
        let odd = data % 2;
        write_all_at(&self.file, &[0][..usize::from(odd == 1)], self.at)?;
        write_all_at(&self.file, &self.after, self.at + odd)?;
        let all = self.samples + data + odd + self.after.len() as u64 - 8;
        // Also gives back the room of frames that were promised and did not come.
        self.file.set_len(all + 8)?;
        if self.long {
            let sizes = [all, data, self.written.frames.get()].map(u64::to_le_bytes);
            return write_all_at(&self.file, sizes.as_flattened(), 12 + 8);
        }
        let short = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
        write_all_at(&self.file, &short(all), 4)?;
        write_all_at(&self.file, &short(data), self.samples - 4)
    }

    fn settling(&self) -> MutexGuard<'_, Settling> {
        self.settling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, source: io::Error) -> WavError {
        WavError::Write { path: self.whole.target().to_owned(), source }
    }
}

/// Why a WAV was not written.
#[derive(Debug)]
pub enum WavError {
    /// More than a WAV can hold, which was not known when it was begun.
    TooLong {
        /// The file.
        path: PathBuf,
        /// What it can hold.
        longest: FrameCount,
        /// At which rate.
        rate: SampleRate,
    },
    /// A sample is infinite or not a number.
    NotASample {
        /// The file.
        path: PathBuf,
        /// Where in it.
        frame: FrameCount,
    },
    /// Writing failed.
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be made, or not be given its name.
    Whole(WholeError),
}

impl fmt::Display for WavError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WavError::TooLong { path, longest, rate } => write!(
                f,
                "`{}` would be larger than the 4 GiB a WAV can be: at this word length it holds {:.0} s",
                path.display(),
                longest.seconds(*rate),
            ),
            WavError::NotASample { path, frame } => {
                write!(f, "frame {} of `{}` is not a number", frame.get(), path.display())
            }
            WavError::Write { path, source } => write!(f, "`{}` cannot be written: {source}", path.display()),
            WavError::Whole(error) => error.fmt(f),
        }
    }
}

impl Error for WavError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            WavError::Write { source, .. } => Some(source),
            WavError::Whole(error) => error.source(),
            WavError::TooLong { .. } | WavError::NotASample { .. } => None,
        }
    }
}
