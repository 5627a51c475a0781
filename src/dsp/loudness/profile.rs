//! What a meter kept, and what it adds up to: between any two tenths of a second, and in all.
//!
//! Reference: ITU-R BS.1770-5 (gating), EBU Tech 3341 (momentary, short-term), EBU Tech 3342 (loudness range).

use std::ops::Range;

use crate::dsp::loudness::profile::filling::Filling;
use crate::dsp::loudness::{Meter, step_start};
use crate::dsp::sums::total;
use crate::units::level::{Gain, Level, Loudness, TruePeak};
use crate::units::narrow;
use crate::units::time::{FrameCount, FramePos, SampleRate};

mod bytes;
mod filling;

/// Hops in a gating block, 400 ms, which is as long as the momentary window.
const BLOCK: usize = 4;
/// Hops in the short-term window, 3 s.
const SHORT_TERM: usize = 30;
/// Steps in a hop.
const STEPS: usize = 10;
/// How many steps that are not needed any more are forgotten at once.
const FORGOTTEN: usize = 4_000;
/// Hops in the window of the noise floor, half a second.
const FLOOR: usize = 5;
/// The gate that is always there.
const ABSOLUTE: f64 = -70.0;
/// The second gate for the integrated loudness, below the mean of what passed the first.
const RELATIVE: f64 = -10.0;
/// The second gate for the range.
const RELATIVE_RANGE: f64 = -20.0;
/// Below this mean square, −100 dBFS, there is no noise but digital silence, or a fade's end: dither in 16 bits is louder.
const NOTHING: f64 = 1e-10;

/// The lengths of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Momentary,
    ShortTerm,
}

impl Window {
    fn hops(self) -> usize {
        match self {
            Window::Momentary => BLOCK,
            Window::ShortTerm => SHORT_TERM,
        }
    }
}

/// A tenth of a second. Energies and powers are mean squares, ±1.0 full scale; in 24 bits they are less than a millionth of a
/// decibel off.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hop {
    /// K-weighted, channels added up.
    pub energy: f32,
    /// Not weighted, the mean of the channels.
    pub power: f32,
    /// The highest sample.
    pub sample_peak: f32,
    /// The highest point of the wave.
    pub true_peak: f32,
    /// What no point of the wave passes, as finely as anybody may look at it, of those whose taps end in the hop (see
    /// [`crate::dsp::true_peak::Oversampling::Fine`]).
    pub bound: f32,
    /// How many frames it has.
    pub frames: u32,
}

/// Hop by hop, what was measured. Of a long one that was joined from others, no steps are kept that no window will need: 32
/// bytes for a tenth of a second instead of 64.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    rate: SampleRate,
    /// The first hop, counted from the episode's start.
    first: u64,
    hops: Vec<Hop>,
    /// How many frames they have.
    frames: u64,
    /// The mean K-weighted squares of each hundredth of a second, channels added up.
    steps: Vec<f32>,
    /// How many there were before them.
    forgotten: usize,
    /// For each hop, as far as steps may be forgotten: the loudest momentary and short-term window that end in it.
    windows: Vec<[f32; 2]>,
    /// Whether the last hop is shorter than a tenth of a second, and so is part of no window.
    partial: bool,
    /// The mean of a last step that is shorter than a hundredth of a second; it is none of the steps.
    rest: f32,
}

/// A moment, and what was found there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<T> {
    /// What was found.
    pub value: T,
    /// The first frame of the window it was found in, in the episode.
    pub start: FramePos,
    /// The frame after that window.
    pub end: FramePos,
}

/// Everything that is said about a stretch of sound. `None` where it is too short, or silent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The gated loudness.
    pub integrated: Option<Loudness>,
    /// The loudest 400 ms.
    pub momentary: Option<Found<Loudness>>,
    /// The loudest 3 s.
    pub short_term: Option<Found<Loudness>>,
    /// The loudness range, in LU: from the tenth to the ninety-fifth percentile of the gated short-term loudness.
    pub range: Option<f64>,
    /// The highest point of the wave.
    pub true_peak: Option<Found<TruePeak>>,
    /// The highest sample.
    pub sample_peak: Level,
    /// The level of the mean square, not weighted and not gated; the channels' mean.
    pub rms: Level,
    /// The RMS level of the quietest half second that is not digital silence (below −100 dBFS). So the "ACX Check" of
    /// W. `McCown` (2015) has it, which leaves no silence out.
    pub noise_floor: Option<Found<Level>>,
}

impl Profile {
    pub(super) fn new(rate: SampleRate, first: u64) -> Profile {
        let (hops, steps, windows) = (Vec::new(), Vec::new(), Vec::new());
        Profile { rate, first, hops, frames: 0, steps, forgotten: 0, windows, partial: false, rest: 0.0 }
    }

    pub(super) fn push(&mut self, hop: Hop, partial: bool) {
        self.frames += u64::from(hop.frames);
        self.hops.push(hop);
        self.partial = partial;
    }

    pub(super) fn push_step(&mut self, energy: f32) {
        self.steps.push(energy);
    }

    pub(super) fn set_rest(&mut self, energy: f32) {
        self.rest = energy;
    }

    /// A profile of nothing yet, from the episode's first frame on.
    pub fn empty(rate: SampleRate) -> Profile {
        Profile::new(rate, 0)
    }

    /// The same, with room for so many frames: without it, a long profile takes up to three times its size while it grows.
    pub fn with_room(rate: SampleRate, frames: FrameCount) -> Profile {
        let mut profile = Profile::empty(rate);
        let hops = FrameCount::new(Meter::hop_from(frames.get(), rate) + 1).index();
        profile.hops.reserve_exact(hops);
        profile.windows.reserve_exact(hops);
        profile
    }

    /// How many frames were measured.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Leaves out the first hops: what comes after them is the beginning.
    pub fn leave_out(&mut self, hops: usize) {
        let left_out = self.hops.drain(..hops.min(self.hops.len()));
        self.frames -= left_out.map(|hop| u64::from(hop.frames)).sum::<u64>();
        self.steps.drain(..hops.saturating_mul(STEPS).min(self.steps.len()));
        self.first = 0;
    }

    /// Adds what was measured of the sound that follows, with hops counted from its own beginning. Where they do not lie on
    /// one grid with those here, energies are taken to be even throughout a hundredth of a second, or throughout a tenth where
    /// `later` is a long one that was joined itself, powers throughout a tenth; and a peak counts in each hop it may lie in.
    pub fn append(&mut self, later: &Profile) {
        if self.partial || later.forgotten > 0 {
            self.append_part(later, &(0..u64::MAX));
            return;
        }
        self.hops.extend_from_slice(&later.hops);
        self.frames += later.frames;
        self.steps.extend_from_slice(&later.steps);
        (self.partial, self.rest) = (later.partial, later.rest);
        self.condense();
    }

    /// The same for some of its frames, counted from its first.
    pub fn append_part(&mut self, later: &Profile, frames: &Range<u64>) {
        let mut filling = Filling::new(self);
        let mut at = 0;
        let start = |step: usize| step_start(later.first * STEPS as u64 + step as u64, later.rate);
        let mut begin = start(0);
        for (index, hop) in later.hops.iter().enumerate() {
            let end = at + u64::from(hop.frames);
            for step in index * STEPS..(index + 1) * STEPS {
                let over = start(step + 1);
                let until = end.min(at + over - begin);
                begin = over;
                let kept = step.checked_sub(later.forgotten);
                let energy =
                    kept.map_or(hop.energy, |step| later.steps.get(step).copied().unwrap_or(later.rest));
                let inside = until.min(frames.end).saturating_sub(at.max(frames.start));
                filling.add(inside, energy, hop);
                at = until;
            }
        }
        filling.finish();
        self.condense();
    }

    /// Finds the loudest windows of the hops that are whole, and forgets the steps that no later one needs.
    fn condense(&mut self) {
        let whole = self.hops.len() - usize::from(self.partial);
        for hop in self.windows.len()..whole {
            let loudest = [Window::Momentary, Window::ShortTerm].map(|window| self.loudest_in(hop, window));
            self.windows.push(loudest);
        }
        let unneeded = (whole * STEPS).saturating_sub(SHORT_TERM * STEPS + self.forgotten);
        if unneeded >= FORGOTTEN {
            self.steps.drain(..unneeded);
            self.forgotten += unneeded;
        }
    }

    pub(super) fn raise_last(&mut self, true_peak: f32) {
        if let Some(last) = self.hops.last_mut() {
            last.true_peak = last.true_peak.max(true_peak);
        }
    }

    /// The hops in order, the last one perhaps shorter.
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// Everything as it is after a gain.
    pub fn turn(&mut self, gain: Gain) {
        let factor = gain.factor();
        let power = factor * factor;
        for hop in &mut self.hops {
            hop.energy *= power;
            hop.power *= power;
            hop.sample_peak *= factor;
            hop.true_peak *= factor;
            hop.bound *= factor;
        }
        let windows = self.windows.as_flattened_mut().iter_mut();
        windows.chain(&mut self.steps).for_each(|energy| *energy *= power);
        self.rest *= power;
    }

    /// Puts what `other` measured in the place of the hops from `at` on. Neither was joined from others.
    pub fn replace(&mut self, at: usize, other: &Profile) {
        for (old, new) in self.hops.iter_mut().skip(at).zip(&other.hops) {
            self.frames = self.frames - u64::from(old.frames) + u64::from(new.frames);
            *old = *new;
        }
        for (old, new) in self.steps.iter_mut().skip(at.saturating_mul(STEPS)).zip(&other.steps) {
            *old = *new;
        }
        if other.partial && at + other.hops.len() == self.hops.len() {
            self.rest = other.rest;
        }
    }

    /// Frames per second.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The first frame of the hop of this index, in the episode.
    pub fn start_of(&self, index: usize) -> FramePos {
        FramePos::ZERO.after(Meter::hop_start(self.first + index as u64, self.rate))
    }

    /// The hops that lie in a stretch of the episode as a whole.
    pub fn within(&self, start: FramePos, end: FramePos) -> Range<usize> {
        let count = self.hops.len();
        let first = partition(count, |index| self.start_of(index) < start);
        let ends_in = |index: usize| {
            let frames = FrameCount::new(u64::from(self.hops[index].frames));
            self.start_of(index).after(frames) <= end
        };
        first..partition(count, ends_in).max(first)
    }

    /// Everything about all of it.
    pub fn measures(&self) -> Measures {
        self.measures_of(0..self.hops.len())
    }

    /// Everything about some of the hops, as if there were no others.
    pub fn measures_of(&self, range: Range<usize>) -> Measures {
        let hops = &self.hops[range.clone()];
        let whole = if self.partial && range.end == self.hops.len() {
            hops.len().saturating_sub(1)
        } else {
            hops.len()
        };
        let windows = Windows { profile: self, first: range.start, hops, whole: &hops[..whole] };
        let frames: u64 = hops.iter().map(|hop| u64::from(hop.frames)).sum();
        let squares: f64 = hops.iter().map(|hop| f64::from(hop.power) * f64::from(hop.frames)).sum();
        Measures {
            integrated: integrated(windows.whole),
            momentary: windows.loudest(Window::Momentary),
            short_term: windows.loudest(Window::ShortTerm),
            range: loudness_range(windows.whole),
            true_peak: windows.true_peak(),
            sample_peak: Level::of_amplitude(hops.iter().fold(0.0, |peak, hop| peak.max(hop.sample_peak))),
            rms: level_of_power(if frames > 0 { squares / frames as f64 } else { 0.0 }),
            noise_floor: windows.noise_floor(),
        }
    }

    /// For each hop the highest mean energy over the 400 ms that end in it; 0 where none are over yet.
    pub fn momentary(&self) -> impl Iterator<Item = f32> {
        (0..self.hops.len()).map(|hop| self.loudest_in(hop, Window::Momentary))
    }

    /// The last of them: that of the hop measured last.
    pub fn latest_momentary(&self) -> f32 {
        self.hops.len().checked_sub(1).map_or(0.0, |last| self.loudest_in(last, Window::Momentary))
    }

    /// The same over 3 s, for each hop.
    pub fn short_term(&self) -> impl Iterator<Item = f32> {
        (0..self.hops.len()).map(|hop| self.loudest_in(hop, Window::ShortTerm))
    }

    /// The highest mean energy of the windows that end in a hop; 0 where there is none.
    fn loudest_in(&self, hop: usize, window: Window) -> f32 {
        if let Some([momentary, short_term]) = self.windows.get(hop) {
            return if window == Window::Momentary { *momentary } else { *short_term };
        }
        let length = window.hops() * STEPS;
        // Counted from the first step there was.
        let end = ((hop + 1) * STEPS).min(self.forgotten + self.steps.len());
        let first = (hop * STEPS + 1).max(length);
        if first > end || first - length < self.forgotten {
            return 0.0;
        }
        let (first, end) = (first - self.forgotten, end - self.forgotten);
        let mut window = total(&self.steps[first - length..first]);
        let mut highest = window;
        for end in first..end {
            window += f64::from(self.steps[end]) - f64::from(self.steps[end - length]);
            highest = highest.max(window);
        }
        narrow(highest / length as f64)
    }
}

/// Some hops of a profile.
struct Windows<'p> {
    profile: &'p Profile,
    first: usize,
    hops: &'p [Hop],
    /// Those that are a tenth of a second long.
    whole: &'p [Hop],
}

impl Windows<'_> {
    /// The highest of the windows of a length that lie in here as a whole.
    fn loudest(&self, window: Window) -> Option<Found<Loudness>> {
        let length = window.hops();
        // A window that ends in a hop may begin in the middle of another: one more than its length.
        let (index, highest) = (length - 1..self.whole.len())
            .filter(|index| *index >= length || self.first == 0)
            .map(|index| (index, self.profile.loudest_in(self.first + index, window)))
            .filter(|(_, energy)| *energy > 0.0)
            .reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        let value = Loudness::of_energy(f64::from(highest));
        Some(self.found(value, index + 1 - length, index + 1))
    }

    fn true_peak(&self) -> Option<Found<TruePeak>> {
        let hops = self.hops.iter().map(|hop| hop.true_peak).enumerate();
        let (index, highest) =
            hops.filter(|(_, peak)| *peak > 0.0).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        Some(self.found(TruePeak::of_amplitude(highest), index, index + 1))
    }

    fn noise_floor(&self) -> Option<Found<Level>> {
        let power = |hops: &[Hop]| hops.iter().map(|hop| f64::from(hop.power)).sum::<f64>() / FLOOR as f64;
        let windows = self.whole.windows(FLOOR).map(power).enumerate();
        let (index, lowest) =
            windows.filter(|(_, power)| *power >= NOTHING).reduce(|a, b| if b.1 < a.1 { b } else { a })?;
        Some(self.found(level_of_power(lowest), index, index + FLOOR))
    }

    fn found<T>(&self, value: T, from: usize, until: usize) -> Found<T> {
        Found {
            value,
            start: self.profile.start_of(self.first + from),
            end: self.profile.start_of(self.first + until),
        }
    }
}

/// The gated loudness of whole hops (BS.1770-5, Annex 1, (3) to (7)); `None` where nothing passes the gates.
pub fn integrated(hops: &[Hop]) -> Option<Loudness> {
    let energies = || means(hops, BLOCK);
    let first = gated_mean(energies(), ABSOLUTE)?;
    gated_mean(energies(), (Loudness::of_energy(first).lufs() + RELATIVE).max(ABSOLUTE))
        .map(Loudness::of_energy)
}

/// The loudness range of whole hops, in LU: EBU Tech 3342, with windows of 3 s ten times a second.
fn loudness_range(hops: &[Hop]) -> Option<f64> {
    let first = gated_mean(means(hops, SHORT_TERM), ABSOLUTE)?;
    let gate = energy_of((Loudness::of_energy(first).lufs() + RELATIVE_RANGE).max(ABSOLUTE));
    let mut passed = Vec::with_capacity(hops.len());
    passed.extend(means(hops, SHORT_TERM).filter(|energy| *energy >= gate).map(narrow));
    let last = passed.len().checked_sub(1)?;
    let mut percentile = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last")]
        let index = (last as f64 * share).round() as usize;
        let (_, energy, _) = passed.select_nth_unstable_by(index, f32::total_cmp);
        Loudness::of_energy(f64::from(*energy)).lufs()
    };
    Some(percentile(0.95) - percentile(0.10))
}

/// The mean energies of all windows of so many hops.
fn means(hops: &[Hop], length: usize) -> impl Iterator<Item = f64> + '_ {
    hops.windows(length)
        .map(move |window| window.iter().map(|hop| f64::from(hop.energy)).sum::<f64>() / length as f64)
}

/// The mean of those energies that are louder than `gate`, in LUFS.
fn gated_mean(energies: impl Iterator<Item = f64>, gate: f64) -> Option<f64> {
    let gate = energy_of(gate);
    let (sum, count) =
        energies.filter(|energy| *energy > gate).fold((0.0, 0_u64), |(s, n), e| (s + e, n + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The energy of a loudness in LUFS.
fn energy_of(lufs: f64) -> f64 {
    Loudness::new(lufs).unwrap_or(Loudness::SILENCE).energy()
}

fn level_of_power(power: f64) -> Level {
    Level::of_amplitude(narrow(libm::sqrt(power)))
}

/// The first index below `count` for which `before` is not true, which it is for all indices below that.
fn partition(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
