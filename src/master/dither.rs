//! Words get shorter without the rounding following the sound.
//!
//! Noise of triangular density, two steps wide from end to end, is added before rounding: then mean and variance of
//! the error do not depend on the signal (S. Lipshitz, R. Wannamaker and J. Vanderkooy, "Quantization and Dither: A
//! Theoretical Survey", Journal of the AES 40, 1992). It is a function of the sample's place in its scene
//! alone, so that any part of an episode is the same wherever rendering began, and a scene is the same wherever it begins:
//! samples are counted from the scene's first, and each [`AT_ONCE`] of them get [`LANES`] streams of random bits that start from their number. Frames of exact silence stay silent: they
//! round to themselves. Latency: none.

use multiversion::multiversion;

use crate::audio::buffer::Channels;
use crate::dsp::noise::Random;
use crate::dsp::side_by_side::any_zero;
use crate::units::depth::BitDepth;
use crate::units::narrow;
use crate::units::time::FrameCount;

/// Shortens words, frame after frame.
#[derive(Clone, Debug)]
pub struct Dither {
    channels: Channels,
    /// Steps in 1.0; `None` where words stay as they are.
    steps: Option<f64>,
    /// The frame of the scene that comes next.
    next: u64,
    /// The noise of [`AT_ONCE`] samples, and of which: who comes next may need the rest of it.
    noise: Box<[i32; AT_ONCE]>,
    noise_of: Option<u64>,
}

/// Samples worked on at once, whole frames: few enough to stay in the innermost cache.
const AT_ONCE: usize = 512;
/// Streams of random bits side by side.
const LANES: usize = 16;
/// Steps of the noise in a step of the word.
const NOISE_STEPS: f64 = 65_536.0;
/// What the noise starts from: any number, but always the same.
const SEED: u64 = 0x7261_6469_6f70_6c61;
/// The step of the generator's own counter, by which its stream can be entered anywhere (see [`Random`]).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dither {
    /// Dither for words of `depth`, from frame `next` of a scene on.
    pub fn new(depth: BitDepth, channels: Channels, next: u64) -> Dither {
        let steps = match depth {
            BitDepth::Int16 => Some(32_768.0),
            BitDepth::Int24 => Some(8_388_608.0),
            BitDepth::Float32 => None,
        };
        Dither { channels, steps, next, noise: Box::new([0; AT_ONCE]), noise_of: None }
    }

    /// Goes on with frame `next` of a scene.
    pub fn seek(&mut self, next: u64) {
        if next != self.next {
            (self.next, self.noise_of) = (next, None);
        }
    }

    /// Rounds interleaved frames to whole steps, dithered, in place: what comes out is exact in the shorter word. What
    /// would pass the largest word is held at it.
    pub fn process(&mut self, interleaved: &mut [f32]) {
        let mut words = vec![0; interleaved.len()];
        self.words(interleaved, &mut words);
        let Some(steps) = self.steps else { return };
        // Exact, being a power of two.
        let step = narrow(1.0 / steps);
        for (sample, word) in interleaved.iter_mut().zip(words) {
            // A word of 24 bits fits a 32-bit float.
            *sample = word as f32 * step;
        }
    }

    /// The same as whole numbers of steps, one for each sample; where words stay as they are, nothing is done.
    pub fn words(&mut self, interleaved: &[f32], mut words: &mut [i32]) {
        let Some(steps) = self.steps else {
            self.next += (interleaved.len() / self.channels.count()) as u64;
            return;
        };
        let mut rest = interleaved;
        while !rest.is_empty() {
            let (samples, later) = rest.split_at(self.room().min(rest.len()));
            rest = later;
            let (piece, later) = words.split_at_mut(samples.len().min(words.len()));
            words = later;
            self.shorten(samples, steps, piece);
        }
    }

    /// Rounds samples, at most as many as come before the next multiple of [`AT_ONCE`], of which there are `steps` steps
    /// in 1.0.
    fn shorten(&mut self, samples: &[f32], steps: f64, words: &mut [i32]) {
        let first = self.next * self.channels.count() as u64;
        let number = first / AT_ONCE as u64;
        if self.noise_of != Some(number) {
            fill(&mut self.noise, &mut Random::new(SEED.wrapping_add(number.wrapping_mul(STEP))));
            self.noise_of = Some(number);
        }
        // Where it is taken away now, nobody asks for it again.
        let noise = &mut self.noise[FrameCount::new(first % AT_ONCE as u64).index()..][..samples.len()];
        match self.channels {
            Channels::Mono => spare_silence(samples.as_chunks::<1>().0, noise),
            Channels::Stereo => spare_silence(samples.as_chunks::<2>().0, noise),
        }
        round(samples, noise, steps, words);
        self.next += (samples.len() / self.channels.count()) as u64;
    }

    /// How many samples come before the next multiple of [`AT_ONCE`].
    fn room(&self) -> usize {
        let first = self.next * self.channels.count() as u64;
        AT_ONCE - FrameCount::new(first % AT_ONCE as u64).index()
    }
}

/// Triangular noise, in units of 1 / [`NOISE_STEPS`] of a step: the sum of two even numbers, less its mean. The numbers are
/// halves of what generators side by side give (G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8, 2003).
#[multiversion(targets("x86_64+avx2"))]
fn fill(noise: &mut [i32; AT_ONCE], random: &mut Random) {
    let mut streams = [0_u32; LANES];
    for pair in streams.as_chunks_mut::<2>().0 {
        let bits = random.next_u64();
        // A generator stays at zero for ever.
        #[expect(clippy::cast_possible_truncation, reason = "halves")]
        let halves = [bits as u32 | 1, (bits >> 32) as u32 | 1];
        *pair = halves;
    }
    for row in noise.as_chunks_mut::<LANES>().0 {
        for (noise, stream) in row.iter_mut().zip(&mut streams) {
            let mut bits = *stream;
            bits ^= bits << 13;
            bits ^= bits >> 17;
            bits ^= bits << 5;
            *stream = bits;
            *noise = ((bits & 0xffff) + (bits >> 16)).cast_signed() - 0xffff;
        }
    }
}

/// Takes the noise away where a whole frame is silent.
fn spare_silence<const WIDTH: usize>(frames: &[[f32; WIDTH]], noise: &mut [i32]) {
    if !any_zero(frames.as_flattened()) {
        return;
    }
    let is_silent = |frame: &[f32; WIDTH]| frame.iter().all(|sample| *sample == 0.0);
    let noise = noise.as_chunks_mut::<WIDTH>().0.iter_mut();
    noise.zip(frames).filter(|(_, frame)| is_silent(frame)).for_each(|(noise, _)| *noise = [0; WIDTH]);
}

/// Samples, of which there are `steps` steps in 1.0, and noise to whole steps, halves to the even one.
#[multiversion(targets("x86_64+avx2"))]
fn round(samples: &[f32], noise: &[i32], steps: f64, words: &mut [i32]) {
    // What is added to a number this large loses its fraction to the nearest whole one, and the lower half of the sum's
    // bits is that whole number. Several times as fast as `round_ties_even` where the processor has no instruction for it.
    const LARGE: f64 = 6_755_399_441_055_744.0;
    for ((word, sample), noise) in words.iter_mut().zip(samples).zip(noise) {
        let dithered = f64::from(*sample) * steps + f64::from(*noise) * (1.0 / NOISE_STEPS);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let low = (dithered.clamp(-steps, steps - 1.0) + LARGE).to_bits() as u32;
        *word = low.cast_signed();
    }
}
