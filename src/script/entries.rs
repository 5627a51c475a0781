//! Reading scenes and their entries.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Kind, Value, wrong_type};
use crate::script::settings::{anchor, gap, pace, pitch, playback, seconds, settings, voice};
use crate::script::text::{self, Text};
use crate::script::{Advance, Bed, Content, Cue, Entry, Group, Line, Playback, Scene, Settings, Until, name};
use crate::source::{SourceFile, Span, Spanned};
use crate::units::time::Seconds;

/// The kind keys, of which an entry has exactly one.
const KINDS: [&str; 7] = ["line", "pause", "sfx", "music", "bed", "mark", "group"];
/// The longest pause, in seconds.
const LONGEST_PAUSE: f64 = 3600.0;
/// How deep groups may stand in groups.
const DEEPEST: usize = 32;

pub(super) struct Reader<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    pub(super) fn scene(&mut self, value: &Value) -> Option<Scene> {
        let mut fields = Fields::of(value, "a scene", self.diagnostics)?;
        let id = self.id(&mut fields, "id", "a scene");
        if !fields.has("id") {
            fields.missing("id", self.diagnostics);
        }
        let scene = Scene {
            id,
            title: fields.string("title", self.diagnostics).map(|s| s.value),
            place: fields.string("place", self.diagnostics),
            gap: gap(&mut fields, self.diagnostics),
            settings: settings(&mut fields, self.diagnostics),
            entries: self.entries(&mut fields, 0),
            span: value.span,
        };
        fields.finish(self.diagnostics);
        Some(scene)
    }

    fn entries(&mut self, fields: &mut Fields<'_>, depth: usize) -> Vec<Entry> {
        if !fields.has("script") {
            fields.missing("script", self.diagnostics);
        }
        let Some(items) = fields.array("script", self.diagnostics) else { return Vec::new() };
        items.value.iter().map(|item| self.entry(item, depth)).collect()
    }

    /// The entry a value stands for. One that cannot be read keeps its place and its id.
    fn entry(&mut self, value: &Value, depth: usize) -> Entry {
        let Kind::Table(table) = &value.value else {
            if value.value != Kind::Broken {
                self.diagnostics.push(wrong_type(value.span, &value.value, "an entry", "a table"));
            }
            return unreadable(None, value.span);
        };
        let kinds: Vec<_> = table.iter().filter(|(key, _)| KINDS.contains(key)).collect();
        let [(kind, _)] = kinds.as_slice() else {
            self.diagnostics.push(wrong_kind(
                value,
                &kinds,
                table.iter().map(|(key, entry)| (key, entry.key)),
            ));
            let id = Fields::new(table, value.span, "an entry").any("id").and_then(|id| match &id.value {
                Kind::String(text) if name::is_valid(text) => Some(Spanned::new(text.clone(), id.span)),
                _ => None,
            });
            return unreadable(id, value.span);
        };
        match *kind {
            "line" => self.line(Fields::new(table, value.span, "a line")),
            "pause" => self.pause(Fields::new(table, value.span, "a pause")),
            "sfx" => self.cue(Fields::new(table, value.span, "an sfx"), false),
            "music" => self.cue(Fields::new(table, value.span, "music"), true),
            "bed" => self.bed(Fields::new(table, value.span, "a bed")),
            "mark" => self.mark(Fields::new(table, value.span, "a mark")),
            _ => self.group(Fields::new(table, value.span, "a group"), depth),
        }
    }

    fn line(&mut self, mut fields: Fields<'_>) -> Entry {
        let text = fields.string("line", self.diagnostics).map(|text| self.text(&text));
        let role = fields.string("by", self.diagnostics);
        if !fields.has("by") {
            fields.missing("by", self.diagnostics);
        }
        let voice = voice(&mut fields, self.diagnostics);
        let (rate, pitch) = (pace(&mut fields, self.diagnostics), pitch(&mut fields, self.diagnostics));
        let playback =
            Playback { cut: self.cut(&mut fields), ..playback(&mut fields, false, self.diagnostics) };
        let content =
            text.map(|text| Content::Line(Box::new(Line { role, text, voice, rate, pitch, playback })));
        self.finish(fields, content, true)
    }

    fn text(&mut self, text: &Spanned<String>) -> Text {
        let raw = self.file.text().get(text.span.range()).unwrap_or("");
        text::parse(text, raw, self.diagnostics)
    }

    fn pause(&mut self, mut fields: Fields<'_>) -> Entry {
        let id = self.id(&mut fields, "id", "an entry");
        let pause = fields.number("pause", 0.0..=LONGEST_PAUSE, "seconds", self.diagnostics);
        let span = fields.span();
        fields.finish(self.diagnostics);
        let pause = pause.and_then(|pause| Seconds::new(pause.value));
        let content = pause.map_or(Content::Unreadable, Content::Pause);
        Entry { id, span, at: None, advance: None, settings: Settings::default(), content }
    }

    fn cue(&mut self, mut fields: Fields<'_>, music: bool) -> Entry {
        let sound = fields.string(if music { "music" } else { "sfx" }, self.diagnostics);
        let to = anchor(&mut fields, "to", self.diagnostics);
        let playback =
            Playback { cut: self.cut(&mut fields), ..playback(&mut fields, true, self.diagnostics) };
        let content = sound.map(|sound| Content::Cue(Cue { music, sound, to, playback }));
        self.finish(fields, content, true)
    }

    fn cut(&mut self, fields: &mut Fields<'_>) -> bool {
        fields.boolean("cut", self.diagnostics).is_some_and(|cut| cut.value)
    }

    fn bed(&mut self, mut fields: Fields<'_>) -> Entry {
        let sound = fields.string("bed", self.diagnostics);
        let from = anchor(&mut fields, "from", self.diagnostics);
        let to = anchor(&mut fields, "to", self.diagnostics);
        let playback = playback(&mut fields, true, self.diagnostics);
        fields.misnamed("at", "from", self.diagnostics);
        let content = sound.map(|sound| Content::Bed(Bed { sound, from, to, playback }));
        self.finish(fields, content, false)
    }

    fn mark(&mut self, mut fields: Fields<'_>) -> Entry {
        let id = self.id(&mut fields, "mark", "a mark");
        let at = anchor(&mut fields, "at", self.diagnostics);
        let span = fields.span();
        fields.finish(self.diagnostics);
        let content = id.clone().map_or(Content::Unreadable, Content::Mark);
        Entry { id, span, at, advance: None, settings: Settings::default(), content }
    }

    fn group(&mut self, mut fields: Fields<'_>, depth: usize) -> Entry {
        if depth >= DEEPEST {
            let message = format!("groups stand at most {DEEPEST} deep");
            self.diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(fields.span(), ""));
            return unreadable(None, fields.span());
        }
        let words = ["together", "sequence"];
        let read = |word: &str| words.contains(&word).then_some(word == "together");
        let together = fields.word("group", &words, read, self.diagnostics);
        let until = self.until(&mut fields);
        if let (Some(false), Some(until)) = (together.map(|t| t.value), &until) {
            let message = "only a group of entries side by side has `until`";
            self.diagnostics.push(Diagnostic::error(Code::Conflict, message).at(until.span, ""));
        }
        let entries = self.entries(&mut fields, depth + 1);
        let content = together.map(|t| Content::Group(Group { together: t.value, until, entries }));
        self.finish(fields, content, true)
    }

    fn until(&mut self, fields: &mut Fields<'_>) -> Option<Spanned<Until>> {
        let word = fields.string("until", self.diagnostics)?;
        let until = match word.value.as_str() {
            "last" => Until::Last,
            "first" => Until::First,
            id => Until::Entry(id.to_owned()),
        };
        Some(Spanned::new(until, word.span))
    }

    /// The keys that every entry but a pause and a mark has.
    fn finish(&mut self, mut fields: Fields<'_>, content: Option<Content>, placed: bool) -> Entry {
        let id = self.id(&mut fields, "id", "an entry");
        let at = if placed { anchor(&mut fields, "at", self.diagnostics) } else { None };
        let advance = if placed { self.advance(&mut fields) } else { None };
        let settings = settings(&mut fields, self.diagnostics);
        let span = fields.span();
        fields.finish(self.diagnostics);
        Entry { id, span, at, advance, settings, content: content.unwrap_or(Content::Unreadable) }
    }

    fn advance(&mut self, fields: &mut Fields<'_>) -> Option<Advance> {
        match fields.any("advance")? {
            Value { value: Kind::String(_), .. } => {
                let read = |word: &str| match word {
                    "end" => Some(Advance::End),
                    "none" => Some(Advance::None),
                    _ => None,
                };
                fields.word("advance", &["end", "none"], read, self.diagnostics).map(|w| w.value)
            }
            Value { value: Kind::Integer(_) | Kind::Float(_), .. } => {
                seconds(fields, "advance", self.diagnostics).map(|s| Advance::After(s.value))
            }
            other => {
                let expected = "`\"end\"`, `\"none\"`, or seconds";
                self.diagnostics.push(wrong_type(other.span, &other.value, "`advance`", expected));
                None
            }
        }
    }

    fn id(&mut self, fields: &mut Fields<'_>, key: &'static str, what: &str) -> Option<Spanned<String>> {
        let id = fields.string(key, self.diagnostics)?;
        name::check(&id.value, what, id.span, self.diagnostics).then_some(id)
    }
}

fn unreadable(id: Option<Spanned<String>>, span: Span) -> Entry {
    let (settings, content) = (Settings::default(), Content::Unreadable);
    Entry { id, span, at: None, advance: None, settings, content }
}

fn wrong_kind<'t>(
    value: &Value,
    kinds: &[(&str, &crate::document::Entry)],
    keys: impl Iterator<Item = (&'t str, Span)>,
) -> Diagnostic {
    if let [(first, one), (second, two), ..] = kinds {
        let message = format!("an entry is one thing: this has `{first}` and `{second}`");
        return Diagnostic::error(Code::EntryKind, message).at(two.key, "").also(one.key, "the other one");
    }
    // A key that is nearly a kind is most likely the mistake.
    for (key, span) in keys {
        if let Some(near) = crate::diag::suggest::nearest(key, KINDS) {
            let message = format!("an entry has no key `{key}`");
            return Diagnostic::error(Code::EntryKind, message)
                .at(span, "")
                .help(format!("did you mean `{near}`?"));
        }
    }
    let kinds = KINDS.map(|kind| format!("`{kind}`")).join(", ");
    Diagnostic::error(Code::EntryKind, "an entry with no kind")
        .at(value.span, format!("this needs one of {kinds}"))
}
