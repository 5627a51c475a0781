//! Seeded random numbers: the same seed gives the same numbers on every machine, for ever.

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
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 up to but not including 1, in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly from −1 up to but not including 1: white noise.
    pub fn bipolar(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }

    /// Two numbers evenly from −1 up to but not including 1, in steps of 2⁻³¹, for the price of one: white noise.
    pub fn pair(&mut self) -> (f64, f64) {
        let bits = self.next_u64().to_le_bytes();
        let half = |n: usize| {
            let whole = i32::from_le_bytes([bits[n], bits[n + 1], bits[n + 2], bits[n + 3]]);
            f64::from(whole) * (1.0 / 2_147_483_648.0)
        };
        (half(0), half(4))
    }

    /// Normally distributed with mean 0 and deviation 1, cut at ±6: the sum of twelve even numbers less six
    /// (Irwin and Hall), which needs no transcendental function.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}
