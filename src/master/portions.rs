//! Portions of a mix that are worked on apart, each from its beginning to its end by one thread.
//!
//! They are cut by the timeline alone, never by how many threads there are, where [`crate::mix::stretch`] cuts; and of
//! the places in reach where the least has to be heard again before: rooms and compressors remember.

use std::ops::Range;

use crate::mix::plan::Plan;
use crate::mix::stretch::bounds;

/// How long portions are: at least and at most, and best, in seconds.
const LENGTHS: [u64; 3] = [10, 26, 16];

/// The portions of the frames `window` of a plan, counted from the window's first frame.
pub(super) fn portions(plan: &Plan, window: &Range<u64>) -> Vec<Range<u64>> {
    let rate = u64::from(plan.rate().hz());
    let [least, most, best] = LENGTHS.map(|seconds| seconds * rate);
    let inside = |at: &u64| *at > window.start && *at < window.end;
    let cuts: Vec<u64> = bounds(plan).into_iter().map(|(start, _)| start).filter(inside).collect();
    let mut found = Vec::new();
    let (mut start, mut seen) = (window.start, 0);
    while start < window.end {
        seen += cuts[seen..].partition_point(|cut| *cut < start + least);
        let reach = cuts[seen..].partition_point(|cut| *cut <= start + most);
        let cost = |cut: &&u64| (plan.run_up(**cut).get(), (start + best).abs_diff(**cut));
        let cut = cuts[seen..][..reach].iter().min_by_key(cost);
        let end = match cut {
            // What would be left alone is not worth a thread of its own.
            Some(_) | None if window.end - start <= most => window.end,
            Some(cut) => *cut,
            None => cuts.get(seen).copied().unwrap_or(window.end),
        };
        found.push(start - window.start..end - window.start);
        start = end;
    }
    found
}
