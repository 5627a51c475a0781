//! Words get shorter without the rounding following the sound.
//!
//! Noise of triangular density, two steps wide from end to end, is added before rounding: then mean and variance of
//! the error do not depend on the signal (S. Lipshitz, R. Wannamaker and J. Vanderkooy, "Quantization and Dither: A
//! Theoretical Survey", Journal of the AES 40, 1992). It is a function of the sample's place alone, so that any part of
//! an episode is the same wherever rendering began. Frames of exact silence stay silent: they round to themselves.
//! Latency: none.

use crate::audio::buffer::Channels;
use crate::dsp::noise::Random;
use crate::units::depth::BitDepth;
use crate::units::narrow;

/// Shortens words, frame after frame.
#[derive(Clone, Copy, Debug)]
pub struct Dither {
    channels: Channels,
    /// Steps in 1.0; `None` where words stay as they are.
    steps: Option<f64>,
    /// The frame of the episode that comes next.
    next: u64,
}

/// What the noise starts from: any number, but always the same.
const SEED: u64 = 0x7261_6469_6f70_6c61;
/// The step of the generator's own counter, by which its stream can be entered anywhere (see [`Random`]).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dither {
    /// Dither for words of `depth`, from frame `next` of the episode on.
    pub fn new(depth: BitDepth, channels: Channels, next: u64) -> Dither {
        let steps = match depth {
            BitDepth::Int16 => Some(32_768.0),
            BitDepth::Int24 => Some(8_388_608.0),
            BitDepth::Float32 => None,
        };
        Dither { channels, steps, next }
    }

    /// Rounds interleaved frames to whole steps, dithered, in place: what comes out is exact in the shorter word. What
    /// would pass the largest word is held at it.
    pub fn process(&mut self, interleaved: &mut [f32]) {
        let width = self.channels.count();
        let first = self.next * width as u64;
        self.next += (interleaved.len() / width) as u64;
        let Some(steps) = self.steps else { return };
        let random = Random::new(SEED.wrapping_add(first.wrapping_mul(STEP)));
        match self.channels {
            Channels::Mono => shorten(interleaved.as_chunks_mut::<1>().0, steps, random),
            Channels::Stereo => shorten(interleaved.as_chunks_mut::<2>().0, steps, random),
        }
    }
}

/// Rounds frames, of which there are `steps` steps in 1.0.
fn shorten<const WIDTH: usize>(frames: &mut [[f32; WIDTH]], steps: f64, mut random: Random) {
    // Exact, being a power of two.
    let step = 1.0 / steps;
    for frame in frames {
        let noise = [(); WIDTH].map(|()| triangular(random.next_u64()));
        // The whole frame, silent or not, so that nothing has to be guessed.
        let silent = frame.iter().all(|sample| *sample == 0.0);
        for (sample, noise) in frame.iter_mut().zip(noise) {
            let rounded = whole(f64::from(*sample) * steps + noise).clamp(-steps, steps - 1.0);
            *sample = if silent { *sample } else { narrow(rounded * step) };
        }
    }
}

/// To the nearest whole number, halves to the even one: numbers this large have no room for a fraction. Several times
/// as fast as `round_ties_even` where the processor has no instruction for it; right up to 2⁵¹, and what is beyond is
/// held at the largest word in either case.
fn whole(number: f64) -> f64 {
    const LARGE: f64 = 6_755_399_441_055_744.0;
    (number + LARGE) - LARGE
}

/// Between −1 and 1, most often near 0: the sum of two even numbers.
fn triangular(bits: u64) -> f64 {
    // Each half as a signed number: processors turn those into fractions faster than unsigned ones.
    let half = |bits: u64| (bits & 0xffff_ffff).cast_signed() as f64 / 4_294_967_296.0;
    half(bits) + half(bits >> 32) - 1.0 + 1.0 / 4_294_967_296.0
}
