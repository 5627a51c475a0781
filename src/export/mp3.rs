//! MP3 by LAME: 192 kb/s at a constant rate, with a LAME tag, so that players leave out what the encoder adds at the
//! ends. Only in builds with the feature `mp3`.
//!
//! MP3 knows 44.1 and 48 kHz; other rates become the one they are a multiple of.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use mp3lame_encoder::{Bitrate, Builder, DualPcm, Encoder, FlushGap, Mode, MonoPcm, Quality};

use crate::dsp::resample::Resampler;
use crate::export::episode::EpisodeError;
use crate::export::id3;
use crate::export::shape::Shape;
use crate::export::tags::Tags;
use crate::host::whole::{WholeError, WholeFile};
use crate::units::time::SampleRate;

/// What LAME may put out at the end, bytes.
const LAST: usize = 7200;

/// An MP3 file being written.
pub struct Mp3Writer {
    whole: WholeFile,
    file: BufWriter<File>,
    encoder: Encoder,
    resampler: Option<Resampler>,
    width: usize,
    /// Where the first frame begins, which becomes the LAME tag.
    start: u64,
    frames: Vec<f32>,
    bytes: Vec<u8>,
}

impl Mp3Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create(target: &Path, shape: Shape, tags: &Tags) -> Result<Mp3Writer, EpisodeError> {
        let rate = rate(shape.rate);
        let width = shape.channels.count();
        let encoder = encoder(rate, width).map_err(|why| failed(target, &why))?;
        let whole = WholeFile::create(target).map_err(EpisodeError::File)?;
        let mut file = BufWriter::new(whole.handle().map_err(EpisodeError::File)?);
        let tag = id3::bytes(tags, shape.rate);
        file.write_all(&tag).map_err(|error| written(target, error))?;
        Ok(Mp3Writer {
            whole,
            file,
            encoder,
            resampler: Some(Resampler::new(shape.rate, rate, shape.channels)),
            width,
            start: tag.len() as u64,
            frames: Vec::new(),
            bytes: Vec::new(),
        })
    }

    /// Appends interleaved frames.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), EpisodeError> {
        self.frames.clear();
        if let Some(resampler) = &mut self.resampler {
            resampler.push(interleaved, &mut self.frames);
        }
        self.encode()
    }

    /// Completes the file, which has no name yet.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(mut self) -> Result<WholeFile, EpisodeError> {
        self.frames.clear();
        if let Some(resampler) = self.resampler.take() {
            resampler.finish(&mut self.frames);
        }
        self.encode()?;
        self.bytes.clear();
        self.bytes.reserve(LAST);
        let target = self.whole.target();
        let flushed = self.encoder.flush_to_vec::<FlushGap>(&mut self.bytes);
        flushed.map_err(|error| failed(target, &error.to_string()))?;
        let mut tag = Vec::with_capacity(self.encoder.lame_tag_size());
        self.encoder.lame_tag_encode_to_vec(&mut tag);
        let mut complete = || -> io::Result<()> {
            self.file.write_all(&self.bytes)?;
            // LAME left an empty frame for it.
            self.file.seek(SeekFrom::Start(self.start))?;
            self.file.write_all(&tag)?;
            self.file.flush()
        };
        complete().map_err(|error| written(target, error))?;
        Ok(self.whole)
    }

    fn encode(&mut self) -> Result<(), EpisodeError> {
        let target = self.whole.target();
        let count = self.frames.len() / self.width;
        self.bytes.clear();
        self.bytes.reserve(mp3lame_encoder::max_required_buffer_size(count));
        let encoded = if self.width == 1 {
            self.encoder.encode_to_vec(MonoPcm(&self.frames), &mut self.bytes)
        } else {
            let side = |side: usize| self.frames.iter().skip(side).step_by(2).copied().collect::<Vec<f32>>();
            self.encoder.encode_to_vec(DualPcm { left: &side(0), right: &side(1) }, &mut self.bytes)
        };
        encoded.map_err(|error| failed(target, &error.to_string()))?;
        self.file.write_all(&self.bytes).map_err(|error| written(target, error))
    }
}

/// The rate an MP3 of sound at `rate` has.
pub fn rate(rate: SampleRate) -> SampleRate {
    let hz = if rate.hz().is_multiple_of(11_025) { 44_100 } else { 48_000 };
    SampleRate::new(hz).unwrap_or(SampleRate::DEFAULT)
}

fn encoder(rate: SampleRate, width: usize) -> Result<Encoder, String> {
    let why = |error: mp3lame_encoder::BuildError| error.to_string();
    let mut builder = Builder::new().ok_or("there is no memory for LAME")?;
    builder.set_num_channels(if width == 1 { 1 } else { 2 }).map_err(why)?;
    builder.set_sample_rate(rate.hz()).map_err(why)?;
    builder.set_mode(if width == 1 { Mode::Mono } else { Mode::JointStereo }).map_err(why)?;
    builder.set_brate(Bitrate::Kbps192).map_err(why)?;
    builder.set_quality(Quality::SecondBest).map_err(why)?;
    builder.set_to_write_vbr_tag(true).map_err(why)?;
    builder.build().map_err(why)
}

fn failed(target: &Path, why: &str) -> EpisodeError {
    EpisodeError::Encode { path: target.to_owned(), why: why.to_owned() }
}

fn written(target: &Path, error: io::Error) -> EpisodeError {
    EpisodeError::File(WholeError::writing(target, error))
}
