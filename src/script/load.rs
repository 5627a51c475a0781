//! An episode's file and the files it includes become one script.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Kind, wrong_type};
use crate::host::Show;
use crate::host::error::HostError;
use crate::script::entries::Reader;
use crate::script::refusal::refusal;
use crate::script::settings::{gap, settings_without_bus};
use crate::script::{Definitions, Script, about, definitions};
use crate::source::{SourceFile, Sources, Span, Spanned};
use crate::staging::Preset;

/// The only format this program reads.
const FORMAT: i64 = 1;
/// How many files may be included in all.
const MOST_INCLUDES: usize = 64;

/// Reads an episode: `path` is its file, from the show's folder. Whatever is wrong with it is reported.
pub fn load(show: &Show, path: &str, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Script {
    let mut script = Script::default();
    let Some(file) = read_file(show, path, None, sources, diagnostics) else { return script };
    let table = crate::document::parse(file.0, &file.1, diagnostics);
    let mut fields = Fields::new(&table.value, Span::new(file.0, 0, 0), "an episode");

    format(&mut fields, diagnostics);
    script.title = fields.string("title", diagnostics);
    if !fields.has("title") {
        fields.missing("title", diagnostics);
    }
    let presets: Vec<_> = Preset::ALL.iter().map(|it| it.word()).collect();
    script.deliver = fields.word("deliver", &presets, Preset::from_word, diagnostics);
    script.about = about::read(&mut fields, show, diagnostics);
    script.gap = gap(&mut fields, diagnostics);
    // Here `bus` is the table of buses.
    script.settings = settings_without_bus(&mut fields, diagnostics);

    let mut shared = Script::default();
    let mut includes = Includes { show, sources, diagnostics, path: Vec::new(), read: BTreeSet::new() };
    includes.path.push((path.to_owned(), includes.real(path)));
    includes.read_all(&mut fields, &mut shared);
    definitions::read(&mut fields, &mut script, diagnostics);
    inherit(shared.cast, &mut script.cast);
    inherit(shared.sounds, &mut script.sounds);
    inherit(shared.places, &mut script.places);
    inherit(shared.buses, &mut script.buses);

    match fields.any("scene").map(|value| (value, &value.value)) {
        Some((value, Kind::Array(scenes))) if scenes.is_empty() => {
            let message = "an episode needs at least one scene";
            diagnostics.push(Diagnostic::error(Code::MissingKey, message).at(value.span, "this is empty"));
        }
        Some((_, Kind::Array(scenes))) => {
            let read = |scene| {
                let mut found = Diagnostics::new();
                (Reader { file: &file.1, diagnostics: &mut found }.scene(scene), found)
            };
            for (scene, found) in scenes.par_iter().map(read).collect::<Vec<_>>() {
                script.scenes.extend(scene);
                diagnostics.extend(found);
            }
        }
        Some((value, other)) => {
            diagnostics.push(wrong_type(value.span, other, "`scene`", "an array, `[[scene]]`"))
        }
        None if fields.has("scene") => {}
        None => fields.missing("scene", diagnostics),
    }
    fields.finish(diagnostics);
    drop_consequences(diagnostics);
    script
}

/// Drops what is said of the shape of files that are not TOML: it follows from what TOML could not make sense of.
fn drop_consequences(diagnostics: &mut Diagnostics) {
    let file = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.span.file);
    let broken: Vec<_> = diagnostics.iter().filter(|d| d.code == Code::TomlSyntax).filter_map(file).collect();
    let shape = [Code::MissingKey, Code::WrongType, Code::EntryKind, Code::UnknownKey];
    diagnostics.retain(|d| !(shape.contains(&d.code) && file(d).is_some_and(|file| broken.contains(&file))));
}

fn format(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) {
    match fields.any("format") {
        None if fields.has("format") => {}
        None => fields.missing("format", diagnostics),
        Some(value) if value.value == Kind::Integer(FORMAT) => {}
        Some(value) => {
            let message = format!("this program reads format {FORMAT}");
            let found = match &value.value {
                Kind::Integer(number) => format!("this is format {number}"),
                other => format!("this is {}; write `format = {FORMAT}`", other.name()),
            };
            diagnostics.push(Diagnostic::error(Code::UnknownFormat, message).at(value.span, found));
        }
    }
}

fn inherit<T>(shared: Definitions<T>, own: &mut Definitions<T>) {
    for (name, definition) in shared {
        own.entry(name).or_insert(definition);
    }
}

struct Includes<'a> {
    show: &'a Show,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// The files that led here, the episode first: as written, and where they lead.
    path: Vec<(String, PathBuf)>,
    /// Where the files read so far lead: one included twice is read once.
    read: BTreeSet<PathBuf>,
}

impl Includes<'_> {
    fn read_all(&mut self, fields: &mut Fields<'_>, shared: &mut Script) {
        let Some(items) = fields.array("include", self.diagnostics) else { return };
        for item in items.value {
            match &item.value {
                Kind::String(path) => self.read_one(&Spanned::new(path.clone(), item.span), shared),
                other => {
                    self.diagnostics.push(wrong_type(item.span, other, "`include`", "an array of paths"))
                }
            }
        }
    }

    fn read_one(&mut self, path: &Spanned<String>, shared: &mut Script) {
        let real = self.real(&path.value);
        if self.path.iter().any(|(_, open)| *open == real) {
            let chain: Vec<&str> = self.path.iter().map(|(written, _)| written.as_str()).collect();
            let chain = chain.join("` includes `");
            let message = format!("`{chain}` includes `{}` again", path.value);
            self.diagnostics.push(Diagnostic::error(Code::IncludeCycle, message).at(path.span, ""));
            return;
        }
        if self.read.contains(&real) || self.read.len() > MOST_INCLUDES {
            return;
        }
        self.read.insert(real.clone());
        if self.read.len() > MOST_INCLUDES {
            let message = format!("an episode includes at most {MOST_INCLUDES} files");
            self.diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(path.span, ""));
            return;
        }
        let Some(file) = read_file(self.show, &path.value, Some(path.span), self.sources, self.diagnostics)
        else {
            return;
        };
        let table = crate::document::parse(file.0, &file.1, self.diagnostics);
        let mut fields = Fields::new(&table.value, Span::new(file.0, 0, 0), "an included file");
        self.path.push((path.value.clone(), real));
        self.read_all(&mut fields, shared);
        self.path.pop();
        let mut own = Script::default();
        definitions::read(&mut fields, &mut own, self.diagnostics);
        fields.finish(self.diagnostics);
        self.merge(own.cast, &mut shared.cast);
        self.merge(own.sounds, &mut shared.sounds);
        self.merge(own.places, &mut shared.places);
        self.merge(own.buses, &mut shared.buses);
    }

    /// What tells files apart, however their paths are written.
    fn real(&self, path: &str) -> PathBuf {
        self.show.real(path).unwrap_or_else(|| path.into())
    }

    fn merge<T>(&mut self, own: Definitions<T>, shared: &mut Definitions<T>) {
        for (name, definition) in own {
            if let Some(other) = shared.get(&name) {
                let message = format!("two included files define `{name}`");
                let report = Diagnostic::error(Code::DuplicateId, message).at(definition.span, "");
                self.diagnostics.push(report.also(other.span, "the other one"));
            }
            shared.insert(name, definition);
        }
    }
}

/// Reads a text file of the show, or reports why not. `from` is where its path was written, if it was.
pub fn read_file(
    show: &Show,
    path: &str,
    from: Option<Span>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(crate::source::FileId, SourceFile)> {
    match show.read_text(path) {
        Ok(text) => {
            let file = SourceFile::new(show.locate(path).display().to_string(), text);
            Some((sources.add(file.clone()), file))
        }
        Err(error) => {
            let mut report = refusal(show, path, from, &error);
            if let HostError::NotUtf8 { offset, lossy, .. } = error {
                // The place is shown in what can be read of the text.
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(char::REPLACEMENT_CHARACTER.len_utf8());
                let file = sources.add(SourceFile::new(show.locate(path).display().to_string(), lossy));
                report.secondary.extend(report.primary.take());
                report = report.at(Span::new(file, start, end), "expected UTF-8");
            }
            diagnostics.push(report);
            None
        }
    }
}
