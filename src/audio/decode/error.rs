//! Why a file did not become sound.

use std::error::Error;
use std::fmt;
use std::io;

use symphonia::core::errors::Error as Symphonia;

use crate::units::time::Seconds;

/// Why a file did not become sound. The file's name is the caller's to add.
#[derive(Debug)]
pub enum DecodeError {
    /// The file cannot be read.
    Read(io::Error),
    /// The receiver of the samples failed.
    Sink(io::Error),
    /// No format this program knows.
    Unknown,
    /// A known container without an audio track.
    NoAudio,
    /// Not one byte, or not one frame.
    Empty,
    /// A format that is known, but not this variety of it.
    Unsupported(String),
    /// More channels than two, in a layout that says nothing about where they stand.
    TooManyChannels {
        /// How many.
        channels: usize,
    },
    /// A sample rate beyond [`crate::units::time::SampleRate::MAX_HZ`], or zero.
    Rate {
        /// What the file says.
        hz: u32,
    },
    /// What cannot be decoded.
    Malformed {
        /// Seconds decoded before it; `None` while reading the header.
        after: Option<f64>,
        /// What is wrong, in the decoder's words.
        what: String,
    },
    /// The file ends before its own header says.
    Truncated {
        /// Seconds decoded before the end.
        after: f64,
    },
    /// A sample that is not a number, infinite, or above +120 dBFS.
    NotASample {
        /// Seconds from the start of the file's audio.
        after: f64,
        /// The value.
        value: f32,
    },
    /// The rate or the channels change part-way, as where streams were joined.
    Changes {
        /// Seconds decoded before it.
        after: f64,
    },
    /// More sound than allowed.
    TooLong {
        /// What is allowed.
        longest: Seconds,
    },
}

impl DecodeError {
    /// The decoder's error, `after` seconds of sound or in the header.
    pub(super) fn of(error: Symphonia, after: Option<f64>) -> DecodeError {
        match error {
            Symphonia::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                DecodeError::Truncated { after: after.unwrap_or(0.0) }
            }
            Symphonia::IoError(error) => DecodeError::Read(error),
            Symphonia::Unsupported(what) => DecodeError::Unsupported(what.to_owned()),
            Symphonia::DecodeError(what) | Symphonia::LimitError(what) => {
                DecodeError::Malformed { after, what: what.to_owned() }
            }
            Symphonia::ResetRequired => DecodeError::Changes { after: after.unwrap_or(0.0) },
            error => DecodeError::Malformed { after, what: error.to_string() },
        }
    }
}

/// What follows the file's name: "is damaged 1.200 s into it".
impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Read(error) => write!(f, "cannot be read: {error}"),
            DecodeError::Sink(error) => write!(f, "cannot be stored once decoded: {error}"),
            DecodeError::Unknown => {
                write!(
                    f,
                    "is no audio file of a known format (WAV, AIFF, FLAC, MP3, Ogg Vorbis, M4A, CAF, MKV)"
                )
            }
            DecodeError::NoAudio => write!(f, "holds no audio track"),
            DecodeError::Empty => write!(f, "holds no audio"),
            DecodeError::Unsupported(what) => write!(f, "is of a kind that is not supported: {what}"),
            DecodeError::TooManyChannels { channels } => {
                write!(
                    f,
                    "has {channels} channels without known places; expected mono, stereo, or a surround layout"
                )
            }
            DecodeError::Rate { hz } => write!(f, "claims a sample rate of {hz} Hz"),
            DecodeError::Malformed { after: None, what } => write!(f, "has a broken header: {what}"),
            DecodeError::Malformed { after: Some(after), what } => {
                write!(f, "is damaged {after:.3} s into it: {what}")
            }
            DecodeError::Truncated { after } => {
                write!(f, "ends after {after:.3} s, before its own header says: it is incomplete")
            }
            DecodeError::NotASample { after, value } => {
                write!(f, "has a sample of {value} at {after:.3} s, which is no sound")
            }
            DecodeError::Changes { after } => {
                write!(f, "changes its sample rate or its channels after {after:.3} s")
            }
            DecodeError::TooLong { longest } => write!(f, "is longer than {} s", longest.get()),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            DecodeError::Read(error) | DecodeError::Sink(error) => Some(error),
            _ => None,
        }
    }
}
