//! Finished audio at the project rate, as the mixer reads it: in memory, spooled to a scratch file so that memory does
//! not grow with the episode, in the recording itself where that is plain enough, or fetched from elsewhere when it is
//! first read.
//!
//! Who reads on and on has a [`Reader`], which reads ahead: a call to the system for each block of the mix would cost as
//! much as mixing it.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use multiversion::multiversion;

use crate::audio::at::read_exact_at;
use crate::audio::buffer::{AudioBuffer, Channels};
use crate::units::time::FrameCount;

/// How many bytes are read from a file at once.
const READ_BYTES: usize = 16 << 10;

/// How many bytes a sample takes where it is kept as it is: 32-bit float, little-endian.
pub const SAMPLE_BYTES: usize = 4;

/// How samples stand in a file, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// As 32-bit floats.
    Float,
    /// As 16-bit integers, of which there are 32 768 in 1.0: as most recordings came, in half the room.
    Short,
    /// As 24-bit integers, of which there are 2²³ in 1.0.
    Middle,
    /// As 32-bit integers, of which there are 2³¹ in 1.0.
    Long,
}

impl Word {
    /// How many bytes a sample takes.
    pub fn bytes(self) -> usize {
        match self {
            Word::Float | Word::Long => SAMPLE_BYTES,
            Word::Short => 2,
            Word::Middle => 3,
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

/// A recording that is read where it lies.
pub trait Place: Send + Sync + fmt::Debug {
    /// Opens it, if it is what it was.
    ///
    /// # Errors
    /// Where it is not, or the system refuses.
    fn open(&self) -> io::Result<File>;

    /// Whether it has been what it was until now: asked after each time that it was read.
    ///
    /// # Errors
    /// Where it has not, or the system does not say.
    fn check(&self, file: &File) -> io::Result<()>;
}

#[derive(Clone, Debug)]
enum Store {
    Silence,
    Memory(Arc<[f32]>),
    File { file: OnDisk, pieces: Arc<[Piece]> },
    Elsewhere(Arc<Elsewhere>),
}

/// A file with samples in it.
#[derive(Clone, Debug)]
enum OnDisk {
    /// Nobody else writes to it.
    Scratch(Arc<File>),
    Placed(Arc<Placed>),
}

/// A recording in its place, which is open only while somebody reads it: a program may have only so many files open.
#[derive(Debug)]
struct Placed {
    place: Box<dyn Place>,
    open: Mutex<Weak<File>>,
}

impl Placed {
    fn file(&self) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.upgrade() {
            return Ok(file);
        }
        let file = Arc::new(self.place.open()?);
        *open = Arc::downgrade(&file);
        Ok(file)
    }
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

/// A stretch of audio that stands in one place of a file.
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
        let file = OnDisk::Scratch(file);
        Samples { channels, frames, store: Store::File { file, pieces }, identity: None }
    }

    /// Audio that stands in a recording, interleaved, `frames` of them from byte `offset` on.
    pub fn in_place(
        place: Box<dyn Place>,
        (offset, word): (u64, Word),
        channels: Channels,
        frames: FrameCount,
    ) -> Samples {
        let file = OnDisk::Placed(Arc::new(Placed { place, open: Mutex::default() }));
        let pieces = Arc::new([Piece { first: FrameCount::ZERO, offset, word }]);
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

    /// Reads interleaved frames from frame `start` on, as many as `out` holds; what lies past the end is zero. Who reads
    /// on from there is faster with a [`Reader`].
    ///
    /// # Errors
    /// Where the file cannot be read or is not what it was, or the audio cannot be fetched.
    pub fn read(&self, start: FrameCount, out: &mut [f32]) -> io::Result<()> {
        self.read_with(&mut Ahead::default(), start, out)
    }

    /// For reading on and on. Reads ahead, and keeps a recording open as long as it is there.
    pub fn reader(&self) -> Reader {
        Reader {
            samples: self.clone(),
            ahead: Ahead { room: READ_BYTES, stays_open: true, ..Ahead::default() },
        }
    }

    /// The same for who has very many at once: keeps no file open.
    pub fn reader_among_many(&self) -> Reader {
        let mut reader = self.reader();
        reader.ahead.stays_open = false;
        reader
    }

    fn read_with(&self, ahead: &mut Ahead, start: FrameCount, out: &mut [f32]) -> io::Result<()> {
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
            Store::File { file, pieces } => self.read_pieces(file, pieces, ahead, start, inside)?,
            Store::Elsewhere(elsewhere) => {
                let fetched = elsewhere.fetched.get_or_init(|| {
                    let fetched = elsewhere.from.fetch();
                    let same = |it: &Samples| (it.channels, it.frames) == (self.channels, self.frames);
                    let sure = |it| if same(&it) { Ok(it) } else { Err(io::ErrorKind::InvalidData.into()) };
                    fetched.and_then(sure).map_err(|error: io::Error| (error.kind(), error.to_string()))
                });
                let fetched = fetched.as_ref().map_err(|(kind, why)| io::Error::new(*kind, why.clone()))?;
                fetched.read_with(ahead, start, inside)?;
            }
        }
        Ok(())
    }

    /// Fills `out` from frame `start` on; all of it is there.
    fn read_pieces(
        &self,
        file: &OnDisk,
        pieces: &[Piece],
        ahead: &mut Ahead,
        start: FrameCount,
        out: &mut [f32],
    ) -> io::Result<()> {
        let width = self.channels.count();
        let (mut at, mut rest) = (start, out);
        let mut next = pieces.partition_point(|piece| piece.first <= start);
        while !rest.is_empty() && next > 0 {
            let piece = pieces[next - 1];
            let end = pieces.get(next).map_or(self.frames, |next| next.first);
            let reach = end.minus(at).index().saturating_mul(width);
            let (now, later) = rest.split_at_mut(reach.min(rest.len()));
            let word = piece.word.bytes();
            let mut offset = piece.offset + at.minus(piece.first).get() * (width * word) as u64;
            let mut left = reach.saturating_mul(word);
            at = at.plus(FrameCount::new((now.len() / width) as u64));
            for samples in now.chunks_mut(READ_BYTES / SAMPLE_BYTES) {
                let bytes = ahead.bytes(file, offset, samples.len() * word, left)?;
                convert(piece.word, bytes, samples);
                offset += bytes.len() as u64;
                left -= bytes.len();
            }
            (rest, next) = (later, next + 1);
        }
        Ok(())
    }
}

/// Reads a sound piece after piece: see [`Samples::reader`].
#[derive(Clone, Debug)]
pub struct Reader {
    samples: Samples,
    ahead: Ahead,
}

impl Reader {
    /// The channel layout.
    pub fn channels(&self) -> Channels {
        self.samples.channels()
    }

    /// See [`Samples::read`].
    ///
    /// # Errors
    /// Where the file cannot be read or is not what it was, or the audio cannot be fetched.
    pub fn read(&mut self, start: FrameCount, out: &mut [f32]) -> io::Result<()> {
        self.samples.read_with(&mut self.ahead, start, out)
    }
}

/// What has been read of a sound's file and not been asked for yet.
#[derive(Clone, Debug, Default)]
struct Ahead {
    /// How much is read at least.
    room: usize,
    stays_open: bool,
    /// The recording, if it is kept open.
    open: Option<Arc<File>>,
    bytes: Vec<u8>,
    /// Where they stand in the file.
    offset: u64,
}

impl Ahead {
    /// `count` bytes from `offset` on, where there are `left`.
    fn bytes(&mut self, file: &OnDisk, offset: u64, count: usize, left: usize) -> io::Result<&[u8]> {
        let skipped = offset.checked_sub(self.offset).and_then(|skipped| usize::try_from(skipped).ok());
        let at_hand = |skipped: &usize| skipped.saturating_add(count) <= self.bytes.len();
        if let Some(skipped) = skipped.filter(at_hand) {
            return Ok(&self.bytes[skipped..skipped + count]);
        }
        self.bytes.resize(self.room.min(left).max(count), 0);
        self.offset = offset;
        let read = self.fill(file);
        if read.is_err() {
            self.bytes.clear();
        }
        read.map(|()| &self.bytes[..count])
    }

    fn fill(&mut self, file: &OnDisk) -> io::Result<()> {
        match file {
            OnDisk::Scratch(file) => read_exact_at(file, &mut self.bytes, self.offset),
            OnDisk::Placed(placed) => {
                let open = self.open.take().map_or_else(|| placed.file(), Ok)?;
                read_exact_at(&open, &mut self.bytes, self.offset)?;
                placed.place.check(&open)?;
                self.open = self.stays_open.then_some(open);
                Ok(())
            }
        }
    }
}

/// Words as samples, all of them exact but for 32-bit integers, which are rounded once.
#[multiversion(targets("x86_64+avx2"))]
fn convert(word: Word, bytes: &[u8], samples: &mut [f32]) {
    match word {
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
        Word::Middle => {
            for (sample, [a, b, c]) in samples.iter_mut().zip(bytes.as_chunks().0) {
                // In the upper bytes of a 32-bit integer, so that the sign is where it belongs.
                *sample = i32::from_le_bytes([0, *a, *b, *c]) as f32 * (1.0 / 2_147_483_648.0);
            }
        }
        Word::Long => {
            for (sample, bytes) in samples.iter_mut().zip(bytes.as_chunks().0) {
                *sample = i32::from_le_bytes(*bytes) as f32 * (1.0 / 2_147_483_648.0);
            }
        }
    }
}
