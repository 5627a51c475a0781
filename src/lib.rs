//! radioplay turns a written script into a finished radio play.

pub mod units;

pub mod progress;
pub mod routing;
pub mod source;
pub mod staging;

pub mod audio;
pub mod diag;
pub mod dsp;

pub mod document;
pub mod host;
pub mod spool;

pub mod script;
pub mod sound;
pub mod speech;

pub mod cuesheet;

pub mod timeline;

pub mod mix;

pub mod master;

pub mod export;

pub mod pipeline;

pub mod cli;
