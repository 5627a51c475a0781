//! The episode as far as it is known: names bound, some clips made, and guesses for the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::cuesheet::bind::placeholder;
use crate::cuesheet::load::Patches;
use crate::cuesheet::{Body, Clip, CueSheet, Cues, Request, Room};
use crate::diag::Diagnostics;
use crate::host::Show;
use crate::pipeline::{self, Settings};
use crate::source::Sources;
use crate::timeline::schedule::schedule;
use crate::timeline::{Region, Timeline};
use crate::units::time::FramePos;

/// How much shorter than likely a clip may turn out, and how much longer, as factors: wide enough for any.
const GUESSES: [f64; 2] = [0.02, 20.0];

/// An episode on its way.
#[derive(Debug)]
pub struct Score {
    /// Every text file that was read.
    pub sources: Sources,
    /// What was wrong before anything was made.
    diagnostics: Diagnostics,
    /// What was wrong with what was made.
    found: BTreeMap<usize, Diagnostics>,
    sheet: CueSheet,
    ready: Vec<bool>,
}

/// What can be told of the episode's times.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The episode, with likely lengths where clips are not made.
    pub timeline: Timeline,
    /// The first frame that may still become another. The episode's length where none may.
    pub until: u64,
}

impl Score {
    /// Reads an episode and its patches; nothing is made yet.
    pub fn read(show: &Show, path: &str, settings: Settings) -> (Score, Patches) {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let (_, cues) = pipeline::read(show, path, settings, &mut sources, &mut diagnostics);
        let patches = Patches::read(&cues, show, &mut sources, &mut diagnostics);
        let clips: Vec<Clip> =
            cues.requests.iter().map(|request| placeholder(request, cues.rate, 1.0)).collect();
        let ready = vec![false; clips.len()];
        let sheet = CueSheet { cues, clips };
        (Score { sources, diagnostics, found: BTreeMap::new(), sheet, ready }, patches)
    }

    /// The names.
    pub fn cues(&self) -> &Cues {
        &self.sheet.cues
    }

    /// The clips, made or guessed.
    pub fn clips(&self) -> &[Clip] {
        &self.sheet.clips
    }

    /// Whether a clip is made.
    pub fn is_ready(&self, clip: usize) -> bool {
        self.ready.get(clip).copied().unwrap_or(true)
    }

    /// How many clips are made, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.ready.iter().filter(|ready| **ready).count(), self.ready.len())
    }

    /// Whether everything is made.
    pub fn is_complete(&self) -> bool {
        self.ready.iter().all(|ready| *ready)
    }

    /// Takes a clip that was made, and what was wrong with it.
    pub fn accept(&mut self, index: usize, clip: Clip, found: Diagnostics) {
        if let (Some(place), Some(ready)) = (self.sheet.clips.get_mut(index), self.ready.get_mut(index)) {
            *place = clip;
            *ready = true;
            self.found.insert(index, found);
        }
    }

    /// Whether the script itself has errors.
    pub fn is_broken(&self) -> bool {
        self.diagnostics.has_errors()
    }

    /// Everything that is wrong, as far as is known, sorted; with what only the whole episode tells where it is
    /// complete.
    pub fn problems(&self) -> Diagnostics {
        let mut all = self.diagnostics.clone();
        self.found.values().for_each(|found| all.extend(found.clone()));
        if self.is_complete() {
            schedule(&self.sheet, &mut all);
        }
        all.sort();
        all
    }

    /// The episode with likely lengths where clips are not made: what a place that is asked for is looked up in.
    pub fn likely(&self) -> Timeline {
        schedule(&self.sheet, &mut Diagnostics::new())
    }

    /// Works out the times. Where something is not made yet, what is settled is told from `origin` on: the index of
    /// the entry that is, or is to be, heard; the episode's beginning where `None`.
    pub fn outlook(&mut self, origin: Option<usize>) -> Outlook {
        let likely = self.likely();
        self.outlook_from(likely, origin)
    }

    /// The same, of what [`Score::likely`] has just told.
    pub fn outlook_from(&mut self, likely: Timeline, origin: Option<usize>) -> Outlook {
        if self.is_complete() {
            let until = likely.length.get();
            return Outlook { timeline: likely, until };
        }
        let [short, long] = GUESSES.map(|factor| self.scheduled(factor));
        let until = self.settled(&likely, [&short, &long], origin);
        Outlook { timeline: likely, until }
    }

    /// The episode with every length that is not known this many times the likely one.
    fn scheduled(&mut self, factor: f64) -> Timeline {
        let rate = self.sheet.cues.rate;
        let clip = |(index, request): (usize, &Request)| {
            if self.ready[index] {
                self.sheet.clips[index].clone()
            } else {
                placeholder(request, rate, factor)
            }
        };
        let guessed = self.sheet.cues.requests.iter().enumerate().map(clip).collect();
        let likely = std::mem::replace(&mut self.sheet.clips, guessed);
        let timeline = schedule(&self.sheet, &mut Diagnostics::new());
        self.sheet.clips = likely;
        timeline
    }

    /// The first frame of `likely` that another guess moves, or that plays what is not made.
    fn settled(&self, likely: &Timeline, others: [&Timeline; 2], origin: Option<usize>) -> u64 {
        let base = |timeline: &Timeline| origin.map_or(0, |entry| timeline.entries[entry].start.get());
        let here = base(likely);
        let known = others.map(|other| (by_name(other), base(other)));
        let mut names: BTreeSet<Name> = BTreeSet::new();
        let mut until = i64::MAX;
        // Before a sound begins, buses that give way to it go down, or do not come up.
        let ducks = likely.buses.iter().flat_map(|bus| &bus.ducks);
        let lead = |region: &Region| {
            let bus = likely.tracks[region.track].bus;
            let under = ducks.clone().filter(|duck| duck.under.contains(&bus));
            let lead = under.map(|duck| duck.attack.plus(duck.release).get()).max().unwrap_or(0);
            i64::try_from(lead).unwrap_or(0)
        };
        for (name, region) in by_name(likely) {
            names.insert(name);
            let made = self.is_ready(region.clip) && self.room_is_ready(region);
            let (start, end) = span(region, here);
            if end <= 0 {
                continue;
            }
            let elsewhere = known.each_ref().map(|(regions, base)| regions.get(&name).map(|it| (*it, *base)));
            let same_start =
                elsewhere.iter().all(|it| it.is_some_and(|(other, base)| span(other, base).0 == start));
            let earliest =
                elsewhere.iter().flatten().map(|(other, base)| span(other, *base).0).fold(start, i64::min);
            // What began before the place that is asked for plays from wherever is likely.
            if !made || (start >= 0 && !same_start) {
                until = until.min(earliest - lead(region));
                continue;
            }
            let ends = elsewhere.iter().flatten().map(|(other, base)| span(other, *base).1);
            let first = ends.clone().fold(end, i64::min);
            if first != ends.fold(end, i64::max) {
                let moves = region.pan_to.is_some() || region.distance_to.is_some();
                let fade = i64::try_from(region.fade_out.get()).unwrap_or(i64::MAX / 4);
                until = until.min(if moves { start } else { first - fade });
            }
        }
        for (regions, base) in &known {
            for (_, region) in regions.iter().filter(|(name, _)| !names.contains(name)) {
                let (start, end) = span(region, *base);
                if end > 0 {
                    until = until.min(start - lead(region));
                }
            }
        }
        if until == i64::MAX {
            return likely.length.get();
        }
        u64::try_from(here + until.max(0)).unwrap_or(0).min(likely.length.get())
    }

    /// Whether everything is made that sounds in `timeline` within so many frames from `from` on. Where it is not, no
    /// outlook reaches that far.
    pub fn is_ready_within(&self, timeline: &Timeline, from: u64, frames: u64) -> bool {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let sounds = |region: &&Region| {
            let (start, end) = span(region, from);
            end > 0 && start < i64::try_from(frames).unwrap_or(i64::MAX)
        };
        let is_made = |region: &Region| self.is_ready(region.clip) && self.room_is_ready(region);
        timeline.regions.iter().filter(sounds).all(is_made)
    }

    /// Whether what a region's room answers with is made.
    fn room_is_ready(&self, region: &Region) -> bool {
        let room = region.room.and_then(|room| self.sheet.cues.rooms.get(room));
        match room {
            Some(Room::Recorded { clip, .. }) => self.is_ready(*clip),
            _ => true,
        }
    }

    /// What is not made yet, in the order in which it is needed by who plays `timeline` from `frame` on: what sounds
    /// there, then what comes, then what has been.
    pub fn needed(&self, timeline: &Timeline, frame: u64) -> Vec<usize> {
        let frame = i64::try_from(frame).unwrap_or(i64::MAX);
        let mut urgency = vec![u64::MAX; self.ready.len()];
        let mut want = |clip: usize, (start, end): (i64, i64)| {
            let when = match (u64::try_from(start), u64::try_from(end)) {
                (Ok(ahead), _) => ahead,
                (Err(_), Ok(1..)) => 0,
                _ => start.unsigned_abs() | 1 << 62,
            };
            urgency[clip] = urgency[clip].min(when);
        };
        // What is guessed to be so short that nothing of it would be heard has no region, and is needed all the same.
        for (entry, at) in self.sheet.cues.entries.iter().zip(&timeline.entries) {
            if let Body::Sounding(sounding) = &entry.body {
                let start = at.start.get().saturating_sub(frame);
                want(sounding.clip, (start, at.end.get().saturating_sub(frame).max(start.saturating_add(1))));
            }
        }
        for region in &timeline.regions {
            want(region.clip, span(region, frame));
            if let Some(Room::Recorded { clip, .. }) =
                region.room.and_then(|room| self.sheet.cues.rooms.get(room))
            {
                want(*clip, span(region, frame));
            }
        }
        let mut order: Vec<usize> = (0..self.ready.len()).filter(|clip| !self.ready[*clip]).collect();
        order.sort_by_key(|clip| (urgency[*clip], *clip));
        order
    }
}

/// What tells a region from others, in every schedule of one score: its entry, its clip, and which of those it is.
type Name = (Option<usize>, usize, usize);

fn by_name(timeline: &Timeline) -> BTreeMap<Name, &Region> {
    let mut count: BTreeMap<(Option<usize>, usize), usize> = BTreeMap::new();
    let mut named = BTreeMap::new();
    for region in &timeline.regions {
        let nth = count.entry((region.entry, region.clip)).or_insert(0);
        named.insert((region.entry, region.clip, *nth), region);
        *nth += 1;
    }
    named
}

/// First frame, and the frame after the last, counted from `base`.
fn span(region: &Region, base: i64) -> (i64, i64) {
    let start = region.start.get().saturating_sub(base);
    (start, FramePos::new(start).after(region.length).get())
}
