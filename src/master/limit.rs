//! One gain: the one with which the limited master is as loud as it is to be.
//!
//! The limiter takes loudness away, and how much depends on the gain, so the gain is searched for. What the limiter
//! leaves alone only moves with the gain; so each round hears, masters and measures again just the stretches in which
//! peaks might pass the ceiling, all of them at once.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::dsp::limiter::Detect;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::{Hop, Measures, Profile};
use crate::master::measure::{Heard, MasterError};
use crate::master::mixture::Mixture;
use crate::master::preset::Specification;
use crate::master::{Master, Settings};
use crate::mix::error::Error as MixError;
use crate::progress::Progress;
use crate::units::level::{Gain, Level};
use crate::units::narrow;
use crate::units::time::FrameCount;

/// How near the search comes to what is aimed at, in LU. A tenth is promised.
const NEAR: f64 = 0.02;
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
/// The most hops in a stretch, so that all processors have some.
const LONGEST: usize = 300;

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

/// Decides on the gain for a mix that was `heard`.
///
/// # Errors
/// See [`MasterError`].
pub fn decide(
    heard: &Heard,
    specification: &Specification,
    progress: &dyn Progress,
) -> Result<Decision, MasterError> {
    decide_and_measure(heard, specification, progress).map(|(decision, _)| decision)
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
    let mut search = Search { heard, progress, last: None };
    let decision = search.decide(specification)?;
    let known = search.last.take().filter(|(settings, _)| *settings == decision.settings);
    let profile = match known {
        Some((_, profile)) => profile,
        None => limited(heard, decision.settings, progress)?,
    };
    Ok((decision, profile))
}

/// The way to a decision.
struct Search<'a> {
    heard: &'a Heard,
    progress: &'a dyn Progress,
    /// What was tried last, and what came of it.
    last: Option<(Settings, Profile)>,
}

impl Search<'_> {
    /// What the meter would say of the master.
    fn try_out(&mut self, settings: Settings) -> Result<Measures, MasterError> {
        let profile = limited(self.heard, settings, self.progress)?;
        let measures = profile.measures();
        self.last = Some((settings, profile));
        Ok(measures)
    }

    fn decide(&mut self, specification: &Specification) -> Result<Decision, MasterError> {
        let Decision { mut settings, .. } = as_mixed(specification);
        let Some(aim) = specification.target.aim() else { return Ok(Decision { settings, shortfall: None }) };
        let Some(mut found) = specification.target.of(&self.heard.profile.measures()) else {
            return Ok(Decision { settings, shortfall: Some(Shortfall::Unmeasurable) });
        };
        let mut db = (aim - found).clamp(LEAST, MOST);
        let mut before: Option<(f64, f64)> = None;
        for _ in 0..ROUNDS {
            settings.gain = gain(db);
            let measures = self.try_out(settings)?;
            let over =
                measures.true_peak.map_or(0.0, |peak| peak.value.dbtp() - specification.ceiling.dbfs());
            if specification.detect == Detect::Wave && over > 0.0 {
                settings.ceiling = settings.ceiling + gain(f64::from(-over - 0.01));
                continue;
            }
            let Some(now) = specification.target.of(&measures) else { break };
            found = now;
            let missing = aim - found;
            if missing.abs() <= NEAR {
                return Ok(Decision { settings, shortfall: None });
            }
            // How much of a decibel more comes out as loudness: by the last two rounds, else all of it.
            let slope =
                before.map_or(1.0, |(gain, loudness)| (found - loudness) / (db - gain)).clamp(0.1, 1.0);
            before = Some((db, found));
            let next = (db + missing / slope).clamp(LEAST, MOST);
            if next >= MOST && db >= MOST {
                break;
            }
            db = next;
        }
        let shortfall = match (aim - found).abs() {
            missing if missing <= 0.1 => None,
            _ if db >= MOST => Some(Shortfall::TooQuiet),
            _ => Some(Shortfall::TooPeaky),
        };
        Ok(Decision { settings, shortfall })
    }
}

fn gain(db: f64) -> Gain {
    Gain::new(narrow(db)).unwrap_or(Gain::UNITY)
}

/// What the meter would say of the master, without making all of it.
///
/// # Errors
/// See [`MasterError`].
pub fn limited(heard: &Heard, settings: Settings, progress: &dyn Progress) -> Result<Profile, MasterError> {
    let mut profile = heard.profile.clone();
    profile.turn(settings.gain);
    let stretches = stretches(profile.hops(), settings.ceiling);
    let work = |stretch: &Stretch| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        Ok((stretch.first - stretch.from, master_stretch(&heard.mixture, stretch, settings)?))
    };
    let replaced: Vec<(usize, Profile)> = stretches.par_iter().map(work).collect::<Result<_, _>>()?;
    for (skipped, mastered) in replaced {
        profile.replace(&mastered, skipped);
    }
    Ok(profile)
}

/// Hops in which the limiter works, or comes back from work.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Where hearing begins.
    from: usize,
    first: usize,
    /// The hop after the last.
    end: usize,
}

fn stretches(hops: &[Hop], ceiling: Level) -> Vec<Stretch> {
    let ceiling = ceiling.amplitude();
    let mut found: Vec<Stretch> = Vec::new();
    for (index, _) in hops.iter().enumerate().filter(|(_, hop)| hop.bound > ceiling) {
        // The look-ahead reaches into the hop before.
        let (first, end) = (index.saturating_sub(1), (index + 1 + AFTER).min(hops.len()));
        match found.last_mut() {
            Some(last) if last.end + BEFORE >= first && end - last.first <= LONGEST => last.end = end,
            Some(last) if last.end >= first => {
                let first = last.end;
                found.push(Stretch { from: first.saturating_sub(REMEMBERED), first, end: end.max(first) });
            }
            _ => found.push(Stretch { from: first.saturating_sub(BEFORE), first, end }),
        }
    }
    found
}

/// The hops of a stretch as they are after mastering.
fn master_stretch(mixture: &Mixture, stretch: &Stretch, settings: Settings) -> Result<Profile, MasterError> {
    let rate = mixture.plan().rate();
    let start = Meter::hop_start(stretch.from as u64, rate);
    let length = mixture.length().get();
    let end = Meter::hop_start(stretch.end as u64, rate).get().min(length);
    let mut meter = Meter::new(settings.channels, rate, start);
    let mut master = Master::new(settings, rate);
    let late = end.saturating_add(master.latency().get()).min(length);
    let mut out = Vec::new();
    let mut left = FrameCount::new(end - start.get()).index() * settings.channels.count();
    let mut measure = |out: &mut Vec<f32>| {
        let now = out.len().min(left);
        meter.push(&out[..now]);
        left -= now;
        out.clear();
    };
    mixture.hear::<MixError>(&(start.get()..late), |mix| {
        master.push(mix, &mut out);
        measure(&mut out);
        Ok(())
    })?;
    master.finish(&mut out);
    measure(&mut out);
    Ok(if end == length { meter.finish() } else { meter.leave() })
}
