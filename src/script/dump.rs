//! The script as JSON: `radioplay check --dump script`. What was written, with the place it was written at.

use serde::Serialize;

use crate::script::{Content, Entry, Script};
use crate::source::{Sources, Span};

/// The whole script.
#[derive(Debug, Serialize)]
pub struct ScriptDump<'s> {
    /// The episode's title.
    pub title: Option<&'s str>,
    /// The roles' names.
    pub cast: Vec<&'s str>,
    /// The sounds and their files.
    pub sounds: Vec<SoundDump<'s>>,
    /// The places' names.
    pub places: Vec<&'s str>,
    /// The buses that are written.
    pub buses: Vec<&'s str>,
    /// The scenes in order.
    pub scenes: Vec<SceneDump<'s>>,
}

/// A sound.
#[derive(Debug, Serialize)]
pub struct SoundDump<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its clip or patch.
    pub file: Option<&'s str>,
}

/// A scene.
#[derive(Debug, Serialize)]
pub struct SceneDump<'s> {
    /// Its id.
    pub id: Option<&'s str>,
    /// Its title.
    pub title: Option<&'s str>,
    /// Its place.
    pub place: Option<&'s str>,
    /// Its entries in order.
    pub script: Vec<EntryDump<'s>>,
}

/// An entry.
#[derive(Debug, Serialize)]
pub struct EntryDump<'s> {
    /// Its kind key.
    pub kind: &'static str,
    /// Its id, where one is written.
    pub id: Option<&'s str>,
    /// Its file.
    pub file: &'s str,
    /// Its first line, from 1.
    pub line: usize,
    /// The character it begins with, from 1.
    pub column: usize,
    /// Where it is anchored, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<&'s str>,
    /// For a line: who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'s str>,
    /// For a line: the words, without markup. For a cue or a bed: the sound. For a mark: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'s str>,
    /// For a pause: its seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// For a group: its entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<EntryDump<'s>>,
}

/// The script as serialisable values.
pub fn dump<'s>(script: &'s Script, sources: &'s Sources) -> ScriptDump<'s> {
    let text = |span: Span| sources.text(span).trim_matches(['"', '\'']);
    let scenes = script.scenes.iter().map(|scene| SceneDump {
        id: scene.id.as_ref().map(|id| id.value.as_str()),
        title: scene.title.as_deref(),
        place: scene.place.as_ref().map(|place| place.value.as_str()),
        script: scene.entries.iter().map(|it| entry(it, sources, &text)).collect(),
    });
    let sounds = script.sounds.iter().map(|(name, sound)| SoundDump {
        name,
        file: sound.value.file.as_ref().map(|file| file.value.as_str()),
    });
    ScriptDump {
        title: script.title.as_ref().map(|title| title.value.as_str()),
        cast: script.cast.keys().map(String::as_str).collect(),
        sounds: sounds.collect(),
        places: script.places.keys().map(String::as_str).collect(),
        buses: script.buses.keys().map(String::as_str).collect(),
        scenes: scenes.collect(),
    }
}

fn entry<'s>(entry: &'s Entry, sources: &'s Sources, text: &impl Fn(Span) -> &'s str) -> EntryDump<'s> {
    let file = sources.get(entry.span.file);
    let place = file.map(|file| file.line_column(entry.span.range().start));
    let (by, content) = match &entry.content {
        Content::Line(line) => {
            (line.role.as_ref().map(|role| role.value.as_str()), Some(line.text.plain.as_str()))
        }
        Content::Cue(cue) => (None, Some(cue.sound.value.as_str())),
        Content::Bed(bed) => (None, Some(bed.sound.value.as_str())),
        Content::Mark(name) => (None, Some(name.value.as_str())),
        Content::Pause(_) | Content::Group(_) | Content::Unreadable => (None, None),
    };
    EntryDump {
        kind: entry.content.kind(),
        id: entry.id.as_ref().map(|id| id.value.as_str()),
        file: file.map_or("", |file| file.name()),
        line: place.map_or(0, |place| place.line),
        column: place.map_or(0, |place| place.column),
        at: entry.at.as_ref().map(|at| text(at.span)),
        by,
        content,
        seconds: match &entry.content {
            Content::Pause(time) => Some(time.get()),
            _ => None,
        },
        script: match &entry.content {
            Content::Group(group) => group.entries.iter().map(|it| self::entry(it, sources, text)).collect(),
            _ => Vec::new(),
        },
    }
}
