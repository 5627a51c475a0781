//! The one grammar of time: `BASE.EDGE`, `ID@MARK`, each with an optional offset.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::script::name;
use crate::source::Spanned;
use crate::units::time::Seconds;

/// A moment as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// What it is measured from.
    pub base: Base,
    /// Which moment of that.
    pub edge: Edge,
    /// How much later, or earlier.
    pub offset: Seconds,
}

/// What an anchor is measured from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// The entry written before.
    Prev,
    /// The scene it stands in.
    Scene,
    /// The whole episode.
    Episode,
    /// The entry, or else the scene, of this id.
    Id(String),
}

/// Which moment of its base an anchor means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The first frame.
    Start,
    /// The frame after the last.
    End,
    /// Where the sound lands.
    Hit,
    /// Where a word of a line begins, from 1.
    Word(u32),
    /// Where a mark stands in a line's text.
    Mark(String),
}

/// What the grammar is, for help.
const GRAMMAR: &str = "an anchor is `ID.start`, `.end`, `.hit` or `.word(3)`, or `ID@mark`, and may add `+300ms` or `-1.5s`; instead of an id: `prev`, `scene`, `episode`";

/// Reads an anchor, or reports why it is none.
pub fn parse(text: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<Spanned<Anchor>> {
    match read(&text.value) {
        Ok(anchor) => Some(Spanned::new(anchor, text.span)),
        Err(why) => {
            let message = format!("`{}` is no anchor", text.value);
            diagnostics.push(Diagnostic::error(Code::BadAnchor, message).at(text.span, why).help(GRAMMAR));
            None
        }
    }
}

fn read(text: &str) -> Result<Anchor, String> {
    let text = text.trim();
    // Names hold neither `.` nor `@`, so the first of them ends the base.
    let Some(at) = text.find(['.', '@']) else {
        return Err("this says where, but not which moment of it: `.start`, `.end` …".to_owned());
    };
    let base = read_base(text[..at].trim_end())?;
    let rest = &text[at + 1..];
    if text[at..].starts_with('.') {
        let (edge, offset) = rest.split_at(rest.find(['+', '-', ' ']).unwrap_or(rest.len()));
        return Ok(Anchor { base, edge: read_edge(edge)?, offset: read_offset(offset)? });
    }
    if matches!(base, Base::Scene | Base::Episode) {
        return Err("marks stand in lines, not in scenes".to_owned());
    }
    // A mark's name may hold `-` itself: what follows the last one is an offset only if it is a time.
    let minus = rest.rfind('-').filter(|&at| parse_time(rest[at + 1..].trim()).is_some());
    let (mark, offset) = rest.split_at(rest.find('+').or(minus).unwrap_or(rest.len()));
    let mark = mark.trim_end();
    if !name::is_valid(mark) {
        return Err(format!("`{mark}` cannot name a mark"));
    }
    Ok(Anchor { base, edge: Edge::Mark(mark.to_owned()), offset: read_offset(offset)? })
}

fn read_base(text: &str) -> Result<Base, String> {
    match text {
        "prev" => Ok(Base::Prev),
        "scene" => Ok(Base::Scene),
        "episode" => Ok(Base::Episode),
        id if name::may_be_derived(id) => Ok(Base::Id(id.to_owned())),
        other => Err(format!("`{other}` cannot be an id")),
    }
}

fn read_edge(text: &str) -> Result<Edge, String> {
    match text {
        "start" => Ok(Edge::Start),
        "end" => Ok(Edge::End),
        "hit" => Ok(Edge::Hit),
        other => {
            let number = other.strip_prefix("word(").and_then(|rest| rest.strip_suffix(')'));
            match number.map(str::parse) {
                Some(Ok(n)) if n >= 1 => Ok(Edge::Word(n)),
                Some(_) => Err("words count from 1".to_owned()),
                None => Err(format!("`{other}` is none of `start`, `end`, `hit`, `word(n)`")),
            }
        }
    }
}

/// `+300ms`, `- 1.5s`, or nothing.
fn read_offset(text: &str) -> Result<Seconds, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Seconds::ZERO);
    }
    let (sign, time) = match text.split_at_checked(1) {
        Some(("+", time)) => (1.0, time),
        Some(("-", time)) => (-1.0, time),
        _ => return Err(format!("`{text}` is no offset such as `+300ms` or `-1.5s`")),
    };
    let time = parse_time(time.trim()).and_then(|time| Seconds::new(sign * time.get()));
    time.ok_or_else(|| format!("`{text}` is no offset such as `+300ms` or `-1.5s`"))
}

/// A time such as `300ms` or `1.5s`; never negative, at most [`Seconds::MAX`].
pub fn parse_time(text: &str) -> Option<Seconds> {
    let (digits, scale) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 0.001),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let digits = digits.trim_end();
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number: f64 = if plain { digits.parse().ok()? } else { return None };
    Seconds::new(number * scale)
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Base, Edge, read};
    use crate::units::time::Seconds;

    fn anchor(base: Base, edge: Edge, offset: f64) -> Result<Anchor, String> {
        Ok(Anchor { base, edge, offset: Seconds::new(offset).ok_or("no time")? })
    }

    #[test]
    fn the_grammar_is_read() {
        let id = |s: &str| Base::Id(s.to_owned());
        assert_eq!(read("prev.start+150ms"), anchor(Base::Prev, Edge::Start, 0.15));
        assert_eq!(read("almost@k"), anchor(id("almost"), Edge::Mark("k".into()), 0.0));
        assert_eq!(read("almost@k - 0.5s"), anchor(id("almost"), Edge::Mark("k".into()), -0.5));
        assert_eq!(read("her-no-2.end"), anchor(id("her-no-2"), Edge::End, 0.0));
        assert_eq!(read("her-no-2.end-2s"), anchor(id("her-no-2"), Edge::End, -2.0));
        assert_eq!(read("knock-2.hit"), anchor(id("knock-2"), Edge::Hit, 0.0));
        assert_eq!(read("knock-2s.start"), anchor(id("knock-2s"), Edge::Start, 0.0));
        assert_eq!(read("a-1-b@m-2"), anchor(id("a-1-b"), Edge::Mark("m-2".into()), 0.0));
        assert_eq!(read("line.word(3)+1s"), anchor(id("line"), Edge::Word(3), 1.0));
    }

    #[test]
    fn what_is_no_anchor_says_why() {
        for text in
            ["", "prev", "prev.middle", "a.start+soon", "a.start-5", "scene@k", "a.word(0)", "a.start+1e18s"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
