//! The shape of fades and crossfades.

use multiversion::multiversion;

use crate::units::narrow;

/// The gain of a rise from silence after `done` of `length` frames: raised cosine, ½(1 − cos πx), whose slope is
/// zero at both ends, so that neither clicks. A `length` of zero is over at once.
pub fn rise(done: u64, length: u64) -> f32 {
    if done >= length {
        return 1.0;
    }
    let x = (done as f64 + 0.5) / length as f64;
    let sine = quarter_sine(x);
    narrow(sine * sine)
}

/// Has the beginning of `samples` rise from silence over `length` frames: times the gains of [`rise`], several at a time.
pub fn fade_in(samples: &mut [f32], length: usize) {
    let end = length.min(samples.len());
    ramp(&mut samples[..end], |n| n + 0.5, length);
}

/// Has the end of `samples` fall to silence over `length` frames: the gains of [`rise`] backwards.
pub fn fade_out(samples: &mut [f32], length: usize) {
    let fading = length.min(samples.len());
    let start = samples.len() - fading;
    let last = fading as f64;
    ramp(&mut samples[start..], |n| last - n - 0.5, length);
}

#[multiversion(targets("x86_64+avx2"))]
fn ramp(samples: &mut [f32], done: impl Fn(f64) -> f64, length: usize) {
    let length = length as f64;
    for (sample, n) in samples.iter_mut().zip(0_i32..) {
        let sine = quarter_sine(done(f64::from(n)) / length);
        *sample *= narrow(sine * sine);
    }
}

/// The gains of the outgoing and the incoming side of a crossfade after `done` of `length` frames: cosine and
/// sine, so that the power of two unrelated sounds stays the same throughout.
pub fn equal_power(done: u64, length: u64) -> (f32, f32) {
    if done >= length {
        return (0.0, 1.0);
    }
    let x = (done as f64 + 0.5) / length as f64;
    (narrow(quarter_sine(1.0 - x)), narrow(quarter_sine(x)))
}

/// The gains of [`equal_power`] for frames from `done` on, as many as both slices hold: the same numbers, several at a
/// time. The crossfade goes on at least that long.
pub fn equal_power_into(done: u64, length: u64, falling: &mut [f32], rising: &mut [f32]) {
    let (done, length) = (done as f64, length as f64);
    for (index, (falling, rising)) in falling.iter_mut().zip(rising).enumerate() {
        let x = (done + index as f64 + 0.5) / length;
        (*falling, *rising) = (narrow(quarter_sine(1.0 - x)), narrow(quarter_sine(x)));
    }
}

/// sin(πx/2) for x from 0 to 1, by its Taylor series up to the 15th power, which is within 10⁻¹¹ there. Crossfades of
/// looped beds are what a mix would otherwise spend most of its time on: this takes a fifth of `libm`'s.
fn quarter_sine(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        1.0,
        -1.0 / 6.0,
        1.0 / 120.0,
        -1.0 / 5_040.0,
        1.0 / 362_880.0,
        -1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 1_307_674_368_000.0,
    ];
    let angle = x * std::f64::consts::FRAC_PI_2;
    let square = angle * angle;
    angle * TERMS.into_iter().rev().fold(0.0, |sum, term| sum * square + term)
}

#[cfg(test)]
mod tests {
    use super::{equal_power, equal_power_into, quarter_sine, rise};

    #[test]
    fn the_series_is_the_sine() {
        for step in 0..=1000 {
            let x = f64::from(step) / 1000.0;
            let wanted = libm::sin(x * std::f64::consts::FRAC_PI_2);
            assert!((quarter_sine(x) - wanted).abs() < 1e-11, "{x}");
        }
    }

    #[test]
    fn fades_are_mirror_images_and_crossfades_keep_their_power() {
        for done in 0..1000 {
            assert!((rise(done, 1000) + rise(999 - done, 1000) - 1.0).abs() < 1e-6);
            let (falling, rising) = equal_power(done, 1000);
            assert!((falling * falling + rising * rising - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn many_gains_at_once_are_the_same_bits_as_one_by_one() {
        let (mut falling, mut rising) = ([0.0; 90], [0.0; 90]);
        equal_power_into(10, 100, &mut falling, &mut rising);
        for (done, pair) in (10..).zip(falling.into_iter().zip(rising)) {
            let (one, other) = equal_power(done, 100);
            assert_eq!((pair.0.to_bits(), pair.1.to_bits()), (one.to_bits(), other.to_bits()));
        }
    }
}
