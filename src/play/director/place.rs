//! Places in an episode as a person names them: an entry, a scene, a time.

use crate::cuesheet::Cues;
use crate::diag::suggest;
use crate::play::director::preview::Brief;
use crate::play::performance::Performance;
use crate::play::renderer::Stretch;
use crate::play::score::Score;
use crate::timeline::Timeline;
use crate::units::time::Seconds;

/// Where to begin.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// The episode's beginning.
    Start,
    /// A scene's, by its id.
    Scene(String),
    /// So many frames after an entry's beginning, by its id.
    Entry(String, u64),
    /// So many frames after the episode's beginning.
    Frame(u64),
}

/// What part of an episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// What it begins with, where it is repeated.
    pub from: Option<Goal>,
    /// What it ends before.
    pub to: Option<Goal>,
    /// A scene, from its beginning to its end; instead of the two.
    pub scene: Option<String>,
    /// A line, from its beginning to its end; instead of all of these.
    pub line: Option<String>,
    /// Whether it begins again at its end.
    pub again: bool,
}

impl Goal {
    /// A place by its name: an entry, a scene, or a time: `90`, `90s`, `1:30`, `1:02:03.5`.
    pub fn named(name: &str, cues: &Cues) -> Option<Goal> {
        if cues.entries.iter().any(|entry| entry.id == name) {
            return Some(Goal::Entry(name.to_owned(), 0));
        }
        if cues.scenes.iter().any(|scene| scene.id == name) {
            return Some(Goal::Scene(name.to_owned()));
        }
        let seconds = clock(name)?;
        Some(Goal::Frame(Seconds::new(seconds)?.to_count(cues.rate).get()))
    }

    /// What to say of a name that is no place.
    pub fn unknown(name: &str, cues: &Cues) -> String {
        let ids = cues.entries.iter().map(|it| &it.id).chain(cues.scenes.iter().map(|it| &it.id));
        let help = suggest::help(name, ids.map(String::as_str));
        let help = help.map_or(String::new(), |help| format!("; {help}"));
        format!("there is no entry, scene or time `{name}`{help}")
    }

    /// Whether it takes the lengths of all that comes before to find it.
    pub(super) fn is_far(&self) -> bool {
        matches!(self, Goal::Frame(1..))
    }

    /// Finds an entry that holds a time, where not everything is known: what is `likely` to be heard then.
    pub(super) fn settle(&mut self, likely: &Timeline) {
        let Goal::Frame(frame @ 1..) = *self else { return };
        let start = |index: usize| likely.entries[index].start.from_start().unwrap_or_default().get();
        let before = (0..likely.entries.len()).filter(|entry| start(*entry) <= frame);
        if let Some(entry) = before.max_by_key(|entry| start(*entry)) {
            // What is guessed too short would end before it began.
            let after = if frame < likely.length.get() { frame - start(entry) } else { 0 };
            *self = Goal::Entry(likely.entries[entry].id.clone(), after);
        }
    }

    /// Which of two places comes first; times are compared as they were given.
    fn order(&self, other: &Goal, timeline: &Timeline) -> std::cmp::Ordering {
        match (self, other) {
            (Goal::Frame(own), Goal::Frame(other)) => own.cmp(other),
            _ => self.frame(timeline).cmp(&other.frame(timeline)),
        }
    }

    /// Its frame.
    pub fn frame(&self, timeline: &Timeline) -> u64 {
        let frame = match self {
            Goal::Start => 0,
            Goal::Frame(frame) => *frame,
            Goal::Scene(id) => {
                let scene = timeline.scenes.iter().find(|scene| scene.id == *id);
                scene.map_or(0, |scene| scene.start.from_start().unwrap_or_default().get())
            }
            Goal::Entry(id, offset) => {
                let entry = timeline.entries.iter().find(|entry| entry.id == *id);
                entry.map_or(0, |entry| entry.start.from_start().unwrap_or_default().get() + offset)
            }
        };
        frame.min(timeline.length.get())
    }
}

impl Bounds {
    /// The frames of it.
    pub fn stretch(&self, performance: &Performance) -> Stretch {
        let timeline = &performance.timeline;
        if let Some(entry) = self.line.as_ref().and_then(|line| performance.entry(line)) {
            let end = timeline.entries[entry].end.from_start().unwrap_or_default().get();
            return Stretch { from: performance.start_of(entry), to: end, again: self.again };
        }
        let scene = self.scene.as_ref().and_then(|id| timeline.scenes.iter().position(|it| it.id == *id));
        if let Some(scene) = scene {
            let (from, to) = (performance.scene_start(scene), performance.scene_end(scene));
            return Stretch { from, to, again: self.again };
        }
        let frame = |goal: &Option<Goal>| goal.as_ref().map(|goal| goal.frame(timeline));
        Stretch {
            from: frame(&self.from).unwrap_or(0),
            to: frame(&self.to).unwrap_or(if self.again { performance.length() } else { u64::MAX }),
            again: self.again,
        }
    }
}

/// What to say of a part that is none.
pub const NOTHING: &str = "there is nothing between `--from` and `--to`";

/// What to say of names that are neither a bus's nor a role's, if there are any.
pub fn unheard<'n>(names: impl Iterator<Item = &'n String>, cues: &Cues) -> Option<String> {
    let tracks = cues.tracks.iter().map(|track| &track.name);
    let heard: Vec<&str> = tracks.chain(cues.buses.iter().map(|bus| &bus.name)).map(String::as_str).collect();
    let name = names.into_iter().find(|name| !heard.contains(&name.as_str()))?;
    let help = suggest::help(name, heard.iter().copied());
    let help = help.map_or(String::new(), |help| format!("; {help}"));
    Some(format!("there is no bus or role `{name}`{help}"))
}

/// What a brief asks for.
pub(super) struct Asked {
    pub(super) goal: Goal,
    pub(super) bounds: Bounds,
    /// What of it is not there.
    pub(super) wrong: Option<String>,
}

/// Finds what a brief names.
pub(super) fn asked(brief: &Brief, score: &Score) -> Asked {
    let cues = score.cues();
    let mut wrong = None;
    let mut place = |name: &Option<String>| {
        let name = name.as_ref()?;
        let found = Goal::named(name, cues);
        if found.is_none() {
            wrong = Some(Goal::unknown(name, cues));
        }
        found
    };
    let (from, to) = (place(&brief.from), place(&brief.to));
    let scene = brief.scene.clone().filter(|id| cues.scenes.iter().any(|scene| scene.id == *id));
    if let (Some(id), None) = (&brief.scene, &scene) {
        let help = suggest::help(id, cues.scenes.iter().map(|scene| scene.id.as_str()));
        let help = help.map_or(String::new(), |help| format!("; {help}"));
        wrong = Some(format!("there is no scene `{id}`{help}"));
    }
    wrong = unheard(brief.solo.iter().chain(&brief.mute), cues).or(wrong);
    // Where one is a time and the other is not, nothing is known before everything is made.
    if let (Some(from), Some(to)) = (&from, &to)
        && matches!(
            (from, to),
            (Goal::Frame(_), Goal::Frame(_))
                | (Goal::Entry(..) | Goal::Scene(_), Goal::Entry(..) | Goal::Scene(_))
        )
        && from.order(to, &score.likely()).is_ge()
    {
        wrong = Some(NOTHING.to_owned());
    }
    let goal = from.clone().or_else(|| scene.clone().map(Goal::Scene)).unwrap_or(Goal::Start);
    Asked { goal, bounds: Bounds { from, to, scene, line: None, again: brief.again }, wrong }
}

/// Seconds from `90`, `90s`, `1:30` or `1:02:03.5`.
fn clock(text: &str) -> Option<f64> {
    let text = text.strip_suffix('s').unwrap_or(text);
    let parts: Vec<f64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let fits = parts.len() <= 3 && parts.iter().all(|part| part.is_finite() && *part >= 0.0);
    fits.then(|| parts.iter().fold(0.0, |sum, part| sum * 60.0 + part))
}
