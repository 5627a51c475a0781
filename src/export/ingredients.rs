//! What unmastered files are made of: the solved timeline and its sound.

use crate::audio::samples::Samples;
use crate::progress::Progress;
use crate::timeline::Timeline;

/// An episode that is about to be mixed.
#[derive(Clone, Copy)]
pub struct Ingredients<'a> {
    /// The episode.
    pub timeline: &'a Timeline,
    /// Its clips' samples, by index.
    pub samples: &'a [Samples],
    /// Who is told.
    pub progress: &'a dyn Progress,
}
