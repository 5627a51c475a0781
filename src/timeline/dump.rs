//! The timeline as JSON: `radioplay check --dump timeline`.
//!
//! Every time is in frames at `rate`, counted from the episode's start. Gains are in dB; `null` stands for −∞.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::routing::{Band, Compress};
use crate::timeline::{Room, Timeline};
use crate::units::distance::Metres;
use crate::units::level::Gain;
use crate::units::pan::Pan;

/// The whole timeline.
#[derive(Debug, Serialize)]
pub struct TimelineDump<'t> {
    /// Frames per second.
    pub rate: u32,
    /// The episode's length in frames.
    pub length: u64,
    /// Scenes in order.
    pub scenes: Vec<SceneDump<'t>>,
    /// Entries as they were written, children after their group.
    pub entries: Vec<EntryDump<'t>>,
    /// Tracks in order.
    pub tracks: Vec<TrackDump<'t>>,
    /// Buses in order.
    pub buses: Vec<BusDump<'t>>,
    /// Regions by start.
    pub regions: Vec<RegionDump<'t>>,
}

/// A scene.
#[derive(Debug, Serialize)]
pub struct SceneDump<'t> {
    /// Its id.
    pub id: &'t str,
    /// Its title.
    pub title: &'t str,
    /// Its first frame.
    pub start: i64,
    /// Where its last advancing entry ends.
    pub end: i64,
    /// Where the next scene starts: the end of this one's file.
    pub boundary: i64,
}

/// An entry.
#[derive(Debug, Serialize)]
pub struct EntryDump<'t> {
    /// Its id.
    pub id: &'t str,
    /// Its kind key.
    pub kind: &'t str,
    /// Its scene's id.
    pub scene: &'t str,
    /// Its first frame.
    pub start: i64,
    /// The frame after its last.
    pub end: i64,
    /// Where its hit lands; `null` for what has none.
    pub hit: Option<i64>,
    /// The marks and words that others are anchored to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<MarkDump<'t>>,
}

/// A mark in a line.
#[derive(Debug, Serialize)]
pub struct MarkDump<'t> {
    /// Its name; `word(3)` for a word.
    pub name: &'t str,
    /// Its frame.
    pub at: i64,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// A track.
#[derive(Debug, Serialize)]
pub struct TrackDump<'t> {
    /// A role's or a bus's name.
    pub name: &'t str,
    /// Its bus.
    pub bus: &'t str,
}

/// A bus.
#[derive(Debug, Serialize)]
pub struct BusDump<'t> {
    /// Its name.
    pub name: &'t str,
    /// Its gain, dB.
    pub gain: Option<f32>,
    /// What it gives way to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ducks: Vec<DuckDump<'t>>,
    /// Its equaliser's bands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eq: Vec<BandDump>,
    /// Its compressor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compress: Option<CompressDump>,
    /// The room that all of it is heard through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<&'t str>,
    /// Where it sends, and how loudly, dB.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sends: BTreeMap<&'t str, f32>,
}

/// A band of an equaliser.
#[derive(Debug, Serialize)]
pub struct BandDump {
    /// What it is.
    pub kind: &'static str,
    /// Where it is.
    pub hz: f64,
    /// Poles, of a pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
    /// Its gain, dB, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<f32>,
    /// Middle over bandwidth, of a peak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<f64>,
}

/// A compressor.
#[derive(Debug, Serialize)]
pub struct CompressDump {
    /// dBFS.
    pub threshold: f32,
    /// dB in for each dB out.
    pub ratio: f64,
    /// Seconds.
    pub attack: f64,
    /// Seconds.
    pub release: f64,
    /// dB.
    pub knee: f64,
    /// dB.
    pub makeup: f32,
}

/// One bus giving way to others.
#[derive(Debug, Serialize)]
pub struct DuckDump<'t> {
    /// The buses it gives way to.
    pub under: Vec<&'t str>,
    /// How far, dB.
    pub by: Option<f32>,
    /// The way down, frames.
    pub attack: u64,
    /// How long it stays down, frames.
    pub hold: u64,
    /// The way back, frames.
    pub release: u64,
}

/// A region.
#[derive(Debug, Serialize)]
pub struct RegionDump<'t> {
    /// Its entry's id; `null` for a place's tone.
    pub entry: Option<&'t str>,
    /// Its track.
    pub track: &'t str,
    /// Its bus.
    pub bus: &'t str,
    /// What it plays.
    pub source: &'t str,
    /// The first frame of that which it plays.
    pub source_start: u64,
    /// How many frames of that it plays, or repeats.
    pub source_length: u64,
    /// Its first frame.
    pub start: i64,
    /// How many frames it sounds.
    pub length: u64,
    /// Its gain, dB.
    pub gain: Option<f32>,
    /// −1 left, 1 right.
    pub pan: f32,
    /// Where it moves to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pan_to: Option<f32>,
    /// Its rise from silence, frames.
    pub fade_in: u64,
    /// Its fall into silence, frames.
    pub fade_out: u64,
    /// The crossfade between two turns, frames; `null` where it does not loop.
    #[serde(rename = "loop")]
    pub repeat: Option<u64>,
    /// How near it is heard.
    #[serde(rename = "as")]
    pub perspective: &'t str,
    /// What it is heard through.
    pub through: Option<&'t str>,
    /// How far away it is, metres.
    pub distance: f64,
    /// Where it moves to, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_to: Option<f64>,
    /// The room that answers to it: its name, or the file it was recorded in.
    pub room: Option<&'t str>,
    /// Whether the room's answer ends with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// The timeline as serialisable values.
pub fn dump(timeline: &Timeline) -> TimelineDump<'_> {
    let bus = |index: usize| timeline.buses.get(index).map_or("", |bus| bus.name.as_str());
    let room = |index: usize| match timeline.rooms[index] {
        Room::Named(room) => room.word(),
        Room::Recorded { clip } => timeline.clips[clip].name.as_str(),
    };
    let scenes = timeline.scenes.iter().map(|scene| SceneDump {
        id: &scene.id,
        title: &scene.title,
        start: scene.start.get(),
        end: scene.end.get(),
        boundary: scene.boundary.get(),
    });
    let entries = timeline.entries.iter().map(|entry| EntryDump {
        id: &entry.id,
        kind: entry.kind,
        scene: &timeline.scenes[entry.scene].id,
        start: entry.start.get(),
        end: entry.end.get(),
        hit: entry.hit.map(crate::units::time::FramePos::get),
        marks: entry
            .marks
            .iter()
            .map(|mark| MarkDump { name: &mark.name, at: mark.at.get(), estimated: mark.estimated })
            .collect(),
    });
    let buses = timeline.buses.iter().map(|it| BusDump {
        name: &it.name,
        gain: db(it.gain),
        ducks: it
            .ducks
            .iter()
            .map(|duck| DuckDump {
                under: duck.under.iter().map(|&under| bus(under)).collect(),
                by: db(duck.by),
                attack: duck.attack.get(),
                hold: duck.hold.get(),
                release: duck.release.get(),
            })
            .collect(),
        eq: it.eq.iter().map(band).collect(),
        compress: it.compress.as_ref().map(compress),
        room: it.room.map(room),
        sends: it.sends.iter().map(|send| (bus(send.to), send.gain.db())).collect(),
    });
    let regions = timeline.regions.iter().map(|region| {
        let track = &timeline.tracks[region.track];
        RegionDump {
            entry: region.entry.map(|entry| timeline.entries[entry].id.as_str()),
            track: &track.name,
            bus: bus(track.bus),
            source: &timeline.clips[region.clip].name,
            source_start: region.source_start.get(),
            source_length: region.source_length.get(),
            start: region.start.get(),
            length: region.length.get(),
            gain: db(region.gain),
            pan: region.pan.get(),
            pan_to: region.pan_to.map(Pan::get),
            fade_in: region.fade_in.get(),
            fade_out: region.fade_out.get(),
            repeat: region.loop_crossfade.map(crate::units::time::FrameCount::get),
            perspective: region.perspective.word(),
            through: region.through.map(crate::staging::Through::word),
            distance: region.distance.get(),
            distance_to: region.distance_to.map(Metres::get),
            room: region.room.map(room),
            cut: region.cut,
        }
    });
    TimelineDump {
        rate: timeline.rate.hz(),
        length: timeline.length.get(),
        scenes: scenes.collect(),
        entries: entries.collect(),
        tracks: timeline
            .tracks
            .iter()
            .map(|track| TrackDump { name: &track.name, bus: bus(track.bus) })
            .collect(),
        buses: buses.collect(),
        regions: regions.collect(),
    }
}

fn band(band: &Band) -> BandDump {
    let (kind, hz, order, gain, q) = match *band {
        Band::HighPass { hz, order } => ("highpass", hz, Some(order), None, None),
        Band::LowPass { hz, order } => ("lowpass", hz, Some(order), None, None),
        Band::Peak { hz, gain, q } => ("peak", hz, None, Some(gain), Some(q)),
        Band::LowShelf { hz, gain } => ("lowshelf", hz, None, Some(gain), None),
        Band::HighShelf { hz, gain } => ("highshelf", hz, None, Some(gain), None),
    };
    BandDump { kind, hz, order, gain: gain.map(Gain::db), q }
}

fn compress(settings: &Compress) -> CompressDump {
    CompressDump {
        threshold: settings.threshold.dbfs(),
        ratio: settings.ratio,
        attack: settings.attack.get(),
        release: settings.release.get(),
        knee: settings.knee,
        makeup: settings.makeup.db(),
    }
}

/// JSON has no infinities.
fn db(gain: Gain) -> Option<f32> {
    gain.db().is_finite().then_some(gain.db())
}
