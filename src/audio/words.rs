//! Samples become integers as files store them: many at a time, without a call for each.
//!
//! An integer is the sample times 2^(bits − 1), rounded to the nearest, halves to the even one, and held inside the
//! range. Bytes are little-endian, without padding.

use multiversion::multiversion;

/// Samples converted at once: few enough to stay in the innermost cache.
const AT_ONCE: usize = 512;

/// Appends `samples`, which are all numbers, to `out` as integers of two or three `BYTES`; says how many lay outside the
/// range, +1.0 included, and were held at its end.
pub fn pack<const BYTES: usize>(samples: &[f32], out: &mut Vec<u8>) -> u64 {
    // The lower half of this number's bits, once another is added, are the whole number nearest to that other:
    // numbers this large have no room for a fraction. The standard library's rounding is a call for each sample where
    // a processor may lack the instruction.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let scale = const { (1_u32 << (8 * BYTES - 1)) as f32 };
    let mut clamped = 0;
    out.reserve(samples.len() * BYTES);
    for samples in samples.chunks(AT_ONCE) {
        let mut words = [0_i32; AT_ONCE];
        let words = &mut words[..samples.len()];
        let mut outside = 0_u32;
        for (word, sample) in words.iter_mut().zip(samples) {
            // Scaling by a power of two is exact, so this rounds once.
            let scaled = sample * scale;
            outside += u32::from((scaled < -scale - 0.5) | (scaled >= scale - 0.5));
            let held = f64::from(scaled.clamp(-scale, scale - 1.0));
            #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
            let bits = (held + WHOLE).to_bits() as u32;
            *word = bits.cast_signed();
        }
        clamped += u64::from(outside);
        put::<BYTES>(words, out);
    }
    clamped
}

/// Appends `words`, which fit, to `out` as integers of two or three `BYTES`.
pub fn pack_words<const BYTES: usize>(words: &[i32], out: &mut Vec<u8>) {
    out.reserve(words.len() * BYTES);
    put::<BYTES>(words, out);
}

/// Appends the integers of two or three `BYTES` that these bytes are to `out`.
pub fn unpack<const BYTES: usize>(bytes: &[u8], out: &mut Vec<i32>) {
    // To the upper end of a word, and with its sign down again.
    let word = |bytes: &[u8; BYTES]| {
        let mut all = [0; 4];
        all[4 - BYTES..].copy_from_slice(bytes);
        i32::from_le_bytes(all) >> (32 - 8 * BYTES)
    };
    out.extend(bytes.as_chunks::<BYTES>().0.iter().map(word));
}

/// Appends the lower bytes of each word.
fn put<const BYTES: usize>(words: &[i32], out: &mut Vec<u8>) {
    const { assert!(BYTES == 2 || BYTES == 3, "the word lengths that files have") };
    let before = out.len();
    out.resize(before + words.len() * BYTES, 0);
    let bytes = &mut out[before..];
    if BYTES == 2 {
        for (bytes, word) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(words) {
            let [a, b, ..] = word.to_le_bytes();
            *bytes = [a, b];
        }
    } else {
        put_24(words, bytes);
    }
}

/// The lower three bytes of each word. Many at a time, where the processor can change the places of bytes.
#[multiversion(targets("x86_64+avx2"))]
fn put_24(words: &[i32], out: &mut [u8]) {
    for (bytes, word) in out.as_chunks_mut::<3>().0.iter_mut().zip(words) {
        let [a, b, c, _] = word.to_le_bytes();
        *bytes = [a, b, c];
    }
}

#[cfg(test)]
mod tests {
    use super::{pack, pack_words, unpack};

    /// One by one, as the definition says it.
    fn one_by_one<const BYTES: usize>(samples: &[f32]) -> (Vec<u8>, u64) {
        let scale = (1_u32 << (8 * BYTES - 1)) as f32;
        let (mut bytes, mut clamped) = (Vec::new(), 0);
        for sample in samples {
            let rounded = (sample * scale).round_ties_even();
            clamped += u64::from(!(-scale..=scale - 1.0).contains(&rounded));
            #[expect(clippy::cast_possible_truncation, reason = "held inside 24 bits")]
            let word = rounded.clamp(-scale, scale - 1.0) as i32;
            bytes.extend(&word.to_le_bytes()[..BYTES]);
        }
        (bytes, clamped)
    }

    #[test]
    fn many_at_a_time_are_the_same_as_one_by_one() {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let mut samples: Vec<f32> = (0..10_003).map(|_| random() * 1.1).collect();
        // Halves between two steps, and both ends with their neighbours.
        samples.extend((-70_000..70_000).map(|half| half as f32 / 65_536.0));
        samples.extend((-40..40).map(|half| half as f32 / 16_777_216.0));
        for end in [-1.0_f32, 1.0] {
            samples.extend((0..64).map(|step| f32::from_bits(end.to_bits() - 32 + step)));
        }
        samples.extend([0.0, -0.0, f32::MIN_POSITIVE, f32::MAX, f32::MIN, 1e-40]);
        let (mut two, mut three) = (Vec::new(), Vec::new());
        let clamped = (pack::<2>(&samples, &mut two), pack::<3>(&samples, &mut three));
        assert_eq!((&two, clamped.0), (&one_by_one::<2>(&samples).0, one_by_one::<2>(&samples).1));
        assert_eq!((&three, clamped.1), (&one_by_one::<3>(&samples).0, one_by_one::<3>(&samples).1));
        let (mut short, mut long) = (Vec::new(), Vec::new());
        unpack::<2>(&two, &mut short);
        unpack::<3>(&three, &mut long);
        let mut again = (Vec::new(), Vec::new());
        pack_words::<2>(&short, &mut again.0);
        pack_words::<3>(&long, &mut again.1);
        assert_eq!(again, (two, three));
        assert!(long.contains(&-8_388_608) && long.contains(&8_388_607) && long.contains(&-1));
    }
}
