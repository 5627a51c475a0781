//! Every name bound: to a role, a bus, an entry, a moment, a clip; and every clip's length known.
//!
//! [`resolve`] binds names and lists what has to be heard, without any audio; [`bind`] then speaks and loads it, in
//! parallel. What cannot be had becomes a silence of a plausible length and a diagnostic, so that one run reports
//! everything. Nothing here says when anything happens: that is the timeline's business.

use std::sync::Arc;

use crate::audio::samples::Samples;
use crate::routing::{Bus, Track};
use crate::script::text::Text;
use crate::source::{Span, Spanned};
use crate::speech::engine::Voice;
use crate::staging::{self, Mood, Perspective, Preset, Through};
use crate::units::distance::Metres;
use crate::units::level::Gain;
use crate::units::pan::Pan;
use crate::units::time::{FrameCount, FrameDelta, SampleRate, Seconds};

pub mod bind;
pub mod buses;
pub mod dump;
pub mod load;
pub mod makings;
mod moments;
pub mod resolve;
mod speak;
pub mod takes;
pub mod tools;
mod unknown;
pub mod words;

/// The episode with its names bound and its clips at hand.
#[derive(Clone, Debug)]
pub struct CueSheet {
    /// The names, which stay while clips come in.
    pub cues: Arc<Cues>,
    /// What [`Cues::requests`] asked for, by the same index.
    pub clips: Vec<Clip>,
}

/// The episode with its names bound, and a list of what has to be heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Cues {
    /// The project rate: every frame here is counted at it.
    pub rate: SampleRate,
    /// The episode's title.
    pub title: String,
    /// What it is mastered for.
    pub deliver: Preset,
    /// The scenes in order.
    pub scenes: Vec<Scene>,
    /// The entries as they were written, children after their group.
    pub entries: Vec<Entry>,
    /// The tracks.
    pub tracks: Vec<Track>,
    /// The buses.
    pub buses: Vec<Bus>,
    /// The rooms that entries are in.
    pub rooms: Vec<Room>,
    /// What has to be heard; entries name it by index.
    pub requests: Vec<Request>,
}

/// A room that answers to what sounds in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Room {
    /// One that is described by figures.
    Named(staging::Room),
    /// One whose answer to an impulse was recorded.
    Recorded {
        /// Index of the recording's request.
        clip: usize,
        /// Where it is written.
        span: Span,
    },
}

/// A scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Its id.
    pub id: String,
    /// Its title; its id where none is written.
    pub title: String,
    /// Its header.
    pub span: Span,
    /// Indices of its entries, without those inside groups.
    pub entries: Vec<usize>,
    /// Silence between two lines of one speaker.
    pub same: FrameCount,
    /// Silence between two speakers.
    pub turn: FrameCount,
    /// Silence between this scene and the next.
    pub after: FrameCount,
    /// What is heard all through it.
    pub tone: Option<Tone>,
}

/// What is heard all through a scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Tone {
    /// Its name.
    pub name: String,
    /// Index of its request.
    pub clip: usize,
    /// Index of its track.
    pub track: usize,
    /// Its gain.
    pub gain: Gain,
}

/// An entry with its names bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its id, given or derived; unique in the episode.
    pub id: String,
    /// Its kind key.
    pub kind: &'static str,
    /// Where it is written.
    pub span: Span,
    /// Index of its scene.
    pub scene: usize,
    /// Index of the group it stands in.
    pub parent: Option<usize>,
    /// Where it starts, or its hit lands; after the entry before it where `None`.
    pub at: Option<Moment>,
    /// How far it moves the playhead.
    pub advance: Advance,
    /// What it is.
    pub body: Body,
}

/// How far an entry moves the playhead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// To its end.
    End,
    /// Not at all.
    None,
    /// This far after its start.
    After(FrameCount),
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every entry is the large one")]
pub enum Body {
    /// Silence.
    Pause(FrameCount),
    /// A moment.
    Mark,
    /// Something that is heard.
    Sounding(Sounding),
    /// Entries side by side, or one after the other.
    Group(Group),
    /// It cannot be told, or names nothing, which has been reported: a moment for others to be anchored to.
    Unknown,
}

/// Something that is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Sounding {
    /// Index of its request.
    pub clip: usize,
    /// Index of its track.
    pub track: usize,
    /// For a line: the role that speaks.
    pub speaker: Option<String>,
    /// The gain, everything added up.
    pub gain: Gain,
    /// Place in the stereo image, from and to.
    pub pan: [Pan; 2],
    /// How near.
    pub perspective: Perspective,
    /// How far, from and to.
    pub distance: [Metres; 2],
    /// What it is heard through.
    pub through: Option<Through>,
    /// Index of the room that answers to it; `None` for what is dry.
    pub room: Option<usize>,
    /// Whether the room's answer ends with it.
    pub cut: bool,
    /// Where in the clip the part that plays begins.
    pub from: Option<Spanned<FrameCount>>,
    /// Where in the clip the part that plays ends.
    pub until: Option<Spanned<FrameCount>>,
    /// Where in the clip it lands, where the script says so.
    pub hit: Option<Spanned<FrameCount>>,
    /// Fades, in and out.
    pub fade: Option<Spanned<[FrameCount; 2]>>,
    /// How it runs on.
    pub extent: Extent,
}

/// How long a sound runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Extent {
    /// As long as the clip, but at most to a moment.
    Clip {
        /// Where it stops at the latest.
        to: Option<Moment>,
    },
    /// Round and round, up to a moment.
    Loop {
        /// Where it stops.
        to: Moment,
        /// The crossfade between two turns, where the script says so.
        crossfade: Option<FrameCount>,
    },
}

/// Entries side by side, or one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Side by side.
    pub together: bool,
    /// What ends it.
    pub until: Until,
    /// Indices of its entries.
    pub entries: Vec<usize>,
}

/// What ends a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The last of its entries to end.
    Last,
    /// The first of its entries to end.
    First,
    /// The entry of this index.
    Entry(usize),
}

/// A moment with its names bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// What it is measured from.
    pub base: Base,
    /// Which moment of that.
    pub edge: Edge,
    /// How much later, or earlier.
    pub offset: FrameDelta,
    /// Where it is written.
    pub span: Span,
}

/// What a moment is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The entry of this index.
    Entry(usize),
    /// The scene of this index.
    Scene(usize),
    /// The episode.
    Episode,
    /// Where the playhead stands when the entry of this index is reached.
    Playhead(usize),
}

/// Which moment of its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The first frame.
    Start,
    /// The frame after the last.
    End,
    /// Where it lands.
    Hit,
    /// Where the word at this byte of the line's plain text begins.
    Cue(usize),
}

/// Something that has to be heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A line, spoken or recorded.
    Line(Box<LineRequest>),
    /// A sound.
    Sound(SoundRequest),
}

impl Request {
    /// Whether a voice's engine says it.
    pub fn is_spoken(&self) -> bool {
        matches!(self, Request::Line(line) if line.take.is_none())
    }
}

/// A line, spoken or recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct LineRequest {
    /// Who speaks.
    pub role: String,
    /// The entry's id.
    pub id: String,
    /// What is said.
    pub text: Text,
    /// Where times are wanted, rising by byte.
    pub cues: Vec<CuePoint>,
    /// Whose voice, for a line that has no take; `None` where there is no such role, which has been reported.
    pub voice: Option<Voice>,
    /// How it is spoken.
    pub mood: Option<Mood>,
    /// Where the voice is chosen, for reports.
    pub voice_span: Span,
    /// The recorded take, from the show's folder.
    pub take: Option<String>,
    /// Speed it is played at, a factor.
    pub speed: f64,
}

/// A place in a line's text whose time is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CuePoint {
    /// The byte of the plain text.
    pub at: usize,
    /// The mark's name, or `word(3)`.
    pub name: String,
    /// Where it is asked for.
    pub span: Span,
}

/// A sound. Two entries that ask for the same share one clip.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundRequest {
    /// The clip or patch, from the show's folder.
    pub file: String,
    /// Where it is written.
    pub span: Span,
    /// Which of a patch's variants, counted by use, so that no two uses are the same.
    pub variant: u32,
    /// Speed it is played at, a factor.
    pub speed: f64,
}

/// A clip or take at the project rate, ready to be mixed.
#[derive(Clone, Debug)]
pub struct Clip {
    /// What it was made from.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The sound.
    pub samples: Samples,
    /// Where it lands.
    pub hit: Option<FrameCount>,
    /// Whether its end meets its beginning.
    pub seamless: bool,
    /// When each of [`LineRequest::cues`] begins, in their order.
    pub cues: Vec<CueTime>,
}

/// Where a clip comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A recorded take.
    Recorded,
    /// A voice engine.
    Synthesized,
    /// A recorded sound.
    File,
    /// A patch.
    Patch,
    /// It could not be had; this is silence in its place.
    Missing,
}

/// When a place in a line's text is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CueTime {
    /// The byte of the plain text.
    pub byte: usize,
    /// The mark's name, or `word(3)`.
    pub name: String,
    /// The frame of the clip.
    pub at: FrameCount,
    /// Whether it is an estimate.
    pub estimated: bool,
}

impl Cues {
    /// A time as a person wrote it, in frames.
    fn frames(&self, seconds: Seconds) -> FrameCount {
        seconds.to_count(self.rate)
    }
}
