//! Every integration test, in one binary that links once.

mod audio;
mod diagnostics;
mod layering;
mod mix;
mod rooms;
mod show;
mod speech;
mod tidy;
