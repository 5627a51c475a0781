//! The tail a large space leaves behind a sound, for music that brings its own.
//!
//! Places in a script have their own reverb; this one belongs to a sound, as an instrument's recording does.

use multiversion::multiversion;

use crate::dsp::signal::audible;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Lengths of the delay lines in seconds: mutually prime at 48 kHz, 21 to 64 ms.
const LINES: [f64; 8] =
    [0.020_979, 0.024_938, 0.030_021, 0.035_604, 0.041_146, 0.047_604, 0.056_146, 0.064_021];

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
    pub fn process(&mut self, input: (&[f32], &[f32]), wet: (&mut [f32], &mut [f32])) {
        let frames = input.0.len();
        let mut done = 0;
        while done < frames {
            // What goes into a line comes out no sooner than it is long. As far as none of them comes round.
            let left = self.lines.iter().map(|line| line.samples.len() - line.at);
            let count = left.min().unwrap_or(1).min(frames - done);
            let stretch = done..done + count;
            let input = (&input.0[stretch.clone()], &input.1[stretch.clone()]);
            turn(self, input, (&mut wet.0[stretch.clone()], &mut wet.1[stretch]));
            for line in &mut self.lines {
                line.at = (line.at + count) % line.samples.len();
            }
            done += count;
        }
    }
}

/// What comes out of the lines becomes what is heard, and with the input what goes back into them.
#[multiversion(targets("x86_64+avx2"))]
fn turn(space: &mut Tail, input: (&[f32], &[f32]), wet: (&mut [f32], &mut [f32])) {
    let (gains, damp) = (space.gains, space.damp);
    let count = input.0.len();
    let (input, wet) = ((input.0, &input.1[..count]), (&mut wet.0[..count], &mut wet.1[..count]));
    let [a, b, c, d, e, f, g, h] = space.lines.each_mut().map(|line| &mut line.samples[line.at..][..count]);
    let mut states = space.states;
    for n in 0..count {
        let mut taps = [a[n], b[n], c[n], d[n], e[n], f[n], g[n], h[n]];
        for k in 0..8 {
            let x = taps[k] * gains[k];
            states[k] = x * (1.0 - damp) + states[k] * damp;
            // What lies above `dark` loses its share twice.
            taps[k] = states[k] + (x - states[k]) * gains[k];
        }
        wet.0[n] = 0.5 * (taps[0] - taps[2] + taps[4] - taps[6]);
        wet.1[n] = 0.5 * (taps[1] - taps[3] + taps[5] - taps[7]);
        hadamard(&mut taps);
        let (left, right) = (input.0[n], input.1[n]);
        [a[n], c[n], e[n], g[n]] = [taps[0], taps[2], taps[4], taps[6]].map(|tap| audible(tap + left));
        [b[n], d[n], f[n], h[n]] = [taps[1], taps[3], taps[5], taps[7]].map(|tap| audible(tap + right));
    }
    space.states = states.map(audible);
}

/// The orthogonal Hadamard matrix of order 8, in place.
#[inline]
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a delay of milliseconds, rounded and positive"
)]
fn whole(frames: f64) -> usize {
    frames.round().max(1.0) as usize
}
