//! What there is to be shown of a preview.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cuesheet::{Body, Origin as ClipOrigin, Request};
use crate::diag::Severity;
use crate::diag::render::human;
use crate::play::director::Director;
use crate::play::gain::Origin;
use crate::play::score::Score;

/// What there is to be shown.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The episode's title.
    pub title: String,
    /// The entries that are heard, by id.
    pub entries: Arc<BTreeMap<String, Shown>>,
    /// The tracks, by name: roles, and buses that carry cues.
    pub tracks: Vec<String>,
    /// The buses, and whether each is muted or alone.
    pub buses: Vec<(String, Heard)>,
    /// Where the gain comes from; `None` before anything is known.
    pub gain: Option<Origin>,
    /// The gain, dB.
    pub gain_db: f32,
    /// How many clips are made, and how many there are.
    pub made: (usize, usize),
    /// What is made next.
    pub waiting_for: Option<String>,
    /// How many errors there are.
    pub errors: usize,
    /// What is wrong, in words, for people.
    pub problems: String,
    /// Whether what is heard is older than what was saved.
    pub is_outdated: bool,
    /// Whether there is anything to play.
    pub is_empty: bool,
    /// What repeats: `line` or `scene`, or nothing.
    pub repeats: Option<&'static str>,
    /// Whether it is paused.
    pub is_paused: bool,
    /// The device.
    pub device: Option<String>,
    /// Why there is none.
    pub refused: Option<String>,
    /// What was asked for and is not there.
    pub wrong: Option<String>,
    /// Something to be said.
    pub message: Option<String>,
    /// How often the script has been read.
    pub readings: u64,
}

/// Whether a bus is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// As it is.
    Plain,
    /// Not at all.
    Muted,
    /// Alone.
    Alone,
}

/// An entry that is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Who speaks; for a sound, its kind.
    pub who: String,
    /// What is said; for a sound, its name.
    pub what: String,
    /// Whether it is a line.
    pub is_line: bool,
    /// Where it comes from; `None` while it is not made.
    pub origin: Option<ClipOrigin>,
    /// The file it stands in, from the show's folder, and the line there.
    pub place: (String, usize),
}

/// How many errors a score has, and what is wrong in words.
pub(super) fn problems(score: &Score) -> (usize, String) {
    let all = score.problems();
    (all.count(Severity::Error), human::render(&all, &score.sources, false))
}

/// What a director has to show.
pub(super) fn of(director: &Director) -> View {
    let (score, brief) = (&director.score, &director.brief);
    let cues = score.cues();
    let mut entries = BTreeMap::new();
    for entry in &cues.entries {
        let Body::Sounding(sounding) = &entry.body else { continue };
        let (who, what) = match &cues.requests[sounding.clip] {
            Request::Line(line) => (line.role.clone(), line.text.plain.clone()),
            Request::Sound(sound) => (entry.kind.to_owned(), sound.file.clone()),
        };
        let file = score.sources.get(entry.span.file);
        let place =
            file.map(|file| (file.name().to_owned(), file.line_column(entry.span.range().start).line));
        let shown = Shown {
            who,
            what,
            is_line: entry.kind == "line",
            origin: score.is_ready(sounding.clip).then(|| score.clips()[sounding.clip].origin),
            place: place.unwrap_or_default(),
        };
        entries.insert(entry.id.clone(), shown);
    }
    let heard = |name: &String| {
        if brief.mute.contains(name) {
            Heard::Muted
        } else if brief.solo.contains(name) {
            Heard::Alone
        } else {
            Heard::Plain
        }
    };
    let (errors, text) = problems(score);
    let bounds = &director.bounds;
    View {
        title: cues.title.clone(),
        entries: Arc::new(entries),
        tracks: cues.tracks.iter().map(|track| track.name.clone()).collect(),
        buses: cues.buses.iter().map(|bus| (bus.name.clone(), heard(&bus.name))).collect(),
        gain: Some(director.gain),
        gain_db: director.master.gain.db(),
        made: score.progress(),
        errors,
        problems: text,
        is_outdated: false,
        is_empty: cues.entries.is_empty(),
        repeats: match bounds {
            _ if !bounds.again => None,
            bounds if bounds.line.is_some() => Some("line"),
            bounds if bounds.scene.is_some() => Some("scene"),
            _ => Some("all"),
        },
        is_paused: director.paused,
        readings: director.readings + 1,
        ..View::default()
    }
}
