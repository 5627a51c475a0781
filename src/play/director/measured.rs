//! The gain of the whole mix: measured in the background once everything is made.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::audio::samples::Samples;
use crate::master::limit::{Decision, decide};
use crate::master::measure::{MasterError, measure_mix};
use crate::master::mixture::Mixture;
use crate::mix::plan::Plan;
use crate::play::director::{Director, Event};
use crate::play::gain::{self, Origin};
use crate::play::priority::Thread;
use crate::progress::{Progress, Stage};

impl Director {
    /// Where everything is made: the gain, if it is not known that it is this mix's.
    pub(super) fn settle_gain(&mut self) {
        if self.gain == Origin::Final || self.measuring.is_some() {
            return;
        }
        if self.fingerprint() == self.measured_of {
            self.gain = Origin::Final;
            return self.show();
        }
        // What is muted is measured too.
        let timeline = self.score.likely();
        let samples: Vec<Samples> = self.score.clips().iter().map(|clip| clip.samples.clone()).collect();
        let (specification, reading, events) = (self.specification, self.readings, self.events.clone());
        let cache = Arc::clone(&self.brief.cache);
        let stop = Arc::new(AtomicBool::new(false));
        self.measuring = Some(Arc::clone(&stop));
        let threads = (self.brief.threads.then / 2).max(1);
        std::thread::spawn(move || {
            let work = || {
                Thread::current().lower();
                let progress = Stoppable { stop };
                let plan = Arc::new(Plan::new(&timeline, &samples)?);
                // What was measured of it before, here or by a render, is not measured again.
                let heard = measure_mix(Mixture::recalled(plan, &cache), specification.channels, &progress)?;
                decide(&heard, &specification, &progress)
            };
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .start_handler(|_| Thread::current().lower())
                .build();
            let decided = pool.map_or(Err(MasterError::Stopped), |pool| pool.install(work));
            drop(events.send(Event::Measured(reading, decided)));
        });
    }

    pub(super) fn take_gain(&mut self, decided: Result<Decision, MasterError>) {
        self.measuring = None;
        match decided {
            Ok(decision) => {
                let changed = self.master != decision.settings;
                self.master = decision.settings;
                self.gain = Origin::Final;
                self.measured_of = self.fingerprint();
                if let Some(path) = gain::path(&self.brief.show, &self.brief.name) {
                    let rate = self.brief.settings.rate.hz();
                    gain::keep(&path, &self.specification, rate, self.master, self.measured_of.clone());
                }
                self.stale |= changed;
                self.show();
            }
            Err(MasterError::Stopped) => {}
            Err(error) => self.say(&error.to_string()),
        }
    }

    pub(super) fn stop_measuring(&mut self) {
        if let Some(stop) = self.measuring.take() {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// What tells this mix from any other, as far as this program makes it.
    fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        self.task.keys.hash(&mut hasher);
        format!("{:?}", self.score.likely()).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// Measuring that can be stopped.
struct Stoppable {
    stop: Arc<AtomicBool>,
}

impl Progress for Stoppable {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: Stage, _: u64) {}
    fn end(&self, _: Stage) {}
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
