//! A scratch file that holds finished audio, so that memory does not grow with the episode.
//!
//! The file has no name, or is deleted by the system when the last handle to it is closed: nothing is left behind
//! however the program ends. Audio is appended by many threads at once and read back through [`Samples`], which keep
//! the file alive. Short audio stays in memory.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::audio::at::{self, write_all_at};
use crate::audio::buffer::{AudioBuffer, Channels};
use crate::audio::samples::{Piece, SAMPLE_BYTES, Samples, Word};
use crate::units::time::{FrameCount, SampleRate};

/// Audio of fewer samples than this stays in memory: 64 KiB.
pub const SHORT: usize = (64 << 10) / SAMPLE_BYTES;
/// How many samples a [`SpoolWriter`] gathers before it appends them.
const GATHERED: usize = at::AT_ONCE / SAMPLE_BYTES;
/// How many samples are turned into bytes at once.
const AT_ONCE: usize = 4096;

/// A scratch file for audio. Cheap to clone; every clone appends to the same file.
#[derive(Clone, Debug)]
pub struct Spool {
    file: Arc<File>,
    end: Arc<AtomicU64>,
    folder: PathBuf,
}

impl Spool {
    /// A spool in the system's folder for temporary files.
    ///
    /// # Errors
    /// Where no file can be made there.
    pub fn new() -> Result<Spool, SpoolError> {
        Spool::in_folder(std::env::temp_dir())
    }

    /// A spool in `folder`.
    ///
    /// # Errors
    /// Where no file can be made there.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Result<Spool, SpoolError> {
        let folder = folder.into();
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Spool { file: Arc::new(file), end: Arc::default(), folder }),
            Err(source) => Err(SpoolError { folder, source }),
        }
    }

    /// Stores `buffer`; its rate is for the caller to know.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn append(&self, buffer: &AudioBuffer) -> Result<Samples, SpoolError> {
        if buffer.samples().len() < SHORT {
            return Ok(Samples::in_memory(buffer.clone()));
        }
        let piece = self.store(buffer.samples(), FrameCount::ZERO)?;
        let file = Arc::clone(&self.file);
        Ok(Samples::in_pieces(file, Arc::new([piece]), buffer.channels(), buffer.frames()))
    }

    /// A writer for audio that comes piece by piece, such as a clip being decoded.
    pub fn writer(&self, channels: Channels) -> SpoolWriter {
        SpoolWriter {
            spool: self.clone(),
            channels,
            gathered: Vec::new(),
            pieces: Vec::new(),
            stored: FrameCount::ZERO,
            end: 0,
        }
    }

    /// Room for audio of which the length is known, and that many threads write.
    pub fn stage(&self, channels: Channels, frames: FrameCount) -> Staged {
        let bytes = frames.get() * (channels.count() * SAMPLE_BYTES) as u64;
        let offset = self.end.fetch_add(bytes, Ordering::Relaxed);
        Staged { spool: self.clone(), offset, channels, frames }
    }

    /// Writes samples, the first of the frame `first`, to a place of their own.
    fn store(&self, samples: &[f32], first: FrameCount) -> Result<Piece, SpoolError> {
        let word = if samples.iter().fold(true, |all, sample| all & is_short(*sample)) {
            Word::Short
        } else {
            Word::Float
        };
        let offset = self.end.fetch_add((samples.len() * word.bytes()) as u64, Ordering::Relaxed);
        self.store_at(samples, offset, word)?;
        Ok(Piece { first, offset, word })
    }

    fn store_at(&self, samples: &[f32], mut offset: u64, word: Word) -> Result<(), SpoolError> {
        let mut bytes = [0; AT_ONCE * SAMPLE_BYTES];
        for samples in samples.chunks(AT_ONCE) {
            let bytes = &mut bytes[..samples.len() * word.bytes()];
            if word == Word::Short {
                for (bytes, sample) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
                    *bytes = short(*sample).to_le_bytes();
                }
            } else {
                for (bytes, sample) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
                    *bytes = sample.to_le_bytes();
                }
            }
            self.write_at(bytes, offset)?;
            offset += bytes.len() as u64;
        }
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), SpoolError> {
        write_all_at(&self.file, bytes, offset)
            .map_err(|source| SpoolError { folder: self.folder.clone(), source })
    }
}

/// What is added to a sample as a 16-bit integer so that its lower bits are that integer: numbers this large have no room
/// for a fraction.
const WHOLE: f32 = 12_582_912.0;

/// Whether a sample is a 16-bit integer, and none of those that floats tell apart.
fn is_short(sample: f32) -> bool {
    let scaled = sample * 32_768.0;
    let whole = (scaled + WHOLE) - WHOLE;
    (whole.to_bits() == scaled.to_bits()) & (-32_768.0..=32_767.0).contains(&scaled)
}

/// A sample for which [`is_short`] is true, as that integer.
fn short(sample: f32) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower bits")]
    let bits = (sample * 32_768.0 + WHOLE).to_bits() as u16;
    bits.cast_signed()
}

/// Audio in a [`Spool`] that is written from any place, by many threads at once.
#[derive(Debug)]
pub struct Staged {
    spool: Spool,
    offset: u64,
    channels: Channels,
    frames: FrameCount,
}

impl Staged {
    /// Writes interleaved frames to where the frame `first` is.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&self, first: FrameCount, interleaved: &[f32]) -> Result<(), SpoolError> {
        let before = first.get() * (self.channels.count() * SAMPLE_BYTES) as u64;
        self.spool.store_at(interleaved, self.offset + before, Word::Float)
    }

    /// Writes samples as the file has them, 32-bit floats, little-endian, to the byte `first` of the place.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write_bytes(&self, first: u64, bytes: &[u8]) -> Result<(), SpoolError> {
        let all = self.frames.get() * (self.channels.count() * SAMPLE_BYTES) as u64;
        assert!(first + bytes.len() as u64 <= all, "it would lie in another sound's place");
        self.spool.write_at(bytes, self.offset + first)
    }

    /// The audio, for reading, once all of it has been written.
    pub fn finish(self) -> Samples {
        Samples::in_file(self.spool.file, self.offset, self.channels, self.frames)
    }
}

/// Audio on its way into a [`Spool`]. Holds 128 KiB at most, however long the audio.
#[derive(Debug)]
pub struct SpoolWriter {
    spool: Spool,
    channels: Channels,
    gathered: Vec<f32>,
    pieces: Vec<Piece>,
    stored: FrameCount,
    /// Where the last piece ends in the file.
    end: u64,
}

impl SpoolWriter {
    /// Takes the next interleaved frames, whole ones only.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, mut interleaved: &[f32]) -> Result<(), SpoolError> {
        while self.gathered.len() + interleaved.len() >= GATHERED {
            // An even number of samples, so whole frames in mono and stereo.
            let (now, later) = interleaved.split_at(GATHERED - self.gathered.len());
            self.gathered.extend_from_slice(now);
            self.store()?;
            interleaved = later;
        }
        self.gathered.extend_from_slice(interleaved);
        Ok(())
    }

    /// How many frames have been taken.
    pub fn frames(&self) -> FrameCount {
        self.stored.plus(self.gathered_frames())
    }

    /// The audio taken, for reading.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(mut self) -> Result<Samples, SpoolError> {
        if self.pieces.is_empty() && self.gathered.len() < SHORT {
            // Samples carry no rate, so any will do.
            return Ok(Samples::in_memory(AudioBuffer::new(
                self.gathered,
                self.channels,
                SampleRate::DEFAULT,
            )));
        }
        self.store()?;
        Ok(Samples::in_pieces(self.spool.file, self.pieces.into(), self.channels, self.stored))
    }

    fn gathered_frames(&self) -> FrameCount {
        FrameCount::new((self.gathered.len() / self.channels.count()) as u64)
    }

    fn store(&mut self) -> Result<(), SpoolError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = self.spool.store(&self.gathered, self.stored)?;
        let goes_on = |last: &Piece| piece.offset == self.end && piece.word == last.word;
        if !self.pieces.last().is_some_and(goes_on) {
            self.pieces.push(piece);
        }
        self.end = piece.offset + (self.gathered.len() * piece.word.bytes()) as u64;
        self.stored = self.frames();
        self.gathered.clear();
        Ok(())
    }
}

/// Why audio could not be put aside.
#[derive(Debug)]
pub struct SpoolError {
    folder: PathBuf,
    source: io::Error,
}

impl SpoolError {
    /// The folder the scratch file is in, or was to be.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the scratch file in `{}` cannot be written: {}", self.folder.display(), self.source)
    }
}

impl Error for SpoolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
