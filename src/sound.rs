//! Sounds become clips: recorded ones decoded, patches rendered.

pub mod patch;
