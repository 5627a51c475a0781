//! Formats that lose something: written, decoded again, measured, and turned down until they keep the ceiling.
//!
//! What a lossy encoder throws away comes back as other sound, and peaks rise by it, by a decibel or two. So the
//! limiter's ceiling is lowered by as much as the decoded file passes it, and the file is made again. The gain stays
//! the same, so that what is quiet stays as loud as it was.

use std::path::Path;

use crate::audio::decode::{Limits, decode};
use crate::dsp::limiter::Detect;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Measures;
use crate::export::delivery::{Delivery, Part, Written};
use crate::export::encode::{Format, Lossy};
use crate::export::episode::EpisodeError;
use crate::export::opus;
use crate::export::shape::Shape;
use crate::host::whole::WholeFile;
use crate::master::limit::Decision;
use crate::master::measure::Heard;
use crate::master::perform::{self, Portion};
use crate::master::preset::Specification;
use crate::units::level::Gain;
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// How often it is tried. Two or three times is usual.
const ROUNDS: usize = 8;
/// How much further the ceiling is lowered than it was passed, dB: the next encoding is another one.
const SAFETY: f32 = 0.05;

/// Writes a part of the master in a format that loses something.
///
/// # Errors
/// See [`EpisodeError`].
pub(super) fn write(
    delivery: &Delivery<'_>,
    heard: &Heard,
    decision: &Decision,
    part: &Part,
    (format, target): (Format, &Path),
    shape: Shape,
) -> Result<Written, EpisodeError> {
    let mut settings = decision.settings;
    let bounds = heard.portions.bounds();
    let mut round = 0;
    loop {
        round += 1;
        let mut encoder = Lossy::create(format, target, shape, &part.tags)?;
        let silence = |length: FrameCount| vec![0.0; length.index() * shape.channels.count()];
        encoder.write(&silence(part.silence[0]))?;
        let write = |portion: Portion<Vec<f32>>| {
            if delivery.progress.stopped() {
                return Err(EpisodeError::Stopped);
            }
            encoder.write(&portion.piece)
        };
        let as_it_is = |piece: &mut Vec<f32>, _, frames: &[f32]| piece.extend_from_slice(frames);
        let performed =
            perform::perform((&heard.mixture, &bounds), settings, &part.range, |_, _| None, as_it_is, write)?;
        encoder.write(&silence(part.silence[1]))?;
        let whole = encoder.finish()?;
        let measures = measure(&whole, format, shape)?;
        let over = passed(&measures, delivery.specification);
        if over > 0.0 && round < ROUNDS {
            settings.ceiling = settings.ceiling + Gain::new(-over - SAFETY).unwrap_or(Gain::UNITY);
            continue;
        }
        if over > 0.0 {
            let why = format!("it passes the ceiling by {over:.1} dB after decoding, however it is limited");
            return Err(EpisodeError::Encode { path: target.to_owned(), why });
        }
        whole.commit().map_err(EpisodeError::File)?;
        return Ok(Written {
            path: target.to_owned(),
            frames: shape.frames,
            gain: decision.settings.gain,
            limiter: performed.limiter.deepest,
            shortfall: decision.shortfall,
            measures,
            pages: None,
        });
    }
}

/// By how much the ceiling is passed, dB; negative where it is kept.
fn passed(measures: &Measures, specification: &Specification) -> f32 {
    let peak = match specification.detect {
        Detect::Wave => measures.true_peak.map_or(f32::NEG_INFINITY, |peak| peak.value.dbtp()),
        Detect::Samples => measures.sample_peak.dbfs(),
    };
    peak - specification.ceiling.dbfs()
}

/// What is heard when the file is played.
fn measure(whole: &WholeFile, format: Format, shape: Shape) -> Result<Measures, EpisodeError> {
    let meter = |rate: SampleRate| Meter::new(shape.channels, rate, FrameCount::ZERO);
    match format {
        Format::Opus => {
            let mut meter = meter(SampleRate::new(opus::RATE).unwrap_or(SampleRate::DEFAULT));
            opus::decode(whole, |frames| meter.push(frames))?;
            Ok(meter.finish().measures())
        }
        Format::Mp3 | Format::Wav | Format::Flac => {
            let file = whole.handle().map_err(EpisodeError::File)?;
            let mut heard = None;
            // No longer than what was written.
            let longest = Seconds::new(shape.frames.seconds(shape.rate) + 60.0).unwrap_or_default();
            decode(file, Some(format.extension()), Limits { longest }, |found, frames| {
                heard.get_or_insert_with(|| meter(found.rate)).push(frames);
                Ok(())
            })
            .map_err(|error| EpisodeError::Encode {
                path: whole.target().to_owned(),
                why: format!("it cannot be decoded again: {error}"),
            })?;
            Ok(heard.unwrap_or_else(|| meter(shape.rate)).finish().measures())
        }
    }
}
