//! The solver: each start, end and playhead is a sum of others; sums are worked out in the order they need each
//! other, without recursion, and a circle is reported with its chain.

use crate::cuesheet::{Advance, Base, Body, Cues, Edge, Entry, Extent, Moment, Origin, Sounding, Until};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::timeline::sheet::Sheet;
use crate::units::time::{FrameCount, FrameDelta, FramePos};

/// How many entries, and how many anchors, the report of a circle names.
const LISTED: usize = 8;

/// When everything happens.
#[derive(Debug)]
pub(super) struct Solution {
    entries: Vec<(FramePos, FramePos)>,
    poisoned: Vec<bool>,
    /// Start and end of each scene.
    pub(super) scenes: Vec<(FramePos, FramePos)>,
}

impl Solution {
    /// Start and end of an entry.
    pub(super) fn entry(&self, index: usize) -> (FramePos, FramePos) {
        self.entries[index]
    }

    /// Whether an entry's times mean nothing because of a circle that has been reported.
    pub(super) fn is_poisoned(&self, index: usize) -> bool {
        self.poisoned[index]
    }
}

/// The frame of the clip a sound starts with.
pub(super) fn source_start(sounding: &Sounding, sheet: &Sheet<'_>) -> FrameCount {
    let frames = sheet.clips[sounding.clip].samples.frames();
    sounding.from.map_or(FrameCount::ZERO, |from| from.value).min(frames)
}

/// How much of the clip a sound plays, or repeats.
pub(super) fn source_length(sounding: &Sounding, sheet: &Sheet<'_>) -> FrameCount {
    let frames = sheet.clips[sounding.clip].samples.frames();
    let until = sounding.until.map_or(frames, |until| until.value.min(frames));
    until.minus(source_start(sounding, sheet))
}

/// How far after its start a sound lands: where it has a hit, and plays it.
pub(super) fn hit(sounding: &Sounding, sheet: &Sheet<'_>) -> Option<FrameCount> {
    let hit = sounding.hit.map(|hit| hit.value).or(sheet.clips[sounding.clip].hit)?;
    plays(hit, sounding, sheet).then(|| hit.minus(source_start(sounding, sheet)))
}

/// Whether a frame of the clip, or its end, is in the part that plays.
fn plays(at: FrameCount, sounding: &Sounding, sheet: &Sheet<'_>) -> bool {
    let first = source_start(sounding, sheet);
    (first..=first.plus(source_length(sounding, sheet))).contains(&at)
}

/// One unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// An entry's first frame.
    Start(usize),
    /// The frame after an entry's last.
    End(usize),
    /// Where the playhead stands after an entry.
    After(usize),
    /// A scene's first frame.
    SceneStart(usize),
    /// Where a scene's playhead stands at its end.
    SceneEnd(usize),
}

/// How a node follows from others: the latest or earliest of them, each with its step.
struct Rule {
    /// As many as there mostly are; none of them where there are `many`.
    few: [Option<Term>; 2],
    many: Vec<Term>,
    earliest: bool,
}

/// A node, and how far from it.
type Term = (Node, FrameDelta);

impl Rule {
    fn none() -> Rule {
        Rule { few: [None; 2], many: Vec::new(), earliest: false }
    }

    fn one(term: Term) -> Rule {
        Rule { few: [Some(term), None], ..Rule::none() }
    }

    fn two(first: Term, second: Term) -> Rule {
        Rule { few: [Some(first), Some(second)], ..Rule::none() }
    }

    fn of(many: Vec<Term>) -> Rule {
        Rule { many, ..Rule::none() }
    }

    fn earliest(self) -> Rule {
        Rule { earliest: true, ..self }
    }

    fn term(&self, index: usize) -> Option<Term> {
        if self.many.is_empty() {
            self.few.get(index).copied().flatten()
        } else {
            self.many.get(index).copied()
        }
    }

    fn terms(&self) -> impl Iterator<Item = Term> {
        self.few.iter().copied().flatten().chain(self.many.iter().copied())
    }
}

struct Solver<'a> {
    sheet: &'a Sheet<'a>,
    cues: &'a Cues,
    /// For each entry: the one before it in its own list.
    before: Vec<Option<usize>>,
    /// For each entry: the last one in its own list, up to and with itself, that moves the playhead.
    moved: Vec<Option<usize>>,
    /// Who is heard first and last in each entry.
    voices: Vec<Voices<'a>>,
}

/// Who speaks at the beginning and at the end of an entry.
#[derive(Clone, Copy, Default)]
struct Voices<'a> {
    first: Speaker<'a>,
    last: Speaker<'a>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Speaker<'a> {
    /// Nobody.
    #[default]
    Nobody,
    /// One role.
    One(&'a str),
    /// Several at a time.
    Several,
}

impl<'a> Speaker<'a> {
    /// Both at a time.
    fn with(self, other: Speaker<'a>) -> Speaker<'a> {
        match (self, other) {
            (Speaker::Nobody, speaker) | (speaker, Speaker::Nobody) => speaker,
            (one, other) if one == other => one,
            _ => Speaker::Several,
        }
    }
}

/// Works out when everything happens. Circles, and entries anchored before their scene, are reported.
pub(super) fn solve(sheet: &Sheet<'_>, diagnostics: &mut Diagnostics) -> Solution {
    let cues = &sheet.cues;
    check_clips(sheet, diagnostics);
    let mut solver = Solver {
        sheet,
        cues,
        before: vec![None; cues.entries.len()],
        moved: vec![None; cues.entries.len()],
        voices: vec![Voices::default(); cues.entries.len()],
    };
    // Groups stand before what is in them, so the last entries are the innermost.
    for index in (0..cues.entries.len()).rev() {
        solver.voices[index] = solver.voices_of(index);
    }
    cues.scenes.iter().for_each(|scene| solver.link(&scene.entries));
    for entry in &cues.entries {
        if let Body::Group(group) = &entry.body {
            solver.link(&group.entries);
        }
    }
    let (values, poisoned) = solver.run(diagnostics);
    let at = |node| values[solver.slot(node)];
    let solution = Solution {
        entries: (0..cues.entries.len()).map(|i| (at(Node::Start(i)), at(Node::End(i)))).collect(),
        poisoned: (0..cues.entries.len())
            .map(|i| poisoned[solver.slot(Node::Start(i))] || poisoned[solver.slot(Node::End(i))])
            .collect(),
        scenes: (0..cues.scenes.len()).map(|s| (at(Node::SceneStart(s)), at(Node::SceneEnd(s)))).collect(),
    };
    solver.check_starts(&solution, &values, diagnostics);
    solution
}

/// Parts of clips that are not there, and landings that do not exist.
fn check_clips(sheet: &Sheet<'_>, diagnostics: &mut Diagnostics) {
    let rate = sheet.cues.rate;
    for entry in &sheet.cues.entries {
        let Body::Sounding(sounding) = &entry.body else { continue };
        let clip = &sheet.clips[sounding.clip];
        if clip.origin == Origin::Missing {
            continue;
        }
        let frames = clip.samples.frames();
        let edges = [sounding.from, sounding.until, sounding.hit].into_iter().flatten();
        for edge in edges.filter(|edge| edge.value > frames) {
            let message = format!("`{}` is only {:.3} s long", clip.name, frames.seconds(rate));
            let found = format!("this is {:.3} s into it", edge.value.seconds(rate));
            diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(edge.span, found));
        }
        if let (Some(from), Some(until)) = (sounding.from, sounding.until)
            && from.value >= until.value
        {
            let message = "`out` must lie after `in`";
            let report = Diagnostic::error(Code::OutOfRange, message).at(until.span, "");
            diagnostics.push(report.also(from.span, "`in` is here"));
        }
        let lands = sounding.hit.map(|hit| hit.value).or(clip.hit).filter(|&hit| hit <= frames);
        if let (Some(at), Some(hit), "sfx" | "music") = (&entry.at, lands, entry.kind)
            && !plays(hit, sounding, sheet)
        {
            let message = format!("the hit of `{}` is not in the part of it that plays", entry.id);
            let found = format!("this is for its hit, {:.3} s into the sound", hit.seconds(rate));
            diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(at.span, found));
        }
    }
}

impl<'a> Solver<'a> {
    fn voices_of(&self, index: usize) -> Voices<'a> {
        match &self.cues.entries[index].body {
            Body::Sounding(Sounding { speaker: Some(role), .. }) => {
                Voices { first: Speaker::One(role), last: Speaker::One(role) }
            }
            Body::Group(group) => {
                let moving =
                    || group.entries.iter().filter(|&&e| self.cues.entries[e].advance != Advance::None);
                let children = || group.entries.iter().map(|&entry| self.voices[entry]);
                match (moving().next(), moving().next_back()) {
                    _ if group.together => Voices {
                        first: children().fold(Speaker::Nobody, |speaker, child| speaker.with(child.first)),
                        last: children().fold(Speaker::Nobody, |speaker, child| speaker.with(child.last)),
                    },
                    (Some(&first), Some(&last)) => {
                        Voices { first: self.voices[first].first, last: self.voices[last].last }
                    }
                    _ => Voices::default(),
                }
            }
            _ => Voices::default(),
        }
    }

    /// Notes the order of a list of entries.
    fn link(&mut self, list: &[usize]) {
        let mut before = None;
        let mut moved = None;
        for &entry in list {
            self.before[entry] = before;
            if self.cues.entries[entry].advance != Advance::None {
                moved = Some(entry);
            }
            self.moved[entry] = moved;
            before = Some(entry);
        }
    }

    /// Where the playhead stands before an entry: after its last mover, or at the beginning of what holds it.
    fn playhead(&self, index: usize) -> (Node, Option<usize>) {
        let entry = &self.cues.entries[index];
        let together = |group: usize| matches!(&self.cues.entries[group].body, Body::Group(g) if g.together);
        let begin = entry.parent.map_or(Node::SceneStart(entry.scene), Node::Start);
        if entry.parent.is_some_and(together) {
            return (begin, None);
        }
        match self.before[index].and_then(|before| self.moved[before]) {
            Some(mover) => (Node::After(mover), Some(mover)),
            None => (begin, None),
        }
    }

    /// The silence between an entry and the one the playhead comes from.
    fn gap(&self, mover: Option<usize>, index: usize) -> FrameCount {
        let scene = &self.cues.scenes[self.cues.entries[index].scene];
        let last = mover.map_or(Speaker::Nobody, |mover| self.voices[mover].last);
        match (last, self.voices[index].first) {
            (Speaker::Nobody, _) | (_, Speaker::Nobody) => FrameCount::ZERO,
            (Speaker::One(a), Speaker::One(b)) if a == b => scene.same,
            _ => scene.turn,
        }
    }

    fn moment(&self, moment: &Moment) -> (Node, FrameDelta) {
        let inside = |entry: usize, edge: Edge| -> (Node, FrameDelta) {
            let Body::Sounding(sounding) = &self.cues.entries[entry].body else {
                return (Node::Start(entry), FrameDelta::ZERO);
            };
            let at = match edge {
                Edge::Hit => hit(sounding, self.sheet).unwrap_or_default().forwards(),
                Edge::Cue(byte) => self.cue(sounding, byte).map_or(FrameDelta::ZERO, |at| {
                    let first = source_start(sounding, self.sheet).backwards();
                    at.forwards().checked_add(first).unwrap_or_default()
                }),
                Edge::Start | Edge::End => FrameDelta::ZERO,
            };
            (Node::Start(entry), at)
        };
        let last = self.cues.scenes.len().saturating_sub(1);
        let (node, step) = match (moment.base, moment.edge) {
            (Base::Entry(entry), Edge::End) => (Node::End(entry), FrameDelta::ZERO),
            (Base::Entry(entry), edge) => inside(entry, edge),
            (Base::Scene(scene), Edge::End) => (Node::SceneEnd(scene), FrameDelta::ZERO),
            (Base::Scene(scene), _) => (Node::SceneStart(scene), FrameDelta::ZERO),
            (Base::Episode, Edge::End) => (Node::SceneEnd(last), FrameDelta::ZERO),
            (Base::Episode, _) => (Node::SceneStart(0), FrameDelta::ZERO),
            (Base::Playhead(entry), _) => (self.playhead(entry).0, FrameDelta::ZERO),
        };
        (node, step.checked_add(moment.offset).unwrap_or_default())
    }

    /// The frame of its take a place in a line's text is said at.
    fn cue(&self, sounding: &Sounding, byte: usize) -> Option<FrameCount> {
        let cues = &self.sheet.clips[sounding.clip].cues;
        let first = cues.partition_point(|cue| cue.byte < byte);
        cues.get(first).filter(|cue| cue.byte == byte).map(|cue| cue.at)
    }

    fn rule(&self, node: Node) -> Rule {
        match node {
            // The episode begins at zero.
            Node::SceneStart(0) => Rule::none(),
            Node::SceneStart(scene) => {
                Rule::one((Node::SceneEnd(scene - 1), self.cues.scenes[scene - 1].after.forwards()))
            }
            Node::SceneEnd(scene) => {
                let last = self.cues.scenes[scene].entries.last().and_then(|&last| self.moved[last]);
                Rule::one((last.map_or(Node::SceneStart(scene), Node::After), FrameDelta::ZERO))
            }
            Node::Start(index) => self.start(index),
            Node::End(index) => self.end(index),
            Node::After(index) => {
                let own = match self.cues.entries[index].advance {
                    Advance::After(step) => (Node::Start(index), step.forwards()),
                    Advance::End | Advance::None => (Node::End(index), FrameDelta::ZERO),
                };
                // The playhead never moves back.
                Rule::two(own, (self.playhead(index).0, FrameDelta::ZERO))
            }
        }
    }

    fn start(&self, index: usize) -> Rule {
        let entry = &self.cues.entries[index];
        let Some(at) = &entry.at else {
            let (node, mover) = self.playhead(index);
            return Rule::one((node, self.gap(mover, index).forwards()));
        };
        let (node, step) = self.moment(at);
        let lands = match &entry.body {
            Body::Sounding(sounding) if entry.kind != "bed" => hit(sounding, self.sheet).unwrap_or_default(),
            _ => FrameCount::ZERO,
        };
        Rule::one((node, step.checked_add(lands.backwards()).unwrap_or_default()))
    }

    fn end(&self, index: usize) -> Rule {
        match &self.cues.entries[index].body {
            Body::Mark | Body::Unknown => Rule::one((Node::Start(index), FrameDelta::ZERO)),
            Body::Pause(length) => Rule::one((Node::Start(index), length.forwards())),
            Body::Sounding(sounding) => {
                let own = (Node::Start(index), source_length(sounding, self.sheet).forwards());
                match &sounding.extent {
                    Extent::Clip { to: None } => Rule::one(own),
                    Extent::Clip { to: Some(to) } => Rule::two(own, self.moment(to)).earliest(),
                    Extent::Loop { to, .. } => Rule::one(self.moment(to)),
                }
            }
            Body::Group(group) => {
                let end = |&entry: &usize| match self.cues.entries[entry].advance {
                    Advance::After(step) => (Node::Start(entry), step.forwards()),
                    _ => (Node::End(entry), FrameDelta::ZERO),
                };
                let begin = (Node::Start(index), FrameDelta::ZERO);
                let counted = || {
                    group.entries.iter().filter(|&&e| !matches!(self.cues.entries[e].kind, "bed" | "mark"))
                };
                match group.until {
                    _ if !group.together => {
                        let last = group.entries.last().and_then(|&last| self.moved[last]);
                        Rule::one((last.map_or(begin.0, Node::After), FrameDelta::ZERO))
                    }
                    Until::Entry(entry) => Rule::one(end(&entry)),
                    Until::First if counted().next().is_some() => {
                        Rule::of(counted().map(end).collect()).earliest()
                    }
                    _ => Rule::of(std::iter::once(begin).chain(counted().map(end)).collect()),
                }
            }
        }
    }

    fn slot(&self, node: Node) -> usize {
        let (entries, scenes) = (self.cues.entries.len(), self.cues.scenes.len());
        match node {
            Node::Start(index) => index,
            Node::End(index) => entries + index,
            Node::After(index) => 2 * entries + index,
            Node::SceneStart(scene) => 3 * entries + scene,
            Node::SceneEnd(scene) => 3 * entries + scenes + scene,
        }
    }

    fn run(&self, diagnostics: &mut Diagnostics) -> (Vec<FramePos>, Vec<bool>) {
        let (entries, scenes) = (self.cues.entries.len(), self.cues.scenes.len());
        let slots = 3 * entries + 2 * scenes;
        let mut state = vec![State::New; slots];
        let mut values = vec![FramePos::ZERO; slots];
        let mut poisoned = vec![false; slots];
        let nodes = (0..scenes).flat_map(|s| [Node::SceneStart(s), Node::SceneEnd(s)]);
        let nodes = nodes.chain((0..entries).flat_map(|i| [Node::Start(i), Node::End(i), Node::After(i)]));
        let mut path: Vec<Step> = Vec::new();
        // The places in the path that are on a circle which has been reported, rising.
        let mut circles: Vec<usize> = Vec::new();
        for root in nodes {
            if state[self.slot(root)] != State::New {
                continue;
            }
            path.push(self.step(root));
            state[self.slot(root)] = State::Open(0);
            while let Some(here) = path.len().checked_sub(1) {
                let step = &mut path[here];
                if let Some((term, _)) = step.rule.term(step.next) {
                    step.next += 1;
                    match state[self.slot(term)] {
                        State::New => {
                            state[self.slot(term)] = State::Open(path.len());
                            path.push(self.step(term));
                        }
                        State::Open(first) => {
                            step.reaches = step.reaches.min(first);
                            if circles.last().is_none_or(|&last| last < first) {
                                let chain: Vec<Node> = path[first..].iter().map(|step| step.node).collect();
                                diagnostics.push(self.cycle(&chain));
                            }
                            if circles.last() != Some(&here) {
                                circles.push(here);
                            }
                        }
                        State::Done => {}
                    }
                    continue;
                }
                let Some(Step { node, rule, reaches, .. }) = path.pop() else { break };
                let slot = self.slot(node);
                values[slot] = self.value(&rule, &state, &values);
                poisoned[slot] = reaches <= here || rule.terms().any(|(term, _)| poisoned[self.slot(term)]);
                state[slot] = State::Done;
                if circles.last() == Some(&here) {
                    circles.pop();
                }
                // Whoever needs this one is on its circles too, unless they begin here.
                if let Some(above) = path.last_mut().filter(|_| reaches < here) {
                    above.reaches = above.reaches.min(reaches);
                    if circles.last() != Some(&(here - 1)) {
                        circles.push(here - 1);
                    }
                }
            }
        }
        (values, poisoned)
    }

    fn step(&self, node: Node) -> Step {
        Step { node, rule: self.rule(node), next: 0, reaches: usize::MAX }
    }

    /// The sum; a term that is part of a circle does not count.
    fn value(&self, rule: &Rule, state: &[State], values: &[FramePos]) -> FramePos {
        let done = |(term, _): &Term| state[self.slot(*term)] == State::Done;
        let sum = |(term, step): Term| values[self.slot(term)].checked_add(step).unwrap_or_default();
        let terms = rule.terms().filter(done).map(sum);
        let found = if rule.earliest { terms.min() } else { terms.max() };
        found.unwrap_or_default()
    }

    /// The report of a circle: the entries on it in order, and the anchors that close it.
    fn cycle(&self, chain: &[Node]) -> Diagnostic {
        let ends = chain.iter().any(|node| matches!(node, Node::SceneEnd(_)));
        let mut names: Vec<String> = Vec::new();
        let mut anchors = Vec::new();
        for node in chain {
            let (name, moments) = match *node {
                Node::Start(index) | Node::End(index) | Node::After(index) => {
                    let entry = &self.cues.entries[index];
                    let to = match (&entry.body, node) {
                        (Body::Sounding(sounding), Node::End(_)) => match &sounding.extent {
                            Extent::Clip { to } => to.as_ref(),
                            Extent::Loop { to, .. } => Some(to),
                        },
                        _ => None,
                    };
                    let at = if matches!(node, Node::Start(_)) { entry.at.as_ref() } else { None };
                    (entry.id.clone(), [at, to])
                }
                Node::SceneStart(scene) | Node::SceneEnd(scene) => {
                    (self.cues.scenes[scene].id.clone(), [None, None])
                }
            };
            if names.last() != Some(&name) {
                names.push(name);
            }
            anchors.extend(moments.into_iter().flatten().map(|moment| moment.span));
        }
        if names.len() > 1 && names.first() == names.last() {
            names.pop();
        }
        let first = names.first().cloned().unwrap_or_default();
        let left_out = names.len().saturating_sub(LISTED);
        let mut links: Vec<String> = names.iter().chain([&first]).map(|name| format!("`{name}`")).collect();
        if left_out > 0 {
            links.splice(LISTED / 2..LISTED / 2 + left_out, [format!("{left_out} more")]);
        }
        let chain = links.join(" → ");
        anchors.sort_unstable();
        anchors.dedup();
        let mut anchors = anchors.into_iter();
        let mut report =
            Diagnostic::error(Code::AnchorCycle, format!("anchors depend on each other: {chain}"));
        if let Some(span) = anchors.next() {
            report = report.at(span, "this depends on itself in the end");
        }
        for span in anchors.take(LISTED) {
            report = report.also(span, "by way of this");
        }
        if ends {
            report = report.help(
                "a scene ends with its last entry that advances; `advance = \"none\"` keeps an entry out of that",
            );
        }
        report
    }

    /// Entries anchored before their scene, sounds that would start before the episode, landings that are none.
    fn check_starts(&self, solution: &Solution, values: &[FramePos], diagnostics: &mut Diagnostics) {
        for (index, entry) in
            self.cues.entries.iter().enumerate().filter(|&(index, _)| !solution.is_poisoned(index))
        {
            let Some(at) = &entry.at else { continue };
            if !self.check_edge(at, diagnostics) {
                continue;
            }
            let (node, step) = self.moment(at);
            let moment = values[self.slot(node)].checked_add(step).unwrap_or_default();
            let scene = solution.scenes[entry.scene].0;
            let early = |by: FramePos, from: FramePos| from.span_since(by).seconds(self.cues.rate);
            let (start, _) = solution.entry(index);
            if moment < scene && entry.kind != "bed" || moment < FramePos::ZERO {
                let message = format!(
                    "`{}` is anchored {:.3} s before its scene `{}` starts",
                    entry.id,
                    early(moment, scene),
                    self.cues.scenes[entry.scene].id
                );
                let report = Diagnostic::error(Code::BeforeScene, message).at(at.span, "");
                diagnostics.push(report.also(self.cues.scenes[entry.scene].span, "the scene"));
            } else if start < FramePos::ZERO {
                let message = format!(
                    "`{}` would have to start {:.3} s before the episode for its hit to land here",
                    entry.id,
                    early(start, FramePos::ZERO)
                );
                diagnostics.push(Diagnostic::error(Code::BeforeScene, message).at(at.span, ""));
            }
        }
        for entry in &self.cues.entries {
            if let Body::Sounding(Sounding {
                extent: Extent::Clip { to: Some(to) } | Extent::Loop { to, .. },
                ..
            }) = &entry.body
            {
                self.check_edge(to, diagnostics);
            }
        }
    }

    /// Whether a moment inside an entry is there to be heard, or a report that it is not.
    fn check_edge(&self, moment: &Moment, diagnostics: &mut Diagnostics) -> bool {
        let Base::Entry(target) = moment.base else { return true };
        let target = &self.cues.entries[target];
        if let (Edge::Cue(byte), Body::Sounding(sounding)) = (moment.edge, &target.body) {
            let missing = self.sheet.clips[sounding.clip].origin == Origin::Missing;
            let said = self.cue(sounding, byte).is_none_or(|at| plays(at, sounding, self.sheet));
            if !said && !missing {
                let message = format!("this is said outside the part of `{}` that plays", target.id);
                let report = Diagnostic::error(Code::UnknownMark, message).at(moment.span, "");
                diagnostics.push(report.also(target.span, "this entry"));
            }
            return said || missing;
        }
        if moment.edge != Edge::Hit {
            return true;
        }
        if target.body == Body::Unknown {
            return true;
        }
        let Body::Sounding(sounding) = &target.body else { return self.no_hit(moment, target, diagnostics) };
        let clip = &self.sheet.clips[sounding.clip];
        if clip.origin == Origin::Missing || hit(sounding, self.sheet).is_some() {
            return true;
        }
        if sounding.hit.is_none() && clip.hit.is_none() {
            return self.no_hit(moment, target, diagnostics);
        }
        let message = format!("the hit of `{}` is not in the part of it that plays", target.id);
        let report = Diagnostic::error(Code::UnknownMark, message).at(moment.span, "");
        diagnostics.push(report.also(target.span, "this entry"));
        false
    }

    fn no_hit(&self, moment: &Moment, target: &Entry, diagnostics: &mut Diagnostics) -> bool {
        let message = format!("`{}` has no hit", target.id);
        let help = "give its sound a `hit`: the seconds into it where it lands";
        let report = Diagnostic::error(Code::UnknownMark, message).at(moment.span, "");
        diagnostics.push(report.also(target.span, "this entry").help(help));
        false
    }
}

/// How far a node has come; one that is open stands in the path at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Open(usize),
    Done,
}

/// A node whose terms are being worked out.
struct Step {
    node: Node,
    rule: Rule,
    /// The term to look at next.
    next: usize,
    /// The first place in the path that it, or what it needs, leads back to.
    reaches: usize,
}
