//! Finished audio at the project rate, as the mixer reads it: in memory, spooled to a scratch file so that memory does
//! not grow with the episode, or fetched from elsewhere when it is first read.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::units::time::FrameCount;

/// How many bytes are read from a scratch file at once, through the stack.
const READ_BYTES: usize = 16 << 10;

/// How many bytes a sample takes where it is kept as it is: 32-bit float, little-endian.
pub const SAMPLE_BYTES: usize = 4;

/// How samples stand in a scratch file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// As 32-bit floats, little-endian.
    Float,
    /// As 16-bit integers, little-endian, of which there are 32 768 in 1.0: as most recordings came, in half the room.
    Short,
}

impl Word {
    /// How many bytes a sample takes.
    pub fn bytes(self) -> usize {
        match self {
            Word::Float => SAMPLE_BYTES,
            Word::Short => 2,
        }
    }
}

/// Immutable audio at the project rate. Cheap to clone; read from several threads at once.
#[derive(Clone, Debug)]
pub struct Samples {
    channels: Channels,
    frames: FrameCount,
    store: Store,
    identity: Option<Identity>,
}

/// What tells a sound from others: two that have the same identity have the same samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity([u8; 32]);

/// Where sound comes from that is fetched when it is first read.
pub trait Fetch: Send + Sync + fmt::Debug {
    /// The sound. Asked for once.
    ///
    /// # Errors
    /// Where it cannot be had any more.
    fn fetch(&self) -> io::Result<Samples>;
}

#[derive(Clone, Debug)]
enum Store {
    Silence,
    Memory(Arc<[f32]>),
    File { file: Arc<File>, pieces: Arc<[Piece]> },
    Elsewhere(Arc<Elsewhere>),
}

/// Sound that is fetched once; or what went wrong then.
#[derive(Debug)]
struct Elsewhere {
    from: Arc<dyn Fetch>,
    fetched: OnceLock<Result<Samples, (io::ErrorKind, String)>>,
}

impl Identity {
    /// The identity that these bytes, a digest of whatever decides on the samples, stand for.
    pub fn new(digest: [u8; 32]) -> Identity {
        Identity(digest)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A stretch of audio that stands in one place of a scratch file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first frame, counted from the audio's start.
    pub first: FrameCount,
    /// The byte it begins at in the file.
    pub offset: u64,
    /// How it stands there.
    pub word: Word,
}

impl Samples {
    /// Audio held in memory.
    pub fn in_memory(buffer: AudioBuffer) -> Samples {
        let (channels, frames) = (buffer.channels(), buffer.frames());
        Samples { channels, frames, store: Store::Memory(buffer.into_samples().into()), identity: None }
    }

    /// Silence of any length; takes no memory.
    pub fn silent(channels: Channels, frames: FrameCount) -> Samples {
        Samples { channels, frames, store: Store::Silence, identity: None }
    }

    /// Audio in a file: interleaved 32-bit little-endian floats, `frames` of them from byte `offset` on.
    pub fn in_file(file: Arc<File>, offset: u64, channels: Channels, frames: FrameCount) -> Samples {
        let piece = Piece { first: FrameCount::ZERO, offset, word: Word::Float };
        Samples::in_pieces(file, Arc::new([piece]), channels, frames)
    }

    /// Audio in several places of a file, interleaved. The pieces are in order, the first at frame 0, and
    /// each reaches to the next one's first frame, the last to the end of the `frames`.
    pub fn in_pieces(
        file: Arc<File>,
        pieces: Arc<[Piece]>,
        channels: Channels,
        frames: FrameCount,
    ) -> Samples {
        let frames = if pieces.is_empty() { FrameCount::ZERO } else { frames };
        Samples { channels, frames, store: Store::File { file, pieces }, identity: None }
    }

    /// Audio of this shape that is fetched when it is first read.
    pub fn fetched(from: Arc<dyn Fetch>, channels: Channels, frames: FrameCount) -> Samples {
        let elsewhere = Elsewhere { from, fetched: OnceLock::new() };
        Samples { channels, frames, store: Store::Elsewhere(Arc::new(elsewhere)), identity: None }
    }

    /// The same audio, known by `identity`.
    #[must_use]
    pub fn identified(self, identity: Identity) -> Samples {
        Samples { identity: Some(identity), ..self }
    }

    /// What it is known by; `None` where nobody has said.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
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
    /// Where the scratch file cannot be read, or the audio cannot be fetched.
    pub fn read(&self, start: FrameCount, out: &mut [f32]) -> io::Result<()> {
        let width = self.channels.count();
        let there = self.frames.minus(start).index().saturating_mul(width).min(out.len());
        let (inside, outside) = out.split_at_mut(there);
        outside.fill(0.0);
        if inside.is_empty() {
            return Ok(());
        }
        match &self.store {
            Store::Silence => inside.fill(0.0),
            Store::Memory(samples) => {
                let first = start.index() * width;
                inside.copy_from_slice(&samples[first..first + there]);
            }
            Store::File { file, pieces } => read_pieces(file, pieces, width, start, inside)?,
            Store::Elsewhere(elsewhere) => {
                let fetched = elsewhere.fetched.get_or_init(|| {
                    let fetched = elsewhere.from.fetch();
                    let same = |it: &Samples| (it.channels, it.frames) == (self.channels, self.frames);
                    let sure = |it| if same(&it) { Ok(it) } else { Err(io::ErrorKind::InvalidData.into()) };
                    fetched.and_then(sure).map_err(|error: io::Error| (error.kind(), error.to_string()))
                });
                let fetched = fetched.as_ref().map_err(|(kind, why)| io::Error::new(*kind, why.clone()))?;
                fetched.read(start, inside)?;
            }
        }
        Ok(())
    }
}

/// Fills `out` from frame `start` on; all of it is there.
fn read_pieces(
    file: &File,
    pieces: &[Piece],
    width: usize,
    start: FrameCount,
    out: &mut [f32],
) -> io::Result<()> {
    let (mut at, mut rest) = (start, out);
    let mut next = pieces.partition_point(|piece| piece.first <= start);
    let mut bytes = [0; READ_BYTES];
    while !rest.is_empty() && next > 0 {
        let piece = pieces[next - 1];
        let reach =
            pieces.get(next).map_or(usize::MAX, |next| next.first.minus(at).index().saturating_mul(width));
        let (now, later) = rest.split_at_mut(reach.min(rest.len()));
        let word = piece.word.bytes();
        let mut offset = piece.offset + at.minus(piece.first).get() * (width * word) as u64;
        at = at.plus(FrameCount::new((now.len() / width) as u64));
        for samples in now.chunks_mut(READ_BYTES / word) {
            let bytes = &mut bytes[..samples.len() * word];
            read_exact_at(file, bytes, offset)?;
            offset += bytes.len() as u64;
            match piece.word {
                Word::Float => {
                    for (sample, bytes) in samples.iter_mut().zip(bytes.as_chunks().0) {
                        *sample = f32::from_le_bytes(*bytes);
                    }
                }
                Word::Short => {
                    for (sample, bytes) in samples.iter_mut().zip(bytes.as_chunks().0) {
                        *sample = f32::from(i16::from_le_bytes(*bytes)) * (1.0 / 32_768.0);
                    }
                }
            }
        }
        (rest, next) = (later, next + 1);
    }
    Ok(())
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
