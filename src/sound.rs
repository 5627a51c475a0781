//! Sounds become clips: recorded ones decoded, patches rendered.
//!
//! In: an open file, or a patch's table. Out: samples at the project rate. Neither knows the script.

pub mod clip;
pub mod patch;
