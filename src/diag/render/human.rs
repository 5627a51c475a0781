//! Diagnostics on a terminal: message, file, line, caret, help, in the layout that Rust's compiler made familiar.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::source::Sources;

/// The text of all diagnostics, a blank line between two, with ANSI colours if `colour`.
///
/// Control characters, wherever they came from, are shown as pictures and never reach the terminal.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    diagnostics.iter().map(|d| format!("{}\n", one(d, sources, &renderer))).collect::<Vec<_>>().join("\n")
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group =
        Group::with_title(level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.name()));
    // Labels in one file share a snippet; the primary's file comes first.
    let labels = || {
        let primary = diagnostic.primary.iter().map(|label| (AnnotationKind::Primary, label));
        primary.chain(diagnostic.secondary.iter().map(|label| (AnnotationKind::Context, label)))
    };
    let mut files = Vec::new();
    for (_, label) in labels() {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    for id in files {
        let Some(file) = sources.get(id) else { continue };
        let mut snippet = Snippet::source(tame(file.text())).path(visible(file.name())).fold(true);
        for (kind, Label { span, text }) in labels().filter(|(_, label)| label.span.file == id) {
            let end = span.range().end.min(file.text().len());
            let annotation = kind.span(span.range().start.min(end)..end);
            snippet = snippet.annotation(if text.is_empty() {
                annotation
            } else {
                annotation.label(visible(text))
            });
        }
        group = group.element(snippet);
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// A source text without the characters that [`visible`] replaces and the renderer does not know; each is replaced by
/// one of as many bytes, so that places in it stay where they are.
fn tame(text: &str) -> Cow<'_, str> {
    let unknown = |c: char| c.len_utf8() > 1 && visible(c.encode_utf8(&mut [0; 4])) != c.to_string();
    let instead = |c: char| match c.len_utf8() {
        _ if !unknown(c) => c,
        2 => '¤',
        _ => '\u{fffd}',
    };
    if text.contains(unknown) { text.chars().map(instead).collect() } else { text.into() }
}

/// The text with every control character (and whatever reorders text on a terminal) replaced by something that
/// can be seen.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\x7f' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            '\u{2028}' | '\u{2029}' => '\u{2424}',
            c => c,
        })
        .collect()
}
