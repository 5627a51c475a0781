//! What a file says about itself besides its sound.

use crate::units::time::FrameCount;

/// What a file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// What it is called.
    pub title: String,
    /// Its chapters, in order, counted from the file's own first frame. Empty for none.
    pub chapters: Vec<Chapter>,
}

/// A chapter: a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The scene's id.
    pub id: String,
    /// The scene's title.
    pub title: String,
    /// Its first frame.
    pub start: FrameCount,
    /// The frame after its last.
    pub end: FrameCount,
}
