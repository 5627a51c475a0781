//! The discrete Fourier transform of a power of two, the same bits on every machine.
//!
//! Libraries that choose instructions at run time are faster and differ from one machine to the next; here the
//! order of every sum is fixed, and the twiddle factors are `libm`'s.

use crate::units::narrow;

/// A complex number: real and imaginary part.
pub type Complex = (f32, f32);

/// What transforms of one length need. Cooley and Tukey, "An algorithm for the machine calculation of complex
/// Fourier series", Mathematics of Computation 19, 1965: radix 2, in place.
#[derive(Clone, Debug)]
pub struct Fft {
    /// e^(−2πik/n) for the first half of k.
    twiddles: Vec<Complex>,
    /// Where each number goes first: its index with the bits reversed.
    reversed: Vec<usize>,
}

impl Fft {
    /// For transforms of 2^`bits` numbers; `bits` from 1 to 24.
    pub fn new(bits: u32) -> Fft {
        let length = 1_usize << bits.clamp(1, 24);
        let shift = usize::BITS - length.trailing_zeros();
        let angle = |k: usize| -2.0 * std::f64::consts::PI * k as f64 / length as f64;
        Fft {
            twiddles: (0..length / 2)
                .map(|k| (narrow(libm::cos(angle(k))), narrow(libm::sin(angle(k)))))
                .collect(),
            reversed: (0..length).map(|index| index.reverse_bits() >> shift).collect(),
        }
    }

    /// How many numbers a transform has.
    pub fn length(&self) -> usize {
        self.reversed.len()
    }

    /// The sum over n of x(n)·e^(−2πikn/N) for each k, in place.
    ///
    /// # Panics
    /// Where `data` has not [`Fft::length`] numbers.
    pub fn transform(&self, data: &mut [Complex]) {
        let length = self.length();
        assert_eq!(data.len(), length, "a transform has one length");
        for (index, other) in self.reversed.iter().enumerate() {
            if index < *other {
                data.swap(index, *other);
            }
        }
        let mut half = 1;
        while half < length {
            let stride = length / (2 * half);
            for group in data.chunks_exact_mut(2 * half) {
                let (low, high) = group.split_at_mut(half);
                let twiddles = self.twiddles.iter().step_by(stride);
                for ((a, b), (cos, sin)) in low.iter_mut().zip(high).zip(twiddles) {
                    let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                    *b = (a.0 - turned.0, a.1 - turned.1);
                    *a = (a.0 + turned.0, a.1 + turned.1);
                }
            }
            half *= 2;
        }
    }
}
