//! Stretches of samples beside each other instead of after each other, so that what waits for its own past in each of
//! them is worked on in all at once.
//!
//! A shuffle of two halves, one sample of each in turn, makes the highest bit of every place the lowest. Where there are
//! eight stretches, the highest three bits tell which one it is: three shuffles put the stretches beside each other,
//! three the other way round put them back. Processors shuffle sixteen samples at a time.

/// How many stretches filters are worked on in.
pub const LANES: usize = 8;

/// How long each of them is.
pub const DEPTH: usize = 32;

/// How many samples they are together.
pub const BLOCK: usize = LANES * DEPTH;

/// Of so many stretches, a power of 2, one after the other: the first samples of all, then the second ones, and so on.
#[inline]
pub fn weave<const STRETCHES: usize, const ALL: usize>(samples: &mut [f32; ALL]) {
    for _ in 0..STRETCHES.ilog2() {
        let before = *samples;
        for (n, two) in samples.as_chunks_mut().0.iter_mut().enumerate() {
            *two = [before[n], before[ALL / 2 + n]];
        }
    }
}

/// The reverse of [`weave`].
#[inline]
pub fn unweave<const STRETCHES: usize, const ALL: usize>(samples: &mut [f32; ALL]) {
    for _ in 0..STRETCHES.ilog2() {
        let before = *samples;
        for (n, two) in before.as_chunks::<2>().0.iter().enumerate() {
            [samples[n], samples[ALL / 2 + n]] = *two;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, DEPTH, LANES, unweave, weave};

    #[test]
    fn what_is_woven_lies_side_by_side_and_can_be_put_back() {
        let samples: [f32; BLOCK] = std::array::from_fn(|n| n as f32);
        let mut woven = samples;
        weave::<LANES, BLOCK>(&mut woven);
        for n in 0..DEPTH {
            for lane in 0..LANES {
                assert_eq!(woven[n * LANES + lane].to_bits(), samples[lane * DEPTH + n].to_bits());
            }
        }
        unweave::<LANES, BLOCK>(&mut woven);
        assert_eq!(woven.map(f32::to_bits), samples.map(f32::to_bits));
    }
}
