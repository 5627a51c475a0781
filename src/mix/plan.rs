//! A timeline made ready to play: checked, sorted, with everything computed that does not change.

use std::collections::BTreeMap;

use crate::audio::samples::Samples;
use crate::mix::block::FRAMES;
use crate::mix::desk::{Desk, desk, scenes};
use crate::mix::error::Error;
use crate::mix::placed::{Levels, Placed, placed, treatment_of};
use crate::mix::rooms::{self, Burst, Send, Space};
use crate::mix::treatment::{self, Chain, Treatment};
use crate::timeline::{Region, Room, Timeline};
use crate::units::time::{FrameCount, SampleRate};

/// Everything a [`crate::mix::Mixer`] needs, immutable. Its size follows the number of regions, not the length of the
/// episode; samples stay where they are.
///
/// Filters have state, and the state of a recursive filter depends on all that went before. So that a block can be
/// had without its past, each region's frames are cut into segments of 2 s from its start, and at the start of each
/// segment but the first the filters are put at rest and run up over the [`treatment::settle`] time (⅛ s) that
/// leads up to it. That is part of what the mix *is*, done in the same way when playing through. What the restart
/// leaves out lies 140 dB below; a region shorter than a segment is filtered without any.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) rate: SampleRate,
    /// The episode's length in frames.
    pub(super) length: u64,
    pub(super) clips: Vec<Clip>,
    pub(super) desk: Desk,
    /// By start, then by the timeline's order.
    pub(super) regions: Vec<Placed>,
    /// The chains that regions use, at rest.
    pub(super) chains: Vec<Chains>,
    /// Rooms at rest; `None` for one that is silent.
    pub(super) rooms: Vec<Option<Space>>,
    /// What the rooms are known by, by the same index; `None` for a recording that nothing is known of.
    pub(super) room_names: Vec<Option<RoomName>>,
    /// Where scenes begin, frames.
    pub(super) scenes: Vec<u64>,
    pub(super) sends: Vec<Send>,
    /// By start.
    pub(super) bursts: Vec<Burst>,
    pub(super) segment: u64,
    pub(super) settle: u64,
    /// The most regions that sound in one block.
    pub(super) most_at_once: usize,
    /// The most sends that are fed in one block.
    pub(super) most_sends: usize,
}

/// What a region goes through: before it is sent to a room, and after.
#[derive(Clone, Debug)]
pub(super) struct Chains {
    pub(super) between: Option<Chain>,
    pub(super) away: Option<Chain>,
}

/// What a room is known by: two that are called the same answer the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RoomName {
    pub(super) text: String,
    /// Whether its answer is worked out block by block, so that its bits depend on where blocks lie.
    pub(super) counts_blocks: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Clip {
    pub(super) name: String,
    pub(super) samples: Samples,
}

impl Plan {
    /// A plan of `timeline`, whose clips have these `samples`, by the same index.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] where the length is past any [`crate::units::time::FramePos`], an index points nowhere, samples are not what their [`crate::timeline::ClipShape`]
    /// says, a region starts before the episode or ends after it, plays more of its clip than there is, or lasts
    /// longer than what it plays without looping, or a crossfade is not less than half of its turn.
    pub fn new(timeline: &Timeline, samples: &[Samples]) -> Result<Plan, Error> {
        if i64::try_from(timeline.length.get()).is_err() {
            return Err(inconsistent("it is longer than can be counted".to_owned()));
        }
        let clips = clips(timeline, samples)?;
        let rate = timeline.rate;
        let mut chains = KnownChains { rate, known: BTreeMap::new(), chains: Vec::new() };
        if timeline.rooms.iter().any(|room| matches!(room, Room::Recorded { clip } if *clip >= samples.len()))
        {
            return Err(inconsistent("a room was recorded in no clip".to_owned()));
        }
        let rooms = Space::all(timeline, samples)?;
        let mut regions = Vec::with_capacity(timeline.regions.len());
        for (index, region) in timeline.regions.iter().enumerate() {
            check(timeline, region).map_err(|flaw| inconsistent(format!("region {index} {flaw}")))?;
            if region.length == FrameCount::ZERO {
                continue;
            }
            let channels = timeline.clips[region.clip].channels;
            let space = region.room.and_then(|room| rooms[room].as_ref());
            let metres = treatment_of(region).metres;
            let answer = space.map(|space| space.level(region.perspective, metres));
            let levels = Levels::new(region, channels, answer);
            let name = &timeline.clips[region.clip].name;
            regions.push(placed(region, name, levels, chains.index(treatment_of(region))));
        }
        if let Some(track) = timeline.tracks.iter().position(|track| track.bus >= timeline.buses.len()) {
            return Err(inconsistent(format!("track {track} feeds no bus")));
        }
        regions.sort_by_key(|region| region.start);
        let bus_of = |track: usize| timeline.tracks[track].bus;
        let (mut sends, mut bursts) = rooms::sends(&mut regions, bus_of, &rooms, rate);
        let most_sends = most_at_once(bursts.iter().map(|burst| (burst.start, burst.end)));
        let desk = desk(timeline, &regions, &rooms, &mut sends, &mut bursts)?;
        Ok(Plan {
            rate,
            length: timeline.length.get(),
            clips,
            desk,
            most_at_once: most_at_once(regions.iter().map(|region| (region.start, region.end()))),
            most_sends,
            regions,
            chains: chains.chains,
            rooms,
            room_names: timeline.rooms.iter().map(|room| room_name(room, samples)).collect(),
            scenes: scenes(timeline),
            sends,
            bursts,
            segment: u64::from(rate.hz()) * 2,
            settle: treatment::settle(rate).get(),
        })
    }

    /// Frames per second.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The episode's length.
    pub fn length(&self) -> FrameCount {
        FrameCount::new(self.length)
    }

    /// Where scenes begin, frames, in order.
    pub fn scenes(&self) -> &[u64] {
        &self.scenes
    }

    /// Where the scene of a frame begins: the episode's first frame where none has begun yet.
    pub fn scene_of(&self, frame: u64) -> u64 {
        let begun = self.scenes.partition_point(|scene| *scene <= frame);
        begun.checked_sub(1).map_or(0, |last| self.scenes[last])
    }

    /// How many blocks that takes; the last may be shorter.
    pub fn blocks(&self) -> u64 {
        self.length.div_ceil(FRAMES as u64)
    }

    /// How many buses there are.
    pub fn buses(&self) -> usize {
        self.desk.buses.len()
    }

    /// The gain of a bus for as many frames from `first` on as `gains` has, its own and its ducks': factors.
    pub fn gains(&self, bus: usize, first: u64, gains: &mut [f32]) {
        gains.fill(1.0);
        let Some(bus) = self.desk.buses.get(bus) else { return };
        bus.ducks.iter().for_each(|duck| duck.apply(first, gains));
        gains.iter_mut().for_each(|gain| *gain *= bus.factor);
    }

    /// How far back buses and rooms remember, at most.
    pub fn memory(&self) -> FrameCount {
        FrameCount::new(self.desk.memory())
    }

    /// How much of what comes before a frame buses and rooms have to hear again for what follows to be right: at most
    /// [`Plan::memory`].
    pub fn run_up(&self, frame: u64) -> FrameCount {
        FrameCount::new(frame - self.desk.begin(frame, &self.sends, &self.bursts))
    }

    /// How much of a region with a treatment has to be filtered again after a seek, at most.
    pub fn replay(&self) -> FrameCount {
        FrameCount::new(self.segment + self.settle)
    }
}

fn room_name(room: &Room, samples: &[Samples]) -> Option<RoomName> {
    match room {
        Room::Named(room) => Some(RoomName { text: format!("{room:?}"), counts_blocks: false }),
        Room::Recorded { clip } => {
            let identity = samples.get(*clip)?.identity()?;
            Some(RoomName { text: format!("{identity:?}"), counts_blocks: true })
        }
    }
}

fn inconsistent(what: String) -> Error {
    Error::Inconsistent { what }
}

fn clips(timeline: &Timeline, samples: &[Samples]) -> Result<Vec<Clip>, Error> {
    if timeline.clips.len() != samples.len() {
        return Err(inconsistent(format!("{} clips, {} with samples", timeline.clips.len(), samples.len())));
    }
    let pairs = timeline.clips.iter().zip(samples);
    let clip = |(shape, samples): (&crate::timeline::ClipShape, &Samples)| {
        if (shape.channels, shape.frames) != (samples.channels(), samples.frames()) {
            return Err(inconsistent(format!("`{}` is not as long or as wide as its samples", shape.name)));
        }
        Ok(Clip { name: shape.name.clone(), samples: samples.clone() })
    };
    pairs.map(clip).collect()
}

/// What is wrong with a region, if anything.
fn check(timeline: &Timeline, region: &Region) -> Result<(), &'static str> {
    let sure = |holds: bool, flaw: &'static str| if holds { Ok(()) } else { Err(flaw) };
    sure(region.track < timeline.tracks.len(), "is on no track")?;
    sure(region.room.is_none_or(|room| room < timeline.rooms.len()), "is in no room")?;
    let clip = timeline.clips.get(region.clip).ok_or("plays no clip")?;
    let start = region.start.from_start().ok_or("starts before the episode")?;
    sure(
        start.get().checked_add(region.length.get()).is_some_and(|end| end <= timeline.length.get()),
        "ends late",
    )?;
    let source_end = region.source_start.get().checked_add(region.source_length.get());
    sure(source_end.is_some_and(|end| end <= clip.frames.get()), "plays more than there is of its clip")?;
    match region.loop_crossfade {
        None => sure(region.length <= region.source_length, "lasts longer than what it plays"),
        Some(crossfade) => sure(
            crossfade.get() < region.source_length.get().div_ceil(2),
            "overlaps its turns by half or more",
        ),
    }
}

/// The chains in use, each made once.
struct KnownChains {
    rate: SampleRate,
    known: BTreeMap<treatment::Key, Option<usize>>,
    chains: Vec<Chains>,
}

impl KnownChains {
    fn index(&mut self, treatment: Treatment) -> Option<usize> {
        let (rate, chains) = (self.rate, &mut self.chains);
        *self.known.entry(treatment.key()).or_insert_with(|| {
            let made =
                Chains { between: Chain::between(treatment, rate), away: Chain::away(treatment, rate) };
            (made.between.is_some() || made.away.is_some()).then(|| {
                chains.push(made);
                chains.len() - 1
            })
        })
    }
}

/// The most of some spans of frames that have a frame in one block.
fn most_at_once(spans: impl Iterator<Item = (u64, u64)>) -> usize {
    let block = |frame: u64| frame / FRAMES as u64;
    let mut edges: Vec<(u64, bool)> = spans
        .flat_map(|(start, end)| [(block(start), true), (block(end.saturating_sub(1)) + 1, false)])
        .collect();
    // At the same block ends come first.
    edges.sort_unstable();
    let mut now = 0_usize;
    let counts = edges.into_iter().map(|(_, starts)| {
        now = if starts { now + 1 } else { now.saturating_sub(1) };
        now
    });
    counts.max().unwrap_or(0)
}
