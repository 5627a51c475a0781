//! What decides the bytes of each kind of file, as digests. `None` where a sound in it is not made yet.

use crate::audio::samples::Samples;
use crate::cache::key::{Key, Parts};
use crate::cuesheet::{CueSheet, Request};
use crate::export::tags::Tags;
use crate::timeline::{Region, Room, Timeline};
use crate::units::time::SampleRate;

/// All that sounds, where and how, on which tracks and buses: what stems and sessions are made of.
pub fn score(timeline: &Timeline, samples: &[Samples]) -> Option<Key> {
    let mut parts = Parts::new("score", "1").data(&(timeline.rate, timeline.length));
    parts = parts.data(&timeline.tracks).data(&timeline.buses);
    for room in &timeline.rooms {
        parts = match room {
            Room::Named(room) => parts.data(room),
            Room::Recorded { clip } => parts.identity(&samples.get(*clip)?.identity()?),
        };
    }
    for region in &timeline.regions {
        let identity = samples.get(region.clip)?.identity()?;
        parts = parts.identity(&identity).data(&Region { entry: None, clip: 0, ..region.clone() });
    }
    Some(parts.key_of_all())
}

/// What its parts are called: scenes, entries, clips.
pub fn names(timeline: &Timeline) -> Key {
    let mut parts = Parts::new("names", "1").data(&timeline.scenes);
    for entry in &timeline.entries {
        parts = parts.data(&(&entry.id, entry.kind, entry.start));
    }
    for region in &timeline.regions {
        parts = parts.data(&region.entry).text(&timeline.clips[region.clip].name);
    }
    parts.key_of_all()
}

/// What is said, by whom and when. `shown` gives the name by which a role is shown.
pub fn text(sheet: &CueSheet, timeline: &Timeline, shown: impl Fn(&str) -> String) -> Option<Key> {
    let mut parts = Parts::new("text", "1").text(&sheet.cues.title).data(&timeline.rate);
    for scene in &sheet.cues.scenes {
        parts = parts.data(&(&scene.id, &scene.title));
    }
    for region in &timeline.regions {
        let Request::Line(line) = &sheet.cues.requests[region.clip] else { continue };
        let clip = &sheet.clips[region.clip];
        let entry = region.entry.map(|entry| &timeline.entries[entry]);
        let place = (region.start, region.source_start, region.length);
        let cues: Vec<_> = clip.cues.iter().map(|cue| (cue.byte, cue.at, cue.estimated)).collect();
        parts = parts.identity(&clip.samples.identity()?).text(&shown(&line.role));
        parts = parts.text(&line.text.plain).data(&line.text.pauses().collect::<Vec<_>>()).data(&line.speed);
        parts = parts.data(&(entry.map(|entry| (&entry.id, entry.scene)), place, clip.origin, cues));
    }
    Some(parts.key_of_all())
}

/// What a file says about itself.
pub fn tags(tags: &Tags, rate: SampleRate) -> Key {
    let cover = tags.cover.as_ref().map(|cover| (cover.kind, Key::of_bytes(&cover.bytes)));
    let rest = Tags { cover: None, ..tags.clone() };
    Parts::new("tags", "1").data(&rest).data(&cover).data(&rate).key_of_all()
}

/// How it is made and stored: whatever is plain data.
pub fn settings(settings: &impl std::fmt::Debug) -> Key {
    Parts::new("settings", "1").data(settings).key_of_all()
}
