//! Audio files of any format become samples: WAV (integer, float, ADPCM), AIFF, FLAC, MP3, Ogg Vorbis, AAC and ALAC
//! in M4A or CAF, Matroska. Demuxing and decoding are symphonia's; this module holds it to our promises.
//!
//! *In*: a reader and the file name's extension. *Out*: 32-bit float, mono or stereo, at the file's own rate, piece
//! by piece, so that memory stays bounded whatever a file claims; counted by what is decoded, never by headers.
//! More than two channels are mixed down (see [`downmix`]).
//!
//! *Alignment*: what an encoder put before and after the sound is cut away, where the file says how much: the LAME
//! tag of MP3, granule positions of Vorbis, the packet table of CAF, the edit list of M4A (see [`edits`]). A raw AAC
//! stream says nothing, so its 1024 frames or more of priming stay. ADPCM ends with a whole block.
//!
//! *Strictness*: nothing is skipped or repaired. A packet that does not decode, a sample that is no number, a file
//! that ends before its own header says: each is an error with its time. What symphonia drops while searching for
//! the next MP3 frame it does not report, so junk between MP3 frames goes unnoticed.
//!
//! *Determinism*: symphonia runs here without `opt-simd`, whose FFT differs by processor. PCM, FLAC and ALAC are
//! exact everywhere. The lossy decoders compute their tables by the platform's mathematical functions, so their last
//! bit may differ between operating systems, though not between runs.

pub mod error;
pub mod plain;

mod downmix;
mod edits;
mod media;

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_ALAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::FORMAT_ID_WAVE;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::audio::decode::downmix::Downmix;
use crate::audio::decode::edits::Edits;
use crate::audio::decode::error::DecodeError;
use crate::audio::decode::media::Media;
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// Samples beyond this are no sound but a broken file: +120 dBFS.
pub const LOUDEST: f32 = 1e6;
/// The most samples a header may claim a packet to hold, since decoders make room for them at once. FLAC's 65 535
/// frames of 8 channels are half of it.
const MOST_IN_PACKET: u64 = 1 << 20;
/// Frames in a packet of ALAC, as all encoders make them.
const ALAC_PACKET: u64 = 4096;
/// Tags and pictures a file may make us hold in memory, in bytes each.
const METADATA_BYTES: usize = 1 << 20;

/// What a file may ask of us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The longest sound decoded; default two hours.
    pub longest: Seconds,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { longest: Seconds::new(7200.0).unwrap_or_default() }
    }
}

/// What a file's sound is like, as it is handed out: after any mixing down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The file's own rate.
    pub rate: SampleRate,
    /// Mono or stereo.
    pub channels: Channels,
}

/// Decodes the first audio track of `reader`, handing `sink` interleaved pieces of a few thousand frames, at least
/// one. Gives the format, and the length in frames. `extension` ("wav", no dot) helps to recognise the file.
///
/// # Errors
/// See [`DecodeError`]. Pieces handed to `sink` before an error are not to be used.
pub fn decode<R>(
    mut reader: R,
    extension: Option<&str>,
    limits: Limits,
    mut sink: impl FnMut(Format, &[f32]) -> io::Result<()>,
) -> Result<(Format, FrameCount), DecodeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let bytes = reader.seek(SeekFrom::End(0)).map_err(DecodeError::Read)?;
    if bytes == 0 {
        return Err(DecodeError::Empty);
    }
    reader.rewind().map_err(DecodeError::Read)?;
    let known = begins_as_known(&mut reader).map_err(DecodeError::Read)?;
    reader.rewind().map_err(DecodeError::Read)?;
    let edits = edits::read(&mut reader)?;
    reader.rewind().map_err(DecodeError::Read)?;

    let mut format = open(Media::new(reader, bytes), extension).map_err(|error| match error {
        DecodeError::Unknown if known => DecodeError::Truncated { after: 0.0 },
        error => error,
    })?;
    let track = format.default_track(TrackType::Audio).ok_or(DecodeError::NoAudio)?;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or(DecodeError::NoAudio)?;
    let channels = parameters.channels.as_ref().map_or(1, |channels| channels.count().max(1) as u64);
    if parameters.max_frames_per_packet.unwrap_or(0).saturating_mul(channels) > MOST_IN_PACKET {
        return Err(DecodeError::Malformed { after: None, what: "its packets are too large".to_owned() });
    }
    let options = AudioDecoderOptions::default();
    let mut decoder =
        guarded(None, || symphonia::default::get_codecs().make_audio_decoder(parameters, &options))?;
    let mut run = Run::new(track, parameters, edits, limits);
    run.all(format.as_mut(), decoder.as_mut(), &mut sink)?;
    run.finish()
}

/// Decodes a whole file into memory.
///
/// # Errors
/// See [`decode`].
pub fn decode_to_buffer<R>(
    reader: R,
    extension: Option<&str>,
    limits: Limits,
) -> Result<AudioBuffer, DecodeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let mut samples = Vec::new();
    let (format, _) = decode(reader, extension, limits, |_, piece| {
        samples.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(AudioBuffer::new(samples, format.channels, format.rate))
}

fn open<'s>(
    media: impl symphonia::core::io::MediaSource + 's,
    extension: Option<&str>,
) -> Result<Box<dyn FormatReader + 's>, DecodeError> {
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let mut metadata = MetadataOptions::default();
    metadata.limit_tag_bytes = Limit::Maximum(METADATA_BYTES);
    metadata.limit_visual_bytes = Limit::Maximum(METADATA_BYTES);
    let stream = MediaSourceStream::new(Box::new(media), Default::default());
    let probe = symphonia::default::get_probe();
    guarded(None, || probe.probe(&hint, stream, FormatOptions::default(), metadata)).map_err(|error| {
        match error {
            // The probe answers so when no format claims the file, and when the file ends while it searches.
            DecodeError::Unsupported(_) | DecodeError::Truncated { .. } => DecodeError::Unknown,
            error => error,
        }
    })
}

fn is_wave(format: &dyn FormatReader) -> bool {
    format.format_info().format == FORMAT_ID_WAVE
}

/// Calls into symphonia, which fuzzing has seen panic on a damaged Vorbis header; no file may bring the program down.
/// What panicked is dropped with the file it belongs to.
fn guarded<T>(after: Option<f64>, call: impl FnOnce() -> Result<T, Symphonia>) -> Result<T, DecodeError> {
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(false);
    match outcome {
        Ok(result) => result.map_err(|error| DecodeError::of(error, after)),
        Err(_) => Err(DecodeError::Malformed { after, what: "the decoder gave up on it".to_owned() }),
    }
}

/// Whether this thread is inside a call whose panic will be caught and reported as a broken file: whoever prints
/// panics need not print that one.
pub fn panic_is_expected() -> bool {
    GUARDED.get()
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the file starts as one of the containers does; where such a one cannot be recognised, it is incomplete.
fn begins_as_known<R: Read>(reader: &mut R) -> io::Result<bool> {
    let mut start = Vec::with_capacity(12);
    reader.take(12).read_to_end(&mut start)?;
    const STARTS: [&[u8]; 6] = [b"RIFF", b"FORM", b"fLaC", b"OggS", b"caff", b"\x1a\x45\xdf\xa3"];
    Ok(STARTS.iter().any(|known| start.starts_with(known)) || start.get(4..8) == Some(b"ftyp"))
}

/// One file on its way through the decoder.
struct Run {
    /// The track's number in the file.
    track: u32,
    limits: Limits,
    edits: Option<Edits>,
    /// Frames to cut at the start, where the decoder does not do it.
    delay: u64,
    /// Frames the header promises after cutting, where its word is reliable.
    promised: Option<u64>,
    /// Frames to cut everything after, where the decoder does not do it.
    cut: Option<u64>,
    /// Known from the first packet that decodes.
    known: Option<Known>,
    /// Frames decoded, before cutting.
    decoded: u64,
    /// Frames handed out.
    given: u64,
    samples: Vec<f32>,
}

/// What the first decoded packet shows.
struct Known {
    format: Format,
    downmix: Downmix,
    source_channels: usize,
    most: u64,
}

impl Run {
    fn new(track: &Track, parameters: &AudioCodecParameters, edits: Option<Edits>, limits: Limits) -> Run {
        let mpeg = [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3].contains(&parameters.codec);
        let gapless = mpeg || parameters.codec == CODEC_ID_VORBIS;
        let delay = if gapless { 0 } else { u64::from(track.delay.unwrap_or(0)) };
        // Without a LAME tag, an MP3's length is a guess from its size.
        let mut promised = track.num_frames.filter(|_| !mpeg || track.delay.is_some());
        let cut = promised.filter(|_| !gapless && track.delay.is_some());
        if parameters.codec == CODEC_ID_ALAC {
            // FFmpeg's CAF counts the last packet as a full one, though its own header says otherwise.
            promised = promised.map(|frames| frames.saturating_sub(ALAC_PACKET - 1));
        }
        Run {
            track: track.id,
            limits,
            edits,
            delay,
            promised,
            cut,
            known: None,
            decoded: 0,
            given: 0,
            samples: Vec::new(),
        }
    }

    fn all(
        &mut self,
        format: &mut dyn FormatReader,
        decoder: &mut dyn AudioDecoder,
        sink: &mut impl FnMut(Format, &[f32]) -> io::Result<()>,
    ) -> Result<(), DecodeError> {
        loop {
            let time = self.time();
            let packet = match guarded(Some(time), || format.next_packet()) {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(()),
                // A WAV that was written to a pipe says that its length is unknown, and ends where the file does.
                Err(DecodeError::Truncated { .. }) if self.promised.is_none() && is_wave(format) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if packet.track_id != self.track {
                continue;
            }
            if packet.data.is_empty() {
                return Err(self.truncated());
            }
            let audio = guarded(Some(time), || decoder.decode(&packet))?;
            let (rate, channels) = (audio.spec().rate(), audio.spec().channels());
            let known = match &self.known {
                Some(known) => known,
                None => {
                    let downmix = Downmix::new(channels)
                        .ok_or(DecodeError::TooManyChannels { channels: channels.count() })?;
                    let rate = SampleRate::new(rate).ok_or(DecodeError::Rate { hz: rate })?;
                    self.place(rate);
                    let format = Format { rate, channels: downmix.channels() };
                    let most = self.limits.longest.to_count(rate).get();
                    self.known.insert(Known { format, downmix, source_channels: channels.count(), most })
                }
            };
            if rate != known.format.rate.hz() || channels.count() != known.source_channels {
                return Err(DecodeError::Changes { after: self.time() });
            }
            audio.copy_to_vec_interleaved(&mut self.samples);
            self.hand_out(sink)?;
        }
    }

    /// Turns an M4A's edit into frames, once the rate is known.
    fn place(&mut self, rate: SampleRate) {
        if let Some(edits) = &self.edits {
            let (start, length) = edits.frames(rate);
            self.delay = start;
            self.cut = length;
            self.promised = length;
        }
    }

    /// Checks the packet in `samples`, cuts it to what is sound, and passes it on.
    fn hand_out(
        &mut self,
        sink: &mut impl FnMut(Format, &[f32]) -> io::Result<()>,
    ) -> Result<(), DecodeError> {
        let Some(known) = &self.known else {
            return Ok(());
        };
        let width = known.source_channels;
        let frames = (self.samples.len() / width) as u64;
        // Written so that NaN, which compares as false, is found too.
        if let Some(at) = self.samples.iter().position(|s| !matches!(s.abs(), 0.0..=LOUDEST)) {
            let after = FrameCount::new(self.decoded + (at / width) as u64).seconds(known.format.rate);
            return Err(DecodeError::NotASample { after, value: self.samples[at] });
        }
        let from = self.delay.saturating_sub(self.decoded).min(frames);
        let room = self.cut.map_or(u64::MAX, |cut| cut.saturating_sub(self.given));
        let to = frames.min(from.saturating_add(room));
        self.decoded += frames;
        if to == from {
            return Ok(());
        }
        self.given += to - from;
        if self.given > known.most {
            return Err(DecodeError::TooLong { longest: self.limits.longest });
        }
        let index = |frame: u64| FrameCount::new(frame).index() * width;
        let whole = known.downmix.apply(&mut self.samples, index(from)..index(to));
        sink(known.format, whole).map_err(DecodeError::Sink)
    }

    fn finish(self) -> Result<(Format, FrameCount), DecodeError> {
        if self.promised.is_some_and(|promised| self.given < promised) {
            return Err(self.truncated());
        }
        match self.known {
            Some(known) if self.given > 0 => Ok((known.format, FrameCount::new(self.given))),
            _ => Err(DecodeError::Empty),
        }
    }

    fn truncated(&self) -> DecodeError {
        DecodeError::Truncated { after: self.time() }
    }

    /// How far the decoder is, in seconds.
    fn time(&self) -> f64 {
        self.known.as_ref().map_or(0.0, |known| FrameCount::new(self.decoded).seconds(known.format.rate))
    }
}
