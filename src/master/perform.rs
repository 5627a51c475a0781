//! The mix through the master: all of it, or any part, with the same bits.

use std::ops::Range;

use crate::dsp::limiter::Report;
use crate::dsp::loudness::profile::Profile;
use crate::master::in_order::in_order;
use crate::master::measure::{Gauge, cut};
use crate::master::mixture::Mixture;
use crate::master::{Master, Settings};
use crate::mix::block::FRAMES;
use crate::mix::error::Error as MixError;
use crate::units::level::Gain;
use crate::units::time::{FrameCount, FramePos};

/// What the limiter did in a stretch where it hardly rested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Where it was first turned down by more than [`HARD`].
    pub start: FramePos,
    /// Where it last was.
    pub end: FramePos,
    /// The deepest gain.
    pub deepest: Gain,
    /// Where that was.
    pub at: FramePos,
}

/// How far the limiter may turn down without it being worth a word, dB.
pub const HARD: f32 = 3.0;
/// Efforts closer than this are one: half a second.
const TOGETHER: u64 = 2;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Performed {
    /// What the limiter did, in all.
    pub limiter: Report,
    /// Where it worked hard.
    pub efforts: Vec<Effort>,
}

/// Masters the frames of `range`, as many of them as there are: `shape` adds the frames from one on, interleaved, to a piece
/// of whatever is wanted, which begins as `T`'s default, on any thread; and `sink` gets the pieces in order. A part has the
/// bits it has in the whole: the limiter is started early enough before it, and hears on after it.
///
/// Where `profile`, which is what the mix was measured to be, shows that the limiter has nothing to do, that is all that
/// is done there.
///
/// # Errors
/// The first error of the mixer or of `sink`.
pub fn perform<T: Default + Send, E: From<MixError> + Send>(
    mixture: &Mixture,
    settings: Settings,
    profile: &Profile,
    range: &Range<u64>,
    shape: impl Fn(&mut T, u64, &[f32]) + Sync,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<Performed, E> {
    let stage = Stage::new(mixture, settings);
    let portions = stage.portions(range);
    let mut sum = Sum::new(mixture);
    in_order(
        portions.len(),
        |index| stage.master::<T, E>(profile, &portions[index], &shape),
        |portion| {
            sum.add(portion.deeds);
            sink(portion.piece)
        },
    )?;
    Ok(sum.performed)
}

/// The same of a whole mix that nobody has measured: it is measured on the way.
///
/// # Errors
/// The first error of the mixer or of `sink`.
pub fn perform_unmeasured<T: Default + Send, E: From<MixError> + Send>(
    mixture: &Mixture,
    settings: Settings,
    shape: impl Fn(&mut T, u64, &[f32]) + Sync,
    mut sink: impl FnMut(T) -> Result<(), E>,
) -> Result<(Performed, Profile), E> {
    let stage = Stage::new(mixture, settings);
    let portions = stage.portions(&(0..mixture.length().get()));
    let mut sum = Sum::new(mixture);
    let mut profile = Profile::empty(mixture.plan().rate());
    in_order(
        portions.len(),
        |index| {
            // As if the limiter had nothing to do; where it turns out that it has, once more.
            let range = &portions[index];
            let (mut portion, measured) = stage.master_and_measure::<T, E>(range, &shape)?;
            let calm = stage.is_calm(&measured, &(range.start..stage.reach(range).end));
            if !calm {
                portion = stage.master(&measured, range, &shape)?;
            }
            Ok((index, portion, measured, calm))
        },
        |(index, mut portion, measured, calm)| {
            profile.append(&measured);
            let range = &portions[index];
            // What came before this portion may still hold the limiter down.
            if calm && !stage.is_calm(&profile, &stage.reach(range)) {
                portion = stage.master::<T, E>(&profile, range, &shape)?;
            }
            sum.add(portion.deeds);
            sink(portion.piece)
        },
    )?;
    Ok((sum.performed, profile))
}

/// What is mastered, and how.
struct Stage<'a> {
    mixture: &'a Mixture,
    settings: Settings,
    /// Of the master: frames before and after a frame that decide on it.
    settle: u64,
    latency: u64,
}

/// A portion, mastered.
struct Portion<T> {
    piece: T,
    deeds: Deeds,
}

/// What the limiter did in a portion.
#[derive(Default)]
struct Deeds {
    /// The deepest gain of each block in which there was one, and where, in the episode.
    deepest: Vec<(Gain, FramePos)>,
    not_finite: u64,
    clamped: u64,
}

impl Stage<'_> {
    fn portions(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let inside = |it: Range<u64>| it.start.max(range.start)..it.end.min(range.end);
        self.mixture.portions().into_iter().map(inside).filter(|it| !it.is_empty()).collect()
    }

    fn new(mixture: &Mixture, settings: Settings) -> Stage<'_> {
        let master = Master::new(settings, mixture.plan().rate());
        Stage { mixture, settings, settle: master.settle().get(), latency: master.latency().get() }
    }

    fn new_master(&self) -> Master {
        Master::new(self.settings, self.mixture.plan().rate())
    }

    /// The frames that decide on those of a portion.
    fn reach(&self, portion: &Range<u64>) -> Range<u64> {
        let end = portion.end.saturating_add(self.latency).min(self.mixture.length().get());
        portion.start.saturating_sub(self.settle)..end
    }

    /// Whether the limiter has nothing to do in these frames, as far as they were measured.
    fn is_calm(&self, profile: &Profile, frames: &Range<u64>) -> bool {
        profile.bound_within(frames) * self.settings.gain.factor() <= self.settings.ceiling.amplitude()
    }

    /// Masters a portion.
    fn master<T: Default, E: From<MixError>>(
        &self,
        profile: &Profile,
        portion: &Range<u64>,
        shape: impl Fn(&mut T, u64, &[f32]),
    ) -> Result<Portion<T>, E> {
        let reach = self.reach(portion);
        // The block after the first frame too, since the limiter will not have seen what came before it.
        let begin = reach.start..reach.end.min(portion.start + FRAMES as u64);
        let early = if self.is_calm(profile, &begin) {
            portion.start
        } else {
            reach.start / FRAMES as u64 * FRAMES as u64
        };
        let calm = |frames: &Range<u64>| self.is_calm(profile, frames);
        self.run(portion, &(early..reach.end), calm, |_, _| {}, shape)
    }

    /// Masters a portion as if the limiter had nothing to do, and measures what is mastered.
    fn master_and_measure<T: Default, E: From<MixError>>(
        &self,
        portion: &Range<u64>,
        shape: impl Fn(&mut T, u64, &[f32]),
    ) -> Result<(Portion<T>, Profile), E> {
        let reach = self.reach(portion);
        let mut gauge = Gauge::new(self.mixture, self.settings.channels, portion, reach.end);
        let all = gauge.heard().start.min(portion.start)..gauge.heard().end.max(reach.end);
        let portion = self.run(portion, &all, |_| true, |at, mix| gauge.take(at, mix), shape)?;
        Ok((portion, gauge.finish()))
    }

    /// Runs a new master over the frames `heard`, and shapes what comes of a portion of them.
    fn run<T: Default, E: From<MixError>>(
        &self,
        portion: &Range<u64>,
        heard: &Range<u64>,
        calm: impl Fn(&Range<u64>) -> bool,
        mut listen: impl FnMut(u64, &[f32]),
        shape: impl Fn(&mut T, u64, &[f32]),
    ) -> Result<Portion<T>, E> {
        let mut master = self.new_master();
        let width = self.settings.channels.count();
        let (mut piece, mut deeds) = (T::default(), Deeds::default());
        // Where what comes out next stands.
        let mut next = heard.start;
        let mut give = |frames: &mut Vec<f32>| {
            let end = next + (frames.len() / width) as u64;
            let own = next.clamp(portion.start, portion.end)..end.clamp(portion.start, portion.end);
            if !own.is_empty() {
                let sample = |frame: u64| FrameCount::new(frame - next).index() * width;
                shape(&mut piece, own.start, &frames[sample(own.start)..sample(own.end)]);
            }
            next = end;
            frames.clear();
        };
        let mut frames = Vec::new();
        let mut at = heard.start;
        self.mixture.hear::<E>(heard, |mix| {
            listen(at, mix);
            // What is heard for others is not counted here.
            for part in [heard.start..portion.start, portion.clone(), portion.end..heard.end] {
                let (mix, first) = cut(at, mix, &part);
                if mix.is_empty() {
                    continue;
                }
                let before = master.report();
                let range = first..first + (mix.len() / 2) as u64;
                if calm(&range) {
                    master.push_calm(mix, &mut frames);
                } else {
                    master.push(mix, &mut frames);
                }
                give(&mut frames);
                if part == *portion {
                    let now = master.report();
                    deeds.not_finite += now.not_finite - before.not_finite;
                    deeds.clamped += now.clamped - before.clamped;
                }
                let deepest = master.take_deepest();
                let deepest = deepest.map(|(gain, at)| (gain, at.after(FrameCount::new(heard.start))));
                let own = |at: FramePos| at.from_start().is_some_and(|at| portion.contains(&at.get()));
                deeds.deepest.extend(deepest.filter(|(_, at)| own(*at)));
            }
            at += (mix.len() / 2) as u64;
            Ok(())
        })?;
        master.finish(&mut frames);
        give(&mut frames);
        Ok(Portion { piece, deeds })
    }
}

/// What adds up to [`Performed`].
struct Sum {
    performed: Performed,
    /// How many frames may lie between parts of one effort.
    apart: u64,
}

impl Sum {
    fn new(mixture: &Mixture) -> Sum {
        let limiter = Report { deepest: Gain::UNITY, at: None, not_finite: 0, clamped: 0 };
        let apart = u64::from(mixture.plan().rate().hz()) / TOGETHER;
        Sum { performed: Performed { limiter, efforts: Vec::new() }, apart }
    }

    fn add(&mut self, deeds: Deeds) {
        let Performed { limiter, efforts } = &mut self.performed;
        limiter.not_finite += deeds.not_finite;
        limiter.clamped += deeds.clamped;
        for (gain, at) in deeds.deepest {
            if gain < limiter.deepest {
                (limiter.deepest, limiter.at) = (gain, Some(at));
            }
            if gain.db() >= -HARD {
                continue;
            }
            match efforts.last_mut() {
                Some(last) if at.span_since(last.end).get() <= self.apart => {
                    last.end = at;
                    if gain < last.deepest {
                        (last.deepest, last.at) = (gain, at);
                    }
                }
                _ => efforts.push(Effort { start: at, end: at, deepest: gain, at }),
            }
        }
    }
}
