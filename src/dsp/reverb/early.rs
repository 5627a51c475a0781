//! The first reflections, and the delay before the tail.
//!
//! J. Allen and D. Berkley, "Image method for efficiently simulating small-room acoustics", JASA 65, 1979: each
//! reflection in a box is a mirror image of the source. The listener stands a little off the middle with the source
//! 1 m ahead; every image's delay, level and direction follow from its place, for an ear on either side. Where there
//! are no walls, reflections come from a seeded scatter instead, denser and weaker with time.

use multiversion::multiversion;

use crate::dsp::noise::Random;
use crate::dsp::reverb::{CHUNK, SPEED, WINDOW};
use crate::dsp::room::{Shape, Walls};
use crate::dsp::signal::audible;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// The most reflections of each ear.
const TAPS: usize = 22;
/// What comes later than this belongs to the tail, seconds.
const LATEST: f64 = 0.12;
/// The one-pole low-pass that stands for what walls swallow of the highs, Hz.
const DULL: f64 = 6500.0;
/// Half the distance between the ears, metres.
const EAR: f64 = 0.09;

/// How many frames are worked on at a time.
const AT_ONCE: usize = 64;

/// Delay, in frames, and gain.
type Tap = (usize, f32);

#[derive(Clone, Debug)]
pub(super) struct Early {
    /// Everything that came in: left and right, each written twice, so that any stretch of it lies in one piece.
    past: [Vec<f32>; 2],
    /// Where the next frame goes; below [`Early::length`].
    at: usize,
    length: usize,
    predelay: usize,
    taps: [Vec<Tap>; 2],
    dull: f32,
    states: [f32; 2],
}

impl Early {
    pub(super) fn new(shape: &Shape, rate: SampleRate) -> Early {
        let fs = f64::from(rate.hz());
        let taps = match shape.walls {
            Walls::Scattered => scattered(shape, fs),
            _ => images(shape, fs),
        };
        let predelay = whole(shape.predelay * fs);
        let longest = taps.iter().flatten().map(|tap| tap.0).max().unwrap_or(0).max(predelay);
        // At most a window comes in before the oldest frame of it is asked for.
        let length = (longest + 1).next_multiple_of(CHUNK) + WINDOW;
        Early {
            past: [vec![0.0; 2 * length], vec![0.0; 2 * length]],
            at: 0,
            length,
            predelay,
            taps,
            dull: narrow(1.0 - libm::exp(-2.0 * std::f64::consts::PI * DULL.min(0.4 * fs) / fs)),
            states: [0.0; 2],
        }
    }

    pub(super) fn scale(&mut self, factor: f32) {
        self.taps.iter_mut().flatten().for_each(|tap| tap.1 *= factor);
    }

    pub(super) fn rest(&mut self) {
        self.past.iter_mut().for_each(|past| past.fill(0.0));
        self.states = [0.0; 2];
    }

    /// Takes the next frames and writes their reflections over `out`.
    pub(super) fn process(&mut self, input: (&[f32], &[f32]), out: (&mut [f32], &mut [f32])) {
        let mut done = 0;
        let (out_left, out_right) = out;
        while done < input.0.len() {
            let frames = (input.0.len() - done).min(WINDOW).min(self.length - self.at);
            let now = done..done + frames;
            // A reflection reaches both ears: each hears three quarters of its own side.
            for (own, other, past) in [(input.0, input.1, 0), (input.1, input.0, 1)] {
                let (first, second) = self.past[past].split_at_mut(self.length);
                let slots = first[self.at..][..frames].iter_mut().zip(&mut second[self.at..][..frames]);
                for ((own, other), (first, second)) in
                    own[now.clone()].iter().zip(&other[now.clone()]).zip(slots)
                {
                    let sample = own * 0.75 + other * 0.25;
                    (*first, *second) = (sample, sample);
                }
            }
            reflect(self, (&mut out_left[now.clone()], &mut out_right[now]));
            self.at = (self.at + frames) % self.length;
            done += frames;
        }
    }

    /// The input as the tail gets it, after the pre-delay, beginning with the frame that came `ago` frames ago.
    pub(super) fn delayed(&self, ago: usize, out: (&mut [f32], &mut [f32])) {
        let from = (self.at + 2 * self.length - self.predelay - ago) % self.length;
        out.0.copy_from_slice(&self.past[0][from..from + out.0.len()]);
        out.1.copy_from_slice(&self.past[1][from..from + out.1.len()]);
    }
}

/// Writes the reflections of as many frames, which came in last, over `out`.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn reflect(early: &mut Early, out: (&mut [f32], &mut [f32])) {
    for ((out, past), taps) in [&mut *out.0, &mut *out.1].into_iter().zip(&early.past).zip(&early.taps) {
        let mut first = early.at + early.length;
        for out in out.chunks_mut(AT_ONCE) {
            let mut sums = [0.0_f32; AT_ONCE];
            for (delay, gain) in taps {
                let from = first - delay;
                let from = if from >= early.length { from - early.length } else { from };
                // Beyond the last frame there is anything, and room for it.
                let samples: &[f32; AT_ONCE] = past[from..].first_chunk().expect("all is written twice");
                sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += sample * gain);
            }
            out.copy_from_slice(&sums[..out.len()]);
            first += out.len();
        }
    }
    // Both ears together, as each waits for its own past.
    let mut states = early.states;
    for (left, right) in out.0.iter_mut().zip(out.1) {
        for (state, out) in states.iter_mut().zip([left, right]) {
            *state = audible(*state + (*out - *state) * early.dull);
            *out = *state;
        }
    }
    early.states = states;
}

/// The mirror images of a source 1 m ahead, the loudest of them for each ear.
fn images(shape: &Shape, fs: f64) -> [Vec<Tap>; 2] {
    let size = shape.size;
    // Sabine's formula turned round: what the surfaces must swallow for the room to decay as it does.
    let swallowed = (0.161 * shape.volume() / shape.surface() / shape.decay[1]).clamp(0.03, 0.9);
    let wall = libm::sqrt(1.0 - swallowed).clamp(0.35, 0.97);
    let (ends, ceiling) = match shape.walls {
        Walls::Canyon => (0.0, 0.0),
        Walls::OpenAbove => (wall, 0.0),
        Walls::Closed | Walls::Scattered => (wall, wall),
    };
    let height = 1.6_f64.min(size[2] * 0.55);
    let listener = [size[0] * 0.43, size[1] * 0.46, height];
    let source = [(listener[0] + 1.0).min(size[0] * 0.93), listener[1], height];
    let direct = source[0] - listener[0];
    let mut found: [Vec<(f64, Tap)>; 2] = [Vec::new(), Vec::new()];
    let orders = |axis: usize| {
        let size = size[axis];
        let place = source[axis];
        // How often the low and the high wall of the axis are met, and where the image stands.
        (-3_i32..=3).map(move |n| {
            let (low, high) = (n.unsigned_abs().div_ceil(2), n.unsigned_abs() / 2);
            let (low, high) = if n < 0 { (low, high) } else { (high, low) };
            let even = n % 2 == 0;
            let at = if even { f64::from(n) * size + place } else { f64::from(n + 1) * size - place };
            (low, high, at)
        })
    };
    for (x_low, x_high, x) in orders(0) {
        for (y_low, y_high, y) in orders(1) {
            for (z_low, z_high, z) in orders(2) {
                let met = x_low + x_high + y_low + y_high + z_low + z_high;
                if met == 0 || met > 4 {
                    continue;
                }
                let power = |gain: f64, times: u32| libm::pow(gain, f64::from(times));
                let kept = power(ends, x_low + x_high)
                    * power(wall, y_low + y_high)
                    * power(wall, z_low)
                    * power(ceiling, z_high);
                for (ear, taps) in found.iter_mut().enumerate() {
                    let side = if ear == 0 { 1.0 } else { -1.0 };
                    let there = [x - listener[0], y - listener[1] - side * EAR, z - listener[2]];
                    let distance = libm::sqrt(there.iter().map(|d| d * d).sum::<f64>());
                    // An ear hears its own side better; both together keep the power.
                    let toward = libm::sqrt(0.5 + 0.42 * side * (there[1] / distance));
                    let seconds = (distance - direct).max(0.0) / SPEED;
                    let gain = kept * direct.max(0.3) / distance * toward;
                    if gain > 1e-4 && seconds < LATEST && seconds > 0.0002 {
                        taps.push((gain, (whole(seconds * fs).max(1), narrow(gain))));
                    }
                }
            }
        }
    }
    found.map(|mut taps| {
        taps.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.0.cmp(&b.1.0)));
        taps.into_iter().take(TAPS).map(|(_, tap)| tap).collect()
    })
}

/// Reflections from here and there, of either sign.
fn scattered(shape: &Shape, fs: f64) -> [Vec<Tap>; 2] {
    let mut random = Random::named(11, "scatter");
    let first = shape.predelay * 0.4;
    std::array::from_fn(|_| {
        (0..TAPS)
            .map(|index| {
                let place = (index as f64 + random.unit()) / TAPS as f64;
                let seconds = first + (LATEST - first) * libm::sqrt(place);
                let gain = (1.0 - 0.8 * place) * (0.4 + 0.6 * random.unit());
                let sign = if random.unit() < 0.5 { -1.0 } else { 1.0 };
                (whole(seconds * fs).max(1), narrow(gain * sign))
            })
            .collect()
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a delay of milliseconds, above 0"
)]
fn whole(frames: f64) -> usize {
    frames.round().max(0.0) as usize
}
