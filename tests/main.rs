//! Every integration test, in one binary that links once.

mod audio;
mod cli;
mod diagnostics;
mod layering;
mod mix;
mod recognise;
mod render;
mod show;
mod speech;
mod tidy;
mod timeline;
