//! The episode for a workstation: tracks, regions, gains, fades and markers, and the media they play.
//!
//! A workstation does not have our filters, distances, rooms and pan laws. So what a region plays is printed with what
//! stands between, how far it is and where it is in the image, but before its gain and fades, which stay the
//! workstation's; and what rooms answer, and a bus's equaliser, compressor and sends change, is printed by bus, on a track
//! of its own. A bus's ducks become points of its
//! volume. Opened, it plays the unmastered mix, as nearly as the workstation's fades are raised cosines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::audio::samples::Samples;
use crate::export::episode::EpisodeError;
use crate::export::ingredients::Ingredients;
use crate::export::template::file_name;
use crate::export::wav::{WavFormat, WavWriter};
use crate::mix::Mixer;
use crate::mix::block::{Block, FRAMES};
use crate::mix::plan::Plan;
use crate::mix::spans;
use crate::routing::{Bus, Track};
use crate::timeline::{Region, Timeline};
use crate::units::depth::BitDepth;
use crate::units::level::Gain;
use crate::units::time::{FrameCount, FramePos, SampleRate};

pub mod dawproject;
pub mod reaper;

/// A workstation's kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionFormat {
    /// DAWproject 1.0.
    Dawproject,
    /// Reaper.
    Reaper,
}

impl SessionFormat {
    /// Every format.
    pub const ALL: [SessionFormat; 2] = [SessionFormat::Dawproject, SessionFormat::Reaper];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            SessionFormat::Dawproject => "dawproject",
            SessionFormat::Reaper => "reaper",
        }
    }

    /// Its files' ending.
    pub fn extension(self) -> &'static str {
        match self {
            SessionFormat::Dawproject => "dawproject",
            SessionFormat::Reaper => "rpp",
        }
    }
}

/// Points of a bus's volume lie at least this far apart: a hundredth of a second.
const STEP: u32 = 100;

/// A session.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The episode's title.
    pub title: String,
    /// Frames per second.
    pub rate: SampleRate,
    /// The episode's length.
    pub length: FrameCount,
    /// Buses, in order.
    pub buses: Vec<SessionBus>,
    /// Tracks, in order.
    pub tracks: Vec<SessionTrack>,
    /// What they play, by index.
    pub media: Vec<Media>,
    /// Scenes: name, first frame, the frame after the last.
    pub scenes: Vec<(String, FrameCount, FrameCount)>,
    /// Lines: name, first frame.
    pub lines: Vec<(String, FrameCount)>,
}

/// A bus.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionBus {
    /// Its name.
    pub name: String,
    /// Its volume, a factor.
    pub volume: f32,
    /// Where that changes: straight lines between these points. Empty where it does not.
    pub points: Vec<(FrameCount, f32)>,
}

/// A track.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionTrack {
    /// Its name.
    pub name: String,
    /// Index of its bus; `None` for what goes straight into the mix.
    pub bus: Option<usize>,
    /// What is on it.
    pub items: Vec<Item>,
}

/// A region.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Index of its media.
    pub media: usize,
    /// The first frame of that which plays.
    pub offset: FrameCount,
    /// Its first frame.
    pub start: FrameCount,
    /// How long it plays.
    pub length: FrameCount,
    /// Its gain.
    pub gain: Gain,
    /// Its rise and its fall.
    pub fades: [FrameCount; 2],
}

/// A file that is played: stereo, 32-bit float.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// Its name in the folder of media.
    pub file: String,
    /// How long it is.
    pub frames: FrameCount,
}

/// Makes a session's data and writes its media into `folder`.
///
/// # Errors
/// See [`EpisodeError`].
pub fn write(source: &Ingredients<'_>, title: &str, folder: &Path) -> Result<Session, EpisodeError> {
    let timeline = source.timeline;
    let plan = Arc::new(Plan::new(timeline, source.samples)?);
    let mut prints: Vec<Region> = Vec::new();
    let mut media: Vec<Media> = Vec::new();
    let mut tracks: Vec<SessionTrack> = timeline
        .tracks
        .iter()
        .map(|track| SessionTrack { name: track.name.clone(), bus: Some(track.bus), items: Vec::new() })
        .collect();
    for region in timeline.regions.iter().filter(|region| region.length > FrameCount::ZERO) {
        if source.progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        let name = region.entry.map_or_else(
            || timeline.clips[region.clip].name.clone(),
            |entry| timeline.entries[entry].id.clone(),
        );
        let (print, offset) = print(timeline, region);
        let known = prints.iter().position(|known| *known == print);
        let index = known.unwrap_or(prints.len());
        if known.is_none() {
            let file = format!("{:04}-{}.wav", index + 1, file_name(&name));
            write_print(source, &print, &folder.join(&file))?;
            media.push(Media { file, frames: print.length });
            prints.push(print);
        }
        tracks[region.track].items.push(Item {
            name,
            media: index,
            offset,
            start: position(region.start),
            length: region.length,
            gain: region.gain,
            fades: [region.fade_in, region.fade_out],
        });
    }
    for (bus, named) in timeline.buses.iter().enumerate() {
        let of_bus = |region: &&Region| timeline.tracks[region.track].bus == bus;
        let rooms = timeline.regions.iter().filter(of_bus).any(|region| region.room.is_some());
        let receives = timeline.buses.iter().any(|other| other.sends.iter().any(|send| send.to == bus));
        let treated = !named.eq.is_empty() || named.compress.is_some() || named.room.is_some() || receives;
        let name = match (treated, rooms) {
            (true, _) => format!("{} treatment", named.name),
            (false, true) => format!("{} rooms", named.name),
            (false, false) => continue,
        };
        let file = format!("{}.wav", file_name(&name));
        write_treatment(source, &plan, bus, &folder.join(&file))?;
        let item = Item {
            name: name.clone(),
            media: media.len(),
            offset: FrameCount::ZERO,
            start: FrameCount::ZERO,
            length: timeline.length,
            gain: Gain::UNITY,
            fades: [FrameCount::ZERO; 2],
        };
        media.push(Media { file, frames: timeline.length });
        tracks.push(SessionTrack { name, bus: None, items: vec![item] });
    }
    let scenes = timeline.scenes.iter();
    let lines = timeline.entries.iter().filter(|entry| entry.kind == "line");
    Ok(Session {
        title: title.to_owned(),
        rate: timeline.rate,
        length: timeline.length,
        buses: (0..timeline.buses.len()).map(|bus| session_bus(timeline, &plan, bus)).collect(),
        tracks,
        media,
        scenes: scenes
            .map(|scene| (scene.title.clone(), position(scene.start), position(scene.boundary)))
            .collect(),
        lines: lines.map(|entry| (entry.id.clone(), position(entry.start))).collect(),
    })
}

fn position(at: FramePos) -> FrameCount {
    at.from_start().unwrap_or_default()
}

/// What is printed of a region, and where in that it begins. All of its clip, so that a workstation can trim it
/// otherwise; but of what loops or moves only what is heard.
fn print(timeline: &Timeline, region: &Region) -> (Region, FrameCount) {
    let moves = region.pan_to.is_some() || region.distance_to.is_some();
    let whole = !moves && region.loop_crossfade.is_none();
    let frames = timeline.clips[region.clip].frames;
    let print = Region {
        entry: None,
        track: 0,
        source_start: if whole { FrameCount::ZERO } else { region.source_start },
        source_length: if whole { frames } else { region.source_length },
        start: FramePos::ZERO,
        length: if whole { frames } else { region.length },
        gain: Gain::UNITY,
        fade_in: FrameCount::ZERO,
        fade_out: FrameCount::ZERO,
        room: None,
        cut: false,
        ..region.clone()
    };
    (print, if whole { region.source_start } else { FrameCount::ZERO })
}

fn write_print(source: &Ingredients<'_>, print: &Region, target: &Path) -> Result<(), EpisodeError> {
    let alone = Timeline {
        length: print.length,
        scenes: Vec::new(),
        entries: Vec::new(),
        tracks: vec![Track { name: String::new(), bus: 0 }],
        buses: vec![Bus::new("")],
        rooms: Vec::new(),
        regions: vec![print.clone()],
        ..source.timeline.clone()
    };
    let samples: &[Samples] = source.samples;
    let plan = Arc::new(Plan::new(&alone, samples)?);
    let mut mixer = Mixer::new(Arc::clone(&plan));
    let mut block = Block::new(plan.buses());
    let mut writer = WavWriter::create(target, format(plan.rate()), Some(plan.length()))?;
    let mut frames = Vec::new();
    while mixer.render(&mut block)? > FrameCount::ZERO {
        block.sum().interleave_to(&mut frames);
        writer.write(&frames)?;
    }
    writer.finish()?;
    Ok(())
}

/// What rooms, equaliser, compressor and other buses add to a bus: all of it, less what its regions are by themselves.
fn write_treatment(
    source: &Ingredients<'_>,
    plan: &Arc<Plan>,
    bus: usize,
    target: &Path,
) -> Result<(), EpisodeError> {
    let mut dry = source.timeline.clone();
    dry.regions.iter_mut().for_each(|region| region.room = None);
    for bus in &mut dry.buses {
        *bus = Bus { gain: bus.gain, ducks: std::mem::take(&mut bus.ducks), ..Bus::new(&*bus.name) };
    }
    let dry = Arc::new(Plan::new(&dry, source.samples)?);
    let mut mixer = Mixer::new(Arc::clone(&dry));
    let mut without = Block::new(dry.buses());
    let mut writer = WavWriter::create(target, format(plan.rate()), Some(plan.length()))?;
    let (mut wet, mut frames) = (Vec::new(), Vec::new());
    spans::mix::<EpisodeError>(plan, 0..plan.blocks(), |block| {
        if source.progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        mixer.render(&mut without)?;
        wet.clear();
        frames.clear();
        if let (Some(with), Some(dry)) = (block.buses().nth(bus), without.buses().nth(bus)) {
            with.interleave_to(&mut wet);
            dry.interleave_to(&mut frames);
        }
        wet.iter_mut().zip(&frames).for_each(|(wet, dry)| *wet -= dry);
        Ok(writer.write(&wet)?)
    })?;
    writer.finish()?;
    Ok(())
}

fn format(rate: SampleRate) -> WavFormat {
    WavFormat { rate, channels: Channels::Stereo, depth: BitDepth::Float32 }
}

fn session_bus(timeline: &Timeline, plan: &Plan, bus: usize) -> SessionBus {
    let named = &timeline.buses[bus];
    let mut points = Vec::new();
    if !named.ducks.is_empty() {
        let step = FrameCount::new(u64::from((timeline.rate.hz() / STEP).max(1)));
        let mut all = Vec::new();
        let mut gains = vec![0.0; FRAMES];
        let (mut at, mut block) = (0, u64::MAX);
        while at < timeline.length.get() {
            let first = at / FRAMES as u64;
            if first != block {
                plan.gains(bus, first * FRAMES as u64, &mut gains);
                block = first;
            }
            all.push((FrameCount::new(at), gains[FrameCount::new(at % FRAMES as u64).index()]));
            at += step.get();
        }
        // A point in the middle of a level stretch says nothing.
        #[expect(clippy::float_cmp, reason = "a level stretch has one value")]
        let bends = |index: usize| {
            let value = all[index].1;
            index == 0 || index + 1 == all.len() || all[index - 1].1 != value || all[index + 1].1 != value
        };
        points = (0..all.len()).filter(|index| bends(*index)).map(|index| all[index]).collect();
    }
    SessionBus { name: named.name.clone(), volume: named.gain.factor(), points }
}

/// The folder of a session's media, beside it.
pub fn media_folder(session: &Path) -> PathBuf {
    let stem = session.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    session.with_file_name(format!("{stem}-media"))
}
