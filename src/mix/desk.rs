//! The buses of a plan: in which order they are done, when each of them is heard, and what its own room answers to.

use crate::dsp::compressor::Compressor;
use crate::dsp::equalizer::Equalizer;
use crate::mix::at_rest::AtRest;
use crate::mix::duck::Ducker;
use crate::mix::error::Error;
use crate::mix::hush::Hushes;
use crate::mix::placed::Placed;
use crate::mix::rooms::{Burst, Fed, Feed, LONGEST_OF_BUS, Send, Space};
use crate::mix::shifts::{Shifts, Spans, joined};
use crate::timeline::Timeline;

/// A bus, made ready.
#[derive(Clone, Debug)]
pub(super) struct BusPlan {
    pub(super) factor: f32,
    pub(super) ducks: Vec<Ducker>,
    /// Indices of its tracks, in order.
    pub(super) tracks: Vec<usize>,
    /// Its equaliser and compressor, where it has any, and when they work.
    pub(super) strip: Option<(AtRest, Shifts)>,
    /// The room it is heard through: index of its send, and the factor of what goes into it.
    pub(super) room: Option<(usize, f32)>,
    /// The buses it sends to, and the factors.
    pub(super) sends: Vec<(usize, f32)>,
    /// When it is silent whatever its equaliser still holds.
    pub(super) hushes: Hushes,
    /// When there is anything in it.
    heard: Spans,
    /// The longest burst in the rooms of its regions, and in its own.
    longest: [u64; 2],
}

impl BusPlan {
    /// When its equaliser works, and when its compressor does, where it has any.
    fn works(&self) -> (Option<&Shifts>, Option<&Shifts>) {
        let Some((at_rest, shifts)) = &self.strip else { return (None, None) };
        (at_rest.eq.as_ref().map(|_| shifts), at_rest.compressor.as_ref().map(|_| shifts))
    }

    /// Whether there is anything in it in the frames `first..end`.
    pub(super) fn sounds(&self, first: u64, end: u64) -> bool {
        let next = self.heard.partition_point(|(_, over)| *over <= first);
        self.heard.get(next).is_some_and(|(start, _)| *start < end)
    }
}

/// From which frame on a bus has to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needed {
    /// What comes out of its equaliser; and goes in there, but for what follows from it.
    pub(super) output: u64,
    /// What rooms answer to its regions, and goes into the room it is heard through.
    pub(super) answers: u64,
    /// What comes into it, but for what regions send to rooms.
    pub(super) input: u64,
    /// All that comes into it.
    pub(super) regions: u64,
}

/// All buses, and the order in which they are done: each before those it sends to.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) buses: Vec<BusPlan>,
    pub(super) order: Vec<usize>,
}

/// The buses of `timeline`, whose `regions` are in order. Sends and bursts of rooms that whole buses go through are
/// added to those of the regions.
pub(super) fn desk(
    timeline: &Timeline,
    regions: &[Placed],
    rooms: &[Option<Space>],
    sends: &mut Vec<Send>,
    bursts: &mut Vec<Burst>,
) -> Result<Desk, Error> {
    let mut buses = (0..timeline.buses.len())
        .map(|index| bus_plan(timeline, regions, index, rooms, sends))
        .collect::<Result<Vec<_>, _>>()?;
    let order = order(timeline)?;
    let (rate, scenes) = (timeline.rate, scenes(timeline));
    let mut incoming: Vec<Spans> = vec![Vec::new(); buses.len()];
    let mut cuts: Vec<Vec<u64>> = vec![Vec::new(); buses.len()];
    for region in regions {
        let bus = timeline.tracks[region.track].bus;
        incoming[bus].push((region.start, region.end()));
        if region.cut {
            cuts[bus].push(region.end());
        }
    }
    for burst in bursts.iter() {
        let bus = sends[burst.send].bus;
        incoming[bus].push((burst.start, burst.over));
        buses[bus].longest[0] = buses[bus].longest[0].max(burst.over - burst.start);
    }
    for &index in &order {
        cuts[index].sort_unstable();
        cuts[index].dedup();
        let mut spans = std::mem::take(&mut incoming[index]);
        spans.sort_unstable();
        let mut heard = joined(&spans, 0);
        let bus = &mut buses[index];
        if let Some((send, _)) = bus.room {
            let tail = rooms[sends[send].room].as_ref().map_or(0, |space| space.tail);
            let fed = Fed { spans: &heard, cuts: &cuts[index], tail, longest: LONGEST_OF_BUS };
            let own = fed.bursts(send, rate);
            bus.longest[1] = own.iter().map(|burst| burst.over - burst.start).max().unwrap_or(0);
            heard.extend(own.iter().map(|burst| (burst.start, burst.over)));
            heard.sort_unstable();
            heard = joined(&heard, 0);
            bursts.extend(own);
        }
        let mut sent = heard.clone();
        if let Some((at_rest, shifts)) = &mut bus.strip {
            *shifts = Shifts::new(&heard, &scenes, at_rest.ring(), at_rest.run_up(), rate);
            bus.hushes = Hushes::new(&heard, &cuts[index], rate);
            for (_, end) in sent.iter_mut().filter(|(_, end)| cuts[index].binary_search(end).is_err()) {
                *end += at_rest.ring();
            }
            heard = shifts.stretches().to_vec();
        }
        bus.heard = heard;
        for (to, _) in bus.sends.clone() {
            incoming[to].extend_from_slice(&sent);
            let own = cuts[index].clone();
            cuts[to].extend(own);
        }
    }
    bursts.sort_by_key(|burst| (burst.start, burst.send, burst.end));
    Ok(Desk { buses, order })
}

/// Where the scenes of an episode begin, frames, in order.
pub(super) fn scenes(timeline: &Timeline) -> Vec<u64> {
    timeline.scenes.iter().map(|scene| scene.start.from_start().unwrap_or_default().get()).collect()
}

impl Desk {
    /// The frame from which on everything has to be heard to be right from `frame` on.
    pub(super) fn begin(&self, frame: u64, sends: &[Send], bursts: &[Burst]) -> u64 {
        self.needed(frame, sends, bursts).iter().map(|bus| bus.regions).fold(frame, u64::min)
    }

    /// For each bus, from when on it is needed for what is heard from `frame` on.
    pub(super) fn needed(&self, frame: u64, sends: &[Send], bursts: &[Burst]) -> Vec<Needed> {
        let mut needed =
            vec![Needed { output: frame, answers: frame, input: frame, regions: frame }; self.buses.len()];
        for &index in self.order.iter().rev() {
            let bus = &self.buses[index];
            // The first frame of all that still rings at `from`, and so did not begin very long before.
            let fed = |feed: Feed, from: u64| {
                let [regions, own] = bus.longest;
                let longest = if feed == Feed::Regions { regions } else { own };
                let first = bursts.partition_point(|burst| burst.start.saturating_add(longest) <= from);
                let rings = |burst: &&Burst| {
                    let send = &sends[burst.send];
                    send.bus == index && send.feed == feed && burst.over > from
                };
                let before = bursts[first..].iter().take_while(|burst| burst.start < from);
                before.filter(rings).map(|burst| burst.start).min().unwrap_or(from)
            };
            let heard = bus.sends.iter().map(|(to, _)| needed[*to].input).fold(frame, u64::min);
            let (eq, compressor) = bus.works();
            let output = eq.map_or(heard, |shifts| shifts.begin(heard));
            let answers = fed(Feed::Bus, output);
            let sent = fed(Feed::Regions, answers);
            needed[index] = match compressor.map(|shifts| shifts.begin(sent)) {
                // It listens to all that comes in.
                Some(from) => Needed { output, answers, input: from, regions: from },
                None => Needed { output, answers, input: answers, regions: sent },
            };
        }
        needed
    }

    /// The buses in groups that have nothing to do with one another.
    pub(super) fn groups(&self) -> Vec<Vec<usize>> {
        // The group of each bus, known by one of its buses.
        let mut group: Vec<usize> = (0..self.buses.len()).collect();
        for (index, bus) in self.buses.iter().enumerate() {
            for (to, _) in &bus.sends {
                let (from, into) = (group[index], group[*to]);
                group.iter_mut().filter(|group| **group == from).for_each(|group| *group = into);
            }
        }
        let members = |name: usize| (0..group.len()).filter(|bus| group[*bus] == name).collect::<Vec<_>>();
        (0..group.len()).map(members).filter(|buses| !buses.is_empty()).collect()
    }

    /// How far [`Desk::begin`] may lie back, at most.
    pub(super) fn memory(&self) -> u64 {
        let mut depths = vec![0; self.buses.len()];
        for &index in self.order.iter().rev() {
            let bus = &self.buses[index];
            let deepest = bus.sends.iter().map(|(to, _)| depths[*to]).max().unwrap_or(0);
            let strip = bus.strip.as_ref().map_or(0, |(_, shifts)| 2 * shifts.reach());
            depths[index] = deepest + strip + bus.longest.iter().sum::<u64>();
        }
        depths.into_iter().max().unwrap_or(0)
    }
}

fn inconsistent(what: String) -> Error {
    Error::Inconsistent { what }
}

fn bus_plan(
    timeline: &Timeline,
    regions: &[Placed],
    index: usize,
    rooms: &[Option<Space>],
    sends: &mut Vec<Send>,
) -> Result<BusPlan, Error> {
    let bus = &timeline.buses[index];
    let there = |other: usize| other < timeline.buses.len();
    let ducks = bus.ducks.iter().map(|duck| {
        if !duck.under.iter().all(|under| there(*under)) {
            return Err(inconsistent(format!("bus `{}` gives way to a bus that is not there", bus.name)));
        }
        let over = |region: &&Placed| duck.under.contains(&timeline.tracks[region.track].bus);
        let mut spans: Vec<(u64, u64)> = regions.iter().filter(over).map(|it| (it.start, it.end())).collect();
        spans.sort_unstable();
        Ok(Ducker::new(duck, spans))
    });
    if !bus.sends.iter().all(|send| there(send.to)) {
        return Err(inconsistent(format!("bus `{}` sends to a bus that is not there", bus.name)));
    }
    let room = match bus.room {
        Some(room) if room >= rooms.len() => {
            return Err(inconsistent(format!("bus `{}` is in no room", bus.name)));
        }
        Some(room) => rooms[room].as_ref().map(|space| {
            sends.push(Send { room, bus: index, feed: Feed::Bus });
            (sends.len() - 1, space.unity().factor())
        }),
        None => None,
    };
    let eq = (!bus.eq.is_empty()).then(|| Equalizer::new(&bus.eq, timeline.rate));
    let compressor = bus.compress.as_ref().map(|settings| Compressor::new(settings, timeline.rate));
    let nothing = || Shifts::new(&[], &[], 0, 0, timeline.rate);
    Ok(BusPlan {
        factor: bus.gain.factor(),
        ducks: ducks.collect::<Result<_, _>>()?,
        tracks: (0..timeline.tracks.len()).filter(|track| timeline.tracks[*track].bus == index).collect(),
        strip: AtRest::new(eq, compressor).map(|at_rest| (at_rest, nothing())),
        room,
        sends: bus.sends.iter().map(|send| (send.to, send.gain.factor())).collect(),
        hushes: Hushes::default(),
        heard: Vec::new(),
        longest: [0; 2],
    })
}

/// The buses, each before those it sends to, otherwise as they are.
fn order(timeline: &Timeline) -> Result<Vec<usize>, Error> {
    let mut waiting: Vec<usize> = vec![0; timeline.buses.len()];
    let feeds = timeline.buses.iter().flat_map(|bus| &bus.sends);
    feeds.for_each(|send| waiting[send.to] += 1);
    let mut left: Vec<usize> = (0..timeline.buses.len()).collect();
    let mut order = Vec::with_capacity(left.len());
    while let Some(next) = left.iter().position(|bus| waiting[*bus] == 0) {
        let bus = left.remove(next);
        timeline.buses[bus].sends.iter().for_each(|send| waiting[send.to] -= 1);
        order.push(bus);
    }
    match left.first() {
        Some(bus) => Err(inconsistent(format!("bus `{}` sends to itself", timeline.buses[*bus].name))),
        None => Ok(order),
    }
}
