//! Which part of an M4A's audio is to be heard: its edit list, which symphonia reads but does not apply.
//!
//! ISO/IEC 14496-12: the movie header (8.2.2) and the media header (8.4.2) give the ticks per second of the two time
//! lines, the edit list (8.6.6) which media time the movie starts at, and for how long. An encoder's priming is what
//! lies before. Where the edit's length agrees with the media's within the movie's coarser tick, the media's exact
//! length counts.
//!
//! Edits that say more, such as several segments, silence between, or another speed, are refused, not ignored.

use std::io::{self, Read, Seek, SeekFrom};

use crate::audio::decode::error::DecodeError;
use crate::units::time::SampleRate;

/// The deepest a box of interest lies: `moov/trak/mdia/mdhd`; a few more for safety.
const DEEPEST: usize = 6;
/// The most boxes looked at in a file.
const MOST_BOXES: usize = 10_000;

/// The one stretch of media that is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits {
    /// Ticks per second of the media.
    scale: u32,
    /// Ticks before the stretch.
    start: u64,
    /// Ticks of the stretch; 0 where the file does not say.
    length: u64,
}

impl Edits {
    /// The stretch in frames at `rate`: its start, and its length where known.
    pub(super) fn frames(&self, rate: SampleRate) -> (u64, Option<u64>) {
        let frames = |ticks: u64| rescale(ticks, rate.hz(), self.scale);
        (frames(self.start), (self.length > 0).then(|| frames(self.length)))
    }
}

/// Reads the edits of the first audio track of an M4A, or `None` for any other file and one without an edit list.
pub(super) fn read<R: Read + Seek>(reader: &mut R) -> Result<Option<Edits>, DecodeError> {
    let mut start = [0; 8];
    match reader.read_exact(&mut start) {
        Ok(()) if &start[4..] == b"ftyp" => {}
        Ok(()) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(DecodeError::Read(error)),
    }
    let end = reader.seek(SeekFrom::End(0)).map_err(DecodeError::Read)?;
    let mut scan = Scan::default();
    match scan.boxes(reader, 0, end, 0) {
        Ok(()) => scan.edits(),
        // The demuxer will say what is wrong with such a file.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(DecodeError::Read(error)),
    }
}

/// What is found while walking the boxes. A track's fields are reset at each `trak` until the first audio track ends.
#[derive(Default)]
struct Scan {
    seen: usize,
    movie_scale: u32,
    fragmented: bool,
    track: TrackFields,
    audio: Option<TrackFields>,
}

#[derive(Clone, Default)]
struct TrackFields {
    is_audio: bool,
    scale: u32,
    duration: u64,
    /// Duration in the movie's ticks, media time (−1 for silence), speed in 16.16.
    edits: Vec<(u64, i64, u32)>,
}

impl Scan {
    fn boxes<R: Read + Seek>(
        &mut self,
        reader: &mut R,
        mut at: u64,
        end: u64,
        depth: usize,
    ) -> io::Result<()> {
        while end.saturating_sub(at) >= 8 && self.seen < MOST_BOXES {
            self.seen += 1;
            reader.seek(SeekFrom::Start(at))?;
            let size = u64::from(u32::from_be_bytes(bytes(reader)?));
            let kind: [u8; 4] = bytes(reader)?;
            let (header, size) = match size {
                0 => (8, end - at),
                1 => (16, u64::from_be_bytes(bytes(reader)?)),
                size => (8, size),
            };
            if size < header || size > end - at {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let inside = at + header..at + size;
            match &kind {
                b"moov" | b"mdia" | b"edts" if depth < DEEPEST => {
                    self.boxes(reader, inside.start, inside.end, depth + 1)?;
                }
                b"trak" if depth < DEEPEST => {
                    self.track = TrackFields::default();
                    self.boxes(reader, inside.start, inside.end, depth + 1)?;
                    if self.track.is_audio && self.audio.is_none() {
                        self.audio = Some(self.track.clone());
                    }
                }
                b"mvex" => self.fragmented = true,
                b"mvhd" => self.movie_scale = header_fields(reader)?.0,
                b"mdhd" => (self.track.scale, self.track.duration) = header_fields(reader)?,
                b"hdlr" => {
                    let [.., a, b, c, d] = bytes::<12, R>(reader)?;
                    self.track.is_audio = [a, b, c, d] == *b"soun";
                }
                b"elst" => self.track.edits = edit_list(reader)?,
                _ => {}
            }
            at += size;
        }
        Ok(())
    }

    fn edits(self) -> Result<Option<Edits>, DecodeError> {
        let Some(track) = self.audio.filter(|track| track.scale > 0 && !track.edits.is_empty()) else {
            return Ok(None);
        };
        let refuse = |what: &str| Err(DecodeError::Unsupported(what.to_owned()));
        let [(duration, media_time, speed)] = track.edits[..] else {
            return refuse("an edit list of several segments");
        };
        let Ok(start) = u64::try_from(media_time) else {
            return refuse("an edit list that starts with silence");
        };
        if speed != 1 << 16 {
            return refuse("an edit list that changes the speed");
        }
        if self.fragmented {
            return Ok(Some(Edits { scale: track.scale, start, length: 0 }));
        }
        let rest = track.duration.saturating_sub(start);
        let tick = u64::from(track.scale).div_ceil(u64::from(self.movie_scale.max(1)));
        let length = match self.movie_scale {
            0 => rest,
            movie => rescale(duration, track.scale, movie),
        };
        let length = if length.abs_diff(rest) <= tick { rest } else { length.min(rest) };
        Ok(Some(Edits { scale: track.scale, start, length }))
    }
}

/// Ticks per second, and duration, of a movie or media header.
fn header_fields<R: Read>(reader: &mut R) -> io::Result<(u32, u64)> {
    if bytes::<4, R>(reader)?[0] == 1 {
        let _times: [u8; 16] = bytes(reader)?;
        Ok((u32::from_be_bytes(bytes(reader)?), u64::from_be_bytes(bytes(reader)?)))
    } else {
        let _times: [u8; 8] = bytes(reader)?;
        Ok((u32::from_be_bytes(bytes(reader)?), u32::from_be_bytes(bytes(reader)?).into()))
    }
}

/// The entries of an edit list that last; two are enough to know that there are several.
fn edit_list<R: Read>(reader: &mut R) -> io::Result<Vec<(u64, i64, u32)>> {
    let long = bytes::<4, R>(reader)?[0] == 1;
    let count = u32::from_be_bytes(bytes(reader)?);
    let mut edits = Vec::new();
    for _ in 0..count.min(2) {
        let (duration, time) = if long {
            (u64::from_be_bytes(bytes(reader)?), i64::from_be_bytes(bytes(reader)?))
        } else {
            (u32::from_be_bytes(bytes(reader)?).into(), i32::from_be_bytes(bytes(reader)?).into())
        };
        edits.push((duration, time, u32::from_be_bytes(bytes(reader)?)));
    }
    Ok(edits)
}

fn rescale(ticks: u64, to: u32, from: u32) -> u64 {
    let scaled = (u128::from(ticks) * u128::from(to) + u128::from(from) / 2) / u128::from(from.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn bytes<const N: usize, R: Read>(reader: &mut R) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}
