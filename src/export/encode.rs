//! Frames become a file of one format or another.

use std::path::Path;

use crate::audio::buffer::Channels;
use crate::export::episode::EpisodeError;
use crate::export::tags::Tags;
use crate::export::wav::{WavFormat, WavWriter};
use crate::host::whole::WholeFile;
use crate::units::depth::BitDepth;
use crate::units::time::{FrameCount, SampleRate};

/// How sound is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// As it is.
    Wav,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 1] = [Format::Wav];

    /// Its word, which is its files' ending as well.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Wav => "wav",
        }
    }
}

/// The sound that is to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Frames per second.
    pub rate: SampleRate,
    /// Mono or stereo.
    pub channels: Channels,
    /// The word length, where the format has one.
    pub depth: BitDepth,
    /// The length.
    pub frames: FrameCount,
}

/// A file being written. It has its name once [`Encoder::finish`] was called and what that gave is committed.
pub enum Encoder {
    /// A WAV.
    Wav(WavWriter),
}

impl Encoder {
    /// Begins a file.
    ///
    /// # Errors
    /// Where it cannot be made, or the format cannot hold such sound.
    pub fn create(
        format: Format,
        target: &Path,
        shape: Shape,
        _tags: &Tags,
    ) -> Result<Encoder, EpisodeError> {
        match format {
            Format::Wav => {
                let Shape { rate, channels, depth, frames } = shape;
                let format = WavFormat { rate, channels, depth };
                Ok(Encoder::Wav(WavWriter::create(target, format, Some(frames))?))
            }
        }
    }

    /// Appends interleaved frames; of whole steps where the format has a word length.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), EpisodeError> {
        match self {
            Encoder::Wav(wav) => Ok(wav.write(interleaved)?),
        }
    }

    /// Completes the file, which has no name yet.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(self) -> Result<WholeFile, EpisodeError> {
        match self {
            Encoder::Wav(wav) => Ok(wav.complete()?.0),
        }
    }
}
