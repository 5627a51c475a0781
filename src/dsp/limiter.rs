//! A look-ahead peak limiter for stereo: of samples, or of the wave between them.

use std::collections::VecDeque;

use crate::dsp::side_by_side::append_scaled;
use crate::dsp::true_peak::{Follower, Interpolator, Oversampling};
use crate::units::level::{Gain, Level};
use crate::units::time::{FrameCount, FramePos, SampleRate, Seconds};

/// What a limiter is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What no sample passes.
    pub ceiling: Level,
    /// What counts as a peak.
    pub detect: Detect,
    /// How long before a peak the gain begins to fall, rounded to frames. Below zero counts as none.
    pub lookahead: Seconds,
    /// The time constant of the way back: after it, 63 % of the way (in amplitude) is done. Below zero counts as none.
    pub release: Seconds,
}

/// What counts as a peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detect {
    /// The samples, the default.
    #[default]
    Samples,
    /// The wave between them, oversampled twice as finely as meters do.
    Wave,
}

/// What a limiter did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The deepest gain it applied: 0 dB where it never had to.
    pub deepest: Gain,
    /// The first frame, counted in the input, that got the deepest gain; `None` where it never had to.
    pub at: Option<FramePos>,
    /// Samples that were infinite or not a number, and were silenced.
    pub not_finite: u64,
    /// Samples the final clamp had to cut. Always 0, as the type's documentation proves.
    pub clamped: u64,
}

/// A look-ahead peak limiter, both channels turned down together. Latency: [`Limiter::latency`].
///
/// The scheme is the common one of a moving minimum followed by a moving average (described by G. Luff, "Designing a
/// straightforward limiter", Signalsmith Audio, 2022; the minimum after D. Lemire, "Streaming
/// maximum-minimum filter using no more than three comparisons per element", Nordic Journal of Computing 13, 2006):
///
/// 1. r: the gain each frame needs, ceiling / peak where its louder channel passes the ceiling, else 1. The peak is
///    the sample, or the highest point of the wave from the sample before to the one after.
/// 2. m: the minimum of the last L + 1 values of r, L being the look-ahead.
/// 3. e: m where it falls, else an exponential rise towards 1; never above m.
/// 4. g: the average of the last L + 1 values of e, weighted by two box filters in a row (a triangle), so that the
///    gain has no corners.
/// 5. The frame of L frames ago is multiplied by g.
///
/// *Never above the ceiling.* Each of the L + 1 values of e that make up g is at most the minimum of a window
/// that contains the r of the frame being output, so is at most that r; so is their average. Gains are integers in
/// units of 2⁻³⁰, rounded down, and their running sums exact, so no rounding adds up; what remains is a relative 2⁻⁵¹
/// of the last two multiplications, which rounding the product to 32 bits takes back, the ceiling being a 32-bit number.
///
/// That is about samples. Of the wave between them it is true but for how the gain changes within the reach of a
/// sinc, which is little: after a smooth gain the wave stands within hundredths of a decibel of the wave times the gain.
/// Who must be sure measures, as [`crate::master`] does.
///
/// *Idle means untouched.* When all values in the window are 1 the sum is exactly that of ones, and frames pass
/// bit by bit. After a peak the rise ends at exactly 1, see [`Limiter::settle`].
#[derive(Clone, Debug)]
pub struct Limiter {
    ceiling: f32,
    lookahead: usize,
    wave: Option<Wave>,
    heights: Vec<f32>,
    /// The share of the way back done in a frame, in units of 2⁻³².
    rise: u64,
    minimum: SlidingMinimum,
    envelope: u64,
    boxes: [RunningSum; 2],
    /// The sum of the boxes that stands for a gain of 1.
    idle: u64,
    delay: VecDeque<[f32; 2]>,
    /// Kept for its room.
    spare: Vec<[f32; 2]>,
    frames: u64,
    lowest: Lowest,
    /// The lowest since [`Limiter::take_deepest`].
    recent: Lowest,
    not_finite: u64,
    clamped: u64,
}

/// The lowest sum of the boxes, and the frame that got it.
#[derive(Clone, Copy, Debug)]
struct Lowest {
    sum: u64,
    at: u64,
}

/// What follows the wave between samples.
#[derive(Clone, Debug)]
struct Wave {
    interpolator: Interpolator,
    channels: [Follower; 2],
    /// The highest point between the frame whose height came last and the next.
    before: f32,
    planar: Vec<f32>,
    heights: Vec<f32>,
}

/// How many frames are looked at before it is decided whether any of them needs anything.
const AT_ONCE: usize = 256;

/// A gain of 1.
const ONE: u64 = 1 << 30;
/// What [`Limiter::rise`] counts in.
const RISE_BITS: u32 = 32;

impl Limiter {
    /// A limiter at rest, as if nothing but silence had come before.
    pub fn new(settings: Settings, rate: SampleRate) -> Limiter {
        let lookahead = settings.lookahead.to_count(rate).index();
        let sizes = [lookahead / 2 + 1, lookahead - lookahead / 2 + 1];
        let first = RunningSum::new(sizes[0], ONE);
        let second = RunningSum::new(sizes[1], first.sum);
        let idle = second.sum;
        Limiter {
            ceiling: settings.ceiling.amplitude(),
            lookahead,
            wave: (settings.detect == Detect::Wave).then(|| Wave::new(rate)),
            heights: Vec::with_capacity(AT_ONCE),
            rise: rise(settings.release, rate),
            minimum: SlidingMinimum::new(lookahead + 1),
            envelope: ONE,
            boxes: [first, second],
            idle,
            delay: std::iter::repeat_n([0.0; 2], lookahead + reach(settings.detect)).collect(),
            spare: Vec::new(),
            frames: 0,
            lowest: Lowest { sum: idle, at: 0 },
            recent: Lowest { sum: idle, at: 0 },
            not_finite: 0,
            clamped: 0,
        }
    }

    /// How many frames the output comes after the input: the look-ahead, and what it takes to see the wave.
    pub fn latency(&self) -> FrameCount {
        FrameCount::new((self.lookahead + self.reach()) as u64)
    }

    fn reach(&self) -> usize {
        reach(if self.wave.is_some() { Detect::Wave } else { Detect::Samples })
    }

    /// How many frames of input before a frame decide on it. A limiter at rest that is started this much earlier (or
    /// from the very beginning) puts out the same bits from there on as one that has run all along.
    ///
    /// That is the time the rise from silence to exactly 1 takes, plus both windows, plus what the wave reaches. Once r
    /// is the same, step 3 only takes minima with the same m and a monotonic function, so that any two e lie between one
    /// begun at 0 and one begun at 1, which the end of the rise makes equal.
    pub fn settle(&self) -> FrameCount {
        let mut envelope = 0;
        let mut frames = 0;
        while envelope < ONE {
            envelope = self.risen(envelope);
            frames += 1;
        }
        FrameCount::new(frames + 2 * (self.lookahead + 2 * self.reach()) as u64)
    }

    /// Limits interleaved stereo frames in place; what comes out is [`Limiter::latency`] frames late. The result does
    /// not depend on how the input is cut into slices. An incomplete last frame is left alone.
    pub fn process(&mut self, frames: &mut [f32]) {
        for frames in frames.as_chunks_mut::<2>().0.chunks_mut(AT_ONCE) {
            self.silence_what_is_no_number(frames);
            let mut heights = std::mem::take(&mut self.heights);
            self.heights_of(frames, &mut heights);
            if self.is_idle() && heights.iter().all(|height| *height <= self.ceiling) {
                self.pass(frames);
            } else {
                for (frame, height) in frames.iter_mut().zip(&heights) {
                    *frame = self.tick(*frame, *height);
                }
            }
            self.heights = heights;
        }
    }

    /// The same for frames of which is known, while they come, that neither a sample nor (where the wave counts) any
    /// point of it whose taps end among them passes the ceiling.
    pub fn process_calm(&mut self, frames: &mut [f32]) {
        if !self.is_idle() {
            return self.process(frames);
        }
        let frames = frames.as_chunks_mut::<2>().0;
        self.silence_what_is_no_number(frames);
        if let Some(wave) = &mut self.wave {
            wave.skip(frames);
        }
        self.pass(frames);
    }

    /// Appends to `out` what [`Limiter::process_calm`] would make of `frames` times `factor`, without copying them more than
    /// once; `false` where it cannot, having done nothing: as long as the limiter works, or for fewer frames than it holds.
    pub fn pass_calm(&mut self, frames: &[[f32; 2]], factor: f32, out: &mut Vec<f32>) -> bool {
        let held = self.delay.len();
        // The wave has to be followed from what is held alone.
        let followed = self.wave.as_ref().map_or(0, |wave| wave.interpolator.history());
        if !self.is_idle() || frames.len() < held || held < followed {
            return false;
        }
        let (passed, last) = frames.split_at(frames.len() - held);
        let mut delay = std::mem::take(&mut self.delay);
        let delayed = delay.make_contiguous();
        out.extend_from_slice(delayed.as_flattened());
        let first = out.len();
        if !append_scaled(passed.as_flattened(), factor, out) {
            self.silence_what_is_no_number(out[first..].as_chunks_mut::<2>().0);
        }
        for (frame, last) in delayed.iter_mut().zip(last) {
            *frame = last.map(|sample| sample * factor);
        }
        self.silence_what_is_no_number(delayed);
        if let Some(wave) = &mut self.wave {
            wave.skip(delayed);
        }
        self.delay = delay;
        self.count(frames.len());
        true
    }

    /// Counts frames that came and need nothing, while idle.
    fn count(&mut self, frames: usize) {
        self.minimum.skip(frames as u64);
        self.frames += frames as u64;
    }

    /// What was done so far to the frames that came out.
    pub fn report(&self) -> Report {
        let (deepest, at) = self.deepest(self.lowest);
        Report { deepest, at, not_finite: self.not_finite, clamped: self.clamped }
    }

    /// The deepest gain since this was asked last, and the first frame that got it; `None` where it never had to.
    pub fn take_deepest(&mut self) -> Option<(Gain, FramePos)> {
        let recent = std::mem::replace(&mut self.recent, Lowest { sum: self.idle, at: 0 });
        let (gain, at) = self.deepest(recent);
        at.map(|at| (gain, at))
    }

    fn deepest(&self, lowest: Lowest) -> (Gain, Option<FramePos>) {
        #[expect(clippy::cast_possible_truncation, reason = "a gain in dB needs no more than 32 bits")]
        let db = (20.0 * libm::log10(lowest.sum as f64 / self.idle as f64)) as f32;
        let limited = lowest.sum < self.idle;
        (
            Gain::new(db).unwrap_or(Gain::UNITY),
            limited.then(|| FramePos::ZERO.after(FrameCount::new(lowest.at))),
        )
    }

    fn silence_what_is_no_number(&mut self, frames: &mut [[f32; 2]]) {
        let samples = frames.as_flattened_mut();
        // All are, as a rule, and that is seen many at a time.
        if samples.iter().fold(true, |finite, sample| finite & sample.is_finite()) {
            return;
        }
        for sample in samples {
            if !sample.is_finite() {
                *sample = 0.0;
                self.not_finite += 1;
            }
        }
    }

    /// The peak of each frame, of those [`Limiter::reach`] frames earlier.
    fn heights_of(&mut self, frames: &[[f32; 2]], heights: &mut Vec<f32>) {
        heights.clear();
        match &mut self.wave {
            None => heights.extend(frames.iter().map(|frame| frame[0].abs().max(frame[1].abs()))),
            Some(wave) => wave.follow(frames, self.ceiling, heights),
        }
    }

    /// Whether every gain in every window is 1.
    fn is_idle(&self) -> bool {
        let [first, second] = &self.boxes;
        self.envelope == ONE
            && second.sum == self.idle
            && first.sum == ONE * first.values.len() as u64
            && self.minimum.is_idle()
    }

    /// What [`Limiter::tick`] does for each of `frames` while idle, where none needs anything.
    fn pass(&mut self, frames: &mut [[f32; 2]]) {
        self.count(frames.len());
        let held = self.delay.len();
        if frames.len() >= held {
            // What was held comes first, and the end is held instead.
            let delay = self.delay.make_contiguous();
            let passed = frames.len() - held;
            self.spare.clear();
            self.spare.extend_from_slice(&frames[passed..]);
            frames.copy_within(..passed, held);
            frames[..held].copy_from_slice(delay);
            delay.copy_from_slice(&self.spare);
            return;
        }
        self.delay.extend(frames.iter());
        let count = frames.len();
        for (frame, out) in frames.iter_mut().zip(self.delay.drain(..count)) {
            *frame = out;
        }
    }

    fn tick(&mut self, frame: [f32; 2], height: f32) -> [f32; 2] {
        let lowest = self.minimum.push(self.required(height));
        self.envelope = if self.envelope == ONE { lowest } else { lowest.min(self.risen(self.envelope)) };
        let [first, second] = &mut self.boxes;
        let sum = second.push(first.push(self.envelope));
        self.delay.push_back(frame);
        let out = self.delay.pop_front().unwrap_or(frame);
        let at = self.frames.checked_sub((self.lookahead + self.reach()) as u64);
        self.frames += 1;
        if sum == self.idle {
            return out;
        }
        if let Some(at) = at {
            for lowest in [&mut self.lowest, &mut self.recent] {
                if sum < lowest.sum {
                    *lowest = Lowest { sum, at };
                }
            }
        }
        let gain = sum as f64 / self.idle as f64;
        out.map(|sample| self.turned_down(sample, gain))
    }

    /// The gain a peak needs, rounded down.
    fn required(&self, peak: f32) -> u64 {
        if peak <= self.ceiling {
            return ONE;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2³⁰")]
        let gain = (f64::from(self.ceiling) / f64::from(peak) * ONE as f64) as u64;
        gain
    }

    /// The envelope one frame later where nothing holds it down. Rounded up, so that it arrives.
    fn risen(&self, envelope: u64) -> u64 {
        envelope + ((ONE - envelope) * self.rise).div_ceil(1 << RISE_BITS)
    }

    fn turned_down(&mut self, sample: f32, gain: f64) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
        let sample = (f64::from(sample) * gain) as f32;
        if sample.abs() > self.ceiling {
            self.clamped += 1;
        }
        sample.clamp(-self.ceiling, self.ceiling)
    }
}

impl Wave {
    fn new(rate: SampleRate) -> Wave {
        let interpolator = Interpolator::new(Oversampling::Fine, rate);
        let follower = Follower::new(&interpolator);
        Wave {
            interpolator,
            channels: [follower.clone(), follower],
            before: 0.0,
            planar: Vec::with_capacity(AT_ONCE),
            heights: Vec::with_capacity(AT_ONCE),
        }
    }

    /// Takes frames around which the wave passes no ceiling.
    fn skip(&mut self, frames: &[[f32; 2]]) {
        let last = &frames[frames.len().saturating_sub(self.interpolator.history())..];
        for (channel, follower) in self.channels.iter_mut().enumerate() {
            follower.skip(&self.interpolator, last.iter().map(|frame| frame[channel]));
        }
        self.before = 0.0;
    }

    /// Appends the louder channel's heights to `louder`, each from the sample before to the one after.
    fn follow(&mut self, frames: &[[f32; 2]], floor: f32, louder: &mut Vec<f32>) {
        for (channel, follower) in self.channels.iter_mut().enumerate() {
            self.planar.clear();
            self.planar.extend(frames.iter().map(|frame| frame[channel]));
            self.heights.clear();
            follower.push(&self.interpolator, &self.planar, floor, &mut self.heights);
            if channel == 0 {
                louder.extend_from_slice(&self.heights);
            } else {
                for (louder, height) in louder.iter_mut().zip(&self.heights) {
                    *louder = louder.max(*height);
                }
            }
        }
        for height in louder {
            (*height, self.before) = (height.max(self.before), *height);
        }
    }
}

fn reach(detect: Detect) -> usize {
    match detect {
        Detect::Samples => 0,
        Detect::Wave => Oversampling::Fine.reach(),
    }
}

/// The share of the way back done in a frame, in units of 2⁻³²; at least one unit, at most all of it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2³²")]
fn rise(release: Seconds, rate: SampleRate) -> u64 {
    let whole = (1_u64 << RISE_BITS) as f64;
    let frames = release.get().max(0.0) * f64::from(rate.hz());
    let share = if frames > 0.0 { 1.0 - libm::exp(-1.0 / frames) } else { 1.0 };
    (share * whole).clamp(1.0, whole) as u64
}

/// The minimum of the last `window` values, of which those before the first are [`ONE`]. Amortised constant time:
/// the queue holds only values that are lower than all before them can still become.
#[derive(Clone, Debug)]
struct SlidingMinimum {
    window: u64,
    pushed: u64,
    /// Values in rising order, each with when it came.
    rising: VecDeque<(u64, u64)>,
}

impl SlidingMinimum {
    fn new(window: usize) -> SlidingMinimum {
        SlidingMinimum { window: window as u64, pushed: 0, rising: VecDeque::with_capacity(window + 1) }
    }

    fn push(&mut self, value: u64) -> u64 {
        while self.rising.back().is_some_and(|(_, last)| *last >= value) {
            self.rising.pop_back();
        }
        self.rising.push_back((self.pushed, value));
        if self.rising.front().is_some_and(|(when, _)| when + self.window <= self.pushed) {
            self.rising.pop_front();
        }
        self.pushed += 1;
        self.rising.front().map_or(ONE, |(_, value)| *value)
    }

    /// Whether every value in the window is [`ONE`].
    fn is_idle(&self) -> bool {
        self.rising.front().is_none_or(|(_, value)| *value == ONE)
    }

    /// Pushes [`ONE`] so many times, while idle.
    fn skip(&mut self, count: u64) {
        self.pushed += count;
        self.rising.clear();
    }
}

/// The sum of the last values, in integers so that it stays exact for ever.
#[derive(Clone, Debug)]
struct RunningSum {
    values: Vec<u64>,
    oldest: usize,
    sum: u64,
}

impl RunningSum {
    fn new(size: usize, value: u64) -> RunningSum {
        RunningSum { values: vec![value; size], oldest: 0, sum: value * size as u64 }
    }

    fn push(&mut self, value: u64) -> u64 {
        let oldest = &mut self.values[self.oldest];
        self.sum = self.sum + value - *oldest;
        *oldest = value;
        self.oldest += 1;
        if self.oldest == self.values.len() {
            self.oldest = 0;
        }
        self.sum
    }
}
