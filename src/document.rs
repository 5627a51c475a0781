//! A TOML file as a tree in which every key and value knows its place, and a way to read it that reports.
//!
//! [`parse`] never fails: what TOML cannot make sense of is reported and left out of the tree. [`Fields`] reads a
//! table key by key; whatever was asked for is known, and [`Fields::finish`] reports every other key with the
//! nearest known one. Wrong types and numbers out of range are reported where they stand and read as absent.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use toml::de::{DeTable, DeValue};

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics, suggest};
use crate::source::{FileId, SourceFile, Span, Spanned};

/// How deep tables and arrays may stand in each other. Dotted keys reach deeper than brackets do before TOML's own
/// limit, and what reads the tree goes down it by recursion.
const DEEPEST: usize = 128;

/// A value and where it stands.
pub type Value = Spanned<Kind>;

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A string, escapes resolved.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a point; may be NaN or infinite.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or a time, which nothing here uses.
    Datetime,
    /// An array.
    Array(Vec<Value>),
    /// A table, inline or under a header.
    Table(Table),
    /// A value that could not be read, which has been reported: it is there, but reads as absent.
    Broken,
}

impl Kind {
    /// The type's name as a person knows it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::String(_) => "a string",
            Kind::Integer(_) | Kind::Float(_) => "a number",
            Kind::Boolean(_) => "a boolean",
            Kind::Datetime => "a date",
            Kind::Array(_) => "an array",
            Kind::Table(_) => "a table",
            Kind::Broken => "unreadable",
        }
    }
}

/// A table: its keys in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    entries: BTreeMap<String, Entry>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key stands.
    pub key: Span,
    /// The value.
    pub value: Value,
}

impl Table {
    /// The keys and what they hold, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Whether the table has a key.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }
}

/// Reads a file's text as TOML 1.1. Syntax errors are reported, and the values they touch are left out.
pub fn parse(id: FileId, file: &SourceFile, diagnostics: &mut Diagnostics) -> Spanned<Table> {
    let text = file.text();
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut broken = Broken::default();
    for error in &errors {
        let range = error.span().unwrap_or(text.len()..text.len());
        let (start, end) = (text.floor_char_boundary(range.start), text.ceil_char_boundary(range.end));
        let end = end.max(start);
        let message = match error.message().lines().next().unwrap_or("malformed TOML") {
            said if said.contains("recurs") => {
                "keys, tables and arrays stand too deep in each other".to_owned()
            }
            said => said.to_owned(),
        };
        diagnostics.push(Diagnostic::error(Code::TomlSyntax, message).at(Span::new(id, start, end), ""));
        broken.add(start, end);
    }
    broken.join();
    let mut lowering = Lowering { id, broken, depth: 0, diagnostics };
    let table = lowering.table(tree.get_ref());
    Spanned::new(table, Span::new(id, 0, text.len()))
}

/// The stretches of a file that syntax errors touch, rising and apart: files of many errors have many values.
#[derive(Default)]
struct Broken {
    ranges: Vec<(usize, usize)>,
}

impl Broken {
    fn add(&mut self, start: usize, end: usize) {
        self.ranges.push((start, end));
    }

    fn join(&mut self) {
        self.ranges.sort_unstable();
        self.ranges.dedup_by(|next, last| {
            let joined = next.0 <= last.1;
            last.1 = if joined { last.1.max(next.1) } else { last.1 };
            joined
        });
    }

    /// Whether a value is touched: overlapped, or met at an end.
    fn touches(&self, value: &std::ops::Range<usize>) -> bool {
        let first = self.ranges.partition_point(|&(_, end)| end < value.start);
        self.ranges.get(first).is_some_and(|&(start, _)| start <= value.end)
    }
}

struct Lowering<'d> {
    id: FileId,
    broken: Broken,
    depth: usize,
    diagnostics: &'d mut Diagnostics,
}

impl Lowering<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Table {
        let mut entries = BTreeMap::new();
        for (key, value) in table.iter() {
            let span = Span::new(self.id, key.span().start, key.span().end);
            entries.insert(key.get_ref().to_string(), Entry { key: span, value: self.value(value) });
        }
        Table { entries }
    }

    fn value(&mut self, value: &toml::Spanned<DeValue<'_>>) -> Value {
        let range = value.span();
        let span = Span::new(self.id, range.start, range.end);
        let nested = matches!(value.get_ref(), DeValue::Array(_) | DeValue::Table(_));
        if nested && self.depth == DEEPEST {
            let message = format!("tables and arrays stand at most {DEEPEST} deep in each other");
            self.diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(span, ""));
            return Spanned::new(Kind::Broken, span);
        }
        self.depth += usize::from(nested);
        let kind = match value.get_ref() {
            DeValue::Array(items) => Kind::Array(items.iter().map(|item| self.value(item)).collect()),
            DeValue::Table(table) => Kind::Table(self.table(table)),
            _ if self.broken.touches(&range) => Kind::Broken,
            DeValue::String(text) => Kind::String(text.to_string()),
            DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(number) => Kind::Integer(number),
                Err(_) => {
                    let message = "a whole number beyond what can be counted";
                    self.diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(span, ""));
                    Kind::Broken
                }
            },
            DeValue::Float(digits) => Kind::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(yes) => Kind::Boolean(*yes),
            DeValue::Datetime(_) => Kind::Datetime,
        };
        self.depth -= usize::from(nested);
        Spanned::new(kind, span)
    }
}

/// Reads a table key by key, and remembers what was asked for.
#[derive(Debug)]
pub struct Fields<'t> {
    table: &'t Table,
    span: Span,
    what: &'static str,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'t> Fields<'t> {
    /// Starts reading `table`, which stands at `span` and is called `what` in messages ("a line", say).
    pub fn new(table: &'t Table, span: Span, what: &'static str) -> Fields<'t> {
        Fields { table, span, what, known: Vec::new(), missing: Vec::new() }
    }

    /// The table of `value`, or a report that it is none.
    pub fn of(value: &'t Value, what: &'static str, diagnostics: &mut Diagnostics) -> Option<Fields<'t>> {
        match &value.value {
            Kind::Table(table) => Some(Fields::new(table, value.span, what)),
            other => {
                diagnostics.push(wrong_type(value.span, other, what, "a table"));
                None
            }
        }
    }

    /// Where the table stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What the table is called in messages.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The value of a key, whatever its type.
    pub fn any(&mut self, key: &'static str) -> Option<&'t Value> {
        self.entry(key).map(|entry| &entry.value).filter(|value| value.value != Kind::Broken)
    }

    /// Whether a key is there, even with a value that cannot be read.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.entry(key).is_some()
    }

    fn entry(&mut self, key: &'static str) -> Option<&'t Entry> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.entries.get(key)
    }

    /// A string.
    pub fn string(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
        let value = self.any(key)?;
        match &value.value {
            Kind::String(text) => Some(Spanned::new(text.clone(), value.span)),
            other => self.refuse(key, value.span, other, "a string", diagnostics),
        }
    }

    /// One of a few words, by `read`; `words` are those it knows.
    pub fn word<T>(
        &mut self,
        key: &'static str,
        words: &[&str],
        read: impl Fn(&str) -> Option<T>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Spanned<T>> {
        let text = self.string(key, diagnostics)?;
        if let Some(value) = read(&text.value) {
            return Some(Spanned::new(value, text.span));
        }
        let message = format!("`{}` is no `{key}`", text.value);
        let report = Diagnostic::error(Code::UnknownWord, message).at(text.span, "");
        diagnostics.push(report.suggest(&text.value, words.iter().copied()));
        None
    }

    /// A number within `range`; `unit` is said in messages and may be empty.
    pub fn number(
        &mut self,
        key: &'static str,
        range: RangeInclusive<f64>,
        unit: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Spanned<f64>> {
        let value = self.any(key)?;
        number(value, key, range, unit, diagnostics)
    }

    /// A whole number within `range`.
    pub fn integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Spanned<i64>> {
        let value = self.any(key)?;
        match value.value {
            Kind::Integer(n) if range.contains(&n) => Some(Spanned::new(n, value.span)),
            Kind::Integer(_) => {
                let message = format!("`{key}` must lie between {} and {}", range.start(), range.end());
                diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(value.span, ""));
                None
            }
            ref other => self.refuse(key, value.span, other, "a whole number", diagnostics),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str, diagnostics: &mut Diagnostics) -> Option<Spanned<bool>> {
        let value = self.any(key)?;
        match value.value {
            Kind::Boolean(yes) => Some(Spanned::new(yes, value.span)),
            ref other => self.refuse(key, value.span, other, "`true` or `false`", diagnostics),
        }
    }

    /// An array's items.
    pub fn array(
        &mut self,
        key: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Spanned<&'t [Value]>> {
        let value = self.any(key)?;
        match &value.value {
            Kind::Array(items) => Some(Spanned::new(items.as_slice(), value.span)),
            other => self.refuse(key, value.span, other, "an array", diagnostics),
        }
    }

    /// A table, called `what` in messages.
    pub fn table(
        &mut self,
        key: &'static str,
        what: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Fields<'t>> {
        let value = self.any(key)?;
        match &value.value {
            Kind::Table(table) => Some(Fields::new(table, value.span, what)),
            other => self.refuse(key, value.span, other, "a table", diagnostics),
        }
    }

    /// Reports that a key is missing.
    pub fn missing(&mut self, key: &'static str, diagnostics: &mut Diagnostics) {
        self.missing.push(key);
        diagnostics.push(self.needs(key));
    }

    fn needs(&self, key: &str) -> Diagnostic {
        let message = format!("{} needs `{key}`", self.what);
        Diagnostic::error(Code::MissingKey, message).at(self.span, "")
    }

    /// Reports `key`, if it is there, as one that is called `instead` here.
    pub fn misnamed(&mut self, key: &'static str, instead: &str, diagnostics: &mut Diagnostics) {
        if let Some(entry) = self.entry(key) {
            let message = format!("{} has no key `{key}`", self.what);
            let report = Diagnostic::error(Code::UnknownKey, message).at(entry.key, "");
            diagnostics.push(report.help(format!("here it is `{instead}`")));
        }
    }

    /// Reports every key that was never asked for.
    pub fn finish(self, diagnostics: &mut Diagnostics) {
        for (name, entry) in self.table.iter().filter(|(name, _)| !self.known.contains(name)) {
            // A key that is missing because it is misspelt is one mistake.
            let near = suggest::nearest(name, self.known.iter().copied());
            if let Some(near) = near.filter(|near| self.missing.contains(near)) {
                diagnostics.take_back(&self.needs(near));
            }
            let message = format!("{} has no key `{name}`", self.what);
            let report = Diagnostic::error(Code::UnknownKey, message).at(entry.key, "");
            diagnostics.push(report.suggest(name, self.known.iter().copied()));
        }
    }

    fn refuse<T>(
        &self,
        key: &str,
        span: Span,
        found: &Kind,
        expected: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<T> {
        diagnostics.push(wrong_type(span, found, &format!("`{key}`"), expected));
        None
    }
}

/// A number within `range`, or a report of why it is none. `name` is what messages call it.
pub fn number(
    value: &Value,
    name: &str,
    range: RangeInclusive<f64>,
    unit: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<f64>> {
    let number = match value.value {
        Kind::Integer(n) => n as f64,
        Kind::Float(n) => n,
        ref other => {
            diagnostics.push(wrong_type(value.span, other, &format!("`{name}`"), "a number"));
            return None;
        }
    };
    if range.contains(&number) {
        return Some(Spanned::new(number, value.span));
    }
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let message = format!("`{name}` must lie between {} and {}{unit}", range.start(), range.end());
    let found = match number {
        n if n.is_nan() => "this is not a number".to_owned(),
        // A number that nobody would write out is not written out.
        n if n != 0.0 && !(1e-6..1e15).contains(&n.abs()) => format!("this is {n:e}"),
        n => format!("this is {n}"),
    };
    diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(value.span, found));
    None
}

/// The report that something is of the wrong type.
pub fn wrong_type(span: Span, found: &Kind, what: &str, expected: &str) -> Diagnostic {
    let message = format!("{what} must be {expected}");
    Diagnostic::error(Code::WrongType, message).at(span, format!("this is {}", found.name()))
}
