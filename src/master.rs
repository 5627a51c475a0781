//! The last step of the mix: one gain, then a look-ahead peak limiter.
//!
//! In: the mixer's sum, interleaved stereo, in slices of any length. Out: the master, aligned with it frame by frame
//! and exactly as long. Nothing here rides the level: one gain for the whole episode, decided elsewhere.

use crate::dsp::limiter::{Limiter, Report, Settings as LimiterSettings};
use crate::units::level::{Gain, Level};
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// What the master is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The gain of the whole episode, before the limiter. Default: 0 dB.
    pub gain: Gain,
    /// What no sample passes. Default: −1 dBFS.
    pub ceiling: Level,
    /// How long before a peak the limiter begins to turn down. Default: 5 ms, one period of 200 Hz.
    pub lookahead: Seconds,
    /// The time constant of the limiter's way back. Default: 100 ms, slow enough not to follow a low voice's waves.
    pub release: Seconds,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            gain: Gain::UNITY,
            ceiling: Level::new(-1.0).expect("-1 is a number"),
            lookahead: Seconds::new(0.005).expect("5 ms is a time"),
            release: Seconds::new(0.1).expect("100 ms is a time"),
        }
    }
}

/// Gain and limiter, running. What comes out does not depend on how the input is cut.
#[derive(Clone, Debug)]
pub struct Master {
    factor: f32,
    limiter: Limiter,
    /// Frames of the limiter's latency still to be dropped.
    early: usize,
}

impl Master {
    /// A master at rest.
    pub fn new(settings: Settings, rate: SampleRate) -> Master {
        let limiter = Limiter::new(
            LimiterSettings {
                ceiling: settings.ceiling,
                lookahead: settings.lookahead,
                release: settings.release,
            },
            rate,
        );
        Master { factor: settings.gain.factor(), early: limiter.latency().index(), limiter }
    }

    /// How many frames [`Master::push`] holds back: the limiter's look-ahead.
    pub fn latency(&self) -> FrameCount {
        self.limiter.latency()
    }

    /// How many frames before a place a new master must be started to put out, from there on, the same bits as one
    /// that has run from the beginning.
    pub fn settle(&self) -> FrameCount {
        self.limiter.settle()
    }

    /// Takes the next frames of the `mix`, interleaved stereo, and appends to `out` those that are finished, as many
    /// as came less [`Master::latency`] at the very start. Allocates only where `out` has no room.
    pub fn push(&mut self, mix: &[f32], out: &mut Vec<f32>) {
        let whole = mix.len() / 2;
        let start = out.len();
        out.extend(mix[..whole * 2].iter().map(|sample| sample * self.factor));
        self.limiter.process(&mut out[start..]);
        let early = self.early.min(whole);
        out.drain(start..start + early * 2);
        self.early -= early;
    }

    /// Appends the frames held back to `out`, so that it has as many as were pushed, and says what the limiter did.
    pub fn finish(mut self, out: &mut Vec<f32>) -> Report {
        let mut silence = vec![0.0; self.latency().index() * 2];
        self.limiter.process(&mut silence);
        // An input shorter than the look-ahead still has some of the silence before it that the limiter started with.
        out.extend_from_slice(&silence[self.early * 2..]);
        self.limiter.report()
    }
}
