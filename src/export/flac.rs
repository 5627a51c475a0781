//! FLAC: the samples of the WAV of the same word length, bit by bit, in half the space.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use flac_codec::encode::{FlacSampleWriter, Options};
use flac_codec::metadata::{Picture, PictureType, VorbisComment};

use crate::audio::at::AT_ONCE;
use crate::audio::words;
use crate::export::episode::EpisodeError;
use crate::export::shape::Shape;
use crate::export::tags::Tags;
use crate::export::wav::packed::Packed;
use crate::host::whole::WholeFile;
use crate::units::depth::BitDepth;

/// A FLAC file being written.
pub struct FlacWriter {
    whole: WholeFile,
    writer: FlacSampleWriter<BufWriter<File>>,
    depth: BitDepth,
    words: Vec<i32>,
}

impl FlacWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Where it cannot be made, or the words are floats.
    pub fn create(target: &Path, shape: Shape, tags: &Tags) -> Result<FlacWriter, EpisodeError> {
        let bits = match shape.depth {
            BitDepth::Int16 => 16,
            BitDepth::Int24 => 24,
            BitDepth::Float32 => {
                return Err(failed(target, "FLAC holds whole numbers; pass `--bits 16` or `--bits 24`"));
            }
        };
        let whole = WholeFile::create(target).map_err(EpisodeError::File)?;
        let file = BufWriter::with_capacity(AT_ONCE, whole.handle().map_err(EpisodeError::File)?);
        let fields = tags.comments(shape.rate).into_iter().map(|(name, value)| format!("{name}={value}"));
        let comment = VorbisComment { vendor_string: "radioplay".to_owned(), fields: fields.collect() };
        let mut options = Options::default().comment(comment);
        if let Some(cover) = &tags.cover {
            let picture = Picture::new(PictureType::FrontCover, "", cover.bytes.clone());
            options = options.picture(picture.map_err(|error| failed(target, &error.to_string()))?);
        }
        let width = shape.channels.count() as u64;
        let samples = Some(shape.frames.get() * width).filter(|samples| *samples > 0);
        let channels = if width == 1 { 1 } else { 2 };
        let writer = FlacSampleWriter::new(file, options, shape.rate.hz(), bits, channels, samples)
            .map_err(|error| failed(target, &error.to_string()))?;
        Ok(FlacWriter { whole, writer, depth: shape.depth, words: Vec::new() })
    }

    /// Appends frames, as they stand in a WAV of the same words.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, packed: &Packed) -> Result<(), EpisodeError> {
        self.words.clear();
        match self.depth {
            BitDepth::Int16 => words::unpack::<2>(packed.bytes(), &mut self.words),
            BitDepth::Int24 | BitDepth::Float32 => words::unpack::<3>(packed.bytes(), &mut self.words),
        }
        self.writer.write(&self.words).map_err(|error| failed(self.whole.target(), &error.to_string()))
    }

    /// Completes the file, which has no name yet.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(self) -> Result<WholeFile, EpisodeError> {
        let FlacWriter { whole, writer, .. } = self;
        writer.finalize().map_err(|error| failed(whole.target(), &error.to_string()))?;
        Ok(whole)
    }
}

fn failed(target: &Path, why: &str) -> EpisodeError {
    EpisodeError::Encode { path: target.to_owned(), why: why.to_owned() }
}
