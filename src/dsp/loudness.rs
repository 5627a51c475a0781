//! Loudness, level and peaks of audio as it goes by: ITU-R BS.1770-5, with the windows of EBU Tech 3341.
//!
//! A [`Meter`] takes mono or stereo frames and keeps one [`Hop`] for each tenth of a second, 40 bytes: 14 MB for ten
//! hours. What they add up to, in all or between two moments, [`profile`] works out afterwards: the gated integrated
//! loudness, its range, RMS, the noise floor. The longest momentary and short-term windows are looked at every 10 ms,
//! ten times as often as Tech 3341 asks at least, so that a window never misses what it should hold by more than 5 ms.
//!
//! Sums are taken sample by sample in `f64`, in the order of time: the same on every machine, however the input is cut.
//! Latency: none that is seen; true peaks are attributed [`Oversampling::reach`] frames late, a third of a millisecond.

pub mod profile;

use crate::audio::buffer::Channels;
use crate::dsp::loudness::profile::{Hop, Profile};
use crate::dsp::true_peak::{Follower, Interpolator, Oversampling};
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// Steps in a second: how often windows are looked at.
const STEPS: u64 = 100;
/// Steps in a hop.
const STEPS_IN_HOP: u64 = 10;
/// Steps in the momentary window, 400 ms.
const MOMENTARY: usize = 40;
/// Steps in the short-term window, 3 s.
const SHORT_TERM: usize = 300;

/// Measures a stream.
#[derive(Clone, Debug)]
pub struct Meter {
    channels: Channels,
    rate: SampleRate,
    weighting: KWeighting,
    interpolator: Interpolator,
    followers: [Follower; 2],
    /// The step being filled, counted in the episode.
    step: u64,
    /// The frame of the episode that comes next.
    next: u64,
    /// K-weighted squares of the step, all channels.
    energy: f64,
    /// The hop's squares, channel by channel.
    power: [f64; 2],
    /// How many frames the step has so far.
    filled: u64,
    /// The mean K-weighted squares of the last steps, the newest at the end of what was written last.
    ring: Vec<f64>,
    /// The hop being filled: its energy and power are sums until it is full.
    hop: Hop,
    profile: Profile,
    planar: [Vec<f32>; 2],
    heights: Vec<f32>,
}

impl Meter {
    /// A meter for a stream of `channels` that begins at frame `start` of the episode: hops lie on one grid from the
    /// episode's first frame, so `start` should be where one begins (see [`Meter::hop_start`]).
    pub fn new(channels: Channels, rate: SampleRate, start: FrameCount) -> Meter {
        let hop = start.get() * STEPS / STEPS_IN_HOP / u64::from(rate.hz());
        let interpolator = Interpolator::new(Oversampling::Standard, rate);
        let follower = Follower::new(&interpolator);
        let first = (hop..).find(|hop| Meter::hop_start(*hop, rate) >= start).unwrap_or(hop);
        Meter {
            channels,
            rate,
            weighting: KWeighting::new(rate),
            interpolator,
            followers: [follower.clone(), follower],
            step: first * STEPS_IN_HOP,
            next: start.get(),
            energy: 0.0,
            power: [0.0; 2],
            filled: 0,
            ring: Vec::with_capacity(SHORT_TERM),
            hop: Hop::default(),
            profile: Profile::new(rate, first),
            planar: [Vec::new(), Vec::new()],
            heights: Vec::new(),
        }
    }

    /// The first frame of a hop, counted from the episode's start.
    pub fn hop_start(hop: u64, rate: SampleRate) -> FrameCount {
        FrameCount::new(step_start(hop * STEPS_IN_HOP, rate))
    }

    /// Takes the next interleaved frames. An incomplete last one is left out.
    pub fn push(&mut self, interleaved: &[f32]) {
        let width = self.channels.count();
        let mut rest = &interleaved[..interleaved.len() / width * width];
        while !rest.is_empty() {
            let left = step_start(self.step + 1, self.rate) - self.next;
            let (now, later) =
                rest.split_at(FrameCount::new(left).index().saturating_mul(width).min(rest.len()));
            self.measure(now);
            rest = later;
            if self.next == step_start(self.step + 1, self.rate) {
                self.end_step();
            }
        }
    }

    /// What was measured up to the last whole hop.
    pub fn so_far(&self) -> &Profile {
        &self.profile
    }

    /// Everything that was measured.
    pub fn finish(mut self) -> Profile {
        // The wave after the last sample.
        let silence = vec![0.0; Oversampling::Standard.reach()];
        self.follow(&silence, 0);
        self.follow(&silence, 1);
        if self.hop.frames > 0 || self.profile.hops().is_empty() {
            self.end_hop(true);
        } else {
            self.profile.raise_last(self.hop.true_peak);
        }
        self.profile
    }

    /// Takes frames that all belong to the current step.
    fn measure(&mut self, interleaved: &[f32]) {
        let [mut left, mut right] = std::mem::take(&mut self.planar);
        left.clear();
        right.clear();
        match self.channels {
            Channels::Mono => left.extend_from_slice(interleaved),
            Channels::Stereo => {
                let frames = interleaved.as_chunks::<2>().0;
                left.extend(frames.iter().map(|frame| frame[0]));
                right.extend(frames.iter().map(|frame| frame[1]));
            }
        }
        let frames = left.len();
        self.hop.sample_peak = highest(&right, highest(&left, self.hop.sample_peak));
        self.follow(&left, 0);
        if self.channels == Channels::Stereo {
            self.follow(&right, 1);
        }
        self.planar = [left, right];
        let squares = Squares { energy: self.energy, power: self.power };
        let squares = match self.channels {
            Channels::Mono => {
                let frames = interleaved.iter().map(|sample| [*sample, 0.0]);
                frames.fold(squares, |squares, frame| squares.plus(frame, &mut self.weighting))
            }
            Channels::Stereo => {
                let frames = interleaved.as_chunks::<2>().0.iter();
                frames.fold(squares, |squares, frame| squares.plus(*frame, &mut self.weighting))
            }
        };
        (self.energy, self.power) = (squares.energy, squares.power);
        self.next += frames as u64;
        self.filled += frames as u64;
        self.hop.frames += u32::try_from(frames).unwrap_or(u32::MAX);
    }

    fn follow(&mut self, samples: &[f32], channel: usize) {
        self.heights.clear();
        let floor = self.hop.true_peak.max(self.hop.sample_peak);
        self.followers[channel].push(&self.interpolator, samples, floor, &mut self.heights);
        self.hop.true_peak = self.heights.iter().fold(self.hop.true_peak, |peak, height| peak.max(*height));
    }

    fn end_step(&mut self) {
        self.weighting.rest();
        self.hop.energy += self.energy;
        if self.ring.len() == SHORT_TERM {
            self.ring.copy_within(1.., 0);
            self.ring.pop();
        }
        self.ring.push(self.energy / self.filled.max(1) as f64);
        (self.energy, self.filled) = (0.0, 0);
        let mean = |steps: usize| {
            let window = self.ring.len().checked_sub(steps).map(|first| &self.ring[first..]);
            window.map_or(0.0, |window| narrow(window.iter().sum::<f64>() / steps as f64))
        };
        let (momentary, short_term) = (mean(MOMENTARY), mean(SHORT_TERM));
        self.hop.momentary = self.hop.momentary.max(momentary);
        self.hop.short_term = self.hop.short_term.max(short_term);
        self.step += 1;
        if self.step.is_multiple_of(STEPS_IN_HOP) {
            self.end_hop(false);
        }
    }

    fn end_hop(&mut self, partial: bool) {
        if partial {
            self.hop.energy += self.energy;
        }
        let frames = f64::from(self.hop.frames.max(1));
        self.hop.energy /= frames;
        self.hop.power = (self.power[0] + self.power[1]) / (frames * self.channels.count() as f64);
        self.power = [0.0; 2];
        self.hop.true_peak = self.hop.true_peak.max(self.hop.sample_peak);
        let hop = std::mem::take(&mut self.hop);
        self.profile.push(hop, partial);
    }
}

/// Sums of squares.
#[derive(Clone, Copy)]
struct Squares {
    /// K-weighted, of all channels.
    energy: f64,
    /// Not weighted, channel by channel.
    power: [f64; 2],
}

impl Squares {
    fn plus(self, frame: [f32; 2], weighting: &mut KWeighting) -> Squares {
        let frame = frame.map(f64::from);
        let [left, right] = weighting.tick(frame);
        let power = [self.power[0] + frame[0] * frame[0], self.power[1] + frame[1] * frame[1]];
        Squares { energy: self.energy + (left + right), power }
    }
}

/// The highest of the samples and `so_far`.
fn highest(samples: &[f32], so_far: f32) -> f32 {
    // Side by side, as a maximum is the same in any order.
    let (chunks, rest) = samples.as_chunks::<8>();
    let mut peaks = [so_far; 8];
    for chunk in chunks {
        for (peak, sample) in peaks.iter_mut().zip(chunk) {
            *peak = if sample.abs() > *peak { sample.abs() } else { *peak };
        }
    }
    peaks.iter().chain(rest).fold(so_far, |peak, sample| peak.max(sample.abs()))
}

/// The first frame of a step, counted from the episode's start. In 128 bits: no episode is too long.
fn step_start(step: u64, rate: SampleRate) -> u64 {
    u64::try_from(u128::from(step) * u128::from(rate.hz()) / u128::from(STEPS)).unwrap_or(u64::MAX)
}

/// The frequency weighting of BS.1770-5, Annex 1: a shelf for the head and a high-pass, for two channels at once.
///
/// The Recommendation gives coefficients for 48 kHz only. For other rates they are computed from the analogue
/// prototypes behind them, by the bilinear transform, with the parameters found by B. De Man, "Evaluation of
/// Implementations of the EBU R128 Loudness Measurement", AES Convention 145, 2018; at 48 kHz the result is that of the
/// Recommendation's table within 1e-12.
#[derive(Clone, Debug)]
struct KWeighting {
    shelf: Section,
    high_pass: Section,
}

/// A second-order section for two channels, transposed direct form II in `f64`.
#[derive(Clone, Debug)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [[f64; 2]; 2],
}

impl KWeighting {
    fn new(rate: SampleRate) -> KWeighting {
        KWeighting { shelf: shelf(rate), high_pass: high_pass(rate) }
    }

    /// The weighted frame's squares.
    fn tick(&mut self, frame: [f64; 2]) -> [f64; 2] {
        let weighted = self.high_pass.tick(self.shelf.tick(frame));
        [weighted[0] * weighted[0], weighted[1] * weighted[1]]
    }

    /// Silences what is left of a sound that is long over, before it becomes numbers that are slow to compute with.
    fn rest(&mut self) {
        for section in [&mut self.shelf, &mut self.high_pass] {
            if section.state.as_flattened().iter().all(|state| state.abs() < 1e-30) {
                section.state = [[0.0; 2]; 2];
            }
        }
    }
}

impl Section {
    fn tick(&mut self, x: [f64; 2]) -> [f64; 2] {
        let mut out = [0.0; 2];
        for lane in 0..2 {
            let y = self.b[0] * x[lane] + self.state[0][lane];
            self.state[0][lane] = self.b[1] * x[lane] - self.a[0] * y + self.state[1][lane];
            self.state[1][lane] = self.b[2] * x[lane] - self.a[1] * y;
            out[lane] = y;
        }
        out
    }
}

fn warped(hz: f64, rate: SampleRate) -> f64 {
    libm::tan(std::f64::consts::PI * hz / f64::from(rate.hz()))
}

fn shelf(rate: SampleRate) -> Section {
    const HZ: f64 = 1_681.974_450_955_533;
    const DB: f64 = 3.999_843_853_973_347;
    const Q: f64 = 0.707_175_236_955_419_6;
    let k = warped(HZ, rate);
    let high = libm::pow(10.0, DB / 20.0);
    let band = libm::pow(high, 0.499_666_774_154_541_6);
    let a0 = 1.0 + k / Q + k * k;
    Section {
        b: [
            (high + band * k / Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / Q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / Q + k * k) / a0],
        state: [[0.0; 2]; 2],
    }
}

fn high_pass(rate: SampleRate) -> Section {
    const HZ: f64 = 38.135_470_876_024_44;
    const Q: f64 = 0.500_327_037_323_877_3;
    let k = warped(HZ, rate);
    let a0 = 1.0 + k / Q + k * k;
    Section {
        // Not normalised: so it is in the Recommendation, which makes up for it by the −0.691.
        b: [1.0, -2.0, 1.0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / Q + k * k) / a0],
        state: [[0.0; 2]; 2],
    }
}

#[cfg(test)]
mod tests {
    use super::{high_pass, shelf};
    use crate::units::time::SampleRate;

    /// ITU-R BS.1770-5, Annex 1, tables 1 and 2.
    #[test]
    fn at_48_khz_the_coefficients_are_the_recommendations() {
        let near = |found: &[f64], wanted: &[f64]| {
            assert!(found.iter().zip(wanted).all(|(f, w)| (f - w).abs() < 1e-11), "{found:?} {wanted:?}");
        };
        let shelf = shelf(SampleRate::DEFAULT);
        near(&shelf.b, &[1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85]);
        near(&shelf.a, &[-1.690_659_293_182_41, 0.732_480_774_215_85]);
        near(&high_pass(SampleRate::DEFAULT).a, &[-1.990_047_454_833_98, 0.990_072_250_366_21]);
    }
}
