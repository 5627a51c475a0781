//! One gain: the one with which the limited master is as loud as it is to be.
//!
//! The limiter takes loudness away, and how much depends on the gain, so the gain is searched for. What the limiter
//! leaves alone only moves with the gain; so each round hears, masters and measures again just those parts of each portion
//! in which peaks might pass the ceiling.

use std::ops::Range;

use crate::dsp::limiter::Detect;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Profile;
use crate::master::in_order::{NEAR, in_order};
use crate::master::measure::{Fact, Heard, MasterError, Portions};
use crate::master::mixture::Mixture;
use crate::master::preset::Specification;
use crate::master::{Master, Settings};
use crate::mix::error::Error as MixError;
use crate::progress::Progress;
use crate::units::level::Gain;
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// Gains are whole multiples of this, in dB: so that a line more or less in an hour seldom changes the gain of all the
/// rest, and what was mastered stays as it is. A tenth of a loudness unit is promised; this is at most a quarter of that off.
const STEP: f64 = 0.05;
/// How often it tries. Four or five times is usual where the limiter works, once where it does not.
const ROUNDS: usize = 16;
/// The most it turns up: what is quieter than 40 dB below its target is noise.
const MOST: f64 = Gain::MAX_DB;
/// The least.
const LEAST: f64 = -120.0;
/// How far below the ceiling the limiter works, in dB, where the wave counts: for what 8-fold oversampling misses
/// of a wave at 20 kHz (0.12 dB, see [`crate::dsp::true_peak`]) and for how the gain changes.
const SAFETY: f32 = 0.15;
/// Hops heard before a stretch, so that filters have swung in.
const BEFORE: usize = 3;
/// Hops after the last peak in which the limiter comes back: ten time constants.
const AFTER: usize = 10;
/// Hops heard before a stretch that begins in the middle of work: as long as a limiter remembers, and more.
const REMEMBERED: usize = 25;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// What the master is run with.
    pub settings: Settings,
    /// Why it is not as loud as it should be, if so.
    pub shortfall: Option<Shortfall>,
}

/// Why a master is not as loud as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// There is no loudness to be measured: it is shorter than 400 ms, or nothing but silence. It got no gain.
    Unmeasurable,
    /// It would have to be turned up by more than [`Gain::MAX_DB`].
    TooQuiet,
    /// The limiter takes away what is turned up.
    TooPeaky,
}

/// No gain, only the ceiling.
pub fn as_mixed(specification: &Specification) -> Decision {
    let safety = if specification.detect == Detect::Wave { SAFETY } else { 0.0 };
    let settings = Settings {
        ceiling: specification.ceiling + gain(f64::from(-safety)),
        detect: specification.detect,
        channels: specification.channels,
        ..Settings::default()
    };
    Decision { settings, shortfall: None }
}

/// How many frames of the mix before a frame of the master, and after it, decide on it besides its own; and on what is
/// measured there.
pub fn reach(settings: Settings, rate: SampleRate) -> (u64, u64) {
    let master = Master::new(settings, rate);
    let hops = |count: usize| Meter::hop_start(count as u64, rate).get();
    (master.settle().get().max(hops(REMEMBERED + BEFORE)), master.latency().get() + hops(1))
}

/// Decides on the gain for a mix that was `heard`.
///
/// # Errors
/// See [`MasterError`].
pub fn decide(
    heard: &Heard,
    specification: &Specification,
    progress: &dyn Progress,
) -> Result<Decision, MasterError> {
    Search { heard, progress, keeps_portions: false, last: None }.decide(specification)
}

/// The same, and what the master is like that comes of it.
///
/// # Errors
/// See [`MasterError`].
pub fn decide_and_measure(
    heard: &Heard,
    specification: &Specification,
    progress: &dyn Progress,
) -> Result<(Decision, Profile), MasterError> {
    let mut search = Search { heard, progress, keeps_portions: false, last: None };
    let decision = search.decide(specification)?;
    Ok((decision, search.outcome(decision.settings)?.profile))
}

/// The same, portion by portion. Memory: twice as much.
///
/// # Errors
/// See [`MasterError`].
pub fn decide_and_measure_portions(
    heard: &Heard,
    specification: &Specification,
    progress: &dyn Progress,
) -> Result<(Decision, Portions), MasterError> {
    let mut search = Search { heard, progress, keeps_portions: true, last: None };
    let decision = search.decide(specification)?;
    Ok((decision, search.outcome(decision.settings)?.portions))
}

/// The way to a decision.
struct Search<'a> {
    heard: &'a Heard,
    progress: &'a dyn Progress,
    keeps_portions: bool,
    /// What was tried last.
    last: Option<Tried>,
}

/// Settings that were tried, and what the meter would say of the master that comes of them.
struct Tried {
    settings: Settings,
    profile: Profile,
    /// None of them measured where they are not kept.
    portions: Portions,
}

impl Search<'_> {
    fn try_out(&mut self, settings: Settings) -> Result<Tried, MasterError> {
        // Long episodes' profiles are large: one at a time.
        self.last = None;
        let mut portions = self.heard.portions.unmeasured();
        let mixture = &self.heard.mixture;
        let mut profile = Profile::with_room(mixture.plan().rate(), mixture.length());
        limited(self.heard, settings, self.progress, |portion| {
            profile.append(&portion);
            if self.keeps_portions {
                portions.push(&portion);
            }
        })?;
        Ok(Tried { settings, profile, portions })
    }

    /// What came of the settings that were decided on.
    fn outcome(mut self, settings: Settings) -> Result<Tried, MasterError> {
        match self.last.take().filter(|tried| tried.settings == settings) {
            Some(tried) => Ok(tried),
            None => self.try_out(settings),
        }
    }

    fn decide(&mut self, specification: &Specification) -> Result<Decision, MasterError> {
        let Decision { mut settings, .. } = as_mixed(specification);
        let Some(aim) = specification.target.aim() else { return Ok(Decision { settings, shortfall: None }) };
        let Some(mut found) = specification.target.of(&self.heard.portions.profile().measures()) else {
            return Ok(Decision { settings, shortfall: Some(Shortfall::Unmeasurable) });
        };
        let mut step = nearest(aim - found);
        // Gains that were tried, and how loud each was.
        let mut tried: Vec<(i32, f64)> = Vec::new();
        for _ in 0..ROUNDS {
            settings.gain = gain(f64::from(step) * STEP);
            let tried_out = self.try_out(settings)?;
            let measures = tried_out.profile.measures();
            self.last = Some(tried_out);
            let over =
                measures.true_peak.map_or(0.0, |peak| peak.value.dbtp() - specification.ceiling.dbfs());
            if specification.detect == Detect::Wave && over > 0.0 {
                settings.ceiling = settings.ceiling + gain(f64::from(-over - 0.01));
                // What was tried was tried under another ceiling.
                tried.clear();
                continue;
            }
            let Some(now) = specification.target.of(&measures) else { break };
            found = now;
            let missing = aim - found;
            if missing.abs() <= STEP / 2.0 {
                return Ok(Decision { settings, shortfall: None });
            }
            // How much of a decibel more comes out as loudness: by the last two rounds, else all of it.
            let slope = tried
                .last()
                .map_or(1.0, |(before, loudness)| (found - loudness) / (f64::from(step - before) * STEP));
            tried.push((step, found));
            let next = nearest(f64::from(step) * STEP + missing / slope.clamp(0.1, 1.0));
            // The aim may lie between two steps that both miss it by a hair more than half of one.
            if next == step || tried.iter().any(|(step, _)| *step == next) {
                break;
            }
            step = next;
        }
        let shortfall = match (aim - found).abs() {
            missing if missing <= 0.1 => None,
            _ if step >= nearest(MOST) => Some(Shortfall::TooQuiet),
            _ => Some(Shortfall::TooPeaky),
        };
        Ok(Decision { settings, shortfall })
    }
}

/// The whole number of steps nearest to a gain in dB, of those that are allowed.
fn nearest(db: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "between two small numbers")]
    let steps = (db.clamp(LEAST, MOST) / STEP).round() as i32;
    steps
}

fn gain(db: f64) -> Gain {
    Gain::new(narrow(db)).unwrap_or(Gain::UNITY)
}

/// What the meter would say of the master, without making all of it; portion by portion, as [`Heard`] has them, and in
/// order. What was found before of portions that have not changed is not found again.
///
/// # Errors
/// See [`MasterError`].
pub fn limited(
    heard: &Heard,
    settings: Settings,
    progress: &dyn Progress,
    mut take: impl FnMut(Profile),
) -> Result<(), MasterError> {
    let Heard { mixture, portions } = heard;
    let rate = mixture.plan().rate();
    let known = mixture.contents(portions.ranges());
    let (before, after) = reach(settings, rate);
    let limited = |index: usize| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        let mut profile = portions.profiles()[index].clone();
        profile.turn(settings.gain);
        let busy = busy(portions, index, settings);
        if busy.is_empty() {
            return Ok(profile);
        }
        let fact = Fact::of(known.as_ref(), |contents| {
            Some(contents.parts("limited", index, before, after)?.data(&settings))
        });
        if let Some(known) = fact.as_ref().and_then(|fact| fact.recall(rate)) {
            return Ok(known);
        }
        for busy in &busy {
            profile.replace(busy.first, &master_busy(mixture, &portions.ranges()[index], busy, settings)?);
        }
        fact.iter().for_each(|fact| fact.keep(&profile));
        Ok(profile)
    };
    in_order(portions.ranges().len(), NEAR, limited, |profile| {
        take(profile);
        Ok(())
    })
}

/// Hops of a portion in which the limiter works, or comes back from work.
#[derive(Clone, Copy, Debug)]
struct Busy {
    /// How many hops before the first hearing begins.
    early: usize,
    first: usize,
    /// The hop after the last.
    end: usize,
}

/// Where the limiter is busy in a portion.
fn busy(portions: &Portions, index: usize, settings: Settings) -> Vec<Busy> {
    let (ranges, profiles) = (portions.ranges(), portions.profiles());
    let rate = profiles[index].rate();
    let hop = Meter::hop_start(1, rate).get().max(1);
    let (own, own_index, hops) = (&ranges[index], index, profiles[index].hops().len());
    let (factor, ceiling) = (settings.gain.factor(), settings.ceiling.amplitude());
    // Which hops of this portion, and of as many before and after it as count, have peaks that might pass the ceiling:
    // counted from its first, to be moved by those before.
    let before = REMEMBERED as u64 * hop;
    let from = ranges[..index].partition_point(|it| it.end + before <= own.start);
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (of, (portion, profile)) in ranges.iter().zip(profiles).enumerate().skip(from) {
        if portion.start >= own.end + hop {
            break;
        }
        for (index, _) in profile.hops().iter().enumerate().filter(|(_, hop)| hop.bound * factor > ceiling) {
            let at = portion.start + Meter::hop_start(index as u64, rate).get() + before;
            let Some(at) = at.checked_sub(own.start) else { continue };
            // By division others' hops, which may lie on another grid.
            let at = if of == own_index { index + REMEMBERED } else { FrameCount::new(at / hop).index() };
            // The look-ahead reaches into the hop before.
            let (first, end) = (at.saturating_sub(1), at + 1 + AFTER);
            match spans.last_mut() {
                Some(last) if last.1 + BEFORE >= first => last.1 = last.1.max(end),
                _ => spans.push((first, end)),
            }
        }
    }
    let own = |(first, end): (usize, usize)| {
        let (begin, end) = (first.max(REMEMBERED), end.min(REMEMBERED + hops));
        // What began before the portion has to be heard from there, as far back as a limiter remembers, and more.
        let early = (begin - first + BEFORE).min(REMEMBERED);
        (begin < end).then(|| Busy { early, first: begin - REMEMBERED, end: end - REMEMBERED })
    };
    spans.into_iter().filter_map(own).collect()
}

/// The hops of a portion in which the limiter is busy as they are after mastering.
fn master_busy(
    mixture: &Mixture,
    portion: &Range<u64>,
    busy: &Busy,
    settings: Settings,
) -> Result<Profile, MasterError> {
    let rate = mixture.plan().rate();
    let start_of = |hop: usize| Meter::hop_start(hop as u64, rate).get();
    let (early, length) = (start_of(busy.early), mixture.length().get());
    let first = portion.start + start_of(busy.first);
    let (start, end) = (first.saturating_sub(early), (portion.start + start_of(busy.end)).min(portion.end));
    let mut meter = Meter::new(settings.channels, rate, FrameCount::ZERO);
    // Before a mix begins there is silence.
    let missing = FrameCount::new(early.saturating_sub(first));
    meter.push(&vec![0.0; missing.index() * settings.channels.count()]);
    let mut master = Master::new(settings, rate);
    let late = end.saturating_add(master.latency().get()).min(length);
    let mut out = Vec::new();
    let mut left = FrameCount::new(end - start).index() * settings.channels.count();
    let mut measure = |out: &mut Vec<f32>| {
        let now = out.len().min(left);
        meter.push(&out[..now]);
        left -= now;
        out.clear();
    };
    mixture.hear::<MixError>(&(start..late), |mix| {
        master.push(mix, &mut out);
        measure(&mut out);
        Ok(())
    })?;
    master.finish(&mut out);
    measure(&mut out);
    let mut mastered = if end == length { meter.finish() } else { meter.leave() };
    mastered.leave_out(busy.early);
    Ok(mastered)
}
