//! The whole mix, heard once before anything is decided.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::cache::key::{Key, Parts};
use crate::cache::{Cache, Kind};
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Profile;
use crate::master::bounds::Bounds;
use crate::master::in_order::{FAR, in_order};
use crate::master::mixture::{Keeper, Mixture};
use crate::master::portions::Contents;
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::progress::{Progress, Stage};
use crate::units::time::{FrameCount, SampleRate};

/// What the mix is like before mastering.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The mix, to be heard again.
    pub mixture: Mixture,
    /// Its loudness, in the channels it is delivered in, portion by portion.
    pub portions: Portions,
}

/// What was measured of the portions of a mix, each on its own, from its beginning.
#[derive(Clone, Debug)]
pub struct Portions {
    rate: SampleRate,
    ranges: Vec<Range<u64>>,
    profiles: Vec<Profile>,
}

impl Portions {
    /// Nothing measured yet, of these portions.
    pub(super) fn new(rate: SampleRate, ranges: Vec<Range<u64>>) -> Portions {
        Portions { rate, ranges, profiles: Vec::new() }
    }

    /// The same portions, not measured yet.
    pub(super) fn unmeasured(&self) -> Portions {
        Portions::new(self.rate, self.ranges.clone())
    }

    /// Where they lie.
    pub(super) fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    pub(super) fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Adds what was measured of the next one: a copy, which takes no more room than it needs, and that of the thread that
    /// keeps it. What other threads make for good, an allocator cannot put where much has been freed since a script was read.
    pub(super) fn push(&mut self, profile: &Profile) {
        self.profiles.push(profile.clone());
    }

    /// All of them, one after the other.
    pub fn profile(&self) -> Profile {
        self.profile_of(&(0..self.ranges.last().map_or(0, |last| last.end)))
    }

    /// What lies in `range` of them, one after the other.
    pub fn profile_of(&self, range: &Range<u64>) -> Profile {
        let mut part = Profile::with_room(self.rate, FrameCount::new(range.end.saturating_sub(range.start)));
        self.add_to(&mut part, range);
        part
    }

    /// Adds what lies in `range` of them to what was measured before it.
    pub fn add_to(&self, part: &mut Profile, range: &Range<u64>) {
        for (portion, profile) in self.ranges.iter().zip(&self.profiles) {
            let inside = range.start.max(portion.start)..range.end.min(portion.end);
            if inside == *portion {
                part.append(profile);
            } else if !inside.is_empty() {
                part.append_part(profile, &(inside.start - portion.start..inside.end - portion.start));
            }
        }
    }

    /// How high the mix goes.
    pub fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::new(self.rate, self.ranges.clone());
        self.profiles.iter().for_each(|profile| bounds.push(profile));
        bounds
    }
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

/// Measures a mix, or a part of one as a mix by itself; keeps it to be heard again, if it is not too long. What was
/// measured before of portions that have not changed is not measured again. Memory: 64 bytes for a tenth of a second.
///
/// # Errors
/// See [`MasterError`].
pub fn measure_mix(
    mixture: Mixture,
    channels: Channels,
    progress: &dyn Progress,
) -> Result<Heard, MasterError> {
    let (ranges, keeper) = (mixture.portions(), Keeper::new(&mixture));
    let known = mixture.contents(&ranges);
    let mut portions = Portions::new(mixture.plan().rate(), ranges.clone());
    progress.begin(Stage::Measure, mixture.length().get());
    let measured = in_order(
        ranges.len(),
        FAR,
        |index| {
            let rate = mixture.plan().rate();
            let fact = Fact::measured(known.as_ref(), index, channels, rate);
            if let Some(profile) = fact.as_ref().and_then(|fact| fact.recall(rate)) {
                progress.pass(Stage::Measure, ranges[index].clone());
                return Ok(profile);
            }
            let profile = measure_portion(&mixture, &ranges[index], channels, keeper.as_ref(), progress)?;
            fact.iter().for_each(|fact| fact.keep(&profile));
            Ok(profile)
        },
        |profile| {
            portions.push(&profile);
            Ok::<_, MasterError>(())
        },
    );
    progress.end(Stage::Measure);
    measured?;
    Ok(Heard { mixture: mixture.kept_by(keeper), portions })
}

/// What is kept of a portion: a profile, under what it depends on.
pub(super) struct Fact<'a> {
    cache: &'a Cache,
    key: Key,
}

impl<'a> Fact<'a> {
    /// Of a portion of `known`, if that is known by anything.
    pub(super) fn of(
        known: Option<&'a Contents>,
        parts: impl FnOnce(&Contents) -> Option<Parts>,
    ) -> Option<Fact<'a>> {
        let contents = known?;
        Some(Fact { cache: contents.cache(), key: parts(contents)?.key_of_all() })
    }

    /// What was measured of a portion.
    pub(super) fn measured(
        known: Option<&'a Contents>,
        index: usize,
        channels: Channels,
        rate: SampleRate,
    ) -> Option<Fact<'a>> {
        let swing = Meter::hop_start(SWING, rate).get();
        Fact::of(known, |contents| Some(contents.parts("measured", index, swing, 0)?.data(&channels)))
    }

    pub(super) fn recall(&self, rate: SampleRate) -> Option<Profile> {
        let ((), bytes) = self.cache.fact(Kind::Fact, &self.key)?;
        Profile::from_bytes(rate, &bytes)
    }

    pub(super) fn keep(&self, profile: &Profile) {
        self.cache.keep_fact(Kind::Fact, &self.key, &(), &profile.to_bytes());
    }
}

/// Measures a portion, after those hops before it in which filters swing in.
fn measure_portion(
    mixture: &Mixture,
    portion: &Range<u64>,
    channels: Channels,
    keeper: Option<&Keeper>,
    progress: &dyn Progress,
) -> Result<Profile, MasterError> {
    let mut gauge = Gauge::new(mixture, channels, portion);
    let mut at = gauge.from();
    mixture.hear(&(at..portion.end), |mix| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        gauge.take(at, mix);
        let (own, first) = cut(at, mix, portion);
        if let Some(keeper) = keeper {
            keeper.keep(first, own);
        }
        progress.pass(Stage::Measure, first..first + (own.len() / 2) as u64);
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

/// Measures a portion of a mix as if all before had been measured too, in hops that begin where it begins.
pub(super) struct Gauge {
    meter: Meter,
    channels: Channels,
    from: u64,
    end: u64,
    /// Whether the mix ends where this ends.
    last: bool,
    mono: Vec<f32>,
}

impl Gauge {
    /// For a portion of a mix of which the master has so many channels.
    pub(super) fn new(mixture: &Mixture, channels: Channels, portion: &Range<u64>) -> Gauge {
        let rate = mixture.plan().rate();
        let swing = Meter::hop_start(SWING, rate).get();
        let mut meter = Meter::new(channels, rate, FrameCount::ZERO);
        // Before a mix begins there is silence.
        let missing = FrameCount::new(swing.saturating_sub(portion.start));
        meter.push(&vec![0.0; missing.index() * channels.count()]);
        Gauge {
            meter,
            channels,
            from: portion.start.saturating_sub(swing),
            end: portion.end,
            last: portion.end >= mixture.length().get(),
            mono: Vec::new(),
        }
    }

    /// The first frame that it has to hear.
    pub(super) fn from(&self) -> u64 {
        self.from
    }

    /// Takes the frames from `at` on, as far as it wants them.
    pub(super) fn take(&mut self, at: u64, mix: &[f32]) {
        let (mix, _) = cut(at, mix, &(self.from..self.end));
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
        let mut profile = if self.last { self.meter.finish() } else { self.meter.leave() };
        profile.leave_out(FrameCount::new(SWING).index());
        profile
    }
}
