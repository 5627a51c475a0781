//! Files for listeners, and for everybody else an episode is handed to: written whole or not at all.

pub mod captions;
pub mod catalogue;
pub mod chapters;
pub mod clip;
pub mod deliver;
pub mod delivery;
pub mod encode;
pub mod episode;
pub mod flac;
pub mod id3;
pub mod ingredients;
pub mod job;
pub mod ledger;
mod lossy;
#[cfg(feature = "mp3")]
pub mod mp3;
pub mod opus;
mod outcome;
pub mod pages;
pub mod picture;
pub mod plot;
pub mod recipe;
pub mod report;
pub mod session;
pub mod shape;
pub mod sheet;
pub mod stems;
pub mod tags;
pub mod template;
pub mod text;
pub mod wav;
