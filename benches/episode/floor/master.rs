//! Loudness, gain, limiter and dither.

use crate::floor::BLOCK;

/// −1 dBTP.
const CEILING: f32 = 0.891_250_9;
/// Frames.
const LOOKAHEAD: usize = 240;
/// Taps of each of the three points between two samples.
const TAPS: usize = 24;
/// Frames whose need for oversampling is decided at once.
const CHUNK: usize = 32;

/// K-weighted energies, a tenth of a second each (ITU-R BS.1770-5).
pub(crate) struct Loudness {
    /// Mean squares, channels added up.
    pub(crate) energies: Vec<f64>,
    state: [[f64; 2]; 4],
}

impl Loudness {
    pub(crate) fn new() -> Loudness {
        Loudness { energies: Vec::new(), state: [[0.0; 2]; 4] }
    }

    /// Takes a block, and counts it unless it is there for the filters only.
    pub(crate) fn take(&mut self, left: &[f32], right: &[f32], counts: bool) {
        const B: [f64; 3] = [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85];
        const A: [f64; 4] =
            [-1.690_659_293_182_41, 0.732_480_774_215_85, -1.990_047_454_833_98, 0.990_072_250_366_21];
        let [mut s0, mut s1, mut s2, mut s3] = self.state;
        let mut sums = [0.0; 2];
        for (left, right) in left.iter().zip(right) {
            let x = [f64::from(*left), f64::from(*right)];
            for lane in 0..2 {
                let y = B[0] * x[lane] + s0[lane];
                s0[lane] = B[1] * x[lane] - A[0] * y + s1[lane];
                s1[lane] = B[2] * x[lane] - A[1] * y;
                let z = y + s2[lane];
                s2[lane] = -2.0 * y - A[2] * z + s3[lane];
                s3[lane] = y - A[3] * z;
                sums[lane] += z * z;
            }
        }
        self.state = [s0, s1, s2, s3];
        for state in self.state.as_flattened_mut() {
            *state = if state.abs() < 1e-30 { 0.0 } else { *state };
        }
        if counts {
            self.energies.push((sums[0] + sums[1]) / BLOCK as f64);
        }
    }
}

/// What brings the gated loudness to −16 LUFS.
#[expect(clippy::cast_possible_truncation, reason = "a gain is 32-bit")]
pub(crate) fn gain_for(energies: &[f64]) -> f32 {
    let energy = |lufs: f64| libm::pow(10.0, (lufs + 0.691) / 10.0);
    let blocks: Vec<f64> = energies.windows(4).map(|window| window.iter().sum::<f64>() / 4.0).collect();
    let mean_above = |gate: f64| {
        let passed: Vec<f64> = blocks.iter().copied().filter(|block| *block > gate).collect();
        passed.iter().sum::<f64>() / passed.len().max(1) as f64
    };
    let mean = mean_above((mean_above(energy(-70.0)) / 10.0).max(energy(-70.0)));
    if mean > 0.0 { libm::sqrt(energy(-16.0) / mean) as f32 } else { 1.0 }
}

/// Gain, true-peak limiter and dither. A block late, less the look-ahead.
pub(crate) struct Limiter {
    gain: f32,
    taps: Vec<[f32; TAPS]>,
    /// The block before and, while working, the next, after what the filter looks back on.
    input: [Vec<f32>; 2],
    heights: Vec<f32>,
    /// The gain each frame needs.
    needed: Vec<f32>,
    envelope: f32,
    /// Envelopes of the last frames, and their sum in units of 2⁻³⁰, which stays exact.
    window: Vec<u32>,
    sum: u64,
    at: usize,
    out: [Vec<f32>; 2],
}

impl Limiter {
    pub(crate) fn new(gain: f32) -> Limiter {
        let taps = (1..4).map(|phase| taps(f64::from(phase) / 4.0)).collect();
        Limiter {
            gain,
            taps,
            input: [vec![0.0; TAPS + 2 * BLOCK], vec![0.0; TAPS + 2 * BLOCK]],
            heights: vec![0.0; BLOCK],
            needed: vec![1.0; LOOKAHEAD + BLOCK],
            envelope: 1.0,
            window: vec![ONE; LOOKAHEAD + 1],
            sum: u64::from(ONE) * (LOOKAHEAD as u64 + 1),
            at: 0,
            out: [vec![0.0; BLOCK], vec![0.0; BLOCK]],
        }
    }

    /// Takes a block and gives the one before.
    pub(crate) fn process(&mut self, left: &[f32], right: &[f32], block: usize) -> (&[f32], &[f32]) {
        for (input, new) in self.input.iter_mut().zip([left, right]) {
            input.copy_within(BLOCK.., 0);
            for (input, new) in input[TAPS + BLOCK..].iter_mut().zip(new) {
                *input = new * self.gain;
            }
        }
        // Frame `LOOKAHEAD` of the block before is the first that needs what has just come.
        const FROM: usize = TAPS + LOOKAHEAD;
        self.heights_from(FROM);
        let needed = |height: f32| if height > CEILING { CEILING / height } else { 1.0 };
        self.needed.copy_within(BLOCK.., 0);
        for (needed_, height) in self.needed[LOOKAHEAD..].iter_mut().zip(&self.heights) {
            *needed_ = needed(*height);
        }
        let busy =
            self.sum != u64::from(ONE) * (LOOKAHEAD as u64 + 1) || self.needed.iter().any(|it| *it < 1.0);
        for (out, input) in self.out.iter_mut().zip(&self.input) {
            out.copy_from_slice(&input[TAPS..TAPS + BLOCK]);
        }
        if busy {
            self.turn_down();
        } else {
            self.envelope = 1.0;
        }
        self.dither((block as u64).wrapping_sub(1));
        (&self.out[0], &self.out[1])
    }

    /// The wave's height at and after each of a block's frames from `from` on.
    fn heights_from(&mut self, from: usize) {
        // The taps' sums are below 2.
        const SAFE: f32 = CEILING / 2.0;
        for (index, heights) in self.heights.as_chunks_mut::<CHUNK>().0.iter_mut().enumerate() {
            let at = from + index * CHUNK;
            *heights = [0.0; CHUNK];
            for input in &self.input {
                for (height, sample) in heights.iter_mut().zip(&input[at..]) {
                    *height = height.max(sample.abs());
                }
                let around = &input[at - TAPS / 2 + 1..at + CHUNK + TAPS / 2];
                if !around.iter().fold(false, |above, sample| above | (sample.abs() > SAFE)) {
                    continue;
                }
                for taps in &self.taps {
                    let mut sums = [0.0_f32; CHUNK];
                    for (samples, tap) in around.windows(CHUNK).zip(taps) {
                        for (sum, sample) in sums.iter_mut().zip(samples) {
                            *sum += sample * tap;
                        }
                    }
                    for (height, sum) in heights.iter_mut().zip(&sums) {
                        *height = height.max(sum.abs());
                    }
                }
            }
        }
    }

    /// The lowest gain needed soon, held down, let up slowly, and smoothed over the look-ahead.
    fn turn_down(&mut self) {
        const RISE: f32 = 1.0 / 4800.0;
        // Below any, so that the first window is looked through.
        let mut lowest = -1.0_f32;
        let mut left = 0_usize;
        for index in 0..BLOCK {
            let new = self.needed[index + LOOKAHEAD];
            if new <= lowest {
                (lowest, left) = (new, LOOKAHEAD);
            } else if left == 0 {
                let window = &self.needed[index..=index + LOOKAHEAD];
                lowest = window.iter().fold(1.0, |lowest: f32, it| lowest.min(*it));
                left = window.iter().rposition(|it| *it <= lowest).unwrap_or(0);
            } else {
                left -= 1;
            }
            let risen = self.envelope + (1.000_1 - self.envelope) * RISE;
            self.envelope = lowest.min(risen);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2³⁰")]
            let envelope = (self.envelope * ONE as f32) as u32;
            self.sum = self.sum + u64::from(envelope) - u64::from(self.window[self.at]);
            self.window[self.at] = envelope;
            self.at = if self.at == LOOKAHEAD { 0 } else { self.at + 1 };
            #[expect(clippy::cast_possible_truncation, reason = "a gain")]
            let gain = (self.sum as f64 / (f64::from(ONE) * (LOOKAHEAD as f64 + 1.0))) as f32;
            self.out[0][index] *= gain;
            self.out[1][index] *= gain;
        }
    }

    /// Noise of triangular density, two steps of 24 bits wide, from the frame's number.
    fn dither(&mut self, block: u64) {
        let first = block.wrapping_mul(BLOCK as u64);
        let [left, right] = &mut self.out;
        for (index, (left, right)) in left.iter_mut().zip(right).enumerate() {
            let mut z = (first + index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z ^= z >> 27;
            let uniform = |shift: u64| ((z >> shift) & 0xffff) as f32;
            const STEP: f32 = 1.0 / 8_388_608.0 / 65_536.0;
            *left += (uniform(0) - uniform(16)) * STEP;
            *right += (uniform(32) - uniform(48)) * STEP;
        }
    }
}

const ONE: u32 = 1 << 30;

fn taps(at: f64) -> [f32; TAPS] {
    let half = TAPS as f64 / 2.0;
    std::array::from_fn(|index| {
        let t = index as f64 - (half - 1.0) - at;
        let angle = std::f64::consts::PI * t;
        let sinc = if angle == 0.0 { 1.0 } else { libm::sin(angle) / angle };
        #[expect(clippy::cast_possible_truncation, reason = "taps are 32-bit")]
        let tap = (sinc * (0.5 + 0.5 * libm::cos(angle / half))) as f32;
        tap
    })
}
