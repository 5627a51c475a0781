//! WAV files: 16-bit, 24-bit or 32-bit float, mono or stereo.
//!
//! Integers are made by scaling with 2^(bits − 1), rounding to the nearest, halves to the even one, and holding the
//! result inside the range; how many samples had to be held is counted, not hidden. Dither is for the caller to add
//! before. 16-bit files have the plain 44-byte header, the others the extensible one of 68 bytes.
//!
//! A WAV's lengths are 32-bit numbers: what would pass them is refused before it is written.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::audio::buffer::Channels;
use crate::host::whole::{WholeError, WholeFile};
use crate::units::depth::BitDepth;
use crate::units::time::{FrameCount, SampleRate};

/// The most bytes of samples: what a 32-bit number holds, less the header and one byte of padding.
const MOST_BYTES: u64 = u32::MAX as u64 - 68;
/// Bytes gathered before they are written.
const BUFFER: usize = 256 << 10;

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
    /// The most frames a file of this format can hold: 4 GiB of samples, 4 h 8 min in 24-bit stereo at 48 kHz.
    pub fn longest(self) -> FrameCount {
        FrameCount::new(MOST_BYTES / (self.depth.bytes() * self.channels.count() as u64))
    }
}

/// A WAV file being written. It appears under its name by [`WavWriter::finish`], or never.
pub struct WavWriter {
    format: WavFormat,
    whole: WholeFile,
    hound: hound::WavWriter<BufWriter<File>>,
    written: WavWritten,
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
    /// Begins a file that is to hold `length` frames at most, if that is known. See [`WholeFile::create`].
    ///
    /// # Errors
    /// Where `length` does not fit a WAV, before anything is made; where the file cannot be made.
    pub fn create(
        target: impl Into<PathBuf>,
        format: WavFormat,
        length: Option<FrameCount>,
    ) -> Result<WavWriter, WavError> {
        let target = target.into();
        let longest = format.longest();
        if length.is_some_and(|length| length > longest) {
            return Err(WavError::TooLong { path: target, longest, rate: format.rate });
        }
        let whole = WholeFile::create(target).map_err(WavError::Whole)?;
        let spec = hound::WavSpec {
            // One or two.
            channels: if format.channels == Channels::Mono { 1 } else { 2 },
            sample_rate: format.rate.hz(),
            bits_per_sample: format.depth.bits(),
            sample_format: match format.depth {
                BitDepth::Int16 | BitDepth::Int24 => hound::SampleFormat::Int,
                BitDepth::Float32 => hound::SampleFormat::Float,
            },
        };
        // hound keeps what it is given, so it gets a handle of its own, and the file its name after hound is done.
        let file = BufWriter::with_capacity(BUFFER, whole.handle().map_err(WavError::Whole)?);
        let hound = hound::WavWriter::new(file, spec).map_err(|error| failed(whole.target(), error))?;
        Ok(WavWriter { format, whole, hound, written: WavWritten::default() })
    }

    /// Appends interleaved frames, whole ones only; an incomplete last frame is dropped.
    ///
    /// # Errors
    /// Where they do not fit a WAV, where one is no number, where the disk is full.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), WavError> {
        let width = self.format.channels.count();
        let frames = interleaved.len() / width;
        let samples = &interleaved[..frames * width];
        let total = self.written.frames.plus(FrameCount::new(frames as u64));
        let longest = self.format.longest();
        if total > longest {
            let path = self.whole.target().to_owned();
            return Err(WavError::TooLong { path, longest, rate: self.format.rate });
        }
        if let Some(at) = samples.iter().position(|sample| !sample.is_finite()) {
            let frame = self.written.frames.plus(FrameCount::new((at / width) as u64));
            return Err(WavError::NotASample { path: self.whole.target().to_owned(), frame });
        }
        let result = match self.format.depth {
            BitDepth::Int16 => self.integers::<16>(samples),
            BitDepth::Int24 => self.integers::<24>(samples),
            BitDepth::Float32 => samples.iter().try_for_each(|sample| self.hound.write_sample(*sample)),
        };
        result.map_err(|error| failed(self.whole.target(), error))?;
        self.written.frames = total;
        Ok(())
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
    pub fn complete(self) -> Result<(WholeFile, WavWritten), WavError> {
        let WavWriter { format, mut whole, hound, written } = self;
        hound.finalize().map_err(|error| failed(whole.target(), error))?;
        // A chunk of odd length is followed by a byte that its length does not count, which hound leaves out.
        if written.frames.get() * format.channels.count() as u64 * format.depth.bytes() % 2 == 1 {
            let path = whole.target().to_owned();
            pad(&mut whole).map_err(|source| WavError::Write { path, source })?;
        }
        Ok((whole, written))
    }

    fn integers<const BITS: u32>(&mut self, samples: &[f32]) -> hound::Result<()> {
        let scale = const { (1_u32 << (BITS - 1)) as f32 };
        let mut clamped = 0;
        for sample in samples {
            // Scaling by a power of two is exact, so this rounds once.
            let scaled = (sample * scale).round_ties_even();
            clamped += u64::from(!(-scale..=scale - 1.0).contains(&scaled));
            #[expect(clippy::cast_possible_truncation, reason = "held inside 24 bits")]
            self.hound.write_sample(scaled.clamp(-scale, scale - 1.0) as i32)?;
        }
        self.written.clamped += clamped;
        Ok(())
    }
}

/// Appends a byte, and counts it in the length of the whole.
fn pad(file: &mut WholeFile) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    file.write_all(&[0])?;
    file.seek(SeekFrom::Start(4))?;
    let riff = u32::try_from(end + 1 - 8).unwrap_or(u32::MAX);
    file.write_all(&riff.to_le_bytes())
}

fn failed(path: &Path, error: hound::Error) -> WavError {
    let source = match error {
        hound::Error::IoError(error) => error,
        error => io::Error::other(error),
    };
    WavError::Write { path: path.to_owned(), source }
}

/// Why a WAV was not written.
#[derive(Debug)]
pub enum WavError {
    /// More than a WAV can hold.
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
