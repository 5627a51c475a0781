//! A single take or sound as a WAV file: voices and sounds tried out.

use std::path::Path;

use crate::audio::buffer::AudioBuffer;
use crate::export::wav::{WavError, WavFormat, WavWriter};
use crate::units::depth::BitDepth;

/// Writes `audio` to `target` at its own rate, 24-bit; whole or not at all.
///
/// # Errors
/// See [`WavError`].
pub fn write(target: &Path, audio: &AudioBuffer) -> Result<(), WavError> {
    let format = WavFormat { rate: audio.rate(), channels: audio.channels(), depth: BitDepth::Int24 };
    let mut writer = WavWriter::create(target, format, Some(audio.frames()))?;
    writer.write(audio.samples())?;
    writer.finish().map(drop)
}
