//! Files for listeners: written whole or not at all.

pub mod clip;
pub mod episode;
pub mod plot;
pub mod report;
pub mod sheet;
pub mod wav;
