//! The cue sheet as JSON: `radioplay check --dump cuesheet`.

use serde::Serialize;

use crate::cuesheet::{Body, CueSheet, Origin, Request};

/// The whole cue sheet.
#[derive(Debug, Serialize)]
pub struct CueSheetDump<'c> {
    /// The episode's title.
    pub title: &'c str,
    /// Frames per second of every length here.
    pub rate: u32,
    /// What it is mastered for.
    pub deliver: &'c str,
    /// The entries as they were written, children after their group.
    pub entries: Vec<EntryDump<'c>>,
    /// The clips, by index.
    pub clips: Vec<ClipDump<'c>>,
}

/// An entry.
#[derive(Debug, Serialize)]
pub struct EntryDump<'c> {
    /// Its id.
    pub id: &'c str,
    /// Its kind key.
    pub kind: &'c str,
    /// Its scene's id.
    pub scene: &'c str,
    /// The id of the group it stands in.
    pub group: Option<&'c str>,
    /// Index of its clip.
    pub clip: Option<usize>,
}

/// A clip.
#[derive(Debug, Serialize)]
pub struct ClipDump<'c> {
    /// What it was made from.
    pub name: &'c str,
    /// `recorded`, `synthesized`, `file`, `patch` or `missing`.
    pub origin: &'static str,
    /// Its length in frames.
    pub frames: u64,
    /// 1 or 2.
    pub channels: usize,
    /// The frame it lands on.
    pub hit: Option<u64>,
    /// For a line: who says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'c str>,
    /// For a line: what is said, without markup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'c str>,
    /// For a line: the times that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cues: Vec<CueDump<'c>>,
}

/// A time inside a line.
#[derive(Debug, Serialize)]
pub struct CueDump<'c> {
    /// The mark's name; `word(3)` for a word.
    pub name: &'c str,
    /// The frame of the clip.
    pub at: u64,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// The cue sheet as serialisable values.
pub fn dump(sheet: &CueSheet) -> CueSheetDump<'_> {
    let cues = &sheet.cues;
    let entries = cues.entries.iter().map(|entry| EntryDump {
        id: &entry.id,
        kind: entry.kind,
        scene: &cues.scenes[entry.scene].id,
        group: entry.parent.map(|parent| cues.entries[parent].id.as_str()),
        clip: match &entry.body {
            Body::Sounding(sounding) => Some(sounding.clip),
            _ => None,
        },
    });
    let clips = sheet.clips.iter().zip(&cues.requests).map(|(clip, request)| {
        let line = match request {
            Request::Line(line) => Some(line),
            Request::Sound(_) => None,
        };
        ClipDump {
            name: &clip.name,
            origin: clip.origin.word(),
            frames: clip.samples.frames().get(),
            channels: clip.samples.channels().count(),
            hit: clip.hit.map(crate::units::time::FrameCount::get),
            role: line.map(|line| line.role.as_str()),
            text: line.map(|line| line.text.plain.as_str()),
            cues: clip
                .cues
                .iter()
                .map(|cue| CueDump { name: &cue.name, at: cue.at.get(), estimated: cue.estimated })
                .collect(),
        }
    });
    CueSheetDump {
        title: &cues.title,
        rate: cues.rate.hz(),
        deliver: cues.deliver.word(),
        entries: entries.collect(),
        clips: clips.collect(),
    }
}

impl Origin {
    /// The word for it in dumps.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Recorded => "recorded",
            Origin::Synthesized => "synthesized",
            Origin::File => "file",
            Origin::Patch => "patch",
            Origin::Missing => "missing",
        }
    }
}
