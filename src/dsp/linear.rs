//! Filters of two states that stand still, several samples at a time.
//!
//! Each sample of such a filter waits for the one before: multiply, add, add, whatever the processor could do meanwhile.
//! But where the states will be in four samples is linear in where they are and in what comes, so that only every fourth
//! sample has to wait (K. K. Parhi and D. G. Messerschmitt, "Pipeline interleaving and parallelism in recursive digital
//! filters", IEEE Transactions on Acoustics, Speech, and Signal Processing 37(7), 1989). Latency: none.

use multiversion::multiversion;

/// How many samples are worked on at once.
pub const STRIDE: usize = 4;

/// A filter of two states, without them.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    /// What each state adds to each of the next outputs.
    rings: [[f64; STRIDE]; 2],
    /// What each input adds to each output.
    answers: [[f64; STRIDE]; STRIDE],
    /// What each state adds to the states after the stride, and each input.
    keeps: [[f64; 2]; 2],
    moves: [[f64; 2]; STRIDE],
}

/// A stride of each channel.
pub type Stride<const CHANNELS: usize> = [[f64; STRIDE]; CHANNELS];

/// The states of a filter for each channel; at rest, none is anything.
pub type States<const CHANNELS: usize> = [[f64; 2]; CHANNELS];

impl Linear {
    /// The filter that `tick` makes one sample of, given the states: a linear function of both that does not change.
    pub fn new(mut tick: impl FnMut(&mut [f64; 2], f64) -> f64) -> Linear {
        let mut run = |mut state: [f64; 2], inputs: [f64; STRIDE]| {
            let outputs = inputs.map(|x| tick(&mut state, x));
            (outputs, state)
        };
        let only = |at: usize| std::array::from_fn(|n| if n == at { 1.0 } else { 0.0 });
        let [(first, keep_first), (second, keep_second)] =
            [[1.0, 0.0], [0.0, 1.0]].map(|state| run(state, [0.0; STRIDE]));
        let answers: [_; STRIDE] = std::array::from_fn(|at| run([0.0; 2], only(at)));
        Linear {
            rings: [first, second],
            answers: answers.map(|(outputs, _)| outputs),
            keeps: [keep_first, keep_second],
            moves: answers.map(|(_, state)| state),
        }
    }

    /// Filters one channel in place, or two, which do not wait for each other.
    pub fn process<const CHANNELS: usize>(
        &self,
        states: &mut States<CHANNELS>,
        strides: &mut [Stride<CHANNELS>],
    ) {
        *states = run(self, *states, strides);
    }
}

/// Filters in place; says where the states are then.
#[multiversion(targets("x86_64+avx2"))]
fn run<const CHANNELS: usize>(
    filter: &Linear,
    mut states: States<CHANNELS>,
    strides: &mut [Stride<CHANNELS>],
) -> States<CHANNELS> {
    let Linear { rings, answers, keeps, moves } = *filter;
    for stride in strides {
        for (x, state) in stride.iter_mut().zip(&mut states) {
            let mut y = [0.0; STRIDE];
            for n in 0..STRIDE {
                y[n] = rings[0][n] * state[0] + rings[1][n] * state[1];
            }
            let mut pushed = [0.0; 2];
            for k in 0..STRIDE {
                for n in 0..STRIDE {
                    y[n] += answers[k][n] * x[k];
                }
                for n in 0..2 {
                    pushed[n] += moves[k][n] * x[k];
                }
            }
            *state = [0, 1].map(|n| (keeps[0][n] * state[0] + keeps[1][n] * state[1]) + pushed[n]);
            *x = y;
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::{STRIDE, Stride};
    use crate::dsp::noise::Random;
    use crate::dsp::svf::{Pass, Svf};
    use crate::units::time::SampleRate;

    #[test]
    fn several_samples_at_a_time_are_what_one_after_the_other_is() {
        for (pass, hz) in [(Pass::Low, 20.0), (Pass::High, 18.0), (Pass::Band, 900.0), (Pass::Notch, 9000.0)]
        {
            let mut random = Random::new(7);
            let mut strides: Vec<Stride<2>> =
                (0..500).map(|_| [[0.0; STRIDE]; 2].map(|x| x.map(|_: f64| random.bipolar()))).collect();
            let before = strides.clone();
            let filter = Svf::new(pass, hz, 0.7, SampleRate::DEFAULT);
            let mut states = [[0.0; 2]; 2];
            let (first, second) = strides.split_at_mut(123);
            for part in [first, second] {
                filter.still().process(&mut states, part);
            }
            for channel in 0..2 {
                let mut single = filter.clone();
                for (before, after) in before.iter().zip(&strides) {
                    for (x, y) in before[channel].iter().zip(after[channel]) {
                        let expected: f64 = single.tick(*x);
                        assert!((y - expected).abs() < 1e-12, "{pass:?}: {y} instead of {expected}");
                    }
                }
            }
        }
    }
}
