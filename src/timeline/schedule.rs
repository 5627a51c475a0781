//! From a cue sheet to a timeline: every entry gets its frames, every sound its regions.

use crate::cuesheet::{self, Body, CueSheet};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::timeline::layout::{Layout, lay_out};
use crate::timeline::sheet::Sheet;
use crate::timeline::solve::{hit, source_start};
use crate::timeline::{ClipShape, EntrySpan, MarkTime, Room, SceneSpan, Timeline};
use crate::units::time::FrameCount;

/// The longest episode, in seconds: 100 hours.
const LONGEST: f64 = 360_000.0;

/// Solves the episode's times. Anchors that depend on each other, sounds before their scene, empty spans and fades
/// longer than what they fade are reported; a timeline is returned all the same.
pub fn schedule(sheet: &CueSheet, diagnostics: &mut Diagnostics) -> Timeline {
    let sheet = &Sheet::of(sheet);
    let layout = lay_out(sheet, diagnostics);
    if layout.length.seconds(sheet.cues.rate) > LONGEST {
        diagnostics.push(Diagnostic::error(Code::TooLong, "the episode is longer than 100 hours"));
    }
    named(sheet, layout)
}

/// Gives everything its name.
fn named(sheet: &Sheet<'_>, layout: Layout) -> Timeline {
    let cues = sheet.cues;
    let mut entries = Vec::with_capacity(cues.entries.len());
    for (entry, &(start, end)) in cues.entries.iter().zip(&layout.entries) {
        let mut span = EntrySpan {
            id: entry.id.clone(),
            kind: entry.kind,
            scene: entry.scene,
            start,
            end,
            hit: None,
            marks: Vec::new(),
        };
        if let Body::Sounding(sounding) = &entry.body {
            let first = source_start(sounding, sheet);
            let inside = |at: FrameCount| start.after(at).before(first);
            span.hit = hit(sounding, sheet).map(|hit| start.after(hit));
            let cues = sheet.clips[sounding.clip].cues.iter();
            let mark = |cue: &cuesheet::CueTime| MarkTime {
                name: cue.name.clone(),
                at: inside(cue.at),
                estimated: cue.estimated,
            };
            span.marks = cues.map(mark).collect();
        }
        entries.push(span);
    }
    let scenes = cues.scenes.iter().zip(&layout.scenes).map(|(scene, &(start, end, boundary))| SceneSpan {
        id: scene.id.clone(),
        title: scene.title.clone(),
        start,
        end,
        boundary,
    });
    let clips = sheet.clips.iter().map(|clip| ClipShape {
        name: clip.name.clone(),
        channels: clip.samples.channels(),
        frames: clip.samples.frames(),
    });
    Timeline {
        rate: cues.rate,
        length: layout.length,
        scenes: scenes.collect(),
        entries,
        clips: clips.collect(),
        tracks: cues.tracks.clone(),
        buses: cues.buses.clone(),
        rooms: cues.rooms.iter().map(room).collect(),
        regions: layout.regions,
    }
}

fn room(room: &cuesheet::Room) -> Room {
    match room {
        cuesheet::Room::Named(room) => Room::Named(*room),
        cuesheet::Room::Recorded { clip, .. } => Room::Recorded { clip: *clip },
    }
}
