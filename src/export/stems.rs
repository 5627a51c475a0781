//! The mix in parts: stems that sum to the unmastered mix, bit by bit, in 32-bit floats and in the order of their names.
//!
//! Buses are what the mixer sums, so their stems sum to the mix as they are. A bus's gain and ducks come after its
//! tracks are summed, though, and rounding does not let itself be split. So each track gets a bus of its own, with
//! all that the one it feeds does, and buses of its own for those it sends to; what the sum of those lacks of the mix is a
//! file of its own: the *rest*. That is a few units in the last place, but where tracks of one bus with a compressor
//! sound at once: together they are turned down by more than each by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audio::buffer::Channels;
use crate::dsp::side_by_side::add;
use crate::export::catalogue::{Split, Stem};
use crate::export::episode::EpisodeError;
use crate::export::ingredients::Ingredients;
use crate::export::wav::{WavFormat, WavWriter};
use crate::mix::Mixer;
use crate::mix::block::{Block, View};
use crate::mix::plan::Plan;
use crate::mix::spans;
use crate::progress::Stage;
use crate::routing::{Bus, Track};
use crate::timeline::Timeline;
use crate::units::depth::BitDepth;

/// The files of one split: for each stem its own, where it is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// How the mix is split.
    pub split: Split,
    /// The stems in the order they are summed, and where each is written.
    pub stems: Vec<(Stem, Option<PathBuf>)>,
    /// Where the rest is written.
    pub rest: Option<PathBuf>,
    /// Where the mix is written.
    pub mix: Option<PathBuf>,
}

/// Mixes an episode and writes it split.
///
/// # Errors
/// See [`EpisodeError`].
pub fn write(source: &Ingredients<'_>, targets: &Targets) -> Result<(), EpisodeError> {
    let timeline = source.timeline;
    let plan = Arc::new(Plan::new(timeline, source.samples)?);
    // Buses of the plan that is split, by stem.
    let (split_plan, groups): (Arc<Plan>, Vec<Vec<usize>>) = match targets.split {
        Split::Bus => (Arc::clone(&plan), (0..timeline.buses.len()).map(|bus| vec![bus]).collect()),
        Split::Role | Split::Track => {
            let (apart, buses) = tracks_apart(timeline);
            let group = |stem: &Stem| stem.tracks.iter().flat_map(|track| buses[*track].clone()).collect();
            let groups = targets.stems.iter().map(|(stem, _)| group(stem)).collect();
            (Arc::new(Plan::new(&apart, source.samples)?), groups)
        }
    };
    let format = WavFormat { rate: timeline.rate, channels: Channels::Stereo, depth: BitDepth::Float32 };
    let create = |path: Option<&Path>| {
        path.map(|path| WavWriter::create(path, format, Some(plan.length()))).transpose()
    };
    let mut writers =
        targets.stems.iter().map(|(_, path)| create(path.as_deref())).collect::<Result<Vec<_>, _>>()?;
    let (mut rest, mut mix) = (create(targets.rest.as_deref())?, create(targets.mix.as_deref())?);
    let mut whole = (targets.split != Split::Bus && (rest.is_some() || mix.is_some()))
        .then(|| (Mixer::new(Arc::clone(&plan)), Block::new(plan.buses())));
    let mut splitter = Splitter::default();
    source.progress.begin(Stage::Write, plan.length().get());
    let mixed = spans::mix(&split_plan, 0..split_plan.blocks(), |block| {
        if source.progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        let buses: Vec<View<'_>> = block.buses().collect();
        let sum = match &mut whole {
            Some((mixer, whole)) => {
                mixer.render(whole)?;
                whole.sum()
            }
            None => block.sum(),
        };
        splitter.split(&buses, &groups, &sum);
        if rest.is_some() {
            splitter.settle();
        }
        for (writer, stem) in writers.iter_mut().zip(&splitter.stems) {
            writer.as_mut().map_or(Ok(()), |writer| writer.write(stem))?;
        }
        rest.as_mut().map_or(Ok(()), |rest| rest.write(&splitter.rest))?;
        mix.as_mut().map_or(Ok(()), |mix| mix.write(&splitter.mix))?;
        source.progress.advance(Stage::Write, block.frames().get());
        Ok(())
    });
    source.progress.end(Stage::Write);
    mixed?;
    for writer in writers.into_iter().chain([rest, mix]).flatten() {
        writer.finish()?;
    }
    Ok(())
}

/// The same episode with a bus for each track, by the tracks' index, that does what the bus it feeds does, and then
/// copies of all buses that it sends to; and for each track the buses it is heard on.
fn tracks_apart(timeline: &Timeline) -> (Timeline, Vec<Vec<usize>>) {
    let apart =
        |bus: usize| (0..timeline.tracks.len()).filter(move |track| timeline.tracks[*track].bus == bus);
    let copy = |bus: usize| {
        let mut bus: Bus = timeline.buses[bus].clone();
        for duck in &mut bus.ducks {
            duck.under = duck.under.iter().flat_map(|under| apart(*under)).collect();
        }
        bus
    };
    let mut buses: Vec<Bus> = timeline.tracks.iter().map(|track| copy(track.bus)).collect();
    let mut of_tracks = Vec::with_capacity(timeline.tracks.len());
    for (index, track) in timeline.tracks.iter().enumerate() {
        let mut copies = BTreeMap::from([(track.bus, index)]);
        let mut own = vec![index];
        let mut next = 0;
        while let Some(bus) = own.get(next).copied() {
            next += 1;
            for send in 0..buses[bus].sends.len() {
                let to = buses[bus].sends[send].to;
                let there = *copies.entry(to).or_insert(buses.len());
                if there == buses.len() {
                    buses.push(copy(to));
                    own.push(there);
                }
                buses[bus].sends[send].to = there;
            }
        }
        of_tracks.push(own);
    }
    let tracks = timeline.tracks.iter().enumerate();
    let tracks = tracks.map(|(index, track)| Track { name: track.name.clone(), bus: index }).collect();
    (Timeline { buses, tracks, ..timeline.clone() }, of_tracks)
}

/// One block, split; interleaved. Used again and again.
#[derive(Default)]
struct Splitter {
    stems: Vec<Vec<f32>>,
    rest: Vec<f32>,
    mix: Vec<f32>,
    bus: Vec<f32>,
}

impl Splitter {
    fn split(&mut self, buses: &[View<'_>], groups: &[Vec<usize>], sum: &View<'_>) {
        sum.interleave_to(&mut self.mix);
        self.stems.resize_with(groups.len(), Vec::new);
        for (stem, group) in self.stems.iter_mut().zip(groups) {
            stem.clear();
            stem.resize(self.mix.len(), 0.0);
            for bus in group {
                buses[*bus].interleave_to(&mut self.bus);
                add(stem, &self.bus);
            }
        }
    }

    /// Fills the rest so that the stems and it, summed in order, are the mix.
    fn settle(&mut self) {
        self.rest.clear();
        for (at, &wanted) in self.mix.iter().enumerate() {
            let sum = |stems: &[Vec<f32>]| stems.iter().fold(0.0_f32, |sum, stem| sum + stem[at]);
            let all = sum(&self.stems);
            let missing = wanted - all;
            #[expect(clippy::float_cmp, reason = "exactness is what is asked for")]
            let exact = all + missing == wanted;
            if exact {
                self.rest.push(missing);
                continue;
            }
            // What is left of stems that cancel each other has steps that are too coarse. It is as small as their
            // rounding, so the last of them takes it all, and the rest is the mix.
            if let Some((last, before)) = self.stems.split_last_mut() {
                last[at] = -sum(before);
            }
            self.rest.push(wanted);
        }
    }
}
