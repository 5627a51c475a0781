//! Files for listeners: written whole or not at all.

pub mod clip;
pub mod episode;
mod outcome;
pub mod plot;
pub mod report;
pub mod wav;
