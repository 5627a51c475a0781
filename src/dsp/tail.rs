//! The tail a large space leaves behind a sound, for music that brings its own.
//!
//! Places in a script have their own reverb; this one belongs to a sound, as an instrument's recording does.

use crate::units::time::SampleRate;

/// Lengths of the delay lines in seconds: mutually prime at 48 kHz, 21 to 64 ms.
const LINES: [f64; 8] =
    [0.020_979, 0.024_938, 0.030_021, 0.035_604, 0.041_146, 0.047_604, 0.056_146, 0.064_021];

/// A feedback delay network of eight lines: J.-M. Jot and A. Chaigne, "Digital delay networks for designing
/// artificial reverberators", 90th AES Convention, 1991. Mixed by a Hadamard matrix; each line loses its share of
/// 60 dB over `decay` seconds, and high frequencies faster. Latency of the wet sound: 21 ms, its first reflection.
#[derive(Clone, Debug)]
pub struct Tail {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    samples: Vec<f32>,
    at: usize,
    gain: f64,
    damp: f64,
    state: f64,
}

impl Tail {
    /// A space at rest that takes `decay` seconds to fall by 60 dB, half as long above `dark` Hz.
    pub fn new(decay: f64, dark: f64, rate: SampleRate) -> Tail {
        let fs = f64::from(rate.hz());
        let damp = libm::exp(-2.0 * std::f64::consts::PI * dark.min(0.45 * fs) / fs);
        let lines = LINES.iter().map(|&seconds| Line {
            samples: vec![0.0; whole(seconds * fs)],
            at: 0,
            gain: libm::pow(10.0, -3.0 * seconds / decay.max(0.05)),
            damp,
            state: 0.0,
        });
        Tail { lines: lines.collect() }
    }

    /// The next frame of the space's answer, left and right, without the sound itself.
    pub fn tick(&mut self, left: f64, right: f64) -> (f64, f64) {
        let mut taps = [0.0; 8];
        for (tap, line) in taps.iter_mut().zip(&mut self.lines) {
            let x = f64::from(line.samples[line.at]) * line.gain;
            line.state += (x - line.state) * (1.0 - line.damp);
            // What lies above `dark` loses its share twice.
            *tap = line.state + (x - line.state) * line.gain;
        }
        let wet = (taps[0] - taps[2] + taps[4] - taps[6], taps[1] - taps[3] + taps[5] - taps[7]);
        hadamard(&mut taps);
        for (n, (line, tap)) in self.lines.iter_mut().zip(taps).enumerate() {
            let input = if n % 2 == 0 { left } else { right };
            line.samples[line.at] = narrow(input + tap);
            line.at = (line.at + 1) % line.samples.len();
        }
        (wet.0 * 0.5, wet.1 * 0.5)
    }
}

/// The orthogonal Hadamard matrix of order 8, in place.
fn hadamard(taps: &mut [f64; 8]) {
    for half in [1, 2, 4] {
        for n in (0..8).filter(|n| n & half == 0) {
            let (a, b) = (taps[n], taps[n + half]);
            (taps[n], taps[n + half]) = (a + b, a - b);
        }
    }
    for tap in taps {
        *tap *= std::f64::consts::FRAC_1_SQRT_2 * 0.5;
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
