//! What is said of a file that cannot be had.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, suggest};
use crate::host::Show;
use crate::host::error::HostError;
use crate::source::Span;

/// The report that a file of the show cannot be had.
pub fn refusal(show: &Show, path: &str, from: Option<Span>, error: &HostError) -> Diagnostic {
    let code = match error {
        HostError::NotFound { .. } => Code::MissingFile,
        HostError::Outside { .. } => Code::OutsideShow,
        HostError::BadName { .. } => Code::BadName,
        HostError::NotAFile { .. } => Code::NotAFile,
        HostError::NotUtf8 { .. } => Code::NotUtf8,
        _ => Code::UnreadableFile,
    };
    let mut report = Diagnostic::error(code, error.to_string());
    if let Some(span) = from {
        report = report.at(span, "");
    }
    match error {
        HostError::NotFound { .. } => match near(show, path) {
            Some(near) => report.help(format!("did you mean `{near}`?")),
            None => report,
        },
        HostError::Outside { .. } => report.help(
            "a script reaches only into its own show; the person at the command line can pass `--allow DIR`",
        ),
        _ => report,
    }
}

/// The file beside a missing one whose name is nearest, folder and ending aside.
fn near(show: &Show, path: &str) -> Option<String> {
    fn stem(name: &str) -> &str {
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let there = show.list(folder).ok()?;
    let nearest = suggest::nearest(stem(name), there.iter().map(|name| stem(name)))?;
    let found = there.iter().find(|name| stem(name) == nearest)?;
    Some(if folder.is_empty() { found.clone() } else { format!("{folder}/{found}") })
}
