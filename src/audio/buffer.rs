//! A stretch of audio in memory, at any rate.

use crate::units::time::{FrameCount, SampleRate};

/// Mono, or left and right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channels {
    /// One channel.
    Mono,
    /// Two channels, left then right.
    Stereo,
}

impl Channels {
    /// How many samples a frame has: 1 or 2.
    pub fn count(self) -> usize {
        match self {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        }
    }
}

/// A stretch of audio: interleaved samples, ±1.0 full scale, whole frames only.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioBuffer {
    samples: Vec<f32>,
    channels: Channels,
    rate: SampleRate,
}

impl AudioBuffer {
    /// A stretch of interleaved `samples`; an incomplete last frame is dropped.
    pub fn new(mut samples: Vec<f32>, channels: Channels, rate: SampleRate) -> AudioBuffer {
        samples.truncate(samples.len() / channels.count() * channels.count());
        AudioBuffer { samples, channels, rate }
    }

    /// The interleaved samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The interleaved samples, to be changed in place.
    pub fn samples_mut(&mut self) -> &mut [f32] {
        &mut self.samples
    }

    /// The interleaved samples alone.
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// The channel layout.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// The sample rate.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The length in frames.
    pub fn frames(&self) -> FrameCount {
        FrameCount::new((self.samples.len() / self.channels.count()) as u64)
    }
}
