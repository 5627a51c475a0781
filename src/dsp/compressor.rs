//! A compressor: a gain for every frame, by how loud a stereo signal is.

use crate::routing::Compress;
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// Frames for which one gain is worked out; from each to the next it goes along a straight line.
const HOP: usize = 16;
/// The time constant over which power is averaged, seconds: two periods of a low voice, so that the gain follows the voice
/// and not its wave.
const AVERAGE: f64 = 0.005;
/// For how many time constants it remembers: then what came before makes less than a hundredth of a dB of difference.
const MEMORY: f64 = 8.0;
/// log₂ 10 / 20: what turns dB into powers of two.
const OCTAVES_PER_DB: f64 = 0.166_096_404_744_368_12;
/// Less power than this is silence.
const SILENCE: f64 = 1e-20;

/// A compressor with its state. Latency of the sound: none; its gain comes [`HOP`] frames late.
///
/// Feed-forward, with the branching smoother on the gain in dB: D. Giannoulis, M. Massberg and J. Reiss, "Digital dynamic
/// range compressor design: a tutorial and analysis", JAES 60, 2012, equations 4 and 16. The level is the power of left and
/// right together, so that a sound has the same wherever it is panned; a sine of ±1.0 on one side has −3 dBFS. It does not
/// know the sound itself, only what it is given to listen to.
#[derive(Clone, Debug)]
pub struct Compressor {
    threshold: f64,
    slope: f64,
    knee: f64,
    makeup: f64,
    average: f64,
    attack: f64,
    release: f64,
    settle: u64,
    state: State,
}

#[derive(Clone, Copy, Debug)]
struct State {
    power: f64,
    /// dB, 0 or more.
    reduction: f64,
    /// The gains between which it moves, and how many frames of the way are done.
    from: f32,
    to: f32,
    done: usize,
}

impl Compressor {
    /// A compressor that has heard nothing.
    pub fn new(settings: &Compress, rate: SampleRate) -> Compressor {
        let fs = f64::from(rate.hz());
        let keeps = |seconds: f64, frames: f64| {
            if seconds > 0.0 { libm::exp(-frames / (seconds * fs)) } else { 0.0 }
        };
        let (attack, release) = (settings.attack.get(), settings.release.get());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and below 10⁹"
        )]
        let settle = (MEMORY * attack.max(release).max(AVERAGE) * fs) as u64;
        let mut compressor = Compressor {
            threshold: f64::from(settings.threshold.dbfs()),
            slope: 1.0 - 1.0 / settings.ratio.max(1.0),
            knee: settings.knee,
            makeup: f64::from(settings.makeup.db()),
            average: keeps(AVERAGE, 1.0),
            attack: keeps(attack, HOP as f64),
            release: keeps(release, HOP as f64),
            settle,
            state: State { power: 0.0, reduction: 0.0, from: 1.0, to: 1.0, done: 0 },
        };
        compressor.rest();
        compressor
    }

    /// How long what it heard makes a difference.
    pub fn settle(&self) -> FrameCount {
        FrameCount::new(self.settle)
    }

    /// Makes it forget what it heard.
    pub fn rest(&mut self) {
        let gain = self.gain(0.0);
        self.state = State { power: 0.0, reduction: 0.0, from: gain, to: gain, done: 0 };
    }

    /// The gains for the frames it hears next, as factors, written over `out`. All three are equally long.
    pub fn listen(&mut self, left: &[f32], right: &[f32], out: &mut [f32]) {
        let mut at = 0;
        while at < out.len() {
            let state = &mut self.state;
            let end = out.len().min(at + HOP - state.done);
            let samples = left[at..end].iter().zip(&right[at..end]);
            for ((left, right), out) in samples.zip(&mut out[at..end]) {
                let (left, right) = (f64::from(*left), f64::from(*right));
                let power = left * left + right * right;
                state.power = power + (state.power - power) * self.average;
                state.done += 1;
                *out = state.from + (state.to - state.from) * (state.done as f32 * (1.0 / HOP as f32));
            }
            at = end;
            if state.done == HOP {
                self.decide();
            }
        }
    }

    fn decide(&mut self) {
        let power = self.state.power;
        let wanted = if power > SILENCE { self.reduction(decibels(power)) } else { 0.0 };
        let keeps = if wanted > self.state.reduction { self.attack } else { self.release };
        let reduction = wanted + (self.state.reduction - wanted) * keeps;
        // Coming back never quite ends.
        let reduction = if reduction < 1e-6 { 0.0 } else { reduction };
        let to = if reduction.to_bits() == self.state.reduction.to_bits() {
            self.state.to
        } else {
            self.gain(reduction)
        };
        let power = if power > SILENCE { power } else { 0.0 };
        self.state = State { power, reduction, from: self.state.to, to, done: 0 };
    }

    /// By how much a steady level is turned down, dB.
    fn reduction(&self, level: f64) -> f64 {
        let over = level - self.threshold;
        let into = over + self.knee / 2.0;
        if into <= 0.0 {
            0.0
        } else if into < self.knee {
            self.slope * into * into / (2.0 * self.knee)
        } else {
            self.slope * over
        }
    }

    fn gain(&self, reduction: f64) -> f32 {
        libm::exp2f(narrow((self.makeup - reduction) * OCTAVES_PER_DB))
    }
}

/// Power in dB, to a hundred-thousandth of one: the 32-bit logarithm takes a quarter of the time.
fn decibels(power: f64) -> f64 {
    f64::from(libm::log2f(narrow(power))) * 0.5 / OCTAVES_PER_DB
}

#[cfg(test)]
mod tests {
    use super::Compressor;
    use crate::routing::Compress;
    use crate::units::level::{Gain, Level};
    use crate::units::narrow;
    use crate::units::time::{SampleRate, Seconds};

    fn settings() -> Compress {
        Compress {
            threshold: Level::new(-20.0).expect("a level"),
            ratio: 4.0,
            attack: Seconds::new(0.02).expect("a time"),
            release: Seconds::new(0.2).expect("a time"),
            knee: 6.0,
            makeup: Gain::new(2.0).expect("a gain"),
        }
    }

    /// The gain in dB at each frame of a steady wave that has these levels, dBFS, each for so many frames.
    fn gains(levels: &[(f64, usize)]) -> Vec<f64> {
        let mut compressor = Compressor::new(&settings(), SampleRate::DEFAULT);
        let mut all = Vec::new();
        for (level, frames) in levels {
            // Alternating ones have their power in every frame.
            let amplitude = narrow(libm::pow(10.0, level / 20.0));
            let left: Vec<f32> =
                (0..*frames).map(|n| if n % 2 == 0 { amplitude } else { -amplitude }).collect();
            let mut out = vec![0.0; *frames];
            compressor.listen(&left, &vec![0.0; *frames], &mut out);
            all.extend(out.iter().map(|gain| 20.0 * libm::log10(f64::from(*gain))));
        }
        all
    }

    #[test]
    fn steady_levels_follow_the_curve() {
        // Below, in the middle of the knee, at its upper end, above.
        for (level, out) in [(-40.0, 0.0), (-23.0, 0.0), (-20.0, -0.5625), (-17.0, -2.25), (-8.0, -9.0)] {
            let found = gains(&[(level, 48_000)])[47_999];
            assert!((found - 2.0 - out).abs() < 0.001, "{level}: {found}");
        }
    }

    #[test]
    fn attack_and_release_are_time_constants() {
        let gains = gains(&[(-40.0, 4800), (-8.0, 48_000), (-40.0, 48_000)]);
        let reached = |from: usize, share: f64, to: f64, until: f64| {
            let level = to + (until - to) * share;
            let before = gains[from] > level;
            gains[from..].iter().position(|db| (*db > level) != before).expect("it is reached")
        };
        // 63 % of 9 dB; the averaged power is 3 ms late at most.
        let attack = reached(4800, 1.0 / std::f64::consts::E, -7.0, 2.0);
        assert!(attack.abs_diff(960) < 200, "{attack}");
        let release = reached(52_800, 1.0 / std::f64::consts::E, 2.0, -7.0);
        assert!(release.abs_diff(9600) < 1000, "{release}");
    }
}
