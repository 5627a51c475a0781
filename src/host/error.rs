//! Why a file of a show cannot be read.

use std::error::Error;
use std::fmt;
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file of a show cannot be read. `path` is as the person running the program would name it, except where a
/// script's own words are needed.
#[derive(Debug)]
pub enum HostError {
    /// Nothing is there, or a link that leads nowhere.
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path leads out of the show, and not into a folder that was allowed.
    Outside {
        /// As the script writes it.
        path: String,
        /// The show's folder.
        show: PathBuf,
    },
    /// A path no script may use.
    BadName {
        /// As the script writes it.
        path: String,
        /// What is wrong, to follow "the path".
        why: &'static str,
    },
    /// There is something, but no regular file.
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is: "a folder", "a pipe", …
        what: &'static str,
    },
    /// There is something, but no folder.
    NotAFolder {
        /// Where.
        path: PathBuf,
    },
    /// A text that is not UTF-8.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is wrong, counted from 0.
        offset: u64,
        /// The text with U+FFFD for whatever is wrong, for showing the place; the same bytes up to `offset`.
        lossy: String,
    },
    /// A text longer than allowed.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes.
        most: u64,
    },
    /// The system refused, or failed.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl HostError {
    /// What the system said about `path`.
    pub(super) fn io(path: &Path, source: io::Error) -> HostError {
        let path = path.to_owned();
        if super::absent(&source) { HostError::NotFound { path } } else { HostError::Io { path, source } }
    }
}

/// What a thing is that is no regular file, or `None` for a regular file.
pub(super) fn kind(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => None,
        (_, true) => Some("a folder"),
        _ => Some("no regular file"),
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::NotFound { path } => write!(f, "there is no file `{}`", path.display()),
            HostError::Outside { path, show } => {
                write!(f, "`{path}` leads out of the show `{}`", show.display())
            }
            HostError::BadName { path, why } => write!(f, "the path `{}` {why}", path.escape_debug()),
            HostError::NotAFile { path, what } => write!(f, "`{}` is {what}, not a file", path.display()),
            HostError::NotAFolder { path } => write!(f, "`{}` is not a folder", path.display()),
            HostError::NotUtf8 { path, offset, .. } => {
                write!(f, "`{}` is not UTF-8 text: byte {offset} is wrong", path.display())
            }
            HostError::TooLarge { path, most } => {
                write!(f, "`{}` is larger than {} MiB", path.display(), most >> 20)
            }
            HostError::Io { path, source } => write!(f, "`{}` cannot be read: {source}", path.display()),
        }
    }
}

impl Error for HostError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            HostError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
