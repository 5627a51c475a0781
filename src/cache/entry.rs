//! What an entry's file looks like.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `radioplay-cache2` |
//! | 4 | the length of the facts, little-endian as every number |
//! | 4 | channels of a sound, 1 or 2; 0 for bytes |
//! | 8 | frames of a sound; the number of bytes otherwise |
//! | 32 | its key |
//! | 16 | the checksum of the content |
//! | … | the facts, JSON |
//! | 16 | the checksum of everything before |
//! | … | the content: interleaved 32-bit floats, or bytes |

use std::io::{self, Read};

use crate::audio::buffer::Channels;
use crate::audio::samples::SAMPLE_BYTES;
use crate::cache::checksum::{Checksum, LENGTH};
use crate::cache::key::Key;
use crate::units::time::FrameCount;

const MAGIC: &[u8; 16] = b"radioplay-cache2";
/// What entries of any version begin with.
const FAMILY: &[u8] = b"radioplay-cache";
const FIXED: usize = 80;
/// The most bytes of facts.
const FACTS: u32 = 16 << 20;

/// What the content is, and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Sound { channels: Channels, frames: FrameCount },
    Bytes { length: u64 },
}

/// What stands before the content.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) shape: Shape,
    pub(super) checksum: Checksum,
    pub(super) facts: Vec<u8>,
}

impl Shape {
    /// How many bytes the content has.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Shape::Sound { channels, frames } => {
                frames.get().saturating_mul((channels.count() * SAMPLE_BYTES) as u64)
            }
            Shape::Bytes { length } => *length,
        }
    }
}

impl Head {
    /// How many bytes it takes with so many bytes of facts.
    pub(super) fn length(facts: usize) -> u64 {
        (FIXED + facts + LENGTH) as u64
    }

    pub(super) fn to_bytes(&self, key: &Key) -> Vec<u8> {
        let (channels, count) = match self.shape {
            Shape::Sound { channels, frames } => {
                (if channels == Channels::Mono { 1 } else { 2 }, frames.get())
            }
            Shape::Bytes { length } => (0_u32, length),
        };
        let mut bytes = Vec::with_capacity(FIXED + self.facts.len() + LENGTH);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&u32::try_from(self.facts.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&channels.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(key.bytes());
        bytes.extend_from_slice(self.checksum.bytes());
        bytes.extend_from_slice(&self.facts);
        let checksum = Checksum::of(&bytes);
        bytes.extend_from_slice(checksum.bytes());
        bytes
    }

    /// Reads the head of the entry `key` from a file of `length` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where it is not what was put there, [`io::ErrorKind::NotFound`] where it was put there
    /// by another version, and whatever reading fails with.
    pub(super) fn read(mut file: impl Read, length: u64, key: &Key) -> io::Result<Head> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        // An end that comes too early is damage, not a failure of the machine.
        let whole = |result: io::Result<()>| {
            result.map_err(|e| if e.kind() == io::ErrorKind::UnexpectedEof { damaged() } else { e })
        };
        let mut bytes = vec![0; FIXED];
        whole(file.read_exact(&mut bytes))?;
        if bytes.starts_with(FAMILY) && !bytes.starts_with(MAGIC) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let number =
            |at: usize| bytes[at..at + 4].iter().rev().fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
        let count = u64::from(number(28)) << 32 | u64::from(number(24));
        let facts = Some(number(16)).filter(|facts| *facts <= FACTS).ok_or_else(damaged)? as usize;
        let shape = match number(20) {
            0 => Shape::Bytes { length: count },
            1 => Shape::Sound { channels: Channels::Mono, frames: FrameCount::new(count) },
            2 => Shape::Sound { channels: Channels::Stereo, frames: FrameCount::new(count) },
            _ => return Err(damaged()),
        };
        if Head::length(facts).saturating_add(shape.bytes()) != length {
            return Err(damaged());
        }
        bytes.resize(FIXED + facts + LENGTH, 0);
        whole(file.read_exact(&mut bytes[FIXED..]))?;
        let (covered, checksum) = bytes.split_at(FIXED + facts);
        let right = covered.starts_with(MAGIC)
            && covered[32..64] == key.bytes()[..]
            && Checksum::of(covered).bytes()[..] == *checksum;
        if !right {
            return Err(damaged());
        }
        let content = covered[64..].first_chunk().ok_or_else(damaged)?;
        Ok(Head { shape, checksum: Checksum::from_bytes(*content), facts: covered[FIXED..].to_vec() })
    }
}
