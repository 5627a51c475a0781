//! Quantities with a unit: time in frames, gain and level in decibels, pan.
//!
//! Everything above this module passes these types, never a bare number. Conversions from what a person writes
//! (seconds, decibels) happen here and nowhere else, once, with their rounding documented.

pub mod depth;
pub mod distance;
pub mod level;
pub mod pan;
pub mod time;

/// A number as the 32-bit float that samples and gains are, rounded to the nearest.
#[expect(clippy::cast_possible_truncation, reason = "this is where it is meant")]
pub fn narrow(number: f64) -> f32 {
    number as f32
}
