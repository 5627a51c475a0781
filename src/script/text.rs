//! A line's text: plain words, some of them stressed, with marks and pauses at places in them.

use std::ops::Range;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::script::{anchor, name};
use crate::source::{Span, Spanned};
use crate::units::time::Seconds;

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
    /// Where runs of `plain` come from: byte of `plain`, byte of the string's contents. Empty where the string
    /// holds escapes, so that its bytes cannot be counted.
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
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let place = |byte: usize| {
            let run = self.origins.partition_point(|&(plain, _)| plain <= byte).checked_sub(1)?;
            let (plain, source) = self.origins[run];
            Some(1 + source + byte - plain)
        };
        match (place(range.start), place(range.end)) {
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
    // Only in a basic string of one line do the bytes of the value stand in the file as they are.
    let countable = raw.get(1..raw.len().saturating_sub(1)) == Some(text.value.as_str());
    let part =
        |start: usize, end: usize| if countable { text.span.part(1 + start, 1 + end) } else { text.span };
    let mut out = Text {
        plain: String::new(),
        stops: Vec::new(),
        stresses: Vec::new(),
        span: text.span,
        origins: Vec::new(),
    };
    let mut rest = text.value.as_str();
    let mut bad = |start: usize, end: usize, why: &str| {
        let report = Diagnostic::error(Code::BadMarkup, why).at(part(start, end), "");
        diagnostics.push(report.help(
                "`{name}` is a mark, `{0.6s}` a pause, `{*word*}` stress, `{{` and `}}` are braces; nothing else is markup",
            ));
    };
    while !rest.is_empty() {
        let at = text.value.len() - rest.len();
        let brace = rest.find(['{', '}']).unwrap_or(rest.len());
        if brace > 0 {
            if countable {
                out.origins.push((out.plain.len(), at));
            }
            out.plain.push_str(&rest[..brace]);
            rest = &rest[brace..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            out.plain.push_str(&rest[..1]);
            rest = after;
            continue;
        }
        let Some(close) = rest.find('}').filter(|_| rest.starts_with('{')) else {
            bad(
                at,
                at + 1,
                if rest.starts_with('{') {
                    "a brace that is never closed"
                } else {
                    "a brace that was never opened"
                },
            );
            rest = &rest[1..];
            continue;
        };
        let inside = rest[1..close].trim();
        let span = part(at, at + close + 1);
        let stop = |what| Stop { at: out.plain.len(), what };
        if let Some(time) = anchor::parse_time(inside) {
            out.stops.push(stop(StopKind::Pause(time)));
        } else if name::is_valid(inside) && !inside.starts_with(|c: char| c.is_ascii_digit()) {
            out.stops.push(stop(StopKind::Mark(Spanned::new(inside.to_owned(), span))));
        } else if let Some(words) = stressed(inside) {
            if countable {
                out.origins.push((out.plain.len(), at + 1 + offset(&rest[1..], words)));
            }
            let start = out.plain.len();
            out.plain.push_str(words);
            out.stresses.push(start..out.plain.len());
        } else {
            bad(at, at + close + 1, &format!("`{{{inside}}}` is neither a mark nor a pause nor stress"));
        }
        rest = &rest[close + 1..];
    }
    if countable {
        out.origins.push((out.plain.len(), text.value.len()));
    }
    for (i, (_, mark)) in out.marks().enumerate() {
        if let Some((_, first)) = out.marks().take(i).find(|(_, other)| other.value == mark.value) {
            let message = format!("the mark `{}` stands twice in this line", mark.value);
            let report = Diagnostic::error(Code::DuplicateId, message);
            diagnostics.push(report.at(mark.span, "").also(first.span, "it stands here first"));
        }
    }
    if !out.plain.chars().any(char::is_alphanumeric) {
        diagnostics.push(Diagnostic::error(Code::EmptyLine, "a line with nothing to say").at(text.span, ""));
    }
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
        assert!(text.stresses.is_empty());
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
