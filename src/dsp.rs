//! Signal processing: slices of samples in, slices out. No files, no script, no time but frames.
//!
//! Transcendental functions come from `libm`, never from the standard library, whose last bit differs from one
//! system to the next.

pub mod biquad;
pub mod colour;
pub mod compressor;
pub mod convolve;
pub mod double;
pub mod equalizer;
pub mod fade;
pub mod fft;
pub mod kaiser;
pub mod limiter;
pub mod linear;
pub mod loudness;
pub mod lpc;
pub mod modal;
pub mod noise;
pub mod oscillator;
pub mod pan;
pub mod resample;
pub mod reverb;
pub mod room;
pub mod saturate;
pub mod side_by_side;
pub mod signal;
pub mod sums;
pub mod svf;
pub mod tail;
pub mod true_peak;
pub mod weave;
