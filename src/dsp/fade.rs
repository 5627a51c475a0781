//! The shape of fades and crossfades.

use crate::units::narrow;

/// The gain of a rise from silence after `done` of `length` frames: raised cosine, ½(1 − cos πx), whose slope is
/// zero at both ends, so that neither clicks. A `length` of zero is over at once.
pub fn rise(done: u64, length: u64) -> f32 {
    if done >= length {
        return 1.0;
    }
    let x = (done as f64 + 0.5) / length as f64;
    narrow(0.5 * (1.0 - libm::cos(std::f64::consts::PI * x)))
}

/// The gains of the outgoing and the incoming side of a crossfade after `done` of `length` frames: cosine and
/// sine, so that the power of two unrelated sounds stays the same throughout.
pub fn equal_power(done: u64, length: u64) -> (f32, f32) {
    if done >= length {
        return (0.0, 1.0);
    }
    let x = (done as f64 + 0.5) / length as f64 * std::f64::consts::FRAC_PI_2;
    (narrow(libm::cos(x)), narrow(libm::sin(x)))
}
