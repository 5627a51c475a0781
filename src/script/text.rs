//! A line's text: plain words, some of them stressed, with marks and pauses at places in them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::script::{anchor, name};
use crate::source::{Span, Spanned};
use crate::units::time::Seconds;

/// The longest silence in one line, all its pauses together, in seconds: lines are made in memory.
const LONGEST_SILENCE: f64 = 600.0;

/// What is said, and what stands between the words.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The words alone; nothing in them is markup.
    pub plain: String,
    /// Marks and pauses, in order.
    pub stops: Vec<Stop>,
    /// Bytes of `plain` that are stressed, in order, never overlapping.
    pub stresses: Vec<Range<usize>>,
    /// The whole string in the script.
    pub span: Span,
    /// Where runs of `plain` come from: byte of `plain`, byte of the string as written, quotes and all. Empty where
    /// the string holds escapes, so that its bytes cannot be counted.
    origins: Vec<(usize, usize)>,
}

/// Something that stands between the words.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// The byte of [`Text::plain`] it stands before.
    pub at: usize,
    /// What it is.
    pub what: StopKind,
}

/// What stands between the words.
#[derive(Clone, Debug, PartialEq)]
pub enum StopKind {
    /// A mark, for anchors.
    Mark(Spanned<String>),
    /// An exact silence.
    Pause(Seconds),
}

impl Text {
    /// Where bytes of [`Text::plain`] stand in the script: the whole string where that cannot be told.
    pub fn span_of(&self, range: std::ops::Range<usize>) -> Span {
        let place = |byte: usize| {
            let run = self.origins.partition_point(|&(plain, _)| plain <= byte).checked_sub(1)?;
            let (plain, source) = self.origins[run];
            Some(source + byte - plain)
        };
        // The end is that of the last byte: what follows in `plain` may stand further on in the script.
        let last = range.end.checked_sub(1).filter(|&last| last >= range.start);
        let end = last.map_or_else(|| place(range.end), |last| place(last).map(|place| place + 1));
        match (place(range.start), end) {
            (Some(start), Some(end)) => self.span.part(start, end.max(start)),
            _ => self.span,
        }
    }

    /// The byte at which each word begins. A word is a run without white space that holds a letter or digit.
    pub fn words(&self) -> Vec<usize> {
        let mut words = Vec::new();
        let mut start = None;
        let mut spoken = false;
        for (byte, c) in self.plain.char_indices().chain([(self.plain.len(), ' ')]) {
            if c.is_whitespace() {
                words.extend(start.take().filter(|_| spoken));
                spoken = false;
            } else {
                start = start.or(Some(byte));
                spoken |= c.is_alphanumeric();
            }
        }
        words
    }

    /// The silences, in order: the byte each stands before, and how long it is.
    pub fn pauses(&self) -> impl Iterator<Item = (usize, Seconds)> {
        self.stops.iter().filter_map(|stop| match &stop.what {
            StopKind::Pause(time) => Some((stop.at, *time)),
            StopKind::Mark(_) => None,
        })
    }

    /// The marks, in order.
    pub fn marks(&self) -> impl Iterator<Item = (usize, &Spanned<String>)> {
        self.stops.iter().filter_map(|stop| match &stop.what {
            StopKind::Mark(name) => Some((stop.at, name)),
            StopKind::Pause(_) => None,
        })
    }
}

/// Reads a line's text; `raw` is the string as it stands in the file, quotes and all.
pub fn parse(text: &Spanned<String>, raw: &str, diagnostics: &mut Diagnostics) -> Text {
    let opening = opening(&text.value, raw);
    let part = |start: usize, end: usize| {
        opening.map_or(text.span, |opening| text.span.part(opening + start, opening + end))
    };
    let mut out = Text {
        plain: String::new(),
        stops: Vec::new(),
        stresses: Vec::new(),
        span: text.span,
        origins: Vec::new(),
    };
    let mut rest = text.value.as_str();
    let mut wrong = Vec::new();
    let bad = |start: usize, end: usize, why: &str| {
        let report = Diagnostic::error(Code::BadMarkup, why).at(part(start, end), "");
        report.help(
            "`{name}` is a mark, `{0.6s}` a pause, `{*word*}` stress, `{{` and `}}` are braces; nothing else is markup",
        )
    };
    let mut silence = 0.0;
    while !rest.is_empty() {
        let at = text.value.len() - rest.len();
        let brace = rest.find(['{', '}']).unwrap_or(rest.len());
        if brace > 0 {
            out.origins.extend(opening.map(|opening| (out.plain.len(), opening + at)));
            out.plain.push_str(&rest[..brace]);
            rest = &rest[brace..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            out.plain.push_str(&rest[..1]);
            rest = after;
            continue;
        }
        if rest.starts_with('}') {
            wrong.push(bad(at, at + 1, "a brace that was never opened"));
            rest = &rest[1..];
            continue;
        }
        let Some(close) = rest.find('}') else {
            // No later one is closed either: one report, and what follows is not read as markup.
            wrong.push(bad(at, at + 1, "a brace that is never closed"));
            out.plain.push_str(&rest[1..]);
            break;
        };
        let inside = rest[1..close].trim();
        let span = part(at, at + close + 1);
        let stop = |what| Stop { at: out.plain.len(), what };
        if let Some(time) = anchor::parse_time(inside) {
            let before = silence;
            silence += time.get();
            if before <= LONGEST_SILENCE && silence > LONGEST_SILENCE {
                let message = format!("the pauses in a line last at most {LONGEST_SILENCE} seconds together");
                let report = Diagnostic::error(Code::OutOfRange, message).at(span, "");
                wrong.push(report.help("a longer silence is an entry of its own, `pause`"));
            }
            if silence <= LONGEST_SILENCE {
                out.stops.push(stop(StopKind::Pause(time)));
            }
        } else if name::is_valid(inside) && !inside.starts_with(|c: char| c.is_ascii_digit()) {
            out.stops.push(stop(StopKind::Mark(Spanned::new(inside.to_owned(), span))));
        } else if let Some(words) = stressed(inside) {
            let skipped = offset(&rest[1..], words);
            out.origins.extend(opening.map(|opening| (out.plain.len(), opening + at + 1 + skipped)));
            let start = out.plain.len();
            out.plain.push_str(words);
            out.stresses.push(start..out.plain.len());
        } else {
            let why = format!("`{{{inside}}}` is neither a mark nor a pause nor stress");
            wrong.push(bad(at, at + close + 1, &why));
        }
        rest = &rest[close + 1..];
    }
    out.origins.extend(opening.map(|opening| (out.plain.len(), opening + text.value.len())));
    let mut seen = BTreeMap::new();
    for (_, mark) in out.marks() {
        let first = *seen.entry(mark.value.as_str()).or_insert(mark);
        if !std::ptr::eq(first, mark) {
            let message = format!("the mark `{}` stands twice in this line", mark.value);
            let report = Diagnostic::error(Code::DuplicateId, message);
            wrong.push(report.at(mark.span, "").also(first.span, "it stands here first"));
        }
    }
    if wrong.is_empty() && !out.plain.chars().any(char::is_alphanumeric) {
        diagnostics.push(Diagnostic::error(Code::EmptyLine, "a line with nothing to say").at(text.span, ""));
    }
    wrong.into_iter().for_each(|report| diagnostics.push(report));
    out
}

/// The words of `*…*`, if there are any.
fn stressed(inside: &str) -> Option<&str> {
    let words = inside.strip_prefix('*')?.strip_suffix('*')?;
    (words.contains(char::is_alphanumeric) && !words.contains('*')).then_some(words)
}

/// Where in `whole` its part `part` begins.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// How many bytes stand in the file before a string's value, where the value stands there as it is: without escapes,
/// that is. `raw` is the string in the file, quotes and all.
fn opening(value: &str, raw: &str) -> Option<usize> {
    ["\"\"\"", "'''", "\"", "'"].into_iter().find_map(|quotes| {
        let inside = raw.strip_prefix(quotes)?.strip_suffix(quotes)?;
        // A line break right after three quotes is not part of the value.
        let skipped = inside.strip_suffix(value)?;
        matches!(skipped, "" | "\n" | "\r\n").then_some(quotes.len() + skipped.len())
    })
}

#[cfg(test)]
mod tests {
    use super::{StopKind, parse};
    use crate::diag::Diagnostics;
    use crate::source::{FileId, Span, Spanned};

    #[test]
    fn marks_and_pauses_stand_where_they_were_written() {
        let raw = r#""A year, {k}almost {0.6s}to {{the}} day.""#;
        let value = raw.trim_matches('"').to_owned();
        let mut diagnostics = Diagnostics::new();
        let text =
            parse(&Spanned::new(value, Span::new(FileId::default(), 0, raw.len())), raw, &mut diagnostics);
        assert_eq!(text.plain, "A year, almost to {the} day.");
        assert_eq!(text.stops.iter().map(|s| s.at).collect::<Vec<_>>(), [8, 15]);
        assert!(matches!(&text.stops[0].what, StopKind::Mark(name) if &raw[name.span.range()] == "{k}"));
        assert_eq!(&raw[text.span_of(8..14).range()], "almost");
        assert_eq!(text.words(), [0, 2, 8, 15, 18, 24]);
        assert_eq!(diagnostics.iter().count(), 0);
    }

    #[test]
    fn stress_stands_in_braces_and_leaves_the_words() {
        let raw = r#""I {*am*} {k}{* not so *}sure, 2 * 3 * {*4*}.""#;
        let value = raw.trim_matches('"').to_owned();
        let mut diagnostics = Diagnostics::new();
        let text =
            parse(&Spanned::new(value, Span::new(FileId::default(), 0, raw.len())), raw, &mut diagnostics);
        assert_eq!(text.plain, "I am  not so sure, 2 * 3 * 4.");
        assert_eq!(text.stresses, [2..4, 5..13, 27..28]);
        assert_eq!(text.stops[0].at, 5);
        for (range, written) in [(2..4, "am"), (6..9, "not"), (13..17, "sure"), (27..28, "4")] {
            assert_eq!(&raw[text.span_of(range).range()], written);
        }
        assert_eq!(diagnostics.iter().count(), 0);
    }
}
