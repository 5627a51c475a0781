//! Frames as they stand in a file, in memory.

use std::ops::Range;

use crate::audio::words;
use crate::cache::checksum::Checksum;
use crate::export::wav::{WavFormat, WavWritten};
use crate::master::dither::Dither;
use crate::units::depth::BitDepth;
use crate::units::time::FrameCount;

/// Frames in the words of a [`WavFormat`]; none by default.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    pub(super) bytes: Vec<u8>,
    pub(super) written: WavWritten,
    /// The first frame that is no number.
    pub(super) stray: Option<FrameCount>,
    /// That of the bytes, where it is known.
    checksum: Option<Checksum>,
    /// Kept for its room.
    words: Vec<i32>,
    /// What was dithered last goes on, as a rule.
    dither: Option<Dither>,
}

impl Packed {
    /// What was counted since that was asked last.
    pub(super) fn take_counts(&mut self) -> (WavWritten, Option<FrameCount>) {
        (std::mem::take(&mut self.written), self.stray.take())
    }

    /// Them, as they stand in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The checksum of the bytes, where it is known.
    pub fn checksum(&self) -> Option<Checksum> {
        self.checksum
    }

    /// How many they are.
    pub fn frames(&self) -> FrameCount {
        self.written.frames
    }
}

impl WavFormat {
    /// Adds frames, interleaved and whole ones only, to those that are `packed` as they stand in a file; an incomplete last
    /// frame is dropped. Any thread may do that for a [`crate::export::wav::WavWriter`].
    pub fn pack(self, interleaved: &[f32], packed: &mut Packed) {
        let width = self.channels.count();
        let frames = interleaved.len() / width;
        let samples = &interleaved[..frames * width];
        // All are numbers, as a rule, and that is seen many at a time.
        if !samples.iter().fold(true, |finite, sample| finite & sample.is_finite()) && packed.stray.is_none()
        {
            let at = samples.iter().position(|sample| !sample.is_finite());
            packed.stray = at.map(|at| packed.written.frames.plus(FrameCount::new((at / width) as u64)));
        }
        packed.written.clamped += match self.depth {
            BitDepth::Int16 => words::pack::<2>(samples, &mut packed.bytes),
            BitDepth::Int24 => words::pack::<3>(samples, &mut packed.bytes),
            BitDepth::Float32 => {
                packed.bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
                0
            }
        };
        packed.written.frames = packed.written.frames.plus(FrameCount::new(frames as u64));
    }

    /// The same for as many samples as `fill` makes whole numbers of steps of this format's words of. Not for floats.
    pub fn pack_as_words(self, samples: usize, packed: &mut Packed, fill: impl FnOnce(&mut [i32])) {
        // As a rule as many as the last time, so that nothing has to be cleared.
        packed.words.resize(samples, 0);
        fill(&mut packed.words);
        match self.depth {
            BitDepth::Int16 => words::pack_words::<2>(&packed.words, &mut packed.bytes),
            BitDepth::Int24 => words::pack_words::<3>(&packed.words, &mut packed.bytes),
            BitDepth::Float32 => return,
        }
        let frames = FrameCount::new((samples / self.channels.count()) as u64);
        packed.written.frames = packed.written.frames.plus(frames);
    }

    /// Adds the master's frames of a scene from its frame `first` on, dithered.
    pub fn pack_dithered(self, interleaved: &[f32], first: u64, packed: &mut Packed) {
        if self.depth == BitDepth::Float32 {
            return self.pack(interleaved, packed);
        }
        let dither = packed.dither.take();
        let mut dither = dither.unwrap_or_else(|| Dither::new(self.depth, self.channels, first));
        dither.seek(first);
        self.pack_as_words(interleaved.len(), packed, |words| dither.words(interleaved, words));
        packed.dither = Some(dither);
    }

    /// Frames that stand in a file already, with the checksum of their bytes.
    pub fn packed(self, bytes: Vec<u8>, checksum: Checksum) -> Packed {
        let frames = FrameCount::new(bytes.len() as u64 / self.frame());
        Packed {
            bytes,
            written: WavWritten { frames, clamped: 0 },
            checksum: Some(checksum),
            ..Packed::default()
        }
    }

    /// Some of the frames of `packed`.
    pub fn slice(self, packed: &Packed, frames: Range<u64>) -> Packed {
        let byte =
            |frame: u64| usize::try_from(frame * self.frame()).unwrap_or(usize::MAX).min(packed.bytes.len());
        let bytes = packed.bytes[byte(frames.start)..byte(frames.end)].to_vec();
        let written = WavWritten { frames: FrameCount::new(bytes.len() as u64 / self.frame()), clamped: 0 };
        Packed { bytes, written, stray: packed.stray, ..Packed::default() }
    }
}
