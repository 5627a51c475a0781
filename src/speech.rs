//! Lines become takes: audio, and the times of the cues in it.
//!
//! [`engine`] is the seam every voice sits behind; `pico` is the embedded one. `perform` does what is the same
//! for every engine: pauses inside a line, timbre, edges, the project rate.

pub mod engine;
pub mod perform;
pub mod pico;
