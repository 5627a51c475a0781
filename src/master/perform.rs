//! The mix through the master: all of it, or any part, with the same bits.

use std::ops::Range;

use crate::cache::key::Key;
use crate::dsp::limiter::{Detect, Report};
use crate::dsp::loudness::profile::Profile;
use crate::dsp::true_peak;
use crate::master::bounds::Bounds;
use crate::master::in_order::{NEAR, in_order};
use crate::master::measure::{Fact, Gauge, cut};
use crate::master::mixture::Mixture;
use crate::master::portions::Contents;
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

/// What the limiter did in a portion. Places are counted from its first frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deeds {
    /// The deepest gain of each block in which there was one, and where.
    pub deepest: Vec<(Gain, u64)>,
    /// Samples that were no numbers.
    pub not_finite: u64,
    /// Samples that had to be cut.
    pub clamped: u64,
}

/// Where frames of the master lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The first of them, in the mix.
    pub frame: u64,
    /// The same, counted from where its scene begins.
    pub in_scene: u64,
}

/// A portion of the master.
#[derive(Clone, Debug)]
pub struct Portion<T> {
    /// Which frames of the mix.
    pub range: Range<u64>,
    /// What it is known by: whatever decides on its samples, and on the dither they get. `None` where something is not
    /// known by anything.
    pub key: Option<Key>,
    /// What was made of it.
    pub piece: T,
    /// What the limiter did in it.
    pub deeds: Deeds,
}

/// Masters the frames of `range` of a mix that goes so high, as many of them as there are: `shape` adds frames that lie somewhere, interleaved, to a piece
/// of whatever is wanted, which begins as `T`'s default, on any thread; and `sink` gets the pieces in order. A part has the
/// bits it has in the whole: the limiter is started early enough before it, and hears on after it. No piece holds frames
/// of two scenes.
///
/// What `at_hand` has by the key of a portion, of these frames, and what the limiter did then, is taken from there. Where the mix was measured to
/// leave the limiter nothing to do, that is all that is done.
///
/// # Errors
/// The first error of the mixer or of `sink`.
pub fn perform<T: Default + Send, E: From<MixError> + Send>(
    (mixture, bounds): (&Mixture, &Bounds),
    settings: Settings,
    range: &Range<u64>,
    at_hand: impl Fn(&Key, &Range<u64>) -> Option<(T, Deeds)> + Sync,
    shape: impl Fn(&mut T, At, &[f32]) + Sync,
    mut sink: impl FnMut(Portion<T>) -> Result<(), E>,
) -> Result<Performed, E> {
    let stage = Stage::new(mixture, settings);
    let all = bounds.portions();
    let known = mixture.contents(all);
    let inside = |it: &Range<u64>| it.start.max(range.start)..it.end.min(range.end);
    let portions: Vec<(usize, Range<u64>)> =
        all.iter().map(inside).enumerate().filter(|(_, it)| !it.is_empty()).collect();
    let mut sum = Sum::new(mixture);
    let make = |index: usize| {
        let (index, range) = &portions[index];
        let contents = known.as_ref().filter(|_| *range == all[*index]);
        let key = contents.and_then(|contents| stage.key(contents, *index, range));
        if let Some((piece, deeds)) = key.as_ref().and_then(|key| at_hand(key, range)) {
            return Ok(Portion { range: range.clone(), key, piece, deeds });
        }
        let mut portion = stage.master::<T, E>(bounds, range, &shape)?;
        portion.key = key;
        Ok(portion)
    };
    in_order(portions.len(), NEAR, make, |portion| {
        sum.add(&portion.range, &portion.deeds);
        sink(portion)
    })?;
    mixture.rest();
    Ok(sum.performed)
}

/// By what the portions of `range` would be known that lie in it as a whole, and where they lie.
pub fn keys(mixture: &Mixture, settings: Settings, range: &Range<u64>) -> Vec<(Key, Range<u64>)> {
    let (stage, portions) = (Stage::new(mixture, settings), mixture.portions());
    let Some(known) = mixture.contents(&portions) else { return Vec::new() };
    let inside = portions.iter().enumerate().filter(|(_, it)| range.start <= it.start && it.end <= range.end);
    inside.filter_map(|(index, it)| Some((stage.key(&known, index, it)?, it.clone()))).collect()
}

/// The same of a whole mix that nobody has measured: on the way it is, if that `is_wanted`. Where it is not, and the limiter
/// goes by samples, only their peaks are looked at, and the profile is that of nothing.
///
/// # Errors
/// The first error of the mixer or of `sink`.
pub fn perform_unmeasured<T: Default + Send, E: From<MixError> + Send>(
    mixture: &Mixture,
    settings: Settings,
    is_wanted: bool,
    shape: impl Fn(&mut T, At, &[f32]) + Sync,
    mut sink: impl FnMut(Portion<T>) -> Result<(), E>,
) -> Result<(Performed, Profile), E> {
    let stage = Stage::new(mixture, settings);
    let ranges = mixture.portions();
    let known = mixture.contents(&ranges);
    let mut sum = Sum::new(mixture);
    let rate = mixture.plan().rate();
    let mut bounds = Bounds::new(rate, ranges.clone());
    let is_wanted = is_wanted || settings.detect == Detect::Wave;
    let mut whole = if is_wanted { Profile::with_room(rate, mixture.length()) } else { Profile::empty(rate) };
    let add = |bounds: &mut Bounds, profile: Option<&Profile>, highest: f32| match profile {
        Some(profile) => bounds.push(profile),
        None => bounds.push_even(highest),
    };
    in_order(
        ranges.len(),
        NEAR,
        |index| {
            // As if the limiter had nothing to do; where it turns out that it has, once more.
            let range = &ranges[index];
            let (mut portion, profile, highest) = if is_wanted {
                let (portion, profile, highest) = stage.master_and_measure::<T, E>(range, &shape)?;
                (portion, Some(profile), highest)
            } else {
                let (portion, highest) = stage.master_and_look::<T, E>(range, &shape)?;
                (portion, None, highest)
            };
            let calm = stage.spares(highest);
            if !calm {
                let mut alone = Bounds::new(rate, vec![range.clone()]);
                add(&mut alone, profile.as_ref(), highest);
                portion = stage.master(&alone, range, &shape)?;
            }
            if let Some(profile) = &profile {
                let fact = Fact::measured(known.as_ref(), index, settings.channels, rate);
                fact.iter().for_each(|fact| fact.keep(profile));
            }
            Ok((index, portion, profile, highest))
        },
        |(index, mut portion, profile, highest)| {
            let calm = stage.spares(highest);
            add(&mut bounds, profile.as_ref(), highest);
            profile.iter().for_each(|profile| whole.append(profile));
            // What came before this portion may still hold the limiter down.
            let before = stage.reach(&portion.range).start..portion.range.start;
            if calm && !stage.is_calm(&bounds, &before) {
                portion = stage.master::<T, E>(&bounds, &portion.range, &shape)?;
            }
            portion.key = known.as_ref().and_then(|contents| stage.key(contents, index, &portion.range));
            sum.add(&portion.range, &portion.deeds);
            sink(portion)
        },
    )?;
    mixture.rest();
    Ok((sum.performed, whole))
}

/// What is mastered, and how.
struct Stage<'a> {
    mixture: &'a Mixture,
    settings: Settings,
    /// The gain and the ceiling, as factor and amplitude.
    factor: f32,
    ceiling: f32,
    /// Of the master: frames before and after a frame that decide on it.
    settle: u64,
    latency: u64,
}

impl Stage<'_> {
    fn new(mixture: &Mixture, settings: Settings) -> Stage<'_> {
        let master = Master::new(settings, mixture.plan().rate());
        let (factor, ceiling) = (settings.gain.factor(), settings.ceiling.amplitude());
        let (settle, latency) = (master.settle().get(), master.latency().get());
        Stage { mixture, settings, factor, ceiling, settle, latency }
    }

    /// The frames that decide on those of a portion.
    fn reach(&self, portion: &Range<u64>) -> Range<u64> {
        let end = portion.end.saturating_add(self.latency).min(self.mixture.length().get());
        portion.start.saturating_sub(self.settle)..end
    }

    /// What decides on a portion, and on the dither it gets.
    fn key(&self, contents: &Contents, index: usize, portion: &Range<u64>) -> Option<Key> {
        // The limiter decides block by block whether it has anything to do, but not on what it does.
        let parts = contents.parts("mastered", index, self.settle, self.latency)?.data(&self.settings);
        Some(parts.number(portion.start - self.mixture.scene_of(portion.start)).key_of_all())
    }

    /// Whether the limiter leaves alone what goes no higher than this in the mix.
    fn spares(&self, bound: f32) -> bool {
        bound * self.factor <= self.ceiling
    }

    /// Whether the limiter has nothing to do in these frames, as far as they were measured.
    fn is_calm(&self, bounds: &Bounds, frames: &Range<u64>) -> bool {
        self.spares(bounds.within(frames))
    }

    /// Masters a portion.
    fn master<T: Default, E: From<MixError>>(
        &self,
        bounds: &Bounds,
        portion: &Range<u64>,
        shape: impl Fn(&mut T, At, &[f32]),
    ) -> Result<Portion<T>, E> {
        let reach = self.reach(portion);
        // The block after the first frame too, since the limiter will not have seen what came before it.
        let begin = reach.start..reach.end.min(portion.start + FRAMES as u64);
        let early = if self.is_calm(bounds, &begin) {
            portion.start
        } else {
            reach.start / FRAMES as u64 * FRAMES as u64
        };
        let calm = |frames: &Range<u64>| self.is_calm(bounds, frames);
        self.run(portion, &(early..reach.end), calm, |_, _| {}, shape)
    }

    /// Masters a portion as if the limiter had nothing to do, and measures what is mastered; says how high anything in
    /// reach goes that is not before it.
    fn master_and_measure<T: Default, E: From<MixError>>(
        &self,
        portion: &Range<u64>,
        shape: impl Fn(&mut T, At, &[f32]),
    ) -> Result<(Portion<T>, Profile, f32), E> {
        let late = portion.end..self.reach(portion).end;
        let channels = self.settings.channels;
        let mut gauges =
            [Gauge::new(self.mixture, channels, portion), Gauge::new(self.mixture, channels, &late)];
        let heard = gauges[0].from().min(gauges[1].from())..late.end;
        let listen = |at, mix: &[f32]| gauges.iter_mut().for_each(|gauge| gauge.take(at, mix));
        let portion = self.run(portion, &heard, |_| true, listen, shape)?;
        let [own, late] = gauges.map(Gauge::finish);
        let highest =
            [&own, &late].iter().flat_map(|it| it.hops()).fold(0.0_f32, |high, hop| high.max(hop.bound));
        Ok((portion, own, highest))
    }

    /// Masters a portion as if the limiter had nothing to do; says how high the samples go that are in reach and not before it.
    fn master_and_look<T: Default, E: From<MixError>>(
        &self,
        portion: &Range<u64>,
        shape: impl Fn(&mut T, At, &[f32]),
    ) -> Result<(Portion<T>, f32), E> {
        let mut highest = 0.0_f32;
        let listen = |_, mix: &[f32]| highest = highest.max(true_peak::peak(mix));
        let portion =
            self.run(portion, &(portion.start..self.reach(portion).end), |_| true, listen, shape)?;
        Ok((portion, highest))
    }

    /// Runs a new master over the frames `heard`, and shapes what comes of a portion of them.
    fn run<T: Default, E: From<MixError>>(
        &self,
        portion: &Range<u64>,
        heard: &Range<u64>,
        calm: impl Fn(&Range<u64>) -> bool,
        mut listen: impl FnMut(u64, &[f32]),
        shape: impl Fn(&mut T, At, &[f32]),
    ) -> Result<Portion<T>, E> {
        let mut master = Master::new(self.settings, self.mixture.plan().rate());
        let width = self.settings.channels.count();
        let (mut piece, mut deeds) = (T::default(), Deeds::default());
        let scene = self.mixture.scene_of(portion.start);
        // The block that the last of the deeds is of.
        let mut last_block = None;
        // Where what comes out next stands.
        let mut next = heard.start;
        let mut give = |frames: &mut Vec<f32>| {
            let end = next + (frames.len() / width) as u64;
            let own = next.clamp(portion.start, portion.end)..end.clamp(portion.start, portion.end);
            if !own.is_empty() {
                let sample = |frame: u64| FrameCount::new(frame - next).index() * width;
                let at = At { frame: own.start, in_scene: own.start - scene };
                shape(&mut piece, at, &frames[sample(own.start)..sample(own.end)]);
            }
            next = end;
            frames.clear();
        };
        let mut frames = Vec::new();
        let mut at = heard.start;
        self.mixture.hear::<E>(heard, |mix| {
            listen(at, mix);
            // What is heard for others is not counted here; and blocks are counted from where the portion begins, so
            // that its deeds are its own, wherever it lies.
            let from = at.max(portion.start) - portion.start;
            let blocks = from / FRAMES as u64
                ..(at + (mix.len() / 2) as u64).saturating_sub(portion.start).div_ceil(FRAMES as u64);
            let starts = blocks.map(|block| portion.start + block * FRAMES as u64);
            let own = starts.map(|start| start..start + FRAMES as u64);
            for part in std::iter::once(0..portion.start).chain(own) {
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
                let now = master.report();
                if portion.contains(&range.start) {
                    deeds.not_finite += now.not_finite - before.not_finite;
                    deeds.clamped += now.clamped - before.clamped;
                }
                let Some((gain, place)) = master.take_deepest() else { continue };
                let place = heard.start + place.from_start().unwrap_or_default().get();
                if !portion.contains(&place) {
                    continue;
                }
                let found = (gain, place - portion.start);
                match deeds.deepest.last_mut() {
                    Some(last) if last_block == Some(part.start) => {
                        if gain < last.0 {
                            *last = found;
                        }
                    }
                    _ => deeds.deepest.push(found),
                }
                last_block = Some(part.start);
            }
            at += (mix.len() / 2) as u64;
            Ok(())
        })?;
        master.finish(&mut frames);
        give(&mut frames);
        Ok(Portion { range: portion.clone(), key: None, piece, deeds })
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

    fn add(&mut self, range: &Range<u64>, deeds: &Deeds) {
        let Performed { limiter, efforts } = &mut self.performed;
        limiter.not_finite += deeds.not_finite;
        limiter.clamped += deeds.clamped;
        for (gain, at) in &deeds.deepest {
            let (gain, at) = (*gain, FramePos::ZERO.after(FrameCount::new(range.start + at)));
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
