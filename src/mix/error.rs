//! Why a mix cannot be made.

use std::error;
use std::fmt;
use std::io;

/// Why a mix cannot be made.
#[derive(Debug)]
pub enum Error {
    /// A clip's samples could not be read, while mixing.
    Read {
        /// The clip's name in the timeline.
        clip: String,
        /// What the system said.
        source: io::Error,
    },
    /// A timeline that contradicts itself or its clips, while planning: a mistake of the program, not of the script.
    Inconsistent {
        /// What contradicts what.
        what: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Read { clip, .. } => write!(f, "cannot read the samples of `{clip}`"),
            Error::Inconsistent { what } => write!(f, "the timeline contradicts itself: {what}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Error::Read { source, .. } => Some(source),
            Error::Inconsistent { .. } => None,
        }
    }
}
