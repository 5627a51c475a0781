//! Diagnostics on a terminal: message, file, line, caret, help, in the layout that Rust's compiler made familiar.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::source::{SourceFile, Sources, Span};

/// Reports of names that name nothing: one mistake, found again wherever the name is used.
const NAMES: [Code; 4] = [Code::UnknownRole, Code::UnknownSound, Code::UnknownPlace, Code::UnknownBus];
/// How many other places of such a name are listed.
const LISTED: usize = 8;

/// Labels at most this many lines apart are shown together.
const NEAR: usize = 50;
/// What covers more lines than this is shown where it begins.
const MOST_LINES: usize = 50;
/// A longer line is shown only around its label, in bytes.
const LONG_LINE: usize = 2000;
/// How much of such a line is shown on either side, in bytes.
const AROUND: usize = 80;

/// The text of all diagnostics, a blank line between two, with ANSI colours if `colour`. A name that names nothing is
/// shown once, with every other place it is used in.
///
/// Control characters, wherever they came from, are shown as pictures and never reach the terminal.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut shown: Vec<(&Diagnostic, Vec<Span>)> = Vec::new();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for diagnostic in diagnostics.iter() {
        if let (true, Some(label)) = (NAMES.contains(&diagnostic.code), &diagnostic.primary) {
            let index = *names.entry(&diagnostic.message).or_insert(shown.len());
            if let Some((_, others)) = shown.get_mut(index) {
                others.push(label.span);
                continue;
            }
        }
        shown.push((diagnostic, Vec::new()));
    }
    let text = |(diagnostic, others): &(&Diagnostic, Vec<Span>)| {
        format!("{}\n", one(diagnostic, others, sources, &renderer))
    };
    shown.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn one(diagnostic: &Diagnostic, others: &[Span], sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group =
        Group::with_title(level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.name()));
    let primary = diagnostic.primary.iter().map(|label| (AnnotationKind::Primary, label));
    let labels = primary.chain(diagnostic.secondary.iter().map(|label| (AnnotationKind::Context, label)));
    let mut excerpts: Vec<Excerpt<'_>> = Vec::new();
    for (kind, label) in labels {
        let Some(file) = sources.get(label.span.file) else { continue };
        let new = Excerpt::of(file, kind, label);
        match excerpts.iter_mut().find(|excerpt| excerpt.is_near(&new)) {
            Some(excerpt) => excerpt.take_in(new),
            None => excerpts.push(new),
        }
    }
    for excerpt in &excerpts {
        group = excerpt.show(group);
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    if !others.is_empty() {
        group = group.element(Level::NOTE.message(also_at(others, sources)));
    }
    let text = renderer.render(&[group]);
    excerpts.iter().fold(text, |text, excerpt| excerpt.with_true_column(text))
}

/// The places a name is used in, but for the first.
fn also_at(others: &[Span], sources: &Sources) -> String {
    let place = |span: &Span| {
        let file = sources.get(span.file)?;
        Some(format!("{}:{}", visible(file.name()), file.line_column(span.range().start).line))
    };
    let listed = others.iter().take(LISTED).filter_map(place).collect::<Vec<_>>().join(", ");
    match others.len().saturating_sub(LISTED) {
        0 => format!("the same at {listed}"),
        more => format!("the same at {listed} and {more} more"),
    }
}

/// Some lines of a file and the labels in them. Only these are handed to the renderer, which would otherwise go
/// through the whole file for each diagnostic.
struct Excerpt<'d> {
    file: &'d SourceFile,
    first: usize,
    last: usize,
    /// Whether it is one line, too long to be shown whole.
    long: bool,
    labels: Vec<(AnnotationKind, Range<usize>, &'d str)>,
}

impl<'d> Excerpt<'d> {
    fn of(file: &'d SourceFile, kind: AnnotationKind, label: &'d Label) -> Excerpt<'d> {
        let bytes = label.span.range();
        let start = file.text().floor_char_boundary(bytes.start);
        let end = file.text().ceil_char_boundary(bytes.end).max(start);
        let first = file.line_column(start).line;
        let last = file.line_column(end).line;
        let line = file.line(first);
        let long = line.len() > LONG_LINE;
        // What runs over many lines is shown where it begins.
        let (last, end) = if long || last - first > MOST_LINES {
            (first, end.min(line.end).max(start))
        } else {
            (last, end)
        };
        Excerpt { file, first, last, long, labels: vec![(kind, start..end, &label.text)] }
    }

    fn is_near(&self, other: &Excerpt<'_>) -> bool {
        let apart = other.first.saturating_sub(self.last).max(self.first.saturating_sub(other.last));
        std::ptr::eq(self.file, other.file) && !self.long && !other.long && apart <= NEAR
    }

    fn take_in(&mut self, other: Excerpt<'d>) {
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        self.labels.extend(other.labels);
    }

    /// The bytes of the file that are shown.
    fn bytes(&self) -> Range<usize> {
        let (start, end) = (self.file.line(self.first).start, self.file.line(self.last).end);
        if !self.long {
            return start..end.max(start);
        }
        let label = self.labels.first().map_or(start..start, |label| label.1.clone());
        let text = self.file.text();
        let from = text.ceil_char_boundary(label.start.saturating_sub(AROUND)).max(start);
        let to = text.floor_char_boundary(label.end.min(label.start + AROUND) + AROUND).min(end);
        from.min(label.start)..to.max(label.start)
    }

    fn show(&self, group: Group<'d>) -> Group<'d> {
        let bytes = self.bytes();
        // Replaced characters may be longer or shorter than what they replace.
        let shown = |range: Range<usize>| -> String {
            self.file.text()[range].chars().map(|c| if "\t\r\n".contains(c) { c } else { seen(c) }).collect()
        };
        let place = |byte: usize| shown(bytes.start..byte.clamp(bytes.start, bytes.end)).len();
        let mut snippet = Snippet::source(shown(bytes.clone())).line_start(self.first).fold(true);
        for (kind, range, text) in &self.labels {
            let annotation = kind.span(place(range.start)..place(range.end));
            snippet = snippet.annotation(if text.is_empty() {
                annotation
            } else {
                annotation.label(visible(text))
            });
        }
        group.element(snippet.path(visible(self.file.name())))
    }

    /// The renderer counts columns from where the excerpt begins; for a part of a long line that is too few.
    fn with_true_column(&self, text: String) -> String {
        let Some((_, range, _)) = self.labels.first().filter(|_| self.long) else { return text };
        let place = |column: usize| format!("{}:{}:{column}", visible(self.file.name()), self.first);
        let before = self.file.text()[self.bytes().start..range.start].chars().count();
        text.replacen(&place(before + 1), &place(self.file.line_column(range.start).column), 1)
    }
}

/// The text with every control character (and whatever reorders text on a terminal) replaced by something that
/// can be seen. Source lines are treated in the same way.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if c == '\t' { ' ' } else { seen(c) }).collect()
}

/// A character that can be seen in place of one that acts on a terminal.
fn seen(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        '\u{2028}' | '\u{2029}' => '\u{2424}',
        c => c,
    }
}
