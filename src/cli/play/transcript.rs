//! What is said when: the entries of a performance in the order in which they are heard.

use crate::play::director::view::{Shown, View};
use crate::play::performance::Performance;

/// An entry on its way past.
pub(super) struct Row<'v> {
    /// Its index in the timeline.
    pub(super) entry: usize,
    /// Its first frame.
    pub(super) start: u64,
    /// The frame after its last.
    pub(super) end: u64,
    /// What there is to be said of it.
    pub(super) shown: &'v Shown,
}

/// The entries that are heard, by start.
pub(super) fn rows<'v>(performance: &Performance, view: &'v View) -> Vec<Row<'v>> {
    let row = |(entry, span): (usize, &crate::timeline::EntrySpan)| {
        let end = span.end.from_start().unwrap_or_default().get();
        let shown = view.entries.get(&span.id)?;
        Some(Row { entry, start: performance.start_of(entry), end, shown })
    };
    let mut rows: Vec<Row<'v>> = performance.timeline.entries.iter().enumerate().filter_map(row).collect();
    rows.sort_by_key(|row| (row.start, row.entry));
    rows
}
