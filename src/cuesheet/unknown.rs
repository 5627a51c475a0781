//! A name that was written and stands for nothing.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;

/// Reports it, with the nearest of the names that could be meant.
pub(super) fn unknown<'n>(
    code: Code,
    what: &str,
    name: &Spanned<String>,
    candidates: impl IntoIterator<Item = &'n str>,
    diagnostics: &mut Diagnostics,
) {
    let report = Diagnostic::error(code, format!("there is no {what} `{}`", name.value)).at(name.span, "");
    let mut candidates = candidates.into_iter().peekable();
    diagnostics.push(match candidates.peek() {
        Some(_) => report.suggest(&name.value, candidates),
        None => report.help("none is defined"),
    });
}
