//! Pieces of work done at once, and handed over in order.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, panicking, scope};

/// How many pieces, for each thread, may be begun before the first of them is handed over: few, of large ones.
pub(super) const NEAR: usize = 2;
/// Of small ones, where who has made the one before makes a piece more easily: so many that threads seldom meet.
pub(super) const FAR: usize = 8;

/// Makes pieces `0..count`, on as many threads as the current rayon pool has, and hands them to `take`, on this thread and
/// in order. At most `ahead` for each thread are begun before that. A thread goes on with the piece after its last as
/// long as nobody else has begun it. What is made must not depend on who makes it.
///
/// # Errors
/// The error of the first piece that has one, of either function; nothing later is handed over.
pub(super) fn in_order<T: Send, E: Send>(
    count: usize,
    ahead: usize,
    make: impl Fn(usize) -> Result<T, E> + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = rayon::current_num_threads().min(count);
    let board = Board {
        state: Mutex::new(State {
            begun: vec![false; count],
            taken: 0,
            ended: false,
            ready: BTreeMap::new(),
        }),
        changed: Condvar::new(),
        count,
        ahead: threads * ahead,
    };
    scope(|scope| {
        // Alone nothing is gained by a second thread; and where none can be had, the work is done all the same.
        let workers: Vec<_> = if threads > 1 {
            (0..threads)
                .map_while(|_| Builder::new().spawn_scoped(scope, || board.work(&make)).ok())
                .collect()
        } else {
            Vec::new()
        };
        if workers.is_empty() {
            return (0..count).try_for_each(|index| take(make(index)?));
        }
        let outcome = board.hand_over(&mut take);
        for worker in workers {
            if let Err(panic) = worker.join() {
                resume_unwind(panic);
            }
        }
        outcome
    })
}

/// What all threads look at.
struct Board<T, E> {
    state: Mutex<State<T, E>>,
    changed: Condvar,
    count: usize,
    /// How many pieces may be begun beyond those that have been taken.
    ahead: usize,
}

struct State<T, E> {
    /// Of each piece.
    begun: Vec<bool>,
    /// How many have been handed over.
    taken: usize,
    /// Whether nothing more is wanted.
    ended: bool,
    ready: BTreeMap<usize, Result<T, E>>,
}

/// Ends everything when it goes, should a thread go down.
struct Watch<'b, T, E>(&'b Board<T, E>);

impl<T, E> Drop for Watch<'_, T, E> {
    fn drop(&mut self) {
        if panicking() {
            self.0.end();
        }
    }
}

impl<T, E> Board<T, E> {
    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, as soon as `wanted` of it is true.
    fn when(&self, wanted: impl Fn(&State<T, E>) -> bool) -> MutexGuard<'_, State<T, E>> {
        let waiting = self.changed.wait_while(self.lock(), |state| !wanted(state));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    fn work(&self, make: &impl Fn(usize) -> Result<T, E>) {
        let _watch = Watch(self);
        // The piece after the one it made last.
        let mut next = 0;
        let mut state = self.lock();
        while !state.ended && state.begun.contains(&false) {
            let Some(index) = self.choose(&state, next) else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.begun[index] = true;
            drop(state);
            let made = make(index);
            // Nobody comes between this and its next choice.
            state = self.lock();
            state.ready.insert(index, made);
            self.changed.notify_all();
            next = index + 1;
        }
    }

    /// What to begin: `next`, if nobody has, else the first piece of the longest row that nobody has; of a row that somebody
    /// is on the way through, as far as can be told, the first of its second half. `None` where it would be too far ahead.
    fn choose(&self, state: &State<T, E>, next: usize) -> Option<usize> {
        let end = self.count.min(state.taken + self.ahead);
        let is_free = |index: &usize| *index < end && !state.begun[*index];
        if is_free(&next) {
            return Some(next);
        }
        let (mut longest, mut at) = (0..0, state.taken);
        while at < end {
            let over = (at..end).find(|index| !is_free(index)).unwrap_or(end);
            if over - at > longest.len() {
                longest = at..over;
            }
            at = over + 1;
        }
        let before = longest.start.checked_sub(1).filter(|before| *before >= state.taken);
        let is_on_the_way = before.is_some_and(|before| !state.ready.contains_key(&before));
        let first = if is_on_the_way { longest.start + longest.len() / 2 } else { longest.start };
        (!longest.is_empty()).then_some(first)
    }

    fn hand_over(&self, take: &mut impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        let _watch = Watch(self);
        for index in 0..self.count {
            let made = self.when(|it| it.ended || it.ready.contains_key(&index)).ready.remove(&index);
            // There is none where a thread went down, which will be noticed when it is joined.
            let Some(made) = made else { break };
            if let Err(error) = made.and_then(&mut *take) {
                self.end();
                return Err(error);
            }
            self.lock().taken = index + 1;
            self.changed.notify_all();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FAR, NEAR, in_order};

    fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start").install(work)
    }

    #[test]
    fn pieces_come_in_order_whoever_made_them() {
        for threads in [1, 2, 5] {
            let mut taken = Vec::new();
            let slow_first = |index: usize| {
                std::thread::sleep(std::time::Duration::from_millis(if index == 0 { 20 } else { 0 }));
                Ok::<_, ()>(index)
            };
            on_threads(threads, || {
                in_order(100, NEAR, slow_first, |index| {
                    taken.push(index);
                    Ok(())
                })
            })
            .expect("nothing fails");
            assert_eq!(taken, (0..100).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_thread_goes_on_where_it_left_off() {
        let makers = |threads: usize| {
            let mut makers = Vec::new();
            let make = |_| {
                std::thread::sleep(std::time::Duration::from_millis(1));
                Ok::<_, ()>(std::thread::current().id())
            };
            let take = |maker| {
                makers.push(maker);
                Ok(())
            };
            on_threads(threads, || in_order(200, FAR, make, take)).expect("nothing fails");
            makers
        };
        for threads in [2, 4] {
            let makers = makers(threads);
            let changes = makers.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!(changes > 0 && changes < 80, "{changes} of 199 pieces were made by another thread");
        }
    }

    #[test]
    fn the_first_error_counts_and_nothing_follows_it() {
        for threads in [1, 4] {
            let mut taken = 0;
            let failing = |index: usize| if index % 10 == 7 { Err(index) } else { Ok(index) };
            let ended = on_threads(threads, || {
                in_order(100, FAR, failing, |_| {
                    taken += 1;
                    Ok(())
                })
            });
            assert_eq!((ended, taken), (Err(7), 7));
            let refusing = |index: usize| if index == 5 { Err(index + 1000) } else { Ok(()) };
            assert_eq!(on_threads(threads, || in_order(100, NEAR, Ok, refusing)), Err(1005));
        }
    }

    #[test]
    fn a_thread_that_goes_down_takes_the_rest_with_it() {
        let gone = std::panic::catch_unwind(|| {
            on_threads(3, || {
                let make = |index| if index == 9 { panic!("on purpose") } else { Ok::<_, ()>(()) };
                in_order(50, NEAR, make, Ok)
            })
        });
        assert!(gone.is_err());
    }
}
