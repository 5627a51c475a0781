//! Frames become a file of one format or another.

use std::path::Path;

use crate::dsp::loudness::profile::Measures;
use crate::export::episode::EpisodeError;
use crate::export::flac::FlacWriter;
#[cfg(feature = "mp3")]
use crate::export::mp3::Mp3Writer;
use crate::export::opus::OpusWriter;
use crate::export::shape::Shape;
use crate::export::tags::Tags;
use crate::export::wav::packed::Packed;
use crate::export::wav::{WavFormat, WavWriter};
use crate::host::whole::WholeFile;

/// How sound is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// As it is.
    Wav,
    /// As it is, in half the space. No floats.
    Flac,
    /// As it sounds, in a tenth, for every player there is. Only in builds with the feature `mp3`.
    Mp3,
    /// As it sounds, in a twentieth.
    Opus,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Wav, Format::Flac, Format::Mp3, Format::Opus];

    /// Its word, which is its files' ending as well.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Wav => "wav",
            Format::Flac => "flac",
            Format::Mp3 => "mp3",
            Format::Opus => "opus",
        }
    }

    /// Whether something of the sound is lost.
    pub fn is_lossy(self) -> bool {
        match self {
            Format::Wav | Format::Flac => false,
            Format::Mp3 | Format::Opus => true,
        }
    }

    /// Whether this build writes it.
    pub fn is_built(self) -> bool {
        self != Format::Mp3 || cfg!(feature = "mp3")
    }
}

#[expect(clippy::large_enum_variant, reason = "there are few at a time")]
/// A file being written that holds every word of the master. It has its name once what [`Lossless::finish`] gave is
/// committed.
pub enum Lossless {
    /// A WAV.
    Wav(WavWriter),
    /// A FLAC.
    Flac(FlacWriter),
}

impl Lossless {
    /// Begins a file; `None` for a format that loses something.
    ///
    /// # Errors
    /// Where it cannot be made, or the format cannot hold such sound.
    pub fn create(
        format: Format,
        target: &Path,
        shape: Shape,
        tags: &Tags,
    ) -> Result<Option<Lossless>, EpisodeError> {
        Ok(match format {
            Format::Wav => {
                let Shape { rate, channels, depth, frames } = shape;
                let format = WavFormat { rate, channels, depth };
                Some(Lossless::Wav(WavWriter::create_tagged(target, format, frames, tags, None)?))
            }
            Format::Flac => Some(Lossless::Flac(FlacWriter::create(target, shape, tags)?)),
            Format::Mp3 | Format::Opus => None,
        })
    }

    /// Appends frames, as they stand in a WAV of the same words.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, packed: &Packed) -> Result<(), EpisodeError> {
        match self {
            Lossless::Wav(wav) => Ok(wav.write_packed(packed)?),
            Lossless::Flac(flac) => flac.write(packed),
        }
    }

    /// Tells the file what was measured of it, where the format has a place for that.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn tell(&mut self, measures: &Measures) -> Result<(), EpisodeError> {
        match self {
            Lossless::Wav(wav) => Ok(wav.tell(measures)?),
            Lossless::Flac(_) => Ok(()),
        }
    }

    /// Completes the file, which has no name yet; says where its sound begins if it is a WAV.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(self) -> Result<(WholeFile, Option<u64>), EpisodeError> {
        match self {
            Lossless::Wav(wav) => {
                let start = wav.start();
                Ok((wav.complete()?.0, Some(start)))
            }
            Lossless::Flac(flac) => Ok((flac.finish()?, None)),
        }
    }
}

#[cfg_attr(feature = "mp3", expect(clippy::large_enum_variant, reason = "there are few at a time"))]
/// A file being written that holds what can be heard of the master. It has its name once what [`Lossy::finish`] gave is
/// committed.
pub enum Lossy {
    /// An MP3.
    #[cfg(feature = "mp3")]
    Mp3(Mp3Writer),
    /// An Opus.
    Opus(OpusWriter),
}

impl Lossy {
    /// Begins a file.
    ///
    /// # Errors
    /// Where it cannot be made, or this build or this type has no such format.
    pub fn create(format: Format, target: &Path, shape: Shape, tags: &Tags) -> Result<Lossy, EpisodeError> {
        match format {
            #[cfg(feature = "mp3")]
            Format::Mp3 => Ok(Lossy::Mp3(Mp3Writer::create(target, shape, tags)?)),
            Format::Opus => Ok(Lossy::Opus(OpusWriter::create(target, shape, tags)?)),
            _ => {
                let why = format!("this build writes no {}", format.extension().to_uppercase());
                Err(EpisodeError::Encode { path: target.to_owned(), why })
            }
        }
    }

    /// Appends interleaved frames.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), EpisodeError> {
        match self {
            #[cfg(feature = "mp3")]
            Lossy::Mp3(mp3) => mp3.write(interleaved),
            Lossy::Opus(opus) => opus.write(interleaved),
        }
    }

    /// Completes the file, which has no name yet.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(self) -> Result<WholeFile, EpisodeError> {
        match self {
            #[cfg(feature = "mp3")]
            Lossy::Mp3(mp3) => mp3.finish(),
            Lossy::Opus(opus) => opus.finish(),
        }
    }
}
