//! Finished audio at the project rate, as the mixer reads it: in memory, or spooled to a scratch file so that
//! memory does not grow with the episode.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::units::time::FrameCount;

/// How many bytes a sample takes in a scratch file: 32-bit float, little-endian.
pub const SAMPLE_BYTES: usize = 4;

/// Immutable audio at the project rate. Cheap to clone; read from several threads at once.
#[derive(Clone, Debug)]
pub struct Samples {
    channels: Channels,
    frames: FrameCount,
    store: Store,
}

#[derive(Clone, Debug)]
enum Store {
    Memory(Arc<[f32]>),
    File { file: Arc<File>, offset: u64 },
}

impl Samples {
    /// Audio held in memory.
    pub fn in_memory(buffer: AudioBuffer) -> Samples {
        let (channels, frames) = (buffer.channels(), buffer.frames());
        Samples { channels, frames, store: Store::Memory(buffer.into_samples().into()) }
    }

    /// Audio in a file: interleaved 32-bit little-endian floats, `frames` of them from byte `offset` on.
    pub fn in_file(file: Arc<File>, offset: u64, channels: Channels, frames: FrameCount) -> Samples {
        Samples { channels, frames, store: Store::File { file, offset } }
    }

    /// The channel layout.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// The length in frames.
    pub fn frames(&self) -> FrameCount {
        self.frames
    }

    /// Reads interleaved frames from frame `start` on, as many as `out` holds; what lies past the end is zero.
    ///
    /// # Errors
    /// Where the scratch file cannot be read.
    pub fn read(&self, start: FrameCount, out: &mut [f32]) -> io::Result<()> {
        let width = self.channels.count();
        let there = self.frames.minus(start).index().saturating_mul(width).min(out.len());
        let (inside, outside) = out.split_at_mut(there);
        outside.fill(0.0);
        if inside.is_empty() {
            return Ok(());
        }
        match &self.store {
            Store::Memory(samples) => {
                let first = start.index() * width;
                inside.copy_from_slice(&samples[first..first + there]);
            }
            Store::File { file, offset } => {
                let first = offset + start.get() * (width * SAMPLE_BYTES) as u64;
                let mut bytes = vec![0; there * SAMPLE_BYTES];
                read_exact_at(file, &mut bytes, first)?;
                for (sample, bytes) in inside.iter_mut().zip(bytes.as_chunks::<SAMPLE_BYTES>().0) {
                    *sample = f32::from_le_bytes(*bytes);
                }
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}
