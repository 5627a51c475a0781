//! Recorded clips: decoded, resampled to the project rate and spooled, piece by piece.

use std::fmt;
use std::fs::File;
use std::io;

use crate::audio::decode::error::DecodeError;
use crate::audio::decode::{Limits, decode};
use crate::audio::samples::Samples;
use crate::dsp::resample::Resampler;
use crate::spool::Spool;
use crate::units::time::SampleRate;

/// Why a file did not become a clip.
#[derive(Debug)]
pub enum ClipError {
    /// It cannot be decoded.
    Decode(DecodeError),
    /// It is not sound at a speed this program can play: the rate it would have.
    Speed(f64),
    /// The scratch file cannot be written.
    Spool(io::Error),
}

impl fmt::Display for ClipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClipError::Decode(error) => write!(f, "{error}"),
            ClipError::Speed(hz) => {
                write!(f, "cannot be played at this speed: it would run at {hz:.0} Hz, which is out of range")
            }
            ClipError::Spool(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ClipError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClipError::Decode(error) => Some(error),
            ClipError::Speed(_) => None,
            ClipError::Spool(error) => Some(error),
        }
    }
}

/// Reads a clip at the project rate. `extension` helps to recognise it; `speed` is a factor, and pitch goes with it.
///
/// # Errors
/// See [`ClipError`].
pub fn load(
    file: File,
    extension: Option<&str>,
    limits: Limits,
    speed: f64,
    rate: SampleRate,
    spool: &Spool,
) -> Result<Samples, ClipError> {
    let mut sink = None;
    let mut piece = Vec::new();
    let mut wrong_speed = None;
    let decoded = decode(file, extension, limits, |format, samples| {
        if sink.is_none() {
            let Some(from) = at_speed(format.rate, speed) else {
                wrong_speed = Some(f64::from(format.rate.hz()) * speed);
                return Err(io::ErrorKind::InvalidInput.into());
            };
            sink = Some((Resampler::new(from, rate, format.channels), spool.writer(format.channels)));
        }
        let Some((resampler, writer)) = &mut sink else { return Ok(()) };
        piece.clear();
        resampler.push(samples, &mut piece);
        writer.write(&piece).map_err(io::Error::other)
    });
    if let Some(hz) = wrong_speed {
        return Err(ClipError::Speed(hz));
    }
    match decoded {
        Err(DecodeError::Sink(error)) => return Err(ClipError::Spool(error)),
        Err(error) => return Err(ClipError::Decode(error)),
        Ok(_) => {}
    }
    let Some((resampler, mut writer)) = sink else { return Err(ClipError::Decode(DecodeError::Empty)) };
    piece.clear();
    resampler.finish(&mut piece);
    let written = writer.write(&piece).and_then(|()| writer.finish());
    written.map_err(|error| ClipError::Spool(io::Error::other(error)))
}

/// The rate that audio at `rate` has when it is played at `speed`, to the nearest Hz.
pub fn at_speed(rate: SampleRate, speed: f64) -> Option<SampleRate> {
    let hz = (f64::from(rate.hz()) * speed).round();
    if !(1.0..=f64::from(SampleRate::MAX_HZ)).contains(&hz) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
    SampleRate::new(hz as u32)
}
