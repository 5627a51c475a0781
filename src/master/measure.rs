//! The whole mix, heard once before anything is decided.

use std::fmt;
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::cache::Cache;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Profile;
use crate::master::mixture::{Keeper, Mixture};
use crate::mix::block::Block;
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::mix::spans;
use crate::progress::{Progress, Stage};
use crate::units::time::FrameCount;

/// What the mix is like before mastering.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The mix, to be heard again.
    pub mixture: Mixture,
    /// Its loudness, in the channels it is delivered in.
    pub profile: Profile,
    /// For each bus, the highest sample of each tenth of a second, as hops have them.
    pub buses: Vec<Vec<f32>>,
}

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

/// Mixes the whole episode and measures it, keeping it if it is not too long. Memory: 40 bytes for a tenth of a second, and 4 for each bus.
///
/// # Errors
/// See [`MasterError`].
pub fn measure(plan: &Arc<Plan>, channels: Channels, progress: &dyn Progress) -> Result<Heard, MasterError> {
    let rate = plan.rate();
    let mut meter = Meter::new(channels, rate, FrameCount::ZERO);
    let mut envelopes =
        Envelopes { buses: vec![Vec::new(); plan.buses()], hop: 0, end: 0, rate: plan.rate() };
    let mut keeper = Keeper::new(plan);
    let (mut stereo, mut mono) = (Vec::new(), Vec::new());
    progress.begin(Stage::Measure, plan.length().get());
    let mixed = spans::mix(plan, 0..plan.blocks(), |block| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        stereo.clear();
        block.sum().interleave_to(&mut stereo);
        keeper.keep(&stereo);
        match channels {
            Channels::Stereo => meter.push(&stereo),
            Channels::Mono => {
                mono.clear();
                mono.extend(stereo.as_chunks::<2>().0.iter().map(|[left, right]| (left + right) * 0.5));
                meter.push(&mono);
            }
        }
        envelopes.take(block);
        progress.advance(Stage::Measure, block.frames().get());
        Ok(())
    });
    progress.end(Stage::Measure);
    mixed?;
    Ok(Heard { mixture: keeper.finish(plan), profile: meter.finish(), buses: envelopes.buses })
}

/// Measures the mix of a plan as [`measure`] does but for the buses, taking from `cache` what is kept there.
///
/// # Errors
/// See [`MasterError`].
pub fn measure_kept(
    plan: &Arc<Plan>,
    cache: &Cache,
    channels: Channels,
    progress: &dyn Progress,
) -> Result<Heard, MasterError> {
    let mixture = Mixture::cached(Arc::clone(plan), cache);
    if mixture.stretches().is_some() {
        measure_part(mixture, channels, progress)
    } else {
        measure(plan, channels, progress)
    }
}

/// Measures a part of a mix as a mix by itself: loudness, and the buses not at all.
///
/// # Errors
/// See [`MasterError`].
pub fn measure_part(
    mixture: Mixture,
    channels: Channels,
    progress: &dyn Progress,
) -> Result<Heard, MasterError> {
    let mut meter = Meter::new(channels, mixture.plan().rate(), FrameCount::ZERO);
    let mut mono = Vec::new();
    progress.begin(Stage::Measure, mixture.length().get());
    let heard = mixture.hear(&(0..mixture.length().get()), |stereo| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        match channels {
            Channels::Stereo => meter.push(stereo),
            Channels::Mono => {
                mono.clear();
                mono.extend(stereo.as_chunks::<2>().0.iter().map(|[left, right]| (left + right) * 0.5));
                meter.push(&mono);
            }
        }
        progress.advance(Stage::Measure, (stereo.len() / 2) as u64);
        Ok(())
    });
    progress.end(Stage::Measure);
    heard?;
    Ok(Heard { mixture, profile: meter.finish(), buses: Vec::new() })
}

/// The buses' peaks, hop by hop.
struct Envelopes {
    buses: Vec<Vec<f32>>,
    /// The hop being filled.
    hop: u64,
    /// The frame after its last.
    end: u64,
    rate: crate::units::time::SampleRate,
}

impl Envelopes {
    fn take(&mut self, block: &Block) {
        let first = block.start().from_start().unwrap_or_default().get();
        let (mut at, end) = (first, first + block.frames().get());
        while at < end {
            if at >= self.end {
                self.hop = if self.end == 0 { 0 } else { self.hop + 1 };
                self.end = Meter::hop_start(self.hop + 1, self.rate).get();
                self.buses.iter_mut().for_each(|bus| bus.push(0.0));
            }
            let until = self.end.min(end);
            let part = FrameCount::new(at - first).index()..FrameCount::new(until - first).index();
            for (envelope, bus) in self.buses.iter_mut().zip(block.buses()) {
                let samples = bus.left[part.clone()].iter().chain(&bus.right[part.clone()]);
                if let Some(last) = envelope.last_mut() {
                    *last = samples.fold(*last, |peak, sample| peak.max(sample.abs()));
                }
            }
            at = until;
        }
    }
}
