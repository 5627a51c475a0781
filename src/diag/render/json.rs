//! Diagnostics as data, for editors and CI.

use serde::Serialize;

use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::source::Sources;

/// One diagnostic as it is written in JSON.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'d> {
    /// The stable code, `unknown-key` say.
    pub code: &'static str,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// One line.
    pub message: &'d str,
    /// Where it is; `null` where no file is to blame.
    pub primary: Option<JsonLabel<'d>>,
    /// Other places that explain it.
    pub secondary: Vec<JsonLabel<'d>>,
    /// What to do, a line each.
    pub help: &'d [String],
}

/// A place as it is written in JSON. Lines and columns count from 1, columns in characters; bytes from 0.
#[derive(Debug, Serialize)]
pub struct JsonLabel<'d> {
    /// The file, as the person would type it.
    pub file: &'d str,
    /// The first line.
    pub line: usize,
    /// The first character in it.
    pub column: usize,
    /// The line of the character after the last.
    pub end_line: usize,
    /// The column of the character after the last.
    pub end_column: usize,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// What is to be said about it there; may be empty.
    pub text: &'d str,
}

/// The diagnostics as serialisable values, in their order.
pub fn render<'d>(diagnostics: &'d Diagnostics, sources: &'d Sources) -> Vec<JsonDiagnostic<'d>> {
    diagnostics.iter().map(|d| one(d, sources)).collect()
}

fn one<'d>(diagnostic: &'d Diagnostic, sources: &'d Sources) -> JsonDiagnostic<'d> {
    JsonDiagnostic {
        code: diagnostic.code.name(),
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        message: &diagnostic.message,
        primary: diagnostic.primary.as_ref().and_then(|l| label(l, sources)),
        secondary: diagnostic.secondary.iter().filter_map(|l| label(l, sources)).collect(),
        help: &diagnostic.help,
    }
}

fn label<'d>(Label { span, text }: &'d Label, sources: &'d Sources) -> Option<JsonLabel<'d>> {
    let file = sources.get(span.file)?;
    let (from, to) = (file.line_column(span.range().start), file.line_column(span.range().end));
    Some(JsonLabel {
        file: file.name(),
        line: from.line,
        column: from.column,
        end_line: to.line,
        end_column: to.column,
        start: span.start,
        end: span.end,
        text,
    })
}
