//! Seeded random numbers: the same seed gives the same numbers on every machine, for ever.

use multiversion::multiversion;

/// By how much the state goes on each time: 2⁶⁴ divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// How many even numbers make a normal one.
const TWELVE: u64 = 12;

/// A stream of random numbers. `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014): 64 bits of state, full period, good enough for noise and for human variation.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// The stream of a seed and a text that names what it is for, so that two uses of one seed are unrelated.
    /// The text is folded in by FNV-1a (Fowler, Noll and Vo; 64 bit).
    pub fn named(seed: u64, name: &str) -> Random {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let mut random = Random::new(seed ^ hash);
        random.next_u64();
        random
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mixed(self.state)
    }

    /// Evenly from 0 up to but not including 1, in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        unit(self.next_u64())
    }

    /// Evenly from −1 up to but not including 1: white noise.
    pub fn bipolar(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }

    /// Two numbers evenly from −1 up to but not including 1, in steps of 2⁻³¹, for the price of one: white noise.
    pub fn pair(&mut self) -> (f64, f64) {
        let [a, b] = halves(self.next_u64());
        (a, b)
    }

    /// Fills with pairs as [`Random::pair`] makes them, many at a time.
    pub fn fill(&mut self, pairs: &mut [[f64; 2]]) {
        fill(self.state, pairs);
        self.state = self.state.wrapping_add(STEP.wrapping_mul(pairs.len() as u64));
    }

    /// Normally distributed with mean 0 and deviation 1, cut at ±6: the sum of twelve even numbers less six
    /// (Irwin and Hall), which needs no transcendental function.
    pub fn normal(&mut self) -> f64 {
        (0..TWELVE).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Fills with numbers as [`Random::normal`] makes them, many at a time.
    pub fn fill_normal(&mut self, numbers: &mut [f64]) {
        fill_normal(self.state, numbers);
        self.state = self.state.wrapping_add(STEP.wrapping_mul(TWELVE * numbers.len() as u64));
    }
}

#[inline]
fn mixed(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[inline]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half by itself")]
fn halves(bits: u64) -> [f64; 2] {
    [bits as u32, (bits >> 32) as u32].map(|half| f64::from(half.cast_signed()) * (1.0 / 2_147_483_648.0))
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn fill(state: u64, pairs: &mut [[f64; 2]]) {
    for (pair, n) in pairs.iter_mut().zip(1_u64..) {
        *pair = halves(mixed(state.wrapping_add(STEP.wrapping_mul(n))));
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn fill_normal(state: u64, numbers: &mut [f64]) {
    for (eight, first) in numbers.chunks_mut(8).zip((0_u64..).map(|eight| eight * 8 * TWELVE + 1)) {
        let mut sums = [0.0; 8];
        for n in 0..TWELVE {
            for (lane, sum) in (0_u64..).zip(&mut sums) {
                *sum += unit(mixed(state.wrapping_add(STEP.wrapping_mul(first + lane * TWELVE + n))));
            }
        }
        eight.iter_mut().zip(sums).for_each(|(number, sum)| *number = sum - 6.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn many_numbers_at_once_are_those_one_after_the_other() {
        let (mut one, mut many) = (Random::new(5), Random::new(5));
        let mut pairs = [[0.0; 2]; 37];
        many.fill(&mut pairs);
        for [a, b] in pairs {
            assert_eq!([a.to_bits(), b.to_bits()], <[f64; 2]>::from(one.pair()).map(f64::to_bits));
        }
        assert_eq!(one.next_u64(), many.next_u64());
    }

    #[test]
    fn many_normal_numbers_at_once_are_those_one_after_the_other() {
        let (mut one, mut many) = (Random::new(5), Random::new(5));
        let mut numbers = [0.0; 37];
        many.fill_normal(&mut numbers);
        numbers.iter().for_each(|number| assert_eq!(number.to_bits(), one.normal().to_bits()));
        assert_eq!(one.next_u64(), many.next_u64());
    }
}
