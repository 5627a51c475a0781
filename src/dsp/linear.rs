//! Filters of two states that stand still, many samples at a time.
//!
//! Each sample of such a filter waits for the one before: multiply, add, add, whatever the processor could do meanwhile.
//! But where the states will be after a stretch is linear in where they are and in what comes. So a block is cut into
//! stretches that lie side by side, one to a lane: what each of them does to the states tells where the next one begins,
//! and then all of them are filtered at once (K. K. Parhi and D. G. Messerschmitt, "Pipeline interleaving and parallelism
//! in recursive digital filters", IEEE Transactions on Acoustics, Speech, and Signal Processing 37(7), 1989). Latency:
//! none.

use multiversion::multiversion;

use crate::dsp::signal::remembered;
use crate::dsp::weave::{BLOCK, DEPTH, LANES, unweave, weave};
use crate::units::narrow;

/// A block of a channel: the first samples of all stretches, then the second ones, and so on.
#[derive(Clone, Copy, Debug)]
pub struct Block([[f64; LANES]; DEPTH]);

/// The states of a filter for each channel; at rest, none is anything.
pub type States<const CHANNELS: usize> = [[f64; 2]; CHANNELS];

/// A filter of two states, without them: y = now·x + s₀; s₀ ← s₁ + turn₀·s₀ + push₀·x; s₁ ← turn₁·s₀ + push₁·x, the
/// observer canonical form (T. Kailath, *Linear Systems*, 1980, section 2.1).
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    now: f64,
    turn: [f64; 2],
    push: [f64; 2],
    /// What each input of a stretch adds to the states at its end.
    moves: [[f64; 2]; DEPTH],
    /// What each state adds to the states after a stretch.
    keeps: [[f64; 2]; 2],
}

impl Linear {
    /// The filter that `tick` makes one sample of, given two states: a linear function of both that does not change.
    pub fn new(mut tick: impl FnMut(&mut [f64; 2], f64) -> f64) -> Linear {
        let mut after = |mut state: [f64; 2], x: f64| {
            let y = tick(&mut state, x);
            (y, state)
        };
        // Its poles are the roots of z² − trace·z + determinant; with those, its first answers to an impulse tell the rest.
        let [(_, one), (_, other)] = [[1.0, 0.0], [0.0, 1.0]].map(|state| after(state, 0.0));
        let turn = [one[0] + other[1], one[1] * other[0] - one[0] * other[1]];
        let (now, state) = after([0.0; 2], 1.0);
        let (first, state) = after(state, 0.0);
        let (second, _) = after(state, 0.0);
        let push = [first, second - turn[0] * first];
        let step = |[a, b]: [f64; 2]| [b + turn[0] * a, turn[1] * a];
        let mut moves = [push; DEPTH];
        for n in (0..DEPTH - 1).rev() {
            moves[n] = step(moves[n + 1]);
        }
        let keeps = [[1.0, 0.0], [0.0, 1.0]].map(|state| (0..DEPTH).fold(state, |state, _| step(state)));
        Linear { now, turn, push, moves, keeps }
    }

    /// Filters a block of one channel in place, or of two, which do not wait for each other.
    pub fn process<const CHANNELS: usize>(
        &self,
        states: &mut States<CHANNELS>,
        blocks: &mut [Block; CHANNELS],
    ) {
        let mut begin = [[[0.0; LANES]; 2]; CHANNELS];
        for ((block, state), begin) in blocks.iter().zip(states).zip(&mut begin) {
            push(&self.moves, block, begin);
            let [first, second] = begin;
            for (first, second) in first.iter_mut().zip(second) {
                let (before, pushed) = (*state, [*first, *second]);
                *state =
                    [0, 1].map(|n| (self.keeps[0][n] * before[0] + pushed[n]) + self.keeps[1][n] * before[1]);
                [*first, *second] = before;
            }
            // Silence does not end in numbers too small for fast arithmetic.
            *state = state.map(remembered);
        }
        run(self, &mut begin, blocks);
    }
}

impl Block {
    /// Silence.
    pub const SILENT: Block = Block([[0.0; LANES]; DEPTH]);

    /// Takes the next samples, with silence after them where they are fewer than a block.
    pub fn take(&mut self, samples: &[f32]) {
        match samples.first_chunk() {
            Some(samples) => lay(samples, self),
            None => {
                let mut padded = [0.0; BLOCK];
                padded[..samples.len()].copy_from_slice(samples);
                lay(&padded, self);
            }
        }
    }

    /// Fills `samples` with the block, or as much of it as there is room for.
    pub fn give(&self, samples: &mut [f32]) {
        match samples.first_chunk_mut() {
            Some(samples) => gather(self, samples),
            None => {
                let mut all = [0.0; BLOCK];
                gather(self, &mut all);
                samples.copy_from_slice(&all[..samples.len()]);
            }
        }
    }
}

/// Filters channels in place, by filters at rest, one after the other. They hear a little more than the last `warm` frames first,
/// if there are.
pub fn sift<const N: usize>(mut channels: [&mut [f32]; N], warm: usize, filters: &[Linear]) {
    let frames = channels.iter().map(|channel| channel.len()).min().unwrap_or(0);
    let heard = warm.div_ceil(BLOCK).min(frames / BLOCK) * BLOCK;
    let mut filters: Vec<(&Linear, States<N>)> = filters.iter().map(|it| (it, [[0.0; 2]; N])).collect();
    let mut blocks = [Block::SILENT; N];
    for (start, is_heard) in [(frames - heard, true), (0, false)] {
        for at in (start..frames).step_by(BLOCK) {
            let range = at..(at + BLOCK).min(frames);
            blocks.iter_mut().zip(&channels).for_each(|(block, channel)| block.take(&channel[range.clone()]));
            filters.iter_mut().for_each(|(filter, states)| filter.process(states, &mut blocks));
            if !is_heard {
                let channels = channels.iter_mut().zip(&blocks);
                channels.for_each(|(channel, block)| block.give(&mut channel[range.clone()]));
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn lay(samples: &[f32; BLOCK], block: &mut Block) {
    let mut woven = *samples;
    weave::<LANES, BLOCK>(&mut woven);
    block.0.as_flattened_mut().iter_mut().zip(woven).for_each(|(x, sample)| *x = f64::from(sample));
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn gather(block: &Block, samples: &mut [f32; BLOCK]) {
    samples.iter_mut().zip(block.0.as_flattened()).for_each(|(sample, x)| *sample = narrow(*x));
    unweave::<LANES, BLOCK>(samples);
}

/// What a block adds to the states at the end of each of its stretches.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn push(moves: &[[f64; 2]; DEPTH], block: &Block, pushed: &mut [[f64; LANES]; 2]) {
    // Sums side by side, none of which waits for another.
    let mut sums = [[[0.0; LANES]; 2]; 2];
    for (x, moves) in block.0.as_chunks::<2>().0.iter().zip(moves.as_chunks::<2>().0) {
        for k in 0..2 {
            for state in 0..2 {
                sums[k][state] = plus(&sums[k][state], moves[k][state], &x[k]);
            }
        }
    }
    *pushed = [0, 1].map(|state| plus(&sums[0][state], 1.0, &sums[1][state]));
}

/// Filters all stretches at once, from the states in which each begins.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn run<const CHANNELS: usize>(
    filter: &Linear,
    begin: &mut [[[f64; LANES]; 2]; CHANNELS],
    blocks: &mut [Block; CHANNELS],
) {
    let Linear { now, turn, push, .. } = *filter;
    for n in 0..DEPTH {
        for (block, [first, second]) in blocks.iter_mut().zip(&mut *begin) {
            let x = block.0[n];
            block.0[n] = plus(first, now, &x);
            let next = plus(&plus(second, push[0], &x), turn[0], first);
            *second = plus(&times(push[1], &x), turn[1], first);
            *first = next;
        }
    }
}

#[inline]
fn times(by: f64, x: &[f64; LANES]) -> [f64; LANES] {
    std::array::from_fn(|lane| by * x[lane])
}

#[inline]
fn plus(sum: &[f64; LANES], by: f64, x: &[f64; LANES]) -> [f64; LANES] {
    std::array::from_fn(|lane| sum[lane] + by * x[lane])
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Block};
    use crate::dsp::noise::Random;
    use crate::dsp::svf::{Pass, Svf};
    use crate::units::narrow;
    use crate::units::time::SampleRate;

    #[test]
    fn several_samples_at_a_time_are_what_one_after_the_other_is() {
        for (pass, hz) in [(Pass::Low, 20.0), (Pass::High, 18.0), (Pass::Band, 900.0), (Pass::Notch, 9000.0)]
        {
            let mut random = Random::new(7);
            let channels: [Vec<f32>; 2] =
                std::array::from_fn(|_| (0..8 * BLOCK).map(|_| narrow(random.bipolar())).collect());
            let filter = Svf::new(pass, hz, 0.7, SampleRate::DEFAULT);
            let mut singles = [filter.clone(), filter.clone()];
            let (mut states, mut blocks) = ([[0.0; 2]; 2], [Block::SILENT; 2]);
            for at in (0..8 * BLOCK).step_by(BLOCK) {
                for (block, channel) in blocks.iter_mut().zip(&channels) {
                    block.take(&channel[at..at + BLOCK]);
                }
                filter.still().process(&mut states, &mut blocks);
                for ((block, channel), single) in blocks.iter().zip(&channels).zip(&mut singles) {
                    let mut filtered = [0.0; BLOCK];
                    block.give(&mut filtered);
                    for (x, y) in channel[at..].iter().zip(filtered) {
                        let expected: f64 = single.tick(f64::from(*x));
                        assert!(
                            (f64::from(y) - expected).abs() < 1e-7,
                            "{pass:?}: {y} instead of {expected}"
                        );
                    }
                }
            }
        }
    }
}
