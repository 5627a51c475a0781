//! Anchors become moments: ids, marks and words looked up once every entry is known.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::cuesheet::unknown::unknown;
use crate::cuesheet::{Base, Body, CuePoint, Cues, Edge, Extent, Moment, Request};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::script::anchor::{self, Anchor};
use crate::script::text::Text;
use crate::source::{Span, Spanned};
use crate::units::time::FrameDelta;

/// The anchors of an episode, gathered while its entries are read, to be bound when all of them are known.
#[derive(Default)]
pub(super) struct Moments<'a> {
    entries: BTreeMap<String, usize>,
    scenes: BTreeMap<String, usize>,
    given: BTreeMap<String, Span>,
    lines: BTreeMap<usize, Places<'a>>,
    prev: BTreeMap<usize, usize>,
    at: Vec<(usize, &'a Spanned<Anchor>)>,
    ends: Vec<(usize, Option<&'a Spanned<Anchor>>)>,
}

/// A line's text, and the places in it that anchors can mean: gone through once, when the first anchor asks.
struct Places<'a> {
    text: &'a Text,
    marks: OnceCell<BTreeMap<&'a str, usize>>,
    words: OnceCell<Vec<usize>>,
}

impl<'a> Places<'a> {
    fn mark(&self, name: &str) -> Option<usize> {
        let marks = || self.text.marks().map(|(at, mark)| (mark.value.as_str(), at)).collect();
        self.marks.get_or_init(marks).get(name).copied()
    }

    fn words(&self) -> &[usize] {
        self.words.get_or_init(|| self.text.words())
    }
}

impl Moment {
    /// The moment the playhead reaches an entry.
    pub(super) fn playhead(entry: usize) -> Moment {
        Moment {
            base: Base::Playhead(entry),
            edge: Edge::Start,
            offset: FrameDelta::ZERO,
            span: Span::default(),
        }
    }
}

impl<'a> Moments<'a> {
    pub(super) fn name_scene(&mut self, id: &Spanned<String>, scene: usize, diagnostics: &mut Diagnostics) {
        self.claim(id, diagnostics);
        self.scenes.entry(id.value.clone()).or_insert(scene);
    }

    pub(super) fn name_entry(&mut self, id: &Spanned<String>, entry: usize, diagnostics: &mut Diagnostics) {
        self.claim(id, diagnostics);
        self.entries.entry(id.value.clone()).or_insert(entry);
    }

    pub(super) fn name_derived(&mut self, id: &str, entry: usize) {
        self.entries.entry(id.to_owned()).or_insert(entry);
    }

    fn claim(&mut self, id: &Spanned<String>, diagnostics: &mut Diagnostics) {
        let first = *self.given.entry(id.value.clone()).or_insert(id.span);
        if first != id.span {
            let message = format!("the id `{}` is given twice", id.value);
            let report = Diagnostic::error(Code::DuplicateId, message);
            diagnostics.push(report.at(id.span, "").also(first, "it is given here first"));
        }
    }

    pub(super) fn place(&mut self, entry: usize, prev: Option<usize>, at: Option<&'a Spanned<Anchor>>) {
        self.prev.extend(prev.map(|prev| (entry, prev)));
        self.at.extend(at.map(|at| (entry, at)));
    }

    pub(super) fn line(&mut self, entry: usize, text: &'a Text) {
        self.lines.insert(entry, Places { text, marks: OnceCell::new(), words: OnceCell::new() });
    }

    pub(super) fn begins(&mut self, entry: usize, from: &'a Spanned<Anchor>) {
        self.at.push((entry, from));
    }

    pub(super) fn ends(&mut self, entry: usize, to: &'a Spanned<Anchor>) {
        self.ends.push((entry, Some(to)));
    }

    pub(super) fn ends_with_scene(&mut self, entry: usize) {
        self.ends.push((entry, None));
    }

    /// Binds every anchor, or reports those that lead nowhere.
    pub(super) fn bind(self, cues: &mut Cues, diagnostics: &mut Diagnostics) {
        for &(entry, at) in &self.at {
            cues.entries[entry].at = self.moment(entry, at, cues, diagnostics);
        }
        for &(entry, to) in &self.ends {
            let moment = match to {
                Some(to) => self.moment(entry, to, cues, diagnostics),
                None => Some(Moment {
                    base: Base::Scene(cues.entries[entry].scene),
                    edge: Edge::End,
                    offset: FrameDelta::ZERO,
                    span: cues.entries[entry].span,
                }),
            };
            let (Some(moment), Body::Sounding(sounding)) = (moment, &mut cues.entries[entry].body) else {
                continue;
            };
            match &mut sounding.extent {
                Extent::Clip { to } => *to = Some(moment),
                Extent::Loop { to, .. } => *to = moment,
            }
        }
        for request in &mut cues.requests {
            if let Request::Line(line) = request {
                line.cues.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
                line.cues.dedup_by(|a, b| a.at == b.at && a.name == b.name);
            }
        }
    }

    fn moment(
        &self,
        entry: usize,
        anchor: &Spanned<Anchor>,
        cues: &mut Cues,
        diagnostics: &mut Diagnostics,
    ) -> Option<Moment> {
        let span = anchor.span;
        let base = match &anchor.value.base {
            anchor::Base::Scene => Base::Scene(cues.entries[entry].scene),
            anchor::Base::Episode => Base::Episode,
            anchor::Base::Prev => match self.prev.get(&entry) {
                Some(&prev) => Base::Entry(prev),
                None => {
                    let message = "there is no entry before this one for `prev` to mean";
                    diagnostics.push(Diagnostic::error(Code::UnknownAnchor, message).at(span, ""));
                    return None;
                }
            },
            anchor::Base::Id(id) => match (self.entries.get(id), self.scenes.get(id)) {
                (Some(&target), _) => Base::Entry(target),
                (None, Some(&scene)) => Base::Scene(scene),
                (None, None) => {
                    let known = self.entries.keys().chain(self.scenes.keys()).map(String::as_str);
                    let id = Spanned::new(id.clone(), span);
                    unknown(Code::UnknownAnchor, "entry or scene", &id, known, diagnostics);
                    return None;
                }
            },
        };
        let edge = match (&anchor.value.edge, base) {
            (anchor::Edge::Start, _) => Edge::Start,
            (anchor::Edge::End, _) => Edge::End,
            (anchor::Edge::Hit, Base::Entry(_)) => Edge::Hit,
            (anchor::Edge::Mark(mark), Base::Entry(target)) => {
                Edge::Cue(self.mark(target, mark, span, cues, diagnostics)?)
            }
            (anchor::Edge::Word(n), Base::Entry(target)) => {
                Edge::Cue(self.word(target, *n, span, cues, diagnostics)?)
            }
            _ => {
                let message = "a scene or an episode has only `.start` and `.end`";
                diagnostics.push(Diagnostic::error(Code::BadAnchor, message).at(span, ""));
                return None;
            }
        };
        Some(Moment { base, edge, offset: anchor.value.offset.to_delta(cues.rate), span })
    }

    fn mark(
        &self,
        target: usize,
        mark: &str,
        span: Span,
        cues: &mut Cues,
        diagnostics: &mut Diagnostics,
    ) -> Option<usize> {
        let places = self.places(target, span, cues, diagnostics)?;
        let Some(at) = places.mark(mark) else {
            let text = places.text;
            let message = format!("the mark `{mark}` stands nowhere in `{}`", cues.entries[target].id);
            let report =
                Diagnostic::error(Code::UnknownMark, message).at(span, "").also(text.span, "in this text");
            diagnostics.push(report.suggest(mark, text.marks().map(|(_, name)| name.value.as_str())));
            return None;
        };
        want(cues, target, at, mark.to_owned(), span);
        Some(at)
    }

    fn word(
        &self,
        target: usize,
        n: u32,
        span: Span,
        cues: &mut Cues,
        diagnostics: &mut Diagnostics,
    ) -> Option<usize> {
        let places = self.places(target, span, cues, diagnostics)?;
        let words = places.words();
        let Some(&at) = words.get(n as usize - 1) else {
            let message = format!("`{}` has only {} words", cues.entries[target].id, words.len());
            let report = Diagnostic::error(Code::UnknownMark, message);
            diagnostics.push(report.at(span, "").also(places.text.span, "this text"));
            return None;
        };
        want(cues, target, at, format!("word({n})"), span);
        Some(at)
    }

    fn places(
        &self,
        target: usize,
        span: Span,
        cues: &Cues,
        diagnostics: &mut Diagnostics,
    ) -> Option<&Places<'a>> {
        let places = self.lines.get(&target);
        if places.is_none() && cues.entries[target].body != Body::Unknown {
            let entry = &cues.entries[target];
            let message = format!("`{}` is a {} and has no words", entry.id, entry.kind);
            diagnostics.push(
                Diagnostic::error(Code::UnknownMark, message).at(span, "").also(entry.span, "it is here"),
            );
        }
        places
    }
}

/// Asks for the time of a place in a line's text.
fn want(cues: &mut Cues, entry: usize, at: usize, name: String, span: Span) {
    let Body::Sounding(sounding) = &cues.entries[entry].body else { return };
    if let Some(Request::Line(line)) = cues.requests.get_mut(sounding.clip) {
        line.cues.push(CuePoint { at, name, span });
    }
}
