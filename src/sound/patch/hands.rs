//! Who works on a patch: one thread, or all at once on what does not depend on each other.

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

/// How many threads work on a patch. Its samples are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hands {
    /// The one that asks for it: where many patches are wanted, or threads give way to others. The default.
    #[default]
    One,
    /// All of the pool: where somebody waits for this one.
    All,
}

impl Hands {
    /// Makes so many things, `at_once` of them at a time, and hands them over in their order.
    pub(super) fn each<T: Send>(
        self,
        count: usize,
        at_once: usize,
        make: impl Fn(usize) -> T + Sync,
        mut take: impl FnMut(T),
    ) {
        if self == Hands::One {
            return (0..count).for_each(|n| take(make(n)));
        }
        for first in (0..count).step_by(at_once) {
            let few = first..(first + at_once).min(count);
            let made: Vec<T> = few.into_par_iter().map(&make).collect();
            made.into_iter().for_each(&mut take);
        }
    }
}
