//! What a file of sound is to be like, whatever its format.

use crate::audio::buffer::Channels;
use crate::units::depth::BitDepth;
use crate::units::time::{FrameCount, SampleRate};

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
