//! The episode with every time solved: regions at absolute frames on tracks, tracks on buses.
//!
//! Plain data that can be dumped and compared; `schedule` makes it from a cue sheet, and the mixer reads nothing
//! else but the clips' samples. Every time is in whole frames at [`Timeline::rate`].

use crate::audio::buffer::Channels;
use crate::routing::{Bus, Track};
use crate::staging::{self, Perspective, Through};
use crate::units::distance::Metres;
use crate::units::level::Gain;
use crate::units::pan::Pan;
use crate::units::time::{FrameCount, FramePos, SampleRate};

pub mod dump;
pub mod layout;
pub mod schedule;
pub mod sheet;
mod solve;

/// The whole episode, solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Frames per second of every time here.
    pub rate: SampleRate,
    /// The episode's length: past the last scene's end and the last region's.
    pub length: FrameCount,
    /// Scenes in order; each starts where the one before ends, and the last ends with the episode.
    pub scenes: Vec<SceneSpan>,
    /// Entries in the order they were written, children after their group.
    pub entries: Vec<EntrySpan>,
    /// What the regions play, by index; the samples themselves are kept apart.
    pub clips: Vec<ClipShape>,
    /// Tracks, by index: one for each role that speaks, and one for each bus that carries cues.
    pub tracks: Vec<Track>,
    /// Buses, by index.
    pub buses: Vec<Bus>,
    /// The rooms that regions are in, by index.
    pub rooms: Vec<Room>,
    /// Everything that sounds, by start, then by entry.
    pub regions: Vec<Region>,
}

/// A room that answers to what sounds in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// One that is described by figures.
    Named(staging::Room),
    /// One whose answer to an impulse was recorded.
    Recorded {
        /// Index of the recording.
        clip: usize,
    },
}

/// A scene's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneSpan {
    /// Its id.
    pub id: String,
    /// Its title, as written.
    pub title: String,
    /// Its first frame.
    pub start: FramePos,
    /// Where its last advancing entry ends, which is what `scene.end` means.
    pub end: FramePos,
    /// Where the next scene starts (or the episode ends): the end of the scene's own file.
    pub boundary: FramePos,
}

/// An entry's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySpan {
    /// Its id, given or derived.
    pub id: String,
    /// Its kind key.
    pub kind: &'static str,
    /// Index of its scene.
    pub scene: usize,
    /// Its first frame.
    pub start: FramePos,
    /// The frame after its last.
    pub end: FramePos,
    /// The frame its sound's hit lands on, for a sound that has one.
    pub hit: Option<FramePos>,
    /// Its marks: name and frame, in the text's order. Only those that were asked for.
    pub marks: Vec<MarkTime>,
}

/// When a mark inside a line falls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkTime {
    /// The mark's name; `word(3)` for a word.
    pub name: String,
    /// Its frame.
    pub at: FramePos,
    /// Whether it is an estimate rather than measured.
    pub estimated: bool,
}

/// What a clip is, without its samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipShape {
    /// What it was made from: a file, or the line that was spoken.
    pub name: String,
    /// Its channel layout.
    pub channels: Channels,
    /// Its length.
    pub frames: FrameCount,
}

/// One stretch of one clip at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Index of the entry it belongs to; `None` for a place's tone.
    pub entry: Option<usize>,
    /// Index of its track.
    pub track: usize,
    /// Index of its clip.
    pub clip: usize,
    /// The first frame of the clip that plays.
    pub source_start: FrameCount,
    /// How much of the clip plays, and is repeated where it loops.
    pub source_length: FrameCount,
    /// The first frame of the episode it sounds on.
    pub start: FramePos,
    /// How long it sounds; beyond `source_length` only where it loops.
    pub length: FrameCount,
    /// Its gain.
    pub gain: Gain,
    /// Its place in the stereo image, at its first frame.
    pub pan: Pan,
    /// At its last, where it moves; along a straight line.
    pub pan_to: Option<Pan>,
    /// The length of its rise from silence, raised-cosine; none where zero.
    pub fade_in: FrameCount,
    /// The length of its fall into silence, raised-cosine; none where zero.
    pub fade_out: FrameCount,
    /// Where it loops: how long the end of one turn and the beginning of the next overlap, with equal power. Less
    /// than half of `source_length`.
    pub loop_crossfade: Option<FrameCount>,
    /// How near it is heard.
    pub perspective: Perspective,
    /// What it is heard through.
    pub through: Option<Through>,
    /// How far away it is, at its first frame.
    pub distance: Metres,
    /// At its last, where it moves.
    pub distance_to: Option<Metres>,
    /// Index of the room that answers to it; `None` for what is dry.
    pub room: Option<usize>,
    /// Whether the room's answer ends with it.
    pub cut: bool,
}
