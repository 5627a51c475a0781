//! Quantities with a unit: time in frames, gain and level in decibels, pan.
//!
//! Everything above this module passes these types, never a bare number. Conversions from what a person writes
//! (seconds, decibels) happen here and nowhere else, once, with their rounding documented.

pub mod depth;
pub mod level;
pub mod pan;
pub mod time;
