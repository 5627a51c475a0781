//! The episode as far as it is known: names bound, some clips made, and guesses for the others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::cuesheet::bind::placeholder;
use crate::cuesheet::load::Patches;
use crate::cuesheet::{Body, Clip, CueSheet, Cues, Request, Room};
use crate::diag::Diagnostics;
use crate::host::Show;
use crate::pipeline::{self, Settings};
use crate::source::Sources;
use crate::timeline::layout::{Layout, lay_out};
use crate::timeline::schedule::schedule;
use crate::timeline::sheet::Sheet;
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
    patches: Arc<Patches>,
    /// How much of each clip is made, if anything.
    made: Vec<Option<Readiness>>,
    /// What stands for each clip of which nothing is made, by [`GUESSES`].
    guesses: OnceLock<[Vec<Clip>; 2]>,
}

/// How much of a clip is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// How long it is, and where its cues lie.
    Times,
    /// Its sound as well.
    Sound,
}

/// What can be told of the episode's times.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The episode, with likely lengths where clips are not made.
    pub timeline: Timeline,
    /// The first frame that may still become another. The episode's length where none may.
    pub until: u64,
    /// The same, were all that has been as long as is likely: where this is later, what has been is to be made.
    pub but_for_past: u64,
    /// Which clips are not made of those that may be heard from `until` on, and from which frame on each may be; rising.
    pub missing: Vec<(u64, usize)>,
}

/// What stays where it is while other times move: what is heard, or is to be, is told from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An entry's beginning, by its index.
    Entry(usize),
    /// A scene's.
    Scene(usize),
}

/// What is made first of what is not made yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foremost {
    /// What is heard and what comes.
    Coming,
    /// What has been, which tells when what comes does.
    Past,
}

/// What is not made yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Its clips, in the order in which they are needed.
    pub order: Vec<usize>,
    /// How many of them, those first that take longest, are needed before anything is heard.
    pub at_once: usize,
    /// How many of the first are needed to be heard. Of the others it is only their times that matter.
    pub sounding: usize,
}

impl Needs {
    /// Has these clips made right after what is needed at once, as if they were; and to be heard.
    pub fn hasten(&mut self, clips: &[usize]) {
        let rest = self.order.split_off(self.at_once.min(self.order.len()));
        let (soon, later): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|clip| clips.contains(clip));
        if !soon.is_empty() {
            self.at_once += soon.len();
            self.sounding = self.at_once;
        }
        self.order.extend(soon.into_iter().chain(later));
    }
}

impl Place {
    /// Its frame.
    pub fn frame(self, timeline: &Timeline) -> i64 {
        match self {
            Place::Entry(index) => timeline.entries[index].start.get(),
            Place::Scene(index) => timeline.scenes[index].start.get(),
        }
    }

    /// The same, where there are no names.
    fn frame_in(self, layout: &Layout) -> i64 {
        match self {
            Place::Entry(index) => layout.entries[index].0.get(),
            Place::Scene(index) => layout.scenes[index].0.get(),
        }
    }
}

impl Score {
    /// Reads an episode and its patches; nothing is made yet.
    pub fn read(show: &Show, path: &str, settings: Settings) -> Score {
        Score::read_while(show, path, settings, |_| ()).0
    }

    /// The same; and does something else with the names while patches are read.
    pub fn read_while<T: Send>(
        show: &Show,
        path: &str,
        settings: Settings,
        other: impl FnOnce(&Cues) -> T + Send,
    ) -> (Score, T) {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let (_, cues) = pipeline::read(show, path, settings, &mut sources, &mut diagnostics);
        let patches = || Patches::read(&cues, show, &mut sources, &mut diagnostics);
        let (patches, done) = rayon::join(patches, || other(&cues));
        let clips: Vec<Clip> =
            cues.requests.iter().map(|request| placeholder(request, &patches, cues.rate, 1.0)).collect();
        let made = vec![None; clips.len()];
        let sheet = CueSheet { cues: Arc::new(cues), clips };
        let patches = Arc::new(patches);
        (
            Score {
                sources,
                diagnostics,
                found: BTreeMap::new(),
                sheet,
                patches,
                made,
                guesses: OnceLock::new(),
            },
            done,
        )
    }

    /// The names.
    pub fn cues(&self) -> &Cues {
        &self.sheet.cues
    }

    /// The patches it names.
    pub fn patches(&self) -> &Arc<Patches> {
        &self.patches
    }

    /// The clips, made or guessed.
    pub fn clips(&self) -> &[Clip] {
        &self.sheet.clips
    }

    /// Whether a clip is made.
    pub fn is_ready(&self, clip: usize) -> bool {
        self.made.get(clip).is_none_or(|made| *made == Some(Readiness::Sound))
    }

    /// How many clips are made, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        ((0..self.made.len()).filter(|clip| self.is_ready(*clip)).count(), self.made.len())
    }

    /// Whether everything is made.
    pub fn is_complete(&self) -> bool {
        (0..self.made.len()).all(|clip| self.is_ready(clip))
    }

    /// Takes as much of a clip as was made, and what was wrong with it. Says whether that moves anything against what was likely.
    pub fn accept(&mut self, index: usize, ready: Readiness, clip: Clip, found: Diagnostics) -> bool {
        let places = (self.sheet.clips.get_mut(index), self.made.get_mut(index));
        let (Some(place), Some(made)) = places else { return false };
        let moves = (place.samples.frames(), place.hit) != (clip.samples.frames(), clip.hit)
            || place.cues.iter().zip(&clip.cues).any(|(likely, cue)| likely.at != cue.at);
        *place = clip;
        *made = Some(ready);
        self.found.insert(index, found);
        if self.is_complete() {
            self.guesses.take();
        }
        moves
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

    /// Works out the times. Where something is not made yet, what is settled is told from `origin` on: what is, or is to
    /// be, heard; the episode's beginning where `None`.
    pub fn outlook(&self, origin: Option<Place>) -> Outlook {
        let likely = self.likely();
        self.outlook_from(likely, origin)
    }

    /// The same, of what [`Score::likely`] has just told.
    pub fn outlook_from(&self, likely: Timeline, origin: Option<Place>) -> Outlook {
        if self.is_complete() {
            let until = likely.length.get();
            return Outlook { timeline: likely, until, but_for_past: until, missing: Vec::new() };
        }
        let past = self.past(&likely, origin);
        let [short, long] = self.guesses.get_or_init(|| GUESSES.map(|factor| self.guessed(factor)));
        let guess = |guesses| {
            let all = || self.laid_out(guesses, |_| true);
            let coming = || self.laid_out(guesses, |clip| !past[clip]);
            rayon::join(all, || past.contains(&true).then(coming))
        };
        let ((short, short_coming), (long, long_coming)) = rayon::join(|| guess(short), || guess(long));
        let all = [short, long];
        let (Some(short), Some(long)) = (short_coming, long_coming) else {
            let (until, missing) = self.settled(&likely, [&all, &all], origin);
            return Outlook { timeline: likely, until, but_for_past: until, missing };
        };
        let coming = [short, long];
        let ((until, missing), (but_for_past, _)) = rayon::join(
            || self.settled(&likely, [&all, &coming], origin),
            || self.settled(&likely, [&coming, &coming], origin),
        );
        Outlook { timeline: likely, until, but_for_past, missing }
    }

    /// The same, were these clips made as well, and as long as is likely.
    pub fn foresee(&mut self, clips: &[usize], likely: Timeline, origin: Option<Place>) -> Outlook {
        let before = self.made.clone();
        clips.iter().for_each(|clip| self.made[*clip] = Some(Readiness::Sound));
        let foreseen = self.outlook_from(likely, origin);
        self.made = before;
        foreseen
    }

    /// Of which clips nothing is made, and which are over before `origin` wherever they are heard.
    fn past(&self, likely: &Timeline, origin: Option<Place>) -> Vec<bool> {
        let here = origin.map_or(0, |origin| origin.frame(likely));
        let mut past: Vec<bool> = self.made.iter().map(Option::is_none).collect();
        for (entry, at) in self.sheet.cues.entries.iter().zip(&likely.entries) {
            if let Body::Sounding(sounding) = &entry.body {
                past[sounding.clip] &= at.start.get() < here && at.end.get() <= here;
            }
        }
        for region in &likely.regions {
            past[region.clip] &= span(region, here).1 <= 0;
        }
        past
    }

    /// What stands for each clip of which nothing is made, so many times as long as is likely.
    fn guessed(&self, factor: f64) -> Vec<Clip> {
        let guess = |request| placeholder(request, &self.patches, self.sheet.cues.rate, factor);
        self.sheet.cues.requests.iter().map(guess).collect()
    }

    /// When everything would be heard, were the clips of which nothing is made as they are guessed; where one is not `meant`, as is
    /// likely.
    fn laid_out(&self, guesses: &[Clip], is_meant: impl Fn(usize) -> bool) -> Layout {
        let clip = |(index, (own, guess))| {
            let is_guess = self.made.get(index).is_some_and(Option::is_none) && is_meant(index);
            if is_guess { guess } else { own }
        };
        let clips = self.sheet.clips.iter().zip(guesses).enumerate().map(clip).collect();
        lay_out(&Sheet { cues: &self.sheet.cues, clips }, &mut Diagnostics::new())
    }

    /// The first frame of `likely` that another guess moves, or that plays what is not made: one of the first two guesses,
    /// or of the second two for what began before `origin`. That plays from wherever is likely, and so ends there too,
    /// unless what comes may yet move its end. And what is not made, as [`Outlook::missing`] has it.
    fn settled(
        &self,
        likely: &Timeline,
        others: [&[Layout; 2]; 2],
        origin: Option<Place>,
    ) -> (u64, Vec<(u64, usize)>) {
        let here = origin.map_or(0, |origin| origin.frame(likely));
        let base = |other: &Layout| origin.map_or(0, |origin| origin.frame_in(other));
        let [ahead, behind] =
            others.map(|others| others.each_ref().map(|other| (by_name(&other.regions), base(other))));
        let mut names: BTreeSet<Name> = BTreeSet::new();
        let (mut until, mut missing) = (i64::MAX, Vec::new());
        let frame = |from_here: i64| u64::try_from(here + from_here.max(0)).unwrap_or(0);
        let lead = |region: &Region| lead(likely, region);
        for (name, region) in by_name(&likely.regions) {
            names.insert(name);
            let made = self.is_ready(region.clip) && self.room_is_ready(region);
            let (start, end) = span(region, here);
            if end <= 0 {
                continue;
            }
            let known = if start < 0 { &behind } else { &ahead };
            let elsewhere = known.each_ref().map(|(regions, base)| regions.get(&name).map(|it| (*it, *base)));
            let same_start =
                elsewhere.iter().all(|it| it.is_some_and(|(other, base)| span(other, base).0 == start));
            let earliest =
                elsewhere.iter().flatten().map(|(other, base)| span(other, *base).0).fold(start, i64::min);
            if !made {
                let clips = std::iter::once(region.clip).chain(self.recorded_room(region));
                let when = frame(earliest - lead(region));
                missing.extend(clips.filter(|clip| !self.is_ready(*clip)).map(|clip| (when, clip)));
            }
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
        for (known, is_ahead) in [(&ahead, true), (&behind, false)] {
            for (regions, base) in known {
                for (_, region) in regions.iter().filter(|(name, _)| !names.contains(name)) {
                    let (start, end) = span(region, *base);
                    if end > 0 && (start >= 0) == is_ahead {
                        until = until.min(start - lead(region));
                    }
                }
            }
        }
        missing.sort_unstable();
        let until = if until == i64::MAX { likely.length.get() } else { frame(until) };
        (until.min(likely.length.get()), missing)
    }

    /// Whether everything is made that sounds in `timeline` within so many frames from `from` on. Where it is not, no
    /// outlook reaches that far.
    pub fn is_ready_within(&self, timeline: &Timeline, from: u64, frames: u64) -> bool {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let sounds = |region: &&Region| {
            let (start, end) = span(region, from);
            end > 0 && start - lead(timeline, region) < i64::try_from(frames).unwrap_or(i64::MAX)
        };
        let is_made = |region: &Region| self.is_ready(region.clip) && self.room_is_ready(region);
        timeline.regions.iter().filter(sounds).all(is_made)
    }

    /// How long it takes to make a clip, about: in frames of a patch.
    fn work(&self, clip: usize) -> u64 {
        let frames = self.sheet.clips[clip].samples.frames().get();
        match &self.sheet.cues.requests[clip] {
            Request::Line(line) if line.take.is_none() => SPEAKING * frames,
            _ => frames,
        }
    }

    /// Whether what a region's room answers with is made.
    fn room_is_ready(&self, region: &Region) -> bool {
        self.recorded_room(region).is_none_or(|clip| self.is_ready(clip))
    }

    /// What a region's room answers with, if that was recorded.
    fn recorded_room(&self, region: &Region) -> Option<usize> {
        match region.room.and_then(|room| self.sheet.cues.rooms.get(room)) {
            Some(Room::Recorded { clip, .. }) => Some(*clip),
            _ => None,
        }
    }

    /// What is not made yet, in the order in which it is needed by who plays `timeline` from `frame` on: what sounds
    /// there, then what comes; and before or after that what has been, from there backwards. At once it is what comes within
    /// so many frames; and what has been, where that is foremost.
    pub fn needed(&self, timeline: &Timeline, frame: u64, within: u64, first: Foremost) -> Needs {
        let frame = i64::try_from(frame).unwrap_or(i64::MAX);
        let mut urgency = vec![u64::MAX; self.made.len()];
        let mut want = |clip: usize, (start, end): (i64, i64)| {
            let when = match (u64::try_from(start), u64::try_from(end)) {
                (Ok(ahead), _) => ahead,
                (Err(_), Ok(1..)) => 0,
                _ => start.unsigned_abs() | PAST,
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
            let (start, end) = span(region, frame);
            let start = if start > 0 { (start - lead(timeline, region)).max(0) } else { start };
            want(region.clip, (start, end));
            self.recorded_room(region).into_iter().for_each(|clip| want(clip, (start, end)));
        }
        let mut order: Vec<usize> = (0..self.made.len()).filter(|clip| !self.is_ready(*clip)).collect();
        let later = |clip: usize| first == Foremost::Past && urgency[clip] < PAST;
        order.sort_by_key(|clip| (later(*clip), urgency[*clip], *clip));
        let is_first = |clip: &&usize| urgency[**clip] < within || first == Foremost::Past;
        let at_once = order.iter().take_while(is_first).count();
        if first == Foremost::Past {
            return Needs { order, at_once, sounding: 0 };
        }
        // Nothing is heard before all are made, so that what takes longest is begun first.
        order[..at_once].sort_by_key(|clip| Reverse(self.work(*clip)));
        Needs { order, at_once, sounding: at_once }
    }
}

/// How many times longer it takes to speak than to make as long a sound from a patch, about.
const SPEAKING: u64 = 10;

/// Set in the urgency of what has been.
const PAST: u64 = 1 << 62;

/// What tells a region from others, in every schedule of one score: its entry, its clip, and which of those it is.
type Name = (Option<usize>, usize, usize);

fn by_name(regions: &[Region]) -> BTreeMap<Name, &Region> {
    let mut regions: Vec<&Region> = regions.iter().collect();
    regions.sort_by_key(|region| (region.entry, region.clip));
    let mut last = None;
    let named = regions.into_iter().map(|region| {
        let nth = last
            .filter(|last: &Name| (last.0, last.1) == (region.entry, region.clip))
            .map_or(0, |last| last.2 + 1);
        let name = (region.entry, region.clip, nth);
        last = Some(name);
        (name, region)
    });
    named.collect()
}

/// How long before a sound it is heard that it comes: buses that give way to it go down, or do not come up any more.
fn lead(timeline: &Timeline, region: &Region) -> i64 {
    let bus = timeline.tracks[region.track].bus;
    let ducks = timeline.buses.iter().flat_map(|bus| &bus.ducks).filter(|duck| duck.under.contains(&bus));
    let lead = ducks.map(|duck| duck.attack.plus(duck.release).get()).max().unwrap_or(0);
    i64::try_from(lead).unwrap_or(0)
}

/// First frame, and the frame after the last, counted from `base`.
fn span(region: &Region, base: i64) -> (i64, i64) {
    let start = region.start.get().saturating_sub(base);
    (start, FramePos::new(start).after(region.length).get())
}
