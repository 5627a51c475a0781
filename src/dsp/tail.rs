//! The tail a large space leaves behind a sound, for music that brings its own.
//!
//! Places in a script have their own reverb; this one belongs to a sound, as an instrument's recording does.

use multiversion::multiversion;

use crate::dsp::signal::audible;
use crate::dsp::weave::{BLOCK, DEPTH, LANES, unweave, weave};
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Lengths of the delay lines in seconds: mutually prime at 48 kHz, 21 to 64 ms.
const LINES: [f64; 8] =
    [0.020_979, 0.024_938, 0.030_021, 0.035_604, 0.041_146, 0.047_604, 0.056_146, 0.064_021];

/// How many frames a line goes on for before it begins anew with what it holds.
const LAP: usize = 8192;

/// A feedback delay network of eight lines: J.-M. Jot and A. Chaigne, "Digital delay networks for designing
/// artificial reverberators", 90th AES Convention, 1991. Mixed by a Hadamard matrix; each line loses its share of
/// 60 dB over `decay` seconds, and high frequencies faster. Latency of the wet sound: 21 ms, its first reflection.
#[derive(Clone, Debug)]
pub struct Tail {
    lines: [Line; LANES],
    gains: [f32; LANES],
    states: [f32; LANES],
    damp: f32,
}

/// A delay line: what goes in at `at + length` comes out at `at`.
#[derive(Clone, Debug)]
struct Line {
    samples: Vec<f32>,
    length: usize,
    at: usize,
}

impl Tail {
    /// A space at rest that takes `decay` seconds to fall by 60 dB, half as long above `dark` Hz.
    pub fn new(decay: f64, dark: f64, rate: SampleRate) -> Tail {
        let fs = f64::from(rate.hz());
        let line = |seconds: f64| {
            // No shorter than what is worked on at once, however low the rate.
            let length = whole(seconds * fs).max(DEPTH);
            Line { samples: vec![0.0; length + LAP], length, at: 0 }
        };
        Tail {
            lines: LINES.map(line),
            gains: LINES.map(|seconds| narrow(libm::pow(10.0, -3.0 * seconds / decay.max(0.05)))),
            states: [0.0; LANES],
            damp: narrow(libm::exp(-2.0 * std::f64::consts::PI * dark.min(0.45 * fs) / fs)),
        }
    }

    /// The space's answer to the next frames, left and right, without the sound itself. All slices are equally long.
    pub fn process(&mut self, input: (&[f32], &[f32]), wet: (&mut [f32], &mut [f32])) {
        let inputs = input.0.chunks(DEPTH).zip(input.1.chunks(DEPTH));
        for ((left, right), (wet_left, wet_right)) in
            inputs.zip(wet.0.chunks_mut(DEPTH).zip(wet.1.chunks_mut(DEPTH)))
        {
            let count = left.len();
            let mut inputs = [[0.0; DEPTH]; 2];
            inputs[0][..count].copy_from_slice(left);
            inputs[1][..count].copy_from_slice(right);
            let wet = turn(self, &inputs, count);
            wet_left.copy_from_slice(&wet[0][..count]);
            wet_right.copy_from_slice(&wet[1][..count]);
            self.lines.iter_mut().for_each(|line| line.go_on(count));
        }
    }
}

impl Line {
    fn go_on(&mut self, count: usize) {
        self.at += count;
        if self.at + self.length + DEPTH > self.samples.len() {
            self.samples.copy_within(self.at..self.at + self.length, 0);
            self.at = 0;
        }
    }
}

/// What comes out of the lines becomes what is heard, and with the input what goes back into them: of so many frames,
/// whatever follows those. Only the lines' filters wait for their own past, so they are filtered side by side.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn turn(space: &mut Tail, input: &[[f32; DEPTH]; 2], count: usize) -> [[f32; DEPTH]; 2] {
    let (gains, damp) = (space.gains, space.damp);
    let mut woven = [0.0; BLOCK];
    for ((taps, line), gain) in woven.as_chunks_mut::<DEPTH>().0.iter_mut().zip(&space.lines).zip(gains) {
        // As an array: of a slice, the compiler does not do many samples at a time.
        let Some(out) = line.samples[line.at..].first_chunk::<DEPTH>() else { continue };
        *taps = out.map(|tap| tap * gain);
    }
    weave::<LANES, BLOCK>(&mut woven);
    let mut states = space.states;
    for taps in &mut woven.as_chunks_mut::<LANES>().0[..count] {
        for k in 0..LANES {
            let x = taps[k];
            states[k] = x * (1.0 - damp) + states[k] * damp;
            // What lies above `dark` loses its share twice.
            taps[k] = states[k] + (x - states[k]) * gains[k];
        }
    }
    space.states = states.map(audible);
    unweave::<LANES, BLOCK>(&mut woven);
    let taps = woven.as_chunks_mut::<DEPTH>().0;
    let mut wet = [[0.0; DEPTH]; 2];
    for (side, wet) in wet.iter_mut().enumerate() {
        for (n, wet) in wet.iter_mut().enumerate() {
            *wet = 0.5 * (taps[side][n] - taps[side + 2][n] + taps[side + 4][n] - taps[side + 6][n]);
        }
    }
    // The orthogonal Hadamard matrix of order 8.
    for half in [4, 2, 1] {
        for first in (0..LANES).filter(|line| line & half == 0) {
            let (above, below) = taps.split_at_mut(first + half);
            for (a, b) in above[first].iter_mut().zip(&mut below[0]) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
    }
    for ((line, taps), input) in space.lines.iter_mut().zip(&*taps).zip(input.iter().cycle()) {
        let Some(into) = line.samples[line.at + line.length..].first_chunk_mut::<DEPTH>() else { continue };
        for (into, (tap, input)) in into.iter_mut().zip(taps.iter().zip(input)) {
            *into = audible(tap * (std::f32::consts::FRAC_1_SQRT_2 * 0.5) + input);
        }
    }
    wet
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a delay of milliseconds, rounded and positive"
)]
fn whole(frames: f64) -> usize {
    frames.round() as usize
}
