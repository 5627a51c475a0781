//! The word length of samples in a file.

use std::fmt;
use std::str::FromStr;

/// How a sample is stored in an exported file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BitDepth {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers, the default.
    #[default]
    Int24,
    /// 32-bit floats: nothing is rounded, nothing clips.
    Float32,
}

impl BitDepth {
    /// Every depth, in the order they are offered.
    pub const ALL: [BitDepth; 3] = [BitDepth::Int16, BitDepth::Int24, BitDepth::Float32];

    /// How a person writes it: `16`, `24` or `32f`.
    pub fn name(self) -> &'static str {
        match self {
            BitDepth::Int16 => "16",
            BitDepth::Int24 => "24",
            BitDepth::Float32 => "32f",
        }
    }

    /// Bits in a stored sample.
    pub fn bits(self) -> u16 {
        match self {
            BitDepth::Int16 => 16,
            BitDepth::Int24 => 24,
            BitDepth::Float32 => 32,
        }
    }

    /// Bytes in a stored sample.
    pub fn bytes(self) -> u64 {
        u64::from(self.bits() / 8)
    }
}

impl fmt::Display for BitDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no [`BitDepth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDepth;

impl fmt::Display for UnknownDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `16`, `24` or `32f`")
    }
}

impl std::error::Error for UnknownDepth {}

impl FromStr for BitDepth {
    type Err = UnknownDepth;

    fn from_str(text: &str) -> Result<BitDepth, UnknownDepth> {
        BitDepth::ALL.into_iter().find(|depth| depth.name() == text).ok_or(UnknownDepth)
    }
}
