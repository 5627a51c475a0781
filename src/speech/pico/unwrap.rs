//! Pico's overflow, undone.
//!
//! Pico adds up the pulses of a frame in 32 bits (`td_psola2` of its `picosig2.c`), shifts the sum right by 18 and left
//! by 9, multiplies it by a whole number that stands for voice and loudness, and shifts it right by 14. A low voice's
//! pulses exceed the 32 bits: the sum wraps, and up to eight samples jump to the other end of the range, which is heard
//! as a click. What they jumped by is known exactly, 2^32 / 2^18 · 2^9 / 2^14 = 512 times that whole number, and is far
//! more than any two samples of speech differ by, so the jump can be taken back without a trace.

/// The steps of a jump, for one of the number that Pico multiplies by.
const STEP: i32 = 512;

/// Takes back every jump, in place. `factors` are the numbers that Pico may have multiplied by, the least first.
pub(crate) fn unwrap(samples: &mut [i16], factors: [i32; 2]) {
    let most = STEP * factors[0] / 2;
    let mut last = 0;
    for sample in samples {
        let read = i32::from(*sample);
        if (read - last).abs() > most {
            let back = (last - read).signum() * STEP;
            let nearest =
                factors.map(|factor| read + back * factor).into_iter().min_by_key(|x| (x - last).abs());
            *sample = i16::try_from(nearest.unwrap_or(read)).unwrap_or(*sample);
        }
        last = i32::from(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::unwrap;

    #[test]
    fn a_pulse_that_wrapped_is_whole_again() {
        let pulse = [0, 6801, 8187, 9158, -8914, -9000, 9210, 8443, -2, -6801, 8600, -6700];
        let mut samples = pulse;
        unwrap(&mut samples, [36, 47]);
        assert_eq!(samples, [0, 6801, 8187, 9158, 9518, 9432, 9210, 8443, -2, -6801, -9832, -6700]);
    }
}
