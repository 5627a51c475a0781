//! What a person is told about their files: one problem, where it stands, what was expected, what to do.
//!
//! Stages push [`Diagnostic`]s into [`Diagnostics`] and still return a value, so that one run reports everything.
//! A message is one terse line in lower case, names in backticks, no full stop. Rendering is in [`render`].

use crate::diag::code::Code;
use crate::source::Span;

pub mod code;
pub mod render;
pub mod suggest;

/// The longest text of a diagnostic that is shown whole, in bytes.
const LONGEST: usize = 600;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The script cannot be rendered as written.
    Error,
    /// It renders, but perhaps not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A place and what is to be said about it there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What stands beside the caret; empty for a bare caret.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem, stable across versions.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// One line that stands alone.
    pub message: String,
    /// Where it is; `None` where no file is to blame (a missing script, say).
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// What to do, a line each.
    pub help: Vec<String>,
}

impl Diagnostic {
    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message: abridged(message.into()),
            primary: None,
            secondary: Vec::new(),
            help: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    /// A note.
    pub fn note(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Note, code, message)
    }

    /// Says where it is, with a few words beside the caret.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.primary = Some(Label { span, text: abridged(text.into()) });
        self
    }

    /// Points to another place that explains it.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { span, text: abridged(text.into()) });
        self
    }

    /// Adds a line of help.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(abridged(text.into()));
        self
    }

    /// Adds "did you mean" where `candidates` hold a name near `name`, else lists them.
    pub fn suggest<'n>(mut self, name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Diagnostic {
        self.help.extend(suggest::help(name, candidates).map(abridged));
        self
    }
}

/// A text short enough to be read: of a long one, which quotes something long, the beginning and the end.
fn abridged(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let (start, end) =
        (text.floor_char_boundary(LONGEST / 2), text.ceil_char_boundary(text.len() - LONGEST / 4));
    format!("{} … {}", &text[..start], &text[end..])
}

/// The problems of a run, in the order they were found until [`Diagnostics::sort`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None yet.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Takes one in.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Takes in all of another run's.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }

    /// Takes out the last one that is equal to `diagnostic`: it follows from another.
    pub fn take_back(&mut self, diagnostic: &Diagnostic) {
        if let Some(index) = self.list.iter().rposition(|other| other == diagnostic) {
            self.list.remove(index);
        }
    }

    /// Keeps those that `keep` is true of.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(keep);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity).count()
    }

    /// Sorts by file and place and drops repetitions. Those without a place come first.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.primary.as_ref().map(|label| label.span);
            (place(a), a.code, &a.message).cmp(&(place(b), b.code, &b.message))
        });
        self.list.dedup();
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}
