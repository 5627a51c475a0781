//! Every integration test, in one binary that links once.

mod audio;
mod diagnostics;
mod layering;
mod mastering;
mod mix;
mod show;
mod speech;
mod tidy;
