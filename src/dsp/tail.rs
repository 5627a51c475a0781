//! The tail a large space leaves behind a sound, for music that brings its own.
//!
//! Places in a script have their own reverb; this one belongs to a sound, as an instrument's recording does.

use crate::units::time::SampleRate;

/// Lengths of the delay lines in seconds: mutually prime at 48 kHz, 21 to 64 ms.
const LINES: [f64; 8] =
    [0.020_979, 0.024_938, 0.030_021, 0.035_604, 0.041_146, 0.047_604, 0.056_146, 0.064_021];

/// How many frames are worked on at once at most; never more than the shortest line holds.
const CHUNK: usize = 256;

/// A feedback delay network of eight lines: J.-M. Jot and A. Chaigne, "Digital delay networks for designing
/// artificial reverberators", 90th AES Convention, 1991. Mixed by a Hadamard matrix; each line loses its share of
/// 60 dB over `decay` seconds, and high frequencies faster. Latency of the wet sound: 21 ms, its first reflection.
#[derive(Clone, Debug)]
pub struct Tail {
    lines: [Line; 8],
    gains: [f32; 8],
    states: [f32; 8],
    damp: f32,
}

#[derive(Clone, Debug)]
struct Line {
    samples: Vec<f32>,
    at: usize,
}

impl Tail {
    /// A space at rest that takes `decay` seconds to fall by 60 dB, half as long above `dark` Hz.
    pub fn new(decay: f64, dark: f64, rate: SampleRate) -> Tail {
        let fs = f64::from(rate.hz());
        Tail {
            lines: LINES.map(|seconds| Line { samples: vec![0.0; whole(seconds * fs)], at: 0 }),
            gains: LINES.map(|seconds| narrow(libm::pow(10.0, -3.0 * seconds / decay.max(0.05)))),
            states: [0.0; 8],
            damp: narrow(libm::exp(-2.0 * std::f64::consts::PI * dark.min(0.45 * fs) / fs)),
        }
    }

    /// The space's answer to the next frames, left and right, without the sound itself. All slices are equally long.
    ///
    /// What goes into a line comes out no sooner than it is long, so that stretches shorter than the shortest line need
    /// not go round frame by frame.
    pub fn process(&mut self, input: (&[f32], &[f32]), wet: (&mut [f32], &mut [f32])) {
        let chunk = self.lines.iter().map(|line| line.samples.len()).min().unwrap_or(1).min(CHUNK);
        let inputs = input.0.chunks(chunk).zip(input.1.chunks(chunk));
        let outs = wet.0.chunks_mut(chunk).zip(wet.1.chunks_mut(chunk));
        let mut taps = [[0.0; 8]; CHUNK];
        for ((left, right), (wet_left, wet_right)) in inputs.zip(outs) {
            let taps = &mut taps[..left.len()];
            for (k, line) in self.lines.iter().enumerate() {
                let (head, tail) = taps.split_at_mut(taps.len().min(line.samples.len() - line.at));
                head.iter_mut().zip(&line.samples[line.at..]).for_each(|(tap, x)| tap[k] = *x);
                tail.iter_mut().zip(&line.samples).for_each(|(tap, x)| tap[k] = *x);
            }
            self.turn(taps, wet_left, wet_right);
            for (k, line) in self.lines.iter_mut().enumerate() {
                let input = if k % 2 == 0 { left } else { right };
                let split = taps.len().min(line.samples.len() - line.at);
                let places = line.samples[line.at..].iter_mut().zip(&taps[..split]).zip(&input[..split]);
                places.for_each(|((place, tap), x)| *place = x + tap[k]);
                let places = line.samples.iter_mut().zip(&taps[split..]).zip(&input[split..]);
                places.for_each(|((place, tap), x)| *place = x + tap[k]);
                line.at = (line.at + taps.len()) % line.samples.len();
            }
        }
    }

    /// What comes out of the lines becomes what is heard, and what goes back into them.
    fn turn(&mut self, taps: &mut [[f32; 8]], left: &mut [f32], right: &mut [f32]) {
        let (gains, damp) = (self.gains, self.damp);
        let mut states = self.states;
        for ((taps, left), right) in taps.iter_mut().zip(left).zip(right) {
            for k in 0..8 {
                let x = taps[k] * gains[k];
                states[k] = x * (1.0 - damp) + states[k] * damp;
                // What lies above `dark` loses its share twice.
                taps[k] = states[k] + (x - states[k]) * gains[k];
            }
            *left = 0.5 * (taps[0] - taps[2] + taps[4] - taps[6]);
            *right = 0.5 * (taps[1] - taps[3] + taps[5] - taps[7]);
            hadamard(taps);
        }
        self.states = states;
    }
}

/// The orthogonal Hadamard matrix of order 8, in place.
fn hadamard(taps: &mut [f32; 8]) {
    for half in [4, 2, 1] {
        let before = *taps;
        for (n, tap) in taps.iter_mut().enumerate() {
            *tap = if n & half == 0 { before[n] + before[n + half] } else { before[n - half] - before[n] };
        }
    }
    for tap in taps {
        *tap *= std::f32::consts::FRAC_1_SQRT_2 * 0.5;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
fn narrow(x: f64) -> f32 {
    x as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a delay of milliseconds, rounded and positive"
)]
fn whole(frames: f64) -> usize {
    frames.round().max(1.0) as usize
}
