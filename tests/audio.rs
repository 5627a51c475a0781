//! Files and samples in and out: resampling, decoding, the show's door, spooling, writing WAV.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that panics has failed, its numbers are small, and no output depends on them"
)]

mod decode;
mod host;
mod plain;
mod resample;
mod spool;
mod wav;
mod whole;
