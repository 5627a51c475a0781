//! Every integration test, in one binary that links once.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::float_cmp,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests measure, compare exactly, fail by panicking, and say aloud what they skip"
)]

mod audio;
mod cache;
mod cli;
mod diagnostics;
mod export;
mod hostile;
mod layering;
mod mastering;
mod mix;
mod mood;
mod patches;
mod play;
mod recognise;
mod render;
mod rooms;
mod show;
mod speech;
mod tidy;
mod timeline;
