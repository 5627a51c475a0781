//! How a position in the stereo image becomes two gains.

use crate::units::narrow;
use crate::units::pan::Pan;

/// The factors for left and right of a mono sound: the cosine and sine of an angle that goes from 0 (hard left) to
/// 90° (hard right), so that their powers add up to one everywhere. −3.01 dB each in the centre, 0 dB on the one
/// side and silence on the other at the ends.
pub fn place(pan: Pan) -> (f32, f32) {
    let (left, right) = angle(pan);
    (narrow(left), narrow(right))
}

/// The factors for left and right of a sound that is stereo already: [`place`] times √2, so that the centre leaves
/// both channels exactly as they are. Towards an end the one side rises to +3.01 dB while the other falls to
/// silence; the power of two equally strong, unrelated channels stays the same throughout. No channel is ever moved
/// into the other.
pub fn balance(pan: Pan) -> (f32, f32) {
    let (left, right) = angle(pan);
    (narrow(left * std::f64::consts::SQRT_2), narrow(right * std::f64::consts::SQRT_2))
}

fn angle(pan: Pan) -> (f64, f64) {
    // The sine of the right side is the cosine of the mirrored angle, which makes left and right exact mirror images
    // and silence at the ends exactly zero.
    let side = |position: f64| {
        if position >= 1.0 {
            return 0.0;
        }
        libm::cos((position + 1.0) * std::f64::consts::FRAC_PI_4)
    };
    (side(f64::from(pan.get())), side(-f64::from(pan.get())))
}
