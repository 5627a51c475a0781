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
/// A file being written. It has its name once [`Encoder::finish`] was called and what that gave is committed.
pub enum Encoder {
    /// A WAV.
    Wav(WavWriter),
    /// A FLAC.
    Flac(FlacWriter),
    /// An MP3.
    #[cfg(feature = "mp3")]
    Mp3(Mp3Writer),
    /// An Opus.
    Opus(OpusWriter),
}

impl Encoder {
    /// Begins a file.
    ///
    /// # Errors
    /// Where it cannot be made, or the format cannot hold such sound.
    pub fn create(format: Format, target: &Path, shape: Shape, tags: &Tags) -> Result<Encoder, EpisodeError> {
        match format {
            Format::Wav => {
                let Shape { rate, channels, depth, frames } = shape;
                let format = WavFormat { rate, channels, depth };
                Ok(Encoder::Wav(WavWriter::create_tagged(target, format, frames, tags, None)?))
            }
            Format::Flac => Ok(Encoder::Flac(FlacWriter::create(target, shape, tags)?)),
            #[cfg(feature = "mp3")]
            Format::Mp3 => Ok(Encoder::Mp3(Mp3Writer::create(target, shape, tags)?)),
            #[cfg(not(feature = "mp3"))]
            Format::Mp3 => {
                let why = "this build writes no MP3".to_owned();
                Err(EpisodeError::Encode { path: target.to_owned(), why })
            }
            Format::Opus => Ok(Encoder::Opus(OpusWriter::create(target, shape, tags)?)),
        }
    }

    /// Appends interleaved frames; of whole steps where the format has a word length.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), EpisodeError> {
        match self {
            Encoder::Wav(wav) => Ok(wav.write(interleaved)?),
            Encoder::Flac(flac) => flac.write(interleaved),
            #[cfg(feature = "mp3")]
            Encoder::Mp3(mp3) => mp3.write(interleaved),
            Encoder::Opus(opus) => opus.write(interleaved),
        }
    }

    /// Tells the file what was measured of it, where the format has a place for that.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn tell(&mut self, measures: &Measures) -> Result<(), EpisodeError> {
        match self {
            Encoder::Wav(wav) => Ok(wav.tell(measures)?),
            Encoder::Flac(_) | Encoder::Opus(_) => Ok(()),
            #[cfg(feature = "mp3")]
            Encoder::Mp3(_) => Ok(()),
        }
    }

    /// Completes the file, which has no name yet.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(self) -> Result<WholeFile, EpisodeError> {
        match self {
            Encoder::Wav(wav) => Ok(wav.complete()?.0),
            Encoder::Flac(flac) => flac.finish(),
            #[cfg(feature = "mp3")]
            Encoder::Mp3(mp3) => mp3.finish(),
            Encoder::Opus(opus) => opus.finish(),
        }
    }
}
