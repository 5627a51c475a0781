//! The gain an episode got last: to begin with, before the whole of it has been heard again.

use std::path::Path;

use crate::cache::key::{Key, Parts};
use crate::cache::{Cache, Kind};
use crate::staging::Preset;
use crate::units::level::Gain;

/// Keeps the gain that the episode in this file got for `preset`, in place of the one before.
pub fn remember(cache: &Cache, episode: &Path, preset: Preset, gain: Gain) {
    cache.keep_fact(Kind::Fact, &key(episode, preset), &gain.db(), &[]);
}

/// The gain that the episode in this file got last for `preset`. What it gets now may differ.
pub fn recall(cache: &Cache, episode: &Path, preset: Preset) -> Option<Gain> {
    let (db, _) = cache.fact::<f32>(Kind::Fact, &key(episode, preset))?;
    Gain::new(db)
}

/// Files are known by where they lie: the gain is a guess, and may be that of an earlier text.
fn key(episode: &Path, preset: Preset) -> Key {
    Parts::new("gain", "1").place(episode).text(preset.word()).key_of_all()
}
