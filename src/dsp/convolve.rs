//! Convolution with a recorded room's answer to an impulse.

use std::sync::Arc;

use crate::dsp::fft::{Complex, Fft};

/// A stereo impulse response, cut into partitions and transformed.
#[derive(Clone, Debug)]
pub struct Impulse {
    fft: Fft,
    /// For each partition, the spectra of left and right, up to half the transform's length.
    partitions: Vec<[Vec<Complex>; 2]>,
}

impl Impulse {
    /// The response `left` and `right`, for blocks of `1 << bits` frames.
    pub fn new(left: &[f32], right: &[f32], bits: u32) -> Impulse {
        let fft = Fft::new(bits + 1);
        let block = fft.length() / 2;
        let pairs = left.chunks(block).zip(right.chunks(block));
        let partitions = pairs.map(|(left, right)| {
            let mut data = vec![(0.0, 0.0); fft.length()];
            for (slot, pair) in data.iter_mut().zip(left.iter().zip(right)) {
                *slot = (*pair.0, *pair.1);
            }
            fft.transform(&mut data);
            apart(&data)
        });
        Impulse { partitions: partitions.collect(), fft }
    }

    /// Frames in a block.
    pub fn block(&self) -> usize {
        self.fft.length() / 2
    }
}

/// A response at work. Uniformly partitioned overlap-save: T. Stockham, "High-speed convolution and correlation", AFIPS
/// 1966; the two channels are the real and the imaginary part of one transform. Latency: none, since a block is
/// answered when it has come in whole.
#[derive(Clone, Debug)]
pub struct Convolver {
    impulse: Arc<Impulse>,
    /// The spectra of the blocks that came last, one for each partition, as a ring.
    past: Vec<[Vec<Complex>; 2]>,
    at: usize,
    /// The block before.
    before: Vec<Complex>,
    work: Vec<Complex>,
    sums: [Vec<Complex>; 2],
}

impl Convolver {
    /// A convolver at rest.
    pub fn new(impulse: Arc<Impulse>) -> Convolver {
        let half = vec![(0.0, 0.0); impulse.block() + 1];
        Convolver {
            past: vec![[half.clone(), half.clone()]; impulse.partitions.len().max(1)],
            at: 0,
            before: vec![(0.0, 0.0); impulse.block()],
            work: vec![(0.0, 0.0); impulse.fft.length()],
            sums: [half.clone(), half],
            impulse,
        }
    }

    /// Makes it as silent as it was when new.
    pub fn rest(&mut self) {
        let silence = |spectrum: &mut Vec<Complex>| spectrum.fill((0.0, 0.0));
        self.past.iter_mut().flatten().for_each(silence);
        self.before.fill((0.0, 0.0));
        self.at = 0;
    }

    /// The answer to the next block, written over `out`: left with left, right with right.
    ///
    /// # Panics
    /// Where a slice is shorter than a block.
    pub fn process(&mut self, input: (&[f32], &[f32]), out: (&mut [f32], &mut [f32])) {
        let (impulse, block) = (&*self.impulse, self.impulse.block());
        let (first, second) = self.work.split_at_mut(block);
        first.copy_from_slice(&self.before);
        for (index, slot) in second.iter_mut().enumerate() {
            *slot = (input.0[index], input.1[index]);
        }
        self.before.copy_from_slice(second);
        impulse.fft.transform(&mut self.work);
        self.past[self.at] = apart_into(&self.work, std::mem::take(&mut self.past[self.at]));
        for sum in &mut self.sums {
            sum.fill((0.0, 0.0));
        }
        for (index, partition) in impulse.partitions.iter().enumerate() {
            let past = &self.past[(self.at + self.past.len() - index) % self.past.len()];
            for ((sum, past), partition) in self.sums.iter_mut().zip(past).zip(partition) {
                for ((sum, x), h) in sum.iter_mut().zip(past).zip(partition) {
                    sum.0 += x.0 * h.0 - x.1 * h.1;
                    sum.1 += x.0 * h.1 + x.1 * h.0;
                }
            }
        }
        self.at = (self.at + 1) % self.past.len();
        // Left plus i times right, and conjugated, so that the same transform goes back.
        let length = impulse.fft.length();
        for k in 0..=block {
            let (left, right) = (self.sums[0][k], self.sums[1][k]);
            self.work[k] = (left.0 - right.1, -(left.1 + right.0));
            if k > 0 && k < block {
                self.work[length - k] = (left.0 + right.1, -(right.0 - left.1));
            }
        }
        impulse.fft.transform(&mut self.work);
        #[expect(clippy::cast_precision_loss, reason = "a power of two")]
        let scale = 1.0 / length as f32;
        let outs = out.0.iter_mut().zip(out.1);
        for ((left, right), (real, imaginary)) in outs.zip(&self.work[block..]) {
            (*left, *right) = (real * scale, -imaginary * scale);
        }
    }
}

/// The spectra of the real and of the imaginary part, up to half the transform.
fn apart(data: &[Complex]) -> [Vec<Complex>; 2] {
    apart_into(data, [Vec::new(), Vec::new()])
}

fn apart_into(data: &[Complex], mut into: [Vec<Complex>; 2]) -> [Vec<Complex>; 2] {
    let length = data.len();
    let [left, right] = &mut into;
    left.clear();
    right.clear();
    for k in 0..=length / 2 {
        let (a, b) = (data[k], data[(length - k) % length]);
        left.push(((a.0 + b.0) * 0.5, (a.1 - b.1) * 0.5));
        right.push(((a.1 + b.1) * 0.5, (b.0 - a.0) * 0.5));
    }
    into
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Convolver, Impulse};
    use crate::dsp::noise::Random;
    use crate::units::narrow;

    #[test]
    fn partitioned_convolution_is_the_sum_of_products() {
        let mut random = Random::new(3);
        let mut noise =
            |length: usize| -> Vec<f32> { (0..length).map(|_| narrow(random.bipolar())).collect() };
        let (left, right, input_left, input_right) = (noise(150), noise(150), noise(256), noise(256));
        let mut convolver = Convolver::new(Arc::new(Impulse::new(&left, &right, 5)));
        let (mut found_left, mut found_right) = (vec![0.0; 256], vec![0.0; 256]);
        for start in (0..256).step_by(32) {
            let now = start..start + 32;
            convolver.process(
                (&input_left[now.clone()], &input_right[now.clone()]),
                (&mut found_left[now.clone()], &mut found_right[now]),
            );
        }
        for (input, response, found) in [(input_left, left, found_left), (input_right, right, found_right)] {
            for (frame, found) in found.iter().enumerate() {
                let wanted: f64 = (0..=frame.min(149))
                    .map(|ago| f64::from(response[ago]) * f64::from(input[frame - ago]))
                    .sum();
                assert!((f64::from(*found) - wanted).abs() < 1e-4, "{frame}: {found} {wanted}");
            }
        }
    }
}
