//! Every integration test, in one binary that links once.

mod audio;
mod diagnostics;
mod layering;
mod mix;
mod patches;
mod show;
mod speech;
mod tidy;
