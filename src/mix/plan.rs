//! A timeline made ready to play: checked, sorted, with everything computed that does not change.

use crate::audio::buffer::Channels;
use crate::audio::samples::Samples;
use crate::dsp::pan;
use crate::mix::block::FRAMES;
use crate::mix::duck::Ducker;
use crate::mix::error::Error;
use crate::mix::treatment::{self, Chain};
use crate::routing::Bus;
use crate::staging::{Perspective, Through};
use crate::timeline::{Region, Timeline};
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
    pub(super) buses: Vec<BusPlan>,
    /// By start, then by the timeline's order.
    pub(super) regions: Vec<Placed>,
    /// The chains that regions use, at rest.
    pub(super) chains: Vec<Chain>,
    pub(super) segment: u64,
    pub(super) settle: u64,
    /// The most regions that sound in one block.
    pub(super) most_at_once: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Clip {
    pub(super) name: String,
    pub(super) samples: Samples,
}

#[derive(Clone, Debug)]
pub(super) struct BusPlan {
    pub(super) factor: f32,
    pub(super) ducks: Vec<Ducker>,
    /// Indices of its tracks, in order.
    pub(super) tracks: Vec<usize>,
}

/// A region, in frames and factors.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) track: usize,
    pub(super) clip: usize,
    pub(super) source_start: u64,
    pub(super) looped: Option<Looped>,
    pub(super) fade_in: u64,
    pub(super) fade_out: u64,
    /// For left and right: gain, treatment's gain and pan.
    pub(super) factors: (f32, f32),
    /// Index of its chain.
    pub(super) chain: Option<usize>,
}

/// How a region repeats.
#[derive(Clone, Debug)]
pub(super) struct Looped {
    /// From one turn's start to the next's; at least 1.
    pub(super) period: u64,
    /// How long two turns overlap; less than the period.
    pub(super) crossfade: u64,
}

impl Placed {
    /// The frame of the episode after its last.
    pub(super) fn end(&self) -> u64 {
        self.start + self.length
    }
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
        let mut chains = Chains { rate, known: Vec::new(), chains: Vec::new() };
        let mut regions = Vec::with_capacity(timeline.regions.len());
        for (index, region) in timeline.regions.iter().enumerate() {
            check(timeline, region).map_err(|flaw| inconsistent(format!("region {index} {flaw}")))?;
            if region.length == FrameCount::ZERO {
                continue;
            }
            let channels = timeline.clips[region.clip].channels;
            regions.push(placed(region, channels, chains.index(region.perspective, region.through)));
        }
        let buses = timeline
            .buses
            .iter()
            .enumerate()
            .map(|(index, bus)| bus_plan(timeline, &regions, index, bus))
            .collect::<Result<_, _>>()?;
        if let Some(track) = timeline.tracks.iter().position(|track| track.bus >= timeline.buses.len()) {
            return Err(inconsistent(format!("track {track} feeds no bus")));
        }
        regions.sort_by_key(|region| region.start);
        Ok(Plan {
            rate,
            length: timeline.length.get(),
            clips,
            buses,
            most_at_once: most_at_once(&regions),
            regions,
            chains: chains.chains,
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

    /// How many blocks that takes; the last may be shorter.
    pub fn blocks(&self) -> u64 {
        self.length.div_ceil(FRAMES as u64)
    }

    /// How many buses there are.
    pub fn buses(&self) -> usize {
        self.buses.len()
    }

    /// How much of a region with a treatment has to be filtered again after a seek, at most.
    pub fn replay(&self) -> FrameCount {
        FrameCount::new(self.segment + self.settle)
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

fn placed(region: &Region, channels: Channels, chain: Option<usize>) -> Placed {
    let gain = (region.gain + treatment::gain(region.perspective, region.through)).factor();
    let (left, right) = match channels {
        Channels::Mono => pan::place(region.pan),
        Channels::Stereo => pan::balance(region.pan),
    };
    Placed {
        start: region.start.from_start().unwrap_or_default().get(),
        length: region.length.get(),
        track: region.track,
        clip: region.clip,
        source_start: region.source_start.get(),
        looped: region.loop_crossfade.map(|crossfade| Looped {
            period: region.source_length.minus(crossfade).get(),
            crossfade: crossfade.get(),
        }),
        fade_in: region.fade_in.get(),
        fade_out: region.fade_out.get(),
        factors: (left * gain, right * gain),
        chain,
    }
}

type Treatment = (Perspective, Option<Through>);

/// The chains in use, each made once.
struct Chains {
    rate: SampleRate,
    known: Vec<(Treatment, Option<usize>)>,
    chains: Vec<Chain>,
}

impl Chains {
    fn index(&mut self, perspective: Perspective, through: Option<Through>) -> Option<usize> {
        let key = (perspective, through);
        if let Some((_, index)) = self.known.iter().find(|(known, _)| *known == key) {
            return *index;
        }
        let index = Chain::new(perspective, through, self.rate).map(|chain| {
            self.chains.push(chain);
            self.chains.len() - 1
        });
        self.known.push((key, index));
        index
    }
}

fn bus_plan(timeline: &Timeline, regions: &[Placed], index: usize, bus: &Bus) -> Result<BusPlan, Error> {
    let ducks = bus.ducks.iter().map(|duck| {
        if duck.under.iter().any(|under| *under >= timeline.buses.len()) {
            return Err(inconsistent(format!("bus `{}` gives way to a bus that is not there", bus.name)));
        }
        let over = |region: &&Placed| duck.under.contains(&timeline.tracks[region.track].bus);
        let mut spans: Vec<(u64, u64)> = regions.iter().filter(over).map(|it| (it.start, it.end())).collect();
        spans.sort_unstable();
        Ok(Ducker::new(duck, spans))
    });
    Ok(BusPlan {
        factor: bus.gain.factor(),
        ducks: ducks.collect::<Result<_, _>>()?,
        tracks: (0..timeline.tracks.len()).filter(|track| timeline.tracks[*track].bus == index).collect(),
    })
}

/// The most regions that sound in one block.
fn most_at_once(regions: &[Placed]) -> usize {
    let block = |frame: u64| frame / FRAMES as u64;
    let mut edges: Vec<(u64, bool)> = regions
        .iter()
        .flat_map(|region| [(block(region.start), true), (block(region.end().saturating_sub(1)) + 1, false)])
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
