//! Recordings that need no decoding: WAVs whose samples can be read where they stand.
//!
//! Only what is beyond doubt is plain: one or two channels in words of 16, 24 or 32 bits, every number in the header as it
//! must be, all samples inside the file. Whatever else there is, odd or damaged, is [`decode`](super::decode)'s to read or
//! to refuse; what is plain it would read too, to the same samples (`tests/audio/plain.rs`).

use std::io::{self, Read, Seek, SeekFrom};

use crate::audio::buffer::Channels;
use crate::audio::decode::Format;
use crate::audio::samples::Word;
use crate::units::time::{FrameCount, SampleRate};

/// Where the samples of a plain WAV stand, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    /// What its sound is like.
    pub format: Format,
    /// What its samples are stored as. Floats may be no numbers: that is for who reads them to see.
    pub word: Word,
    /// The byte of the file at which they begin, interleaved.
    pub offset: u64,
    /// How many there are; at least one.
    pub frames: FrameCount,
}

/// The most chunks looked at before the samples.
const CHUNKS: usize = 32;
/// What follows the two bytes of the format's number in an extensible WAV.
const GUID: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// Looks whether a file is a plain WAV; `None` where it is not.
///
/// # Errors
/// Where it cannot be read.
pub fn plain<R: Read + Seek>(reader: &mut R) -> io::Result<Option<Plain>> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    // An end that comes too early makes a file no worse than odd.
    match look(reader, length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        found => found,
    }
}

fn look<R: Read + Seek>(reader: &mut R, length: u64) -> io::Result<Option<Plain>> {
    let mut head = [0; 12];
    reader.read_exact(&mut head)?;
    let end = 8 + u64::from(number(&head[4..8]));
    if !head.starts_with(b"RIFF") || head[8..] != *b"WAVE" || end > length {
        return Ok(None);
    }
    let (mut form, mut fact) = (None, None);
    for _ in 0..CHUNKS {
        let mut chunk = [0; 8];
        reader.read_exact(&mut chunk)?;
        let (name, size) = chunk.split_at(4);
        let (start, size) = (reader.stream_position()?, u64::from(number(size)));
        if start + size > end {
            return Ok(None);
        }
        match name {
            b"data" => {
                let found = form.and_then(|form: Form| form.plain(start, size));
                let counted = |plain: &Plain| fact.is_none_or(|fact| u64::from(fact) == plain.frames.get());
                return Ok(found.filter(counted));
            }
            b"fmt " => {
                let mut bytes = [0; 40];
                let Some(bytes) = usize::try_from(size).ok().and_then(|size| bytes.get_mut(..size)) else {
                    return Ok(None);
                };
                reader.read_exact(bytes)?;
                let Some(found) = Form::read(bytes).filter(|_| form.is_none()) else { return Ok(None) };
                form = Some(found);
            }
            b"fact" => {
                let mut bytes = [0; 4];
                if size != 4 || fact.is_some() {
                    return Ok(None);
                }
                reader.read_exact(&mut bytes)?;
                fact = Some(number(&bytes));
            }
            b"LIST" => {
                // One that is damaged is for the decoder to complain of.
                let mut list = [0; 4];
                reader.read_exact(&mut list)?;
                if list != *b"INFO" || !is_tiled(reader, start + size)? {
                    return Ok(None);
                }
            }
            b"bext" | b"JUNK" | b"junk" | b"PAD " | b"cue " | b"smpl" | b"inst" | b"iXML" => {}
            _ => return Ok(None),
        }
        reader.seek(SeekFrom::Start(start + size + size % 2))?;
    }
    Ok(None)
}

/// Whether chunks from here on end just at `end`.
fn is_tiled<R: Read + Seek>(reader: &mut R, end: u64) -> io::Result<bool> {
    let mut at = reader.stream_position()?;
    for _ in 0..CHUNKS {
        if at >= end {
            break;
        }
        let mut chunk = [0; 8];
        reader.read_exact(&mut chunk)?;
        let size = u64::from(number(&chunk[4..]));
        at = reader.seek(SeekFrom::Start(at + 8 + size + size % 2))?;
    }
    Ok(at == end)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// What a format chunk says.
#[derive(Clone, Copy)]
struct Form {
    format: Format,
    word: Word,
}

impl Form {
    fn read(bytes: &[u8]) -> Option<Form> {
        let short = |at: usize| bytes.get(at..at + 2).map(number);
        let long = |at: usize| bytes.get(at..at + 4).map(number);
        let (tag, bits) = (short(0)?, short(14)?);
        let channels = match short(2)? {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            _ => return None,
        };
        let tag = match (tag, bytes.len()) {
            (1 | 3, 16) => tag,
            (1 | 3, 18) if short(16)? == 0 => tag,
            (0xfffe, 40) => {
                let places = long(20)?;
                let sure = short(16)? == 22
                    && short(18)? == bits
                    && places.count_ones() as usize == channels.count()
                    && bytes[26..] == GUID;
                short(24).filter(|_| sure)?
            }
            _ => return None,
        };
        let word = match (tag, bits) {
            (1, 16) => Word::Short,
            (1, 24) => Word::Middle,
            (1, 32) => Word::Long,
            (3, 32) => Word::Float,
            _ => return None,
        };
        let rate = SampleRate::new(long(4)?)?;
        let frame = u32::try_from(channels.count() * word.bytes()).ok()?;
        let sure = short(12)? == frame && long(8)? == rate.hz().checked_mul(frame)?;
        sure.then_some(Form { format: Format { rate, channels }, word })
    }

    fn plain(self, offset: u64, size: u64) -> Option<Plain> {
        let frame = (self.format.channels.count() * self.word.bytes()) as u64;
        let frames = FrameCount::new(size / frame);
        let whole = size > 0 && size.is_multiple_of(frame);
        whole.then_some(Plain { format: self.format, word: self.word, offset, frames })
    }
}
