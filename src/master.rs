//! The last step of the mix: measured as a whole, one gain, then a look-ahead limiter; and dither where words get
//! shorter.
//!
//! In: a [`crate::mix::plan::Plan`]. Out: the master, aligned with the mix frame by frame and exactly as long. Nothing
//! here rides the level: [`measure`] hears all of the episode, [`limit`] decides on one gain by it and by what a
//! [`preset`] asks for, and [`perform`] applies that to the episode or any part of it, with the same bits.
//!
//! The mix is heard at least twice, from where [`mixture`] has it.

use crate::audio::buffer::Channels;
use crate::dsp::limiter::{Detect, Limiter, Report, Settings as LimiterSettings};
use crate::units::level::{Gain, Level};
use crate::units::time::{FrameCount, FramePos, SampleRate, Seconds};

mod blocks;
pub mod bounds;
pub mod dither;
pub mod envelopes;
mod in_order;
mod kept;
pub mod limit;
pub mod measure;
pub mod mixture;
pub mod perform;
mod portions;
pub mod preset;
pub mod recall;

/// What the master is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The gain of the whole episode, before the limiter. Default: 0 dB.
    pub gain: Gain,
    /// What no sample passes. Default: −1 dBFS.
    pub ceiling: Level,
    /// What counts as a peak. Default: samples.
    pub detect: Detect,
    /// Stereo as it is, or the mean of left and right in one channel. Default: stereo.
    pub channels: Channels,
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
            detect: Detect::Samples,
            channels: Channels::Stereo,
            lookahead: Seconds::new(0.005).expect("5 ms is a time"),
            release: Seconds::new(0.1).expect("100 ms is a time"),
        }
    }
}

/// Gain and limiter, running. What comes out does not depend on how the input is cut.
#[derive(Clone, Debug)]
pub struct Master {
    factor: f32,
    channels: Channels,
    limiter: Limiter,
    /// Frames of the limiter's latency still to be dropped.
    early: usize,
    stereo: Vec<f32>,
}

impl Master {
    /// A master at rest.
    pub fn new(settings: Settings, rate: SampleRate) -> Master {
        let limiter = Limiter::new(
            LimiterSettings {
                ceiling: settings.ceiling,
                detect: settings.detect,
                lookahead: settings.lookahead,
                release: settings.release,
            },
            rate,
        );
        Master {
            factor: settings.gain.factor(),
            channels: settings.channels,
            early: limiter.latency().index(),
            limiter,
            stereo: Vec::new(),
        }
    }

    /// How many frames [`Master::push`] holds back: the limiter's latency.
    pub fn latency(&self) -> FrameCount {
        self.limiter.latency()
    }

    /// How many frames before a place a new master must be started to put out, from there on, the same bits as one
    /// that has run from the beginning.
    pub fn settle(&self) -> FrameCount {
        self.limiter.settle()
    }

    /// Takes the next frames of the `mix`, interleaved stereo, and appends to `out` those that are finished, as many
    /// as came less [`Master::latency`] at the very start; interleaved, of [`Settings::channels`]. Allocates only where
    /// `out` has no room, or more comes at once than ever before.
    pub fn push(&mut self, mix: &[f32], out: &mut Vec<f32>) {
        self.run(mix, out, Limiter::process);
    }

    /// The same for frames of which is known that they need no limiting: see [`Limiter::process_calm`].
    pub fn push_calm(&mut self, mix: &[f32], out: &mut Vec<f32>) {
        if self.channels == Channels::Stereo
            && self.early == 0
            && self.limiter.pass_calm(mix.as_chunks::<2>().0, self.factor, out)
        {
            return;
        }
        self.run(mix, out, Limiter::process_calm);
    }

    fn run(&mut self, mix: &[f32], out: &mut Vec<f32>, limit: fn(&mut Limiter, &mut [f32])) {
        let frames = mix.as_chunks::<2>().0;
        if self.channels == Channels::Stereo && self.early == 0 {
            // Nothing to be dropped: done where it is wanted.
            let first = out.len();
            out.extend(frames.as_flattened().iter().map(|sample| sample * self.factor));
            return limit(&mut self.limiter, &mut out[first..]);
        }
        self.stereo.clear();
        // Flat, so that many samples are done at a time.
        self.stereo.extend(frames.as_flattened().iter().map(|sample| sample * self.factor));
        if self.channels == Channels::Mono {
            for frame in self.stereo.as_chunks_mut::<2>().0 {
                *frame = [(frame[0] + frame[1]) * 0.5; 2];
            }
        }
        limit(&mut self.limiter, &mut self.stereo);
        let early = self.early.min(frames.len());
        self.early -= early;
        hand_over(&self.stereo[early * 2..], self.channels, out);
    }

    /// What the limiter has done so far.
    pub fn report(&self) -> Report {
        self.limiter.report()
    }

    /// Appends the frames held back to `out`, so that it has as many as were pushed, and says what the limiter did.
    pub fn finish(mut self, out: &mut Vec<f32>) -> Report {
        let mut silence = vec![0.0; self.latency().index() * 2];
        self.limiter.process(&mut silence);
        // An input shorter than the look-ahead still has some of the silence before it that the limiter started with.
        hand_over(&silence[self.early * 2..], self.channels, out);
        self.limiter.report()
    }

    /// The deepest gain of the limiter since this was asked last, and the first frame pushed that got it; `None`
    /// where it had nothing to do.
    pub fn take_deepest(&mut self) -> Option<(Gain, FramePos)> {
        self.limiter.take_deepest()
    }
}

fn hand_over(stereo: &[f32], channels: Channels, out: &mut Vec<f32>) {
    match channels {
        Channels::Stereo => out.extend_from_slice(stereo),
        Channels::Mono => out.extend(stereo.iter().step_by(2)),
    }
}
