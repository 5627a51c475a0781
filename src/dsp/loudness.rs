//! Loudness, level and peaks of audio as it goes by: ITU-R BS.1770-5, with the windows of EBU Tech 3341.
//!
//! A [`Meter`] takes mono or stereo frames and keeps the energy of each hundredth of a second and one [`Hop`] for each
//! tenth, 64 bytes together: 23 MB for ten hours, of which 12 are left once they are joined. What they add up to, in all or
//! between two moments, [`profile`] works out afterwards: the gated integrated loudness, its range, the loudest windows, RMS, the noise floor. The momentary and
//! short-term windows are looked at every 10 ms, ten times as often as Tech 3341 asks at least, so that a window never
//! misses what it should hold by more than 5 ms.
//!
//! Sums are taken sample by sample in `f64`, in the order of time: the same on every machine, however the input is cut.
//! Latency: none that is seen; true peaks are attributed [`Oversampling::reach`] frames late, a third of a millisecond.

pub mod profile;

use multiversion::multiversion;

use crate::audio::buffer::Channels;
use crate::dsp::loudness::profile::{Hop, Profile};
use crate::dsp::true_peak::{self, Follower, Interpolator, Oversampling};
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// Steps in a second: how often windows are looked at.
const STEPS: u64 = 100;
/// Steps in a hop.
const STEPS_IN_HOP: u64 = 10;

/// Measures a stream.
#[derive(Clone, Debug)]
pub struct Meter {
    channels: Channels,
    rate: SampleRate,
    weighting: KWeighting,
    interpolator: Interpolator,
    followers: [Follower; 2],
    /// As finely as anybody looks at the wave: only for bounds.
    fine: Interpolator,
    /// The step being filled, counted in the episode.
    step: u64,
    /// The frame of the episode that comes next.
    next: u64,
    /// Of the step being filled, and of its hop.
    squares: Squares,
    /// How many frames the step has so far.
    filled: u64,
    /// The hop being filled, and the sum of what its steps came to.
    hop: Hop,
    energy: f64,
    profile: Profile,
    /// What is measured of the hop, channel by channel, after as much of what came before as [`Meter::fine`] looks back on.
    planar: [Vec<f32>; 2],
    /// Of that, the steps that have been looked at.
    looked_at: Vec<Outline>,
    heights: Vec<f32>,
    /// The frames of a mono stream; kept for their room.
    doubled: Vec<[f32; 2]>,
}

impl Meter {
    /// A meter for a stream of `channels` that begins at frame `start` of the episode: hops lie on one grid from the
    /// episode's first frame, so `start` should be where one begins (see [`Meter::hop_start`]).
    pub fn new(channels: Channels, rate: SampleRate, start: FrameCount) -> Meter {
        let interpolator = Interpolator::new(Oversampling::Standard, rate);
        let follower = Follower::new(&interpolator);
        let fine = Interpolator::new(Oversampling::Fine, rate);
        let history = vec![0.0; fine.history()];
        let first = Meter::hop_from(start.get(), rate);
        Meter {
            channels,
            rate,
            weighting: KWeighting::new(rate),
            interpolator,
            followers: [follower.clone(), follower],
            fine,
            step: first * STEPS_IN_HOP,
            next: start.get(),
            squares: Squares::default(),
            filled: 0,
            energy: 0.0,
            hop: Hop::default(),
            profile: Profile::new(rate, first),
            planar: [history.clone(), history],
            looked_at: Vec::new(),
            heights: Vec::new(),
            doubled: Vec::new(),
        }
    }

    /// The first hop that begins at a frame or after it, counted from the episode's start.
    pub fn hop_from(frame: u64, rate: SampleRate) -> u64 {
        let hop = frame * STEPS / STEPS_IN_HOP / u64::from(rate.hz());
        (hop..).find(|hop| Meter::hop_start(*hop, rate).get() >= frame).unwrap_or(hop)
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

    /// Everything that was measured, where the sound goes on: the last of the wave is for who hears that.
    pub fn leave(mut self) -> Profile {
        self.look();
        if self.hop.frames > 0 {
            self.end_hop(true);
        }
        self.profile
    }

    /// Everything that was measured.
    pub fn finish(mut self) -> Profile {
        self.look();
        self.follow_hop();
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
        let stereo = self.channels == Channels::Stereo;
        for (channel, planar) in self.planar.iter_mut().enumerate().take(self.channels.count()) {
            if stereo {
                planar.extend(interleaved.as_chunks::<2>().0.iter().map(|frame| frame[channel]));
            } else {
                planar.extend_from_slice(interleaved);
            }
        }
        if stereo {
            add_up(&mut self.weighting, &mut self.squares, interleaved.as_chunks::<2>().0);
        } else {
            // The other channel is silent.
            self.doubled.clear();
            self.doubled.extend(interleaved.iter().map(|sample| [*sample, 0.0]));
            add_up(&mut self.weighting, &mut self.squares, &self.doubled);
        }
        let frames = (interleaved.len() / self.channels.count()) as u64;
        self.next += frames;
        self.filled += frames;
        self.hop.frames += u32::try_from(frames).unwrap_or(u32::MAX);
    }

    /// Looks at how high a step goes, once all of it is there.
    fn look(&mut self) {
        let history = self.fine.history();
        // Where it begins, after its own history.
        let start = self.looked_at.iter().map(|step| step.frames).sum::<usize>();
        let mut outline = Outline { frames: self.planar[0].len() - history - start, ..Outline::default() };
        for (bounds, planar) in outline.bounds.iter_mut().zip(&self.planar).take(self.channels.count()) {
            let planar = &planar[start..];
            let own = true_peak::peak(&planar[history..]);
            self.hop.sample_peak = self.hop.sample_peak.max(own);
            let around = own.max(true_peak::peak(&planar[..history]));
            let bend = true_peak::bend(planar);
            self.hop.bound = self.hop.bound.max(self.fine.bound(around, bend));
            *bounds = self.interpolator.bound(around, bend);
        }
        self.looked_at.push(outline);
    }

    /// Looks for the highest point of the wave in the steps of a hop that were looked at: only once all of them were, since
    /// what cannot be higher than the highest sample of all need not be looked for.
    fn follow_hop(&mut self) {
        let history = self.fine.history();
        let (mut planar, mut steps) = (std::mem::take(&mut self.planar), std::mem::take(&mut self.looked_at));
        for (channel, planar) in planar.iter_mut().enumerate().take(self.channels.count()) {
            let mut at = history;
            for step in &steps {
                let samples = &planar[at..at + step.frames];
                at += step.frames;
                if step.bounds[channel] > self.hop.true_peak.max(self.hop.sample_peak) {
                    self.follow(samples, channel);
                } else {
                    self.followers[channel].skip(&self.interpolator, samples.iter().copied());
                }
            }
            planar.copy_within(at - history..at, 0);
            planar.truncate(history);
        }
        steps.clear();
        (self.planar, self.looked_at) = (planar, steps);
    }

    fn follow(&mut self, samples: &[f32], channel: usize) {
        self.heights.clear();
        let floor = self.hop.true_peak.max(self.hop.sample_peak);
        self.followers[channel].push(&self.interpolator, samples, floor, &mut self.heights);
        self.hop.true_peak = self.heights.iter().fold(self.hop.true_peak, |peak, height| peak.max(*height));
    }

    fn end_step(&mut self) {
        self.look();
        self.weighting.rest();
        let energy = std::mem::take(&mut self.squares.energy).iter().sum::<f64>();
        self.energy += energy;
        self.profile.push_step(narrow(energy / self.filled.max(1) as f64));
        self.filled = 0;
        self.step += 1;
        if self.step.is_multiple_of(STEPS_IN_HOP) {
            self.end_hop(false);
        }
    }

    fn end_hop(&mut self, partial: bool) {
        self.follow_hop();
        if partial {
            let energy = self.squares.energy.iter().sum::<f64>();
            self.energy += energy;
            self.profile.set_rest(narrow(energy / self.filled.max(1) as f64));
        }
        let frames = f64::from(self.hop.frames.max(1));
        self.hop.energy = narrow(std::mem::take(&mut self.energy) / frames);
        let power = std::mem::take(&mut self.squares.power).iter().sum::<f64>();
        self.hop.power = narrow(power / (frames * self.channels.count() as f64));
        self.hop.true_peak = self.hop.true_peak.max(self.hop.sample_peak);
        let hop = std::mem::take(&mut self.hop);
        self.profile.push(hop, partial);
    }
}

/// How high a step may go.
#[derive(Clone, Copy, Debug, Default)]
struct Outline {
    frames: usize,
    /// What no point of its wave passes, channel by channel.
    bounds: [f32; 2],
}

/// Sums of squares, channel by channel.
#[derive(Clone, Copy, Debug, Default)]
struct Squares {
    /// K-weighted, of the step.
    energy: [f64; 2],
    /// Not weighted, of the hop.
    power: [f64; 2],
}

/// The first frame of a step, counted from the episode's start. Whole seconds apart from the rest: no episode is too long.
fn step_start(step: u64, rate: SampleRate) -> u64 {
    let hz = u64::from(rate.hz());
    (step / STEPS).saturating_mul(hz).saturating_add(step % STEPS * hz / STEPS)
}

/// The frequency weighting of BS.1770-5, Annex 1: a shelf for the head and a high-pass, for two channels at once.
///
/// The Recommendation gives coefficients for 48 kHz only. For other rates they are computed from the analogue
/// prototypes behind them, by the bilinear transform, with the parameters found by B. De Man, "Evaluation of
/// Implementations of the EBU R128 Loudness Measurement", AES Convention 145, 2018; at 48 kHz the result is that of the
/// Recommendation's table within 1e-12.
///
/// Both are second-order sections in direct form I and `f64`. Of a frame's result only the last product waits for that of
/// the frame before: frames follow each other twice as fast as in the transposed form.
#[derive(Clone, Debug)]
struct KWeighting {
    shelf: Coefficients,
    high_pass: Coefficients,
    /// What went in, what came out of the shelf and what came out of the high-pass: of the last frame and the one before.
    state: [[[f64; 2]; 2]; 3],
}

/// Of a second-order section: b₀ to b₂; a₁ and a₂.
#[derive(Clone, Copy, Debug)]
struct Coefficients {
    b: [f64; 3],
    a: [f64; 2],
}

impl KWeighting {
    fn new(rate: SampleRate) -> KWeighting {
        KWeighting { shelf: shelf(rate), high_pass: high_pass(rate), state: Default::default() }
    }

    /// Silences what is left of a sound that is long over, before it becomes numbers that are slow to compute with: what
    /// came out of the shelf is over long before what came out of the high-pass.
    fn rest(&mut self) {
        for state in &mut self.state {
            if state.as_flattened().iter().all(|state| state.abs() < 1e-30) {
                *state = Default::default();
            }
        }
    }
}

/// Takes frames and adds their squares to those so far.
#[multiversion(targets("x86_64+avx2"))]
fn add_up(weighting: &mut KWeighting, squares: &mut Squares, frames: &[[f32; 2]]) {
    let (Coefficients { b, a }, [c1, c2]) = (weighting.shelf, weighting.high_pass.a);
    let [[mut x1, mut x2], [mut y1, mut y2], [mut z1, mut z2]] = weighting.state;
    let Squares { mut energy, mut power } = *squares;
    for frame in frames {
        let x = frame.map(f64::from);
        let (mut y, mut z) = ([0.0; 2], [0.0; 2]);
        for lane in 0..2 {
            y[lane] =
                ((b[0] * x[lane] + b[1] * x1[lane]) + (b[2] * x2[lane] - a[1] * y2[lane])) - a[0] * y1[lane];
            // Its b are 1, −2 and 1.
            z[lane] = (((y2[lane] - c2 * z2[lane]) - 2.0 * y1[lane]) + y[lane]) - c1 * z1[lane];
            power[lane] += x[lane] * x[lane];
            energy[lane] += z[lane] * z[lane];
        }
        (x2, y2, z2) = (x1, y1, z1);
        (x1, y1, z1) = (x, y, z);
    }
    weighting.state = [[x1, x2], [y1, y2], [z1, z2]];
    *squares = Squares { energy, power };
}

fn warped(hz: f64, rate: SampleRate) -> f64 {
    libm::tan(std::f64::consts::PI * hz / f64::from(rate.hz()))
}

fn shelf(rate: SampleRate) -> Coefficients {
    const HZ: f64 = 1_681.974_450_955_533;
    const DB: f64 = 3.999_843_853_973_347;
    const Q: f64 = 0.707_175_236_955_419_6;
    let k = warped(HZ, rate);
    let high = libm::pow(10.0, DB / 20.0);
    let band = libm::pow(high, 0.499_666_774_154_541_6);
    let a0 = 1.0 + k / Q + k * k;
    Coefficients {
        b: [
            (high + band * k / Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / Q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / Q + k * k) / a0],
    }
}

fn high_pass(rate: SampleRate) -> Coefficients {
    const HZ: f64 = 38.135_470_876_024_44;
    const Q: f64 = 0.500_327_037_323_877_3;
    let k = warped(HZ, rate);
    let a0 = 1.0 + k / Q + k * k;
    Coefficients {
        // Not normalised: so it is in the Recommendation, which makes up for it by the −0.691.
        b: [1.0, -2.0, 1.0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / Q + k * k) / a0],
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
