//! The whole mix, heard once before anything is decided.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Profile;
use crate::master::in_order::in_order;
use crate::master::mixture::{Keeper, Mixture};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::progress::{Progress, Stage};
use crate::units::time::FrameCount;

/// What the mix is like before mastering.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The mix, to be heard again.
    pub mixture: Mixture,
    /// Its loudness, in the channels it is delivered in.
    pub profile: Profile,
}

/// Hops heard before those that count, so that filters have swung in: then the state of the high-pass at 38 Hz, which
/// has a double pole, has fallen by more than 500 dB.
const SWING: u64 = 3;

/// Why nothing was mastered.
#[derive(Debug)]
pub enum MasterError {
    /// A clip cannot be read any more.
    Mix(MixError),
    /// The person stopped it.
    Stopped,
}

impl fmt::Display for MasterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MasterError::Mix(error) => error.fmt(f),
            MasterError::Stopped => f.write_str("interrupted; nothing was written"),
        }
    }
}

impl std::error::Error for MasterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            MasterError::Mix(error) => Some(error),
            MasterError::Stopped => None,
        }
    }
}

impl From<MixError> for MasterError {
    fn from(error: MixError) -> MasterError {
        MasterError::Mix(error)
    }
}

/// Mixes a whole episode and measures it; see [`measure_mix`].
///
/// # Errors
/// See [`MasterError`].
pub fn measure(plan: &Arc<Plan>, channels: Channels, progress: &dyn Progress) -> Result<Heard, MasterError> {
    measure_mix(Mixture::new(Arc::clone(plan)), channels, progress)
}

/// Measures a mix, or a part of one as a mix by itself; keeps it to be heard again, if it is not too long. Memory: 80 bytes
/// for a tenth of a second.
///
/// # Errors
/// See [`MasterError`].
pub fn measure_mix(
    mixture: Mixture,
    channels: Channels,
    progress: &dyn Progress,
) -> Result<Heard, MasterError> {
    let (portions, keeper) = (mixture.portions(), Keeper::new(&mixture));
    let mut profile = Profile::empty(mixture.plan().rate());
    progress.begin(Stage::Measure, mixture.length().get());
    let measured = in_order(
        portions.len(),
        |index| measure_portion(&mixture, &portions[index], channels, keeper.as_ref(), progress),
        |portion| {
            profile.append(&portion);
            Ok(())
        },
    );
    progress.end(Stage::Measure);
    measured?;
    Ok(Heard { mixture: mixture.kept_by(keeper), profile })
}

/// Measures the hops that begin in a portion, after those before it in which filters swing in.
fn measure_portion(
    mixture: &Mixture,
    portion: &Range<u64>,
    channels: Channels,
    keeper: Option<&Keeper>,
    progress: &dyn Progress,
) -> Result<Profile, MasterError> {
    let mut gauge = Gauge::new(mixture, channels, portion, portion.end);
    let all = gauge.heard().start.min(portion.start)..gauge.heard().end.max(portion.end);
    let mut at = all.start;
    mixture.hear(&all, |mix| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        gauge.take(at, mix);
        let (own, first) = cut(at, mix, portion);
        if let Some(keeper) = keeper {
            keeper.keep(first, own);
        }
        progress.advance(Stage::Measure, (own.len() / 2) as u64);
        at += (mix.len() / 2) as u64;
        Ok(())
    })?;
    Ok(gauge.finish())
}

/// Those of the frames from `at` on that lie in a range, and the first of them.
pub(super) fn cut<'m>(at: u64, mix: &'m [f32], range: &Range<u64>) -> (&'m [f32], u64) {
    let sample =
        |frame: u64| FrameCount::new(frame.saturating_sub(at)).index().saturating_mul(2).min(mix.len());
    let from = sample(range.start);
    (&mix[from..sample(range.end).max(from)], at.max(range.start))
}

/// Measures a part of a mix so that it is as if all before had been measured too.
pub(super) struct Gauge {
    meter: Meter,
    channels: Channels,
    heard: Range<u64>,
    /// Whether the mix ends where this ends.
    last: bool,
    mono: Vec<f32>,
}

impl Gauge {
    /// For the hops that begin in `range` and those after that begin before `until`, of a mix of which the master has
    /// so many channels.
    pub(super) fn new(mixture: &Mixture, channels: Channels, range: &Range<u64>, until: u64) -> Gauge {
        let (rate, length) = (mixture.plan().rate(), mixture.length().get());
        let start = |hop: u64| Meter::hop_start(hop, rate);
        let from = start(Meter::hop_from(range.start, rate).saturating_sub(SWING));
        let end = start(Meter::hop_from(until, rate)).get();
        let heard = from.get().min(length)..end.min(length);
        let meter = Meter::new(channels, rate, from);
        Gauge { meter, channels, heard, last: end >= length, mono: Vec::new() }
    }

    /// What it has to hear.
    pub(super) fn heard(&self) -> &Range<u64> {
        &self.heard
    }

    /// Takes the frames from `at` on, as far as it wants them.
    pub(super) fn take(&mut self, at: u64, mix: &[f32]) {
        let (mix, _) = cut(at, mix, &self.heard);
        match self.channels {
            Channels::Stereo => self.meter.push(mix),
            Channels::Mono => {
                self.mono.clear();
                self.mono.extend(mix.as_chunks::<2>().0.iter().map(|[left, right]| (left + right) * 0.5));
                self.meter.push(&self.mono);
            }
        }
    }

    pub(super) fn finish(self) -> Profile {
        if self.last { self.meter.finish() } else { self.meter.leave() }
    }
}
