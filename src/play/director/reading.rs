//! The script, read again where it was saved; and what is to be made for it, that first which is needed first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cuesheet::Cues;
use crate::diag::Diagnostics;
use crate::master::preset::specification;
use crate::play::director::Director;
use crate::play::director::place::Goal;
use crate::play::director::view;
use crate::play::gain::Origin;
use crate::play::prepare::{self, Task};
use crate::play::score::{Foremost, Needs, Outlook, Readiness, Score};
use crate::play::watch::Change;
use crate::timeline::Timeline;

/// How long it is looked what was made before, to find out which place a time is.
const PATIENCE: Duration = Duration::from_millis(250);
/// After how long it shows whether that is of any use: then there is more than one clip in each millisecond.
const A_MOMENT: Duration = Duration::from_millis(20);

impl Director {
    /// Reads the script again, if there is a good one.
    pub(super) fn read_again(&mut self, change: Change) {
        let (workshop, rate) = (&self.workshop, self.brief.settings.rate);
        let keys = |cues: &Cues| prepare::keys(workshop, rate, &cues.requests);
        let (score, keys) = Score::read_while(&workshop.show, &self.brief.script, self.brief.settings, keys);
        // A file that is half there, or between two names, is no reason to complain of it yet.
        self.doubtful = score.is_broken() && change == Change::Likely;
        if self.doubtful {
            return;
        }
        if score.is_broken() {
            let (problems, text) = view::problems(&score);
            self.is_outdated = true;
            return self.change(|view| {
                view.errors = problems;
                view.problems = text;
                view.is_outdated = true;
            });
        }
        // Editors touch more than they change, and may save twice.
        if score.sources == self.score.sources && keys == self.task.keys && !self.is_outdated {
            return;
        }
        self.is_outdated = false;
        self.stop_measuring();
        self.readings += 1;
        self.task = Arc::new(Task {
            reading: self.readings,
            requests: score.cues().requests.clone(),
            keys,
            patches: Arc::clone(score.patches()),
            rate,
        });
        self.score = score;
        for (index, clip) in self.preparation.remembered(&self.task) {
            self.score.accept(index, Readiness::Sound, clip, Diagnostics::new());
        }
        let specification = specification(self.brief.deliver.unwrap_or(self.score.cues().deliver));
        if specification != self.specification {
            self.specification = specification;
            (self.master, self.gain, self.measured_of) = self.brief.gain(&specification);
        } else if self.gain == Origin::Final && specification.target.aim().is_some() {
            self.gain = Origin::Last;
        }
        self.stale = true;
        self.worked_out = None;
        self.prepare();
        self.show();
    }

    /// Has what is not made yet made, that first which is needed first.
    pub(super) fn prepare(&mut self) {
        self.foreseen = None;
        self.asked = Instant::now();
        let likely = self.score.likely();
        self.settle_goal(&likely);
        self.prepare_for(&likely);
    }

    /// The same, where the goal is settled.
    pub(super) fn prepare_for(&mut self, likely: &Timeline) {
        self.held_up_by = None;
        let searches = self.searches();
        let frame = match (self.origin(), &self.goal) {
            // From the beginning on: it is not known yet how far that is.
            _ if searches => 0,
            // All of the entry that holds the place, however far after its beginning that is: the rest follows it.
            (Some(origin), _) => u64::try_from(origin.frame(likely)).unwrap_or(0),
            (None, Some(goal)) => goal.frame(likely),
            (None, None) => 0,
        };
        let within = match &self.goal {
            // Nothing can be told to be needed at once.
            _ if searches => 0,
            Some(goal) => goal.frame(likely).saturating_sub(frame) + self.at_least(),
            None => self.at_least(),
        };
        let mut needs = self.score.needed(likely, frame, within, Foremost::Coming);
        if searches {
            needs.at_once = usize::MAX;
        }
        self.at_once = needs.order.iter().take(needs.at_once).copied().collect();
        needs.hasten(self.foreseen.as_deref().unwrap_or_default());
        self.change_missing(&needs);
        self.preparation.prepare(&self.task, needs, searches);
    }

    /// Finds out what else will be needed before `enough` frames are settled, were all that is needed at once made and as long as is
    /// likely. Else that would only be known once it is made, and who makes it would have waited. Once for each goal, and
    /// not as long as it may all come from the cache.
    pub(super) fn look_ahead(&mut self, likely: &Timeline, enough: u64) {
        if self.foreseen.is_some() || self.asked.elapsed() < A_MOMENT {
            return;
        }
        let at_once = self.at_once.clone();
        let Outlook { until, but_for_past, missing, .. } =
            self.score.foresee(&at_once, likely.clone(), self.origin());
        let missing = if until.max(but_for_past) < enough { missing } else { Vec::new() };
        let found = missing.into_iter().take_while(|(frame, _)| *frame < enough);
        let found: Vec<usize> = found.map(|(_, clip)| clip).collect();
        let is_more = !found.is_empty();
        self.foreseen = Some(found);
        if is_more {
            self.prepare_for(likely);
        }
    }

    /// Has that made first of what is `missing` which may yet be heard before `enough` frames are settled, in `timeline`, which is
    /// to begin at `begin`; and waits for the first of it, before which no more will be.
    pub(super) fn clear_the_way(
        &mut self,
        missing: &[(u64, usize)],
        enough: u64,
        (timeline, begin): (&Timeline, u64),
    ) {
        let first = missing.iter().take_while(|(frame, _)| *frame < enough);
        let mut order: Vec<usize> = Vec::new();
        for (_, clip) in first {
            if !self.score.is_ready(*clip) && !order.contains(clip) {
                order.push(*clip);
            }
        }
        self.held_up_by = order.first().copied();
        let sounding = order.len();
        let rest = self.score.needed(timeline, begin, 0, Foremost::Coming).order;
        let rest: Vec<usize> = rest.into_iter().filter(|clip| !order.contains(clip)).collect();
        order.extend(rest);
        // What else is needed is not known until that is made: it may be what comes next.
        self.preparation.prepare(&self.task, Needs { order, at_once: usize::MAX, sounding }, false);
    }

    /// Has an entry hold the place that is asked for, as long as times may still move.
    pub(super) fn settle_goal(&mut self, likely: &Timeline) {
        let searches = self.searches();
        if let Some(goal) = self.goal.as_mut().filter(|_| !searches && !self.score.is_complete()) {
            goal.settle(likely);
        }
    }

    /// Whether nothing can be heard yet, and nothing is to be found out until more is made: to work out times takes as much as
    /// to make a short clip, and who makes them waits for it.
    pub(super) fn is_early(&self) -> bool {
        let is_known = self.foreseen.is_some() || self.asked.elapsed() < A_MOMENT;
        self.goal.is_some() && is_known && self.at_once.iter().any(|clip| !self.score.is_ready(*clip))
    }

    /// Whether it is still being found out which place a time is: as long as clips that were made before come in.
    pub(super) fn searches(&self) -> bool {
        let (made, all) = self.score.progress();
        let since = self.asked.elapsed();
        let is_fast = since < A_MOMENT || made as u128 > since.as_millis();
        self.goal.as_ref().is_some_and(Goal::is_far) && made < all && since < PATIENCE && is_fast
    }
}
