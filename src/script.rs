//! The script as written: every value with its place, every name still a name.
//!
//! [`load`] reads an episode and what it includes. It never fails: it yields a [`Script`] and diagnostics, all of
//! them. Nothing here knows whether a role, a sound or an anchored entry exists; that is the cue sheet's business.

use std::collections::BTreeMap;

use crate::routing::{Band, Compress};
use crate::script::about::About;
use crate::script::anchor::Anchor;
use crate::script::text::Text;
use crate::source::{Span, Spanned};
use crate::staging::{Mood, Perspective, Preset, Through};
use crate::units::distance::Metres;
use crate::units::level::Gain;
use crate::units::pan::Pan;
use crate::units::time::Seconds;

pub mod about;
pub mod anchor;
mod buses;
mod definitions;
pub mod dump;
mod entries;
pub mod load;
pub mod name;
pub mod refusal;
mod settings;
pub mod text;

/// An episode as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// The episode's title.
    pub title: Option<Spanned<String>>,
    /// What it says about itself besides.
    pub about: About,
    /// What it is mastered for.
    pub deliver: Option<Spanned<Preset>>,
    /// Default silence between lines.
    pub gap: Gap,
    /// What falls through to every scene.
    pub settings: Settings,
    /// Who speaks.
    pub cast: Definitions<Role>,
    /// What can be heard.
    pub sounds: Definitions<Sound>,
    /// Where scenes are.
    pub places: Definitions<Place>,
    /// How sounds are summed.
    pub buses: Definitions<Bus>,
    /// The scenes in order.
    pub scenes: Vec<Scene>,
}

/// Named things, in alphabetical order. The span is that of the name.
pub type Definitions<T> = BTreeMap<String, Spanned<T>>;

/// Silences between lines. `None` falls through to the episode, then to [`Gap::DEFAULT`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gap {
    /// Between two lines of one speaker.
    pub same: Option<Seconds>,
    /// Between two speakers.
    pub turn: Option<Seconds>,
    /// Between a scene and the next.
    pub scene: Option<Seconds>,
}

impl Gap {
    /// Seconds where nothing is written: `same`, `turn`, `scene`.
    pub const DEFAULT: [f64; 3] = [0.3, 0.5, 1.5];
}

/// What falls through episode, scene, place, role, group and entry. `None` asks the next one out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Gain.
    pub gain: Option<Gain>,
    /// Place in the stereo image, from and to.
    pub pan: Option<[Pan; 2]>,
    /// How near.
    pub perspective: Option<Perspective>,
    /// How far, from and to.
    pub distance: Option<[Metres; 2]>,
    /// What it is heard through.
    pub through: Option<Through>,
    /// How it is spoken.
    pub mood: Option<Mood>,
    /// The bus.
    pub bus: Option<Spanned<String>>,
}

/// Who speaks: `cast.ROLE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Role {
    /// As it is shown; the role's own name where `None`.
    pub name: Option<String>,
    /// The voice.
    pub voice: VoiceSpec,
    /// What this role's lines inherit.
    pub settings: Settings,
}

/// A voice as far as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoiceSpec {
    /// The engine.
    pub engine: Option<Spanned<String>>,
    /// The language.
    pub lang: Option<Spanned<String>>,
    /// Speed, a factor.
    pub rate: Option<f64>,
    /// Pitch, a factor.
    pub pitch: Option<f64>,
    /// Vocal-tract size, a factor.
    pub timbre: Option<f64>,
    /// Loudness against other voices.
    pub volume: Option<Gain>,
    /// How far the pitch moves, a factor.
    pub range: Option<f64>,
    /// Share of breath.
    pub breath: Option<f64>,
    /// Share of roughness.
    pub rough: Option<f64>,
    /// Share of tremor.
    pub tremor: Option<f64>,
    /// Vocal effort: gain of the highs.
    pub effort: Option<Gain>,
}

/// What can be heard: `sound.NAME`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// The clip or patch, from the show's folder.
    pub file: Option<Spanned<String>>,
    /// Where it lands.
    pub hit: Option<Spanned<Seconds>>,
    /// Always added.
    pub gain: Gain,
    /// The part that is used.
    pub range: Range,
}

/// Where scenes are: `place.NAME`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// A named room or an impulse response.
    pub room: Option<Spanned<String>>,
    /// What is heard there when nobody speaks.
    pub tone: Option<Tone>,
    /// What scenes here inherit.
    pub settings: Settings,
}

/// A place's own sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Tone {
    /// The sound.
    pub sound: Spanned<String>,
    /// Its gain.
    pub gain: Gain,
}

/// How sounds are summed: `bus.NAME`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bus {
    /// Its gain.
    pub gain: Gain,
    /// What it gives way to.
    pub ducks: Vec<Duck>,
    /// Its equaliser's bands.
    pub eq: Vec<Band>,
    /// Its compressor.
    pub compress: Option<Compress>,
    /// The room that all of it is heard through: a named one, or an impulse response.
    pub room: Option<Spanned<String>>,
    /// The buses that get a copy of it, in alphabetical order.
    pub sends: Vec<Send>,
}

/// A copy of one bus for another.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// The bus it goes to.
    pub to: Spanned<String>,
    /// Its gain.
    pub gain: Gain,
}

/// One bus giving way to others. Times in seconds, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Duck {
    /// The buses it gives way to.
    pub under: Vec<Spanned<String>>,
    /// How far down.
    pub by: Gain,
    /// The way down.
    pub attack: Seconds,
    /// How long it stays down.
    pub hold: Seconds,
    /// The way back.
    pub release: Seconds,
}

/// A scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Its id; `None` where it is missing or malformed.
    pub id: Option<Spanned<String>>,
    /// Its title.
    pub title: Option<String>,
    /// Where it is.
    pub place: Option<Spanned<String>>,
    /// Silences in it.
    pub gap: Gap,
    /// What its entries inherit.
    pub settings: Settings,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Its header.
    pub span: Span,
}

/// An entry: one row of a scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its id, where one is given.
    pub id: Option<Spanned<String>>,
    /// The whole entry.
    pub span: Span,
    /// Where it starts, or its hit lands.
    pub at: Option<Spanned<Anchor>>,
    /// How far it moves the playhead.
    pub advance: Option<Advance>,
    /// What it directs, for itself or its children.
    pub settings: Settings,
    /// What its kind key holds.
    pub content: Content,
}

/// How far an entry moves the playhead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Advance {
    /// To its end.
    End,
    /// Not at all.
    None,
    /// This long after its start.
    After(Seconds),
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Somebody speaks.
    Line(Box<Line>),
    /// Silence.
    Pause(Seconds),
    /// A sound effect or music.
    Cue(Cue),
    /// A sound that runs under others.
    Bed(Bed),
    /// A moment.
    Mark(Spanned<String>),
    /// Entries side by side, or one after the other.
    Group(Group),
    /// It cannot be told, which has been reported. The entry keeps its place, for others to be anchored to.
    Unreadable,
}

impl Content {
    /// The kind key.
    pub fn kind(&self) -> &'static str {
        match self {
            Content::Line(_) => "line",
            Content::Pause(_) => "pause",
            Content::Cue(cue) if cue.music => "music",
            Content::Cue(_) => "sfx",
            Content::Bed(_) => "bed",
            Content::Mark(_) => "mark",
            Content::Group(_) => "group",
            Content::Unreadable => "unreadable",
        }
    }
}

/// Somebody speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Who; `None` where it is missing.
    pub role: Option<Spanned<String>>,
    /// What.
    pub text: Text,
    /// How it differs from the role's voice.
    pub voice: VoiceSpec,
    /// How much faster than otherwise, a factor over voice and mood.
    pub rate: Option<f64>,
    /// How much higher than otherwise, a factor over voice and mood.
    pub pitch: Option<f64>,
    /// How the take is played.
    pub playback: Playback,
}

/// A sound effect or music.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// Whether it is music.
    pub music: bool,
    /// The sound.
    pub sound: Spanned<String>,
    /// Where it stops at the latest.
    pub to: Option<Spanned<Anchor>>,
    /// How it is played.
    pub playback: Playback,
}

/// A sound that runs under others.
#[derive(Clone, Debug, PartialEq)]
pub struct Bed {
    /// The sound.
    pub sound: Spanned<String>,
    /// Where it begins; the playhead where `None`.
    pub from: Option<Spanned<Anchor>>,
    /// Where it ends; the scene's end where `None`.
    pub to: Option<Spanned<Anchor>>,
    /// How it is played.
    pub playback: Playback,
}

/// Entries side by side, or one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Side by side.
    pub together: bool,
    /// What ends it.
    pub until: Option<Spanned<Until>>,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// What ends a group of entries side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// The last of them to end.
    Last,
    /// The first of them to end.
    First,
    /// The one of this id.
    Entry(String),
}

/// A part of a clip, in its own seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// Where it begins.
    pub from: Option<Spanned<Seconds>>,
    /// Where it ends.
    pub to: Option<Spanned<Seconds>>,
}

/// How a clip or take is played.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playback {
    /// The part of it.
    pub range: Range,
    /// Fades, in and out.
    pub fade: Option<Spanned<[Seconds; 2]>>,
    /// Speed, a factor; pitch goes with it.
    pub speed: Option<f64>,
    /// Whether it loops, where that is written.
    pub repeat: Option<Spanned<Repeat>>,
    /// Whether the room falls silent with it.
    pub cut: bool,
}

/// Whether and how a sound loops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repeat {
    /// Played once.
    Once,
    /// Looped with the default crossfade.
    Loop,
    /// Looped with this crossfade.
    Crossfade(Seconds),
}
