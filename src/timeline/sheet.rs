//! A cue sheet whose clips may be its own, or stand for those that are not made yet.

use crate::cuesheet::{Clip, CueSheet, Cues};

/// A cue sheet whose clips may lie anywhere.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// Its names.
    pub cues: &'a Cues,
    /// What [`Cues::requests`] asked for, by the same index.
    pub clips: Vec<&'a Clip>,
}

impl<'a> Sheet<'a> {
    /// Of a cue sheet's own clips.
    pub fn of(sheet: &'a CueSheet) -> Sheet<'a> {
        Sheet { cues: &sheet.cues, clips: sheet.clips.iter().collect() }
    }
}
