//! Banks of decaying modes: what a struck or driven body rings with.
//!
//! K. van den Doel and D. K. Pai, "The sounds of physical shapes", Presence 7(4), 1998: a body's sound is
//! Σ aₙ·e^(−dₙt)·sin(2πfₙt), each mode a two-pole resonator excited by the force on the body. Latency: none.

use std::f64::consts::PI;

use multiversion::multiversion;

use crate::units::narrow;
use crate::units::time::SampleRate;

/// How many modes run side by side, so that the compiler can keep them in vector registers.
const LANES: usize = 8;

/// How many samples of a mode that rings freely are made at once.
const STRIDE: usize = 8;

/// A mode is over once it has fallen this far, in multiples of its ring time (−60 dB): −100 dB.
const OVER: f64 = 100.0 / 60.0;

/// One mode of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// Frequency, Hz.
    pub hz: f64,
    /// The time to fall by 60 dB, seconds.
    pub ring: f64,
    /// The amplitude a force impulse of area 1 leaves behind.
    pub gain: f64,
}

/// Eight resonators in lockstep.
#[derive(Clone, Debug)]
struct Lanes {
    twice_cos: [f64; LANES],
    square: [f64; LANES],
    input: [f64; LANES],
    last: [f64; LANES],
    before: [f64; LANES],
    frames: usize,
}

/// A body's modes with their state.
#[derive(Clone, Debug)]
pub struct Bank {
    groups: Vec<Lanes>,
}

impl Bank {
    /// A body at rest. Modes above 0.47 of the rate are left out: they could not be heard.
    pub fn new(modes: &[Mode], rate: SampleRate) -> Bank {
        Bank::scaled(modes, rate, |_| 1.0)
    }

    /// A body at rest whose modes pass a steady tone at their frequency with exactly their gain.
    pub fn filter(modes: &[Mode], rate: SampleRate) -> Bank {
        Bank::scaled(modes, rate, |radius| 2.0 * (1.0 - radius))
    }

    fn scaled(modes: &[Mode], rate: SampleRate, scale: impl Fn(f64) -> f64) -> Bank {
        let fs = f64::from(rate.hz());
        let mut heard: Vec<Mode> = modes.iter().copied().filter(|m| m.hz > 0.0 && m.hz < 0.47 * fs).collect();
        heard.sort_by(|a, b| b.ring.total_cmp(&a.ring).then(a.hz.total_cmp(&b.hz)));
        let groups = heard.chunks(LANES).map(|chunk| {
            let mut lanes = Lanes {
                twice_cos: [0.0; LANES],
                square: [0.0; LANES],
                input: [0.0; LANES],
                last: [0.0; LANES],
                before: [0.0; LANES],
                frames: 0,
            };
            for (n, mode) in chunk.iter().enumerate() {
                let ring = mode.ring.max(0.0005);
                let radius = libm::exp(-libm::log(1000.0) / (ring * fs));
                let angle = 2.0 * PI * mode.hz / fs;
                lanes.twice_cos[n] = 2.0 * radius * libm::cos(angle);
                lanes.square[n] = radius * radius;
                lanes.input[n] = mode.gain * libm::sin(angle) * scale(radius);
                lanes.frames = lanes.frames.max(whole(ring * OVER * fs));
            }
            lanes
        });
        Bank { groups: groups.collect() }
    }

    /// How many frames the body rings after the force has ended, to −100 dB.
    pub fn ring(&self) -> usize {
        self.groups.first().map_or(0, |group| group.frames)
    }

    /// Adds to `out` what the body, at rest until then, sounds like under `force`, which acts from the first frame on.
    /// Groups of modes stop once they have died away.
    pub fn strike(mut self, force: &[f64], out: &mut [f32]) {
        for group in &mut self.groups {
            let end = out.len().min(force.len() + group.frames);
            let (driven, free) = out[..end].split_at_mut(force.len().min(end));
            for (sample, &x) in driven.iter_mut().zip(force) {
                *sample += narrow(group.tick(x));
            }
            ring(group, free);
        }
    }

    /// The next sample under a force of `x`.
    pub fn tick(&mut self, x: f64) -> f64 {
        self.groups.iter_mut().map(|group| group.tick(x)).sum()
    }
}

impl Lanes {
    fn tick(&mut self, x: f64) -> f64 {
        let mut sum = 0.0;
        for n in 0..LANES {
            let y = self.twice_cos[n] * self.last[n] - self.square[n] * self.before[n] + self.input[n] * x;
            self.before[n] = self.last[n];
            self.last[n] = y;
            sum += y;
        }
        sum
    }
}

/// Adds what the modes ring with when nothing acts on them.
///
/// Then yₙ = c·yₙ₋₁ − q·yₙ₋₂ holds for every second sample with c² − 2q and q² in place of c and q, and so for every
/// fourth and eighth: eight samples of a mode at once, none of which waits for its neighbour.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn ring(lanes: &mut Lanes, out: &mut [f32]) {
    let (head, body) = out.split_at_mut((2 * STRIDE).min(out.len()));
    let mut before = [[0.0; STRIDE]; LANES];
    let mut last = [[0.0; STRIDE]; LANES];
    for (n, sample) in head.iter_mut().enumerate() {
        *sample += narrow(lanes.tick(0.0));
        let store = if n < STRIDE { &mut before } else { &mut last };
        for (lane, y) in store.iter_mut().zip(lanes.last) {
            lane[n % STRIDE] = y;
        }
    }
    let twice = |c: f64, q: f64| (c * c - 2.0 * q, q * q);
    let mut sums = [[0.0; STRIDE]; 64];
    for part in body.chunks_mut(sums.len() * STRIDE) {
        let sums = &mut sums[..part.len().div_ceil(STRIDE)];
        sums.fill([0.0; STRIDE]);
        // Two modes at a time: while one waits for itself, the other goes on.
        for n in (0..LANES).step_by(2) {
            let [(c, q), (d, r)] = [n, n + 1].map(|n| {
                let each = (lanes.twice_cos[n], lanes.square[n]);
                (0..STRIDE.ilog2()).fold(each, |(c, q), _| twice(c, q))
            });
            let (mut old, mut new) = ([before[n], before[n + 1]], [last[n], last[n + 1]]);
            for sum in &mut *sums {
                let mut next = [[0.0; STRIDE]; 2];
                for k in 0..STRIDE {
                    next[0][k] = c * new[0][k] - q * old[0][k];
                    next[1][k] = d * new[1][k] - r * old[1][k];
                    sum[k] += next[0][k] + next[1][k];
                }
                (old, new) = (new, next);
            }
            ([before[n], before[n + 1]], [last[n], last[n + 1]]) = (old, new);
        }
        let (whole, rest) = part.as_chunks_mut::<STRIDE>();
        let end = sums[sums.len() - 1];
        for (samples, sum) in whole.iter_mut().zip(&*sums) {
            for k in 0..STRIDE {
                samples[k] += narrow(sum[k]);
            }
        }
        rest.iter_mut().zip(end).for_each(|(sample, sum)| *sample += narrow(sum));
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ring time of seconds; the cast saturates"
)]
fn whole(frames: f64) -> usize {
    frames.ceil() as usize
}
