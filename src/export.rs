//! Files for listeners, and for everybody else an episode is handed to: written whole or not at all.

pub mod captions;
pub mod catalogue;
pub mod chapters;
pub mod clip;
pub mod deliver;
pub mod encode;
pub mod episode;
mod outcome;
pub mod plot;
pub mod report;
pub mod sheet;
pub mod stems;
pub mod tags;
pub mod template;
pub mod text;
pub mod wav;
