//! Audio as data: channel layouts, samples in memory or on disk, decoding.
//!
//! A *sample* is one channel's value, a *frame* one sample per channel. Samples are 32-bit float, ±1.0 full scale,
//! interleaved where there are two channels (left, right). Nothing here opens a file: readers are handed in.

pub mod at;
pub mod buffer;
pub mod decode;
pub mod samples;
pub mod words;
