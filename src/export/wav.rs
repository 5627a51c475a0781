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
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::audio::buffer::Channels;
use crate::audio::words;
use crate::cache::key::Key;
use crate::dsp::loudness::profile::Measures;
use crate::export::id3;
use crate::export::tags::Tags;
use crate::host::settle::Settling;
use crate::host::whole::{WholeError, WholeFile};
use crate::master::dither::Dither;
use crate::units::depth::BitDepth;
use crate::units::time::{FrameCount, SampleRate};

mod riff;

/// The most bytes of samples: what a 32-bit number holds, less the header and one byte of padding.
const MOST_BYTES: u64 = u32::MAX as u64 - 68;
/// What is left for everything around the samples in a file that has tags: 32 MiB, of which a picture may have 16.
const AROUND: u64 = 32 << 20;
/// Bytes gathered before they are written.
const BUFFER: usize = 256 << 10;
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

    /// Adds frames, interleaved and whole ones only, to those that are `packed` as they stand in a file; an incomplete last
    /// frame is dropped. Any thread may do that for a [`WavWriter`].
    pub fn pack(self, interleaved: &[f32], packed: &mut Packed) {
        let width = self.channels.count();
        let frames = interleaved.len() / width;
        let samples = &interleaved[..frames * width];
        // All are numbers, as a rule, and that is seen many at a time.
        if !samples.iter().fold(true, |finite, sample| finite & sample.is_finite()) && packed.stray.is_none()
        {
            let at = samples.iter().position(|sample| !sample.is_finite());
            packed.stray = at.map(|at| packed.written.frames.plus(FrameCount::new((at / width) as u64)));
        }
        packed.written.clamped += match self.depth {
            BitDepth::Int16 => words::pack::<2>(samples, &mut packed.bytes),
            BitDepth::Int24 => words::pack::<3>(samples, &mut packed.bytes),
            BitDepth::Float32 => {
                packed.bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
                0
            }
        };
        packed.written.frames = packed.written.frames.plus(FrameCount::new(frames as u64));
    }

    /// The same for as many samples as `fill` makes whole numbers of steps of this format's words of. Not for floats.
    pub fn pack_as_words(self, samples: usize, packed: &mut Packed, fill: impl FnOnce(&mut [i32])) {
        // As a rule as many as the last time, so that nothing has to be cleared.
        packed.words.resize(samples, 0);
        fill(&mut packed.words);
        match self.depth {
            BitDepth::Int16 => words::pack_words::<2>(&packed.words, &mut packed.bytes),
            BitDepth::Int24 => words::pack_words::<3>(&packed.words, &mut packed.bytes),
            BitDepth::Float32 => return,
        }
        let frames = FrameCount::new((samples / self.channels.count()) as u64);
        packed.written.frames = packed.written.frames.plus(frames);
    }

    /// Adds the master's frames of a scene from its frame `first` on, dithered.
    pub fn pack_dithered(self, interleaved: &[f32], first: u64, packed: &mut Packed) {
        if self.depth == BitDepth::Float32 {
            return self.pack(interleaved, packed);
        }
        let mut dither = Dither::new(self.depth, self.channels, first);
        self.pack_as_words(interleaved.len(), packed, |words| dither.words(interleaved, words));
    }

    /// Frames that stand in a file already, with the digest of their bytes.
    pub fn packed(self, bytes: Vec<u8>, digest: Key) -> Packed {
        let frames = FrameCount::new(bytes.len() as u64 / self.frame());
        Packed {
            bytes,
            written: WavWritten { frames, clamped: 0 },
            digest: Some(digest),
            ..Packed::default()
        }
    }

    /// Some of the frames of `packed`.
    pub fn slice(self, packed: &Packed, frames: Range<u64>) -> Packed {
        let byte =
            |frame: u64| usize::try_from(frame * self.frame()).unwrap_or(usize::MAX).min(packed.bytes.len());
        let bytes = packed.bytes[byte(frames.start)..byte(frames.end)].to_vec();
        let written = WavWritten { frames: FrameCount::new(bytes.len() as u64 / self.frame()), clamped: 0 };
        Packed { bytes, written, stray: packed.stray, ..Packed::default() }
    }

    /// Bytes in a frame.
    fn frame(self) -> u64 {
        self.depth.bytes() * self.channels.count() as u64
    }
}

/// Frames in the words of a [`WavFormat`]; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    bytes: Vec<u8>,
    written: WavWritten,
    /// The first frame that is no number.
    stray: Option<FrameCount>,
    /// That of the bytes, where it is known.
    digest: Option<Key>,
    /// Kept for its room.
    words: Vec<i32>,
}

impl Packed {
    /// Takes all of them out again, and keeps the room.
    fn clear(&mut self) {
        self.bytes.clear();
        (self.written, self.stray, self.digest) = (WavWritten::default(), None, None);
    }

    /// Them, as they stand in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the bytes, where it is known.
    pub fn digest(&self) -> Option<Key> {
        self.digest
    }

    /// How many they are.
    pub fn frames(&self) -> FrameCount {
        self.written.frames
    }
}

/// A WAV file being written. It appears under its name by [`WavWriter::finish`], or never.
pub struct WavWriter {
    format: WavFormat,
    whole: WholeFile,
    file: BufWriter<File>,
    settling: Settling,
    written: WavWritten,
    /// Whether lengths have 64 bits.
    long: bool,
    /// Where the loudness figures stand, if there are any.
    loudness: Option<u64>,
    /// Where the samples begin.
    samples: u64,
    /// What comes after them.
    after: Vec<u8>,
    /// Kept for its room.
    packed: Packed,
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
        WavWriter::begin(target.into(), format, long, None)
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
        WavWriter::begin(target.into(), format, long, Some(tags))
    }

    fn begin(
        target: PathBuf,
        format: WavFormat,
        long: bool,
        tags: Option<&Tags>,
    ) -> Result<WavWriter, WavError> {
        let whole = WholeFile::create(target).map_err(WavError::Whole)?;
        let file = BufWriter::with_capacity(BUFFER, whole.handle().map_err(WavError::Whole)?);
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
        let mut writer = WavWriter {
            format,
            whole,
            file,
            settling: Settling::default(),
            written: WavWritten::default(),
            long,
            loudness,
            samples: head.len() as u64,
            after,
            packed: Packed::default(),
        };
        writer.file.write_all(&head).map_err(|error| writer.failed(error))?;
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
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        self.format.pack(interleaved, &mut packed);
        let written = self.write_packed(&packed);
        self.packed = packed;
        written
    }

    /// The same for frames that were packed already, in this file's format.
    ///
    /// # Errors
    /// See [`WavWriter::write`].
    pub fn write_packed(&mut self, packed: &Packed) -> Result<(), WavError> {
        let total = self.written.frames.plus(packed.frames());
        let longest = self.format.longest();
        if !self.long && total > longest {
            let path = self.whole.target().to_owned();
            return Err(WavError::TooLong { path, longest, rate: self.format.rate });
        }
        if let Some(stray) = packed.stray {
            let frame = self.written.frames.plus(stray);
            return Err(WavError::NotASample { path: self.whole.target().to_owned(), frame });
        }
        self.file.write_all(&packed.bytes).map_err(|error| self.failed(error))?;
        self.settling.wrote(self.file.get_ref(), packed.bytes.len() as u64);
        self.written.frames = total;
        self.written.clamped += packed.written.clamped;
        Ok(())
    }

    /// Tells what was measured of the samples; without it the file says nothing of its loudness.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn tell(&mut self, measures: &Measures) -> Result<(), WavError> {
        let Some(at) = self.loudness else { return Ok(()) };
        self.patch(at, &riff::loudness(measures)).map_err(|error| self.failed(error))
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
        self.end().map_err(|error| self.failed(error))?;
        Ok((self.whole, self.written))
    }

    /// Writes what comes after the samples, and the lengths.
    fn end(&mut self) -> io::Result<()> {
        let data = self.written.frames.get() * self.format.frame();
        // A chunk of odd length is followed by a byte that its length does not count.
        self.file.write_all(&[0][..usize::from(data % 2 == 1)])?;
        self.file.write_all(&self.after)?;
        let all = self.samples + data + data % 2 + self.after.len() as u64 - 8;
        if self.long {
            let mut sizes = Vec::new();
            for size in [all, data, self.written.frames.get()] {
                sizes.extend(size.to_le_bytes());
            }
            self.patch(12 + 8, &sizes)?;
        } else {
            let short = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
            self.patch(4, &short(all))?;
            self.patch(self.samples - 4, &short(data))?;
        }
        self.file.flush()?;
        std::mem::take(&mut self.settling).finish()
    }

    /// Writes over what stands at a place, and comes back to the end.
    fn patch(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
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
