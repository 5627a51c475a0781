//! Opus in Ogg (RFC 6716, RFC 7845): at 48 kHz, to the sample as long as what went in.
//!
//! The encoder takes whichever instructions the processor has, and has no switch that keeps it from that (opus-pure
//! 0.2.2): so the same episode may differ in its last bits from one machine to another. What is measured is the file itself.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, SeekFrom};
use std::path::Path;

use opus_pure::{
    Application, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, OggOpusReader, OggOpusWriter, OpusEncoder, OpusHead,
    OpusTags, Trim,
};

use crate::audio::buffer::Channels;
use crate::dsp::resample::{Resampler, resampled_length};
use crate::export::episode::EpisodeError;
use crate::export::picture;
use crate::export::shape::Shape;
use crate::export::tags::Tags;
use crate::host::whole::WholeFile;
use crate::units::time::SampleRate;

/// What is spent on a channel, bits a second: speech and music are then hard to tell from the original.
const BITS: i32 = 64_000;
/// Frames in a packet: 20 ms.
const FRAME: usize = 960;
/// The only rate an Opus file plays at.
pub const RATE: u32 = 48_000;
/// The stream's number, always the same: the same inputs give the same bytes.
const SERIAL: u32 = 0x7261_6469;

/// An Opus file being written.
pub struct OpusWriter {
    whole: WholeFile,
    writer: OggOpusWriter<BufWriter<File>>,
    encoder: OpusEncoder,
    /// Gone once everything came.
    resampler: Option<Resampler>,
    width: usize,
    pending: Vec<f32>,
    packet: Vec<u8>,
    /// Packets still to be written.
    left: u64,
    /// Where the stream ends, in frames at 48 kHz from its very first.
    end: u64,
}

impl OpusWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create(target: &Path, shape: Shape, tags: &Tags) -> Result<OpusWriter, EpisodeError> {
        let rate = SampleRate::new(RATE).unwrap_or(SampleRate::DEFAULT);
        let width = shape.channels.count();
        let fail = |error: opus_pure::Error| failed(target, &error.to_string());
        let mut encoder = OpusEncoder::new(48_000, width, Application::Audio).map_err(fail)?;
        encoder.bitrate_bps = if shape.channels == Channels::Mono { BITS } else { 2 * BITS };
        let head = OpusHead::for_encoder(&encoder, shape.rate.hz());
        let mut comments = OpusTags::new();
        for (name, value) in tags.comments(shape.rate) {
            comments.push(&name, &value).map_err(fail)?;
        }
        if let Some(cover) = &tags.cover {
            comments.push("METADATA_BLOCK_PICTURE", &picture::base64_block(cover)).map_err(fail)?;
        }
        let frames = resampled_length(shape.frames, shape.rate, rate).get();
        let end = u64::from(head.pre_skip) + frames;
        let whole = WholeFile::create(target).map_err(EpisodeError::File)?;
        let file = BufWriter::new(whole.handle().map_err(EpisodeError::File)?);
        let writer = OggOpusWriter::with_serial(file, head, comments, SERIAL).map_err(fail)?;
        Ok(OpusWriter {
            whole,
            writer,
            encoder,
            resampler: Some(Resampler::new(shape.rate, rate, shape.channels)),
            width,
            pending: Vec::new(),
            packet: vec![0; MAX_PACKET_BYTES],
            left: end.div_ceil(FRAME as u64),
            end,
        })
    }

    /// Appends interleaved frames.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), EpisodeError> {
        if let Some(resampler) = &mut self.resampler {
            resampler.push(interleaved, &mut self.pending);
        }
        self.encode()
    }

    /// Completes the file, which has no name yet.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses.
    pub fn finish(mut self) -> Result<WholeFile, EpisodeError> {
        if let Some(resampler) = self.resampler.take() {
            resampler.finish(&mut self.pending);
        }
        // Silence, so that the encoder gives back what it still holds.
        let wanted = self.left.saturating_mul((FRAME * self.width) as u64);
        self.pending.resize(usize::try_from(wanted).unwrap_or(self.pending.len()), 0.0);
        self.encode()?;
        let OpusWriter { whole, writer, .. } = self;
        writer.finish().map_err(|error| failed(whole.target(), &error.to_string()))?;
        Ok(whole)
    }

    fn encode(&mut self) -> Result<(), EpisodeError> {
        let size = FRAME * self.width;
        let whole = self.pending.len() / size;
        for block in self.pending.chunks_exact(size) {
            let fail = |error: opus_pure::Error| failed(self.whole.target(), &error.to_string());
            let bytes = self.encoder.encode(block, FRAME, &mut self.packet).map_err(fail)?;
            self.left = self.left.saturating_sub(1);
            let packet = &self.packet[..bytes];
            if self.left > 0 {
                self.writer.write_packet(packet).map_err(fail)?;
            } else {
                let before = u64::try_from(self.writer.granule()).unwrap_or(0);
                let rest = u32::try_from(self.end.saturating_sub(before)).unwrap_or(0);
                self.writer.write_packet_with_duration(packet, rest).map_err(fail)?;
            }
        }
        self.pending.drain(..whole * size);
        Ok(())
    }
}

/// Decodes an Opus file that was just written, piece by piece, interleaved at 48 kHz.
///
/// # Errors
/// Where it cannot be read.
pub fn decode(whole: &WholeFile, mut sink: impl FnMut(&[f32])) -> Result<(), EpisodeError> {
    let target = whole.target();
    let fail = |error: opus_pure::Error| failed(target, &error.to_string());
    let mut file = whole.handle().map_err(EpisodeError::File)?;
    file.seek(SeekFrom::Start(0)).map_err(|error| failed(target, &error.to_string()))?;
    let mut reader = OggOpusReader::new(BufReader::new(file)).map_err(fail)?;
    let channels = usize::from(reader.head().channel_count);
    let mut decoder = reader.head().decoder(48_000).map_err(fail)?;
    let mut trim = Trim::new(reader.head(), 48_000, channels).map_err(fail)?;
    let mut block = vec![0.0; MAX_PACKET_SAMPLES * channels];
    for packet in reader.packets() {
        let packet = packet.map_err(fail)?;
        let frames = decoder.decode(&packet.data, MAX_PACKET_SAMPLES, &mut block).map_err(fail)?;
        sink(trim.keep(&packet, &block[..frames * channels]));
    }
    Ok(())
}

fn failed(target: &Path, why: &str) -> EpisodeError {
    EpisodeError::Encode { path: target.to_owned(), why: why.to_owned() }
}
