//! What an entry is found by: a digest of everything that decides what it holds.
//!
//! Parts are written one after the other, each with its length, so that no two lists of parts look alike. Whatever is
//! plain data goes in as its `Debug` text: a field that is added later is in the key by itself.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use crate::audio::samples::Identity;

/// What says how lines are spoken, in this build: changes with the code that does it.
pub const SPEECH: &str = env!("RADIOPLAY_SPEECH");
/// The same for sounds.
pub const SOUND: &str = env!("RADIOPLAY_SOUND");
/// The same for the mix.
pub const MIX: &str = env!("RADIOPLAY_MIX");
/// The same for everything, down to the bytes of the file.
pub const MASTER: &str = env!("RADIOPLAY_MASTER");

/// A digest (BLAKE3, 256 bits).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest that these bytes are.
    pub fn from_bytes(digest: [u8; 32]) -> Key {
        Key(digest)
    }

    /// The digest of everything that can be read.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_reader(reader: impl Read) -> io::Result<Key> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(reader)?;
        Ok(Key(*hasher.finalize().as_bytes()))
    }

    /// The digest of some bytes.
    pub fn of_bytes(bytes: &[u8]) -> Key {
        Key(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key in the making.
#[derive(Clone, Debug)]
pub struct Parts {
    hasher: blake3::Hasher,
}

impl Parts {
    /// The key of `what`, made by code of this `version`.
    pub fn new(what: &str, version: &str) -> Parts {
        Parts { hasher: blake3::Hasher::new() }.text(what).text(version)
    }

    /// A text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Parts {
        self.add(text.as_bytes());
        self
    }

    /// A number.
    #[must_use]
    pub fn number(mut self, number: u64) -> Parts {
        self.add(&number.to_le_bytes());
        self
    }

    /// Plain data, by its `Debug` text.
    #[must_use]
    pub fn data(self, data: &impl fmt::Debug) -> Parts {
        self.text(&format!("{data:?}"))
    }

    /// Where a file lies, or will: without links as far as it is there.
    #[must_use]
    pub fn place(self, path: &Path) -> Parts {
        let place = path.canonicalize().or_else(|_| std::path::absolute(path));
        self.text(&place.as_deref().unwrap_or(path).to_string_lossy())
    }

    /// Another key.
    #[must_use]
    pub fn key(mut self, key: &Key) -> Parts {
        self.add(&key.0);
        self
    }

    /// What a sound is known by.
    #[must_use]
    pub fn identity(mut self, identity: &Identity) -> Parts {
        self.add(identity.bytes());
        self
    }

    /// The key.
    pub fn key_of_all(&self) -> Key {
        Key(*self.hasher.finalize().as_bytes())
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(&(bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
    }
}
