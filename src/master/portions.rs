//! Portions of a mix that are worked on apart, each from its beginning to its end by one thread.
//!
//! They are cut by the timeline alone, never by how many threads there are: where scenes begin, and in them where
//! [`crate::mix::stretch`] cuts, of the places in reach where the least has to be heard again before, since rooms and
//! compressors remember. So a portion of a scene that begins later than it did is the same portion; and whatever is worked
//! out of one is kept under what it depends on: its own stretches, and those around it that are in reach.

use std::ops::Range;
use std::sync::Arc;

use crate::cache::Cache;
use crate::cache::key::{MASTER, Parts};
use crate::master::kept::Kept;
use crate::mix::plan::Plan;
use crate::mix::stretch::{bounds, content};

/// How long portions are: at least and at most, and best, in seconds. Scenes may be shorter.
const LENGTHS: [u64; 3] = [10, 26, 16];

/// The portions of the frames `window` of a plan, counted from the window's first frame.
pub(super) fn portions(plan: &Plan, window: &Range<u64>) -> Vec<Range<u64>> {
    let scenes =
        plan.scenes().iter().copied().filter(|scene| window.contains(scene) && *scene > window.start);
    let starts = std::iter::once(window.start).chain(scenes.clone());
    let cuts: Vec<u64> = bounds(plan).into_iter().map(|(start, _)| start).collect();
    let scenes =
        starts.zip(scenes.chain([window.end])).flat_map(|(start, end)| scene(plan, &cuts, start..end));
    scenes.map(|portion| portion.start - window.start..portion.end - window.start).collect()
}

/// The portions of a scene.
fn scene(plan: &Plan, cuts: &[u64], scene: Range<u64>) -> Vec<Range<u64>> {
    let rate = u64::from(plan.rate().hz());
    let [least, most, best] = LENGTHS.map(|seconds| seconds * rate);
    let cuts = &cuts[cuts.partition_point(|cut| *cut <= scene.start)..];
    let cuts = &cuts[..cuts.partition_point(|cut| *cut < scene.end)];
    let mut found = Vec::new();
    let (mut start, mut seen) = (scene.start, 0);
    while start < scene.end {
        seen += cuts[seen..].partition_point(|cut| *cut < start + least);
        let reach = cuts[seen..].partition_point(|cut| *cut <= start + most);
        let cost = |cut: &&u64| (plan.run_up(**cut).get(), (start + best).abs_diff(**cut));
        let cut = cuts[seen..][..reach].iter().min_by_key(cost);
        let end = match cut {
            // What would be left alone is not worth a thread of its own.
            Some(_) | None if scene.end - start <= most => scene.end,
            Some(cut) => *cut,
            None => cuts.get(seen).copied().unwrap_or(scene.end),
        };
        found.push(start..end);
        start = end;
    }
    found
}

/// What the portions of a mix are known by.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    portions: Vec<Range<u64>>,
    kept: Arc<Kept>,
    /// The frame of the plan with which the mix begins.
    first: u64,
}

impl Contents {
    /// Of these portions, of a mix of which stretches are kept, and which begins at frame `first` of the plan.
    pub(super) fn new(portions: Vec<Range<u64>>, kept: Arc<Kept>, first: u64) -> Contents {
        Contents { portions, kept, first }
    }

    /// What `what` depends on that is worked out of a portion, so many frames before it and so many after it: what is heard
    /// in all of them, and where portions are cut.
    pub(super) fn parts(&self, what: &str, index: usize, before: u64, after: u64) -> Option<Parts> {
        let own = self.portions.get(index)?;
        // Where the mix begins or ends in reach, there is less.
        let length = self.portions.last()?.end;
        let reach = own.start.saturating_sub(before)..own.end.saturating_add(after).min(length);
        let heard = content(self.kept.stretches(), &(self.first + reach.start..self.first + reach.end))?;
        let earlier = self.portions[..index].partition_point(|it| it.end <= reach.start);
        let in_reach = self.portions[earlier..].iter().take_while(|it| it.start < reach.end);
        let cuts: Vec<i128> = in_reach.map(|it| i128::from(it.start) - i128::from(own.start)).collect();
        Some(Parts::new(what, MASTER).key(&heard).number(own.start - reach.start).data(&cuts))
    }

    /// Where what is worked out is kept.
    pub(super) fn cache(&self) -> &Cache {
        self.kept.cache()
    }
}
