//! What everybody may look at while it plays: how it goes, what is heard now, and how often there was nothing.
//!
//! The renderer writes it, the director and whoever shows anything read it. The audio callback does not know of it: it
//! shares a few numbers with the renderer ([`Shared`]), which are read here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::play::meters::Reading;
use crate::play::performance::Performance;
use crate::play::ring::{Feed, Shared};

/// How many readings are kept for who looks at them: four seconds.
const READINGS: usize = 40;

/// How playing goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing has been played yet.
    #[default]
    Silent,
    /// It plays.
    Playing,
    /// What comes next is not made yet.
    Waiting,
    /// It is over.
    Over,
}

/// What everybody may look at.
#[derive(Debug, Default)]
pub struct Board {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: State,
    segments: VecDeque<Segment>,
    readings: VecDeque<(u64, Reading)>,
    error: Option<String>,
    shared: Option<Arc<Shared>>,
    rate: u32,
    held: u64,
    written: u64,
    position: u64,
    /// Of devices that were there before.
    gaps_before: Gaps,
}

/// How often there was nothing to be heard by surprise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Since frames were not mixed in time.
    pub ours: u64,
    /// Since the device was not given frames in time, though they were there: as far as it tells.
    pub device: u64,
}

impl Gaps {
    fn of(shared: &Shared) -> Gaps {
        Gaps { ours: shared.gaps(), device: shared.underruns() }
    }

    fn and(self, other: Gaps) -> Gaps {
        Gaps { ours: self.ours + other.ours, device: self.device + other.device }
    }

    /// All of them.
    pub fn all(self) -> u64 {
        self.ours + self.device
    }
}

/// From a frame of the ring on, a performance from one of its frames on.
#[derive(Clone, Debug)]
struct Segment {
    at: u64,
    frame: u64,
    performance: Arc<Performance>,
}

/// What is heard now.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What is played.
    pub performance: Arc<Performance>,
    /// The frame of it.
    pub frame: u64,
    /// What the meters show.
    pub reading: Option<Reading>,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nobody panics with it; and if so, numbers are still numbers.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it goes. It is over when the last frame has been heard.
    pub fn state(&self) -> State {
        let inner = self.lock();
        let heard = inner.shared.as_ref().is_none_or(|shared| shared.taken() >= inner.written);
        match inner.state {
            State::Over | State::Waiting if !heard => State::Playing,
            state => state,
        }
    }

    /// Why it ended, where it should not have.
    pub fn error(&self) -> Option<String> {
        self.lock().error.clone()
    }

    /// How often there was nothing to be heard by surprise.
    pub fn gaps(&self) -> Gaps {
        let inner = self.lock();
        inner.gaps_before.and(inner.shared.as_ref().map_or(Gaps::default(), |shared| Gaps::of(shared)))
    }

    /// How many frames the device has asked for, and how many more it will have asked for when it has played them: those
    /// that it holds itself, and a tenth of a second that a server may hold.
    pub fn asked(&self) -> (u64, u64) {
        let inner = self.lock();
        let asked = inner.shared.as_ref().map_or(0, |shared| shared.asked());
        (asked, asked + inner.held + u64::from(inner.rate) / 10)
    }

    /// Whether anything was heard yet.
    pub fn has_sounded(&self) -> bool {
        self.lock().shared.as_ref().is_some_and(|shared| shared.taken() > 0)
    }

    /// Up to which frame it has been played into the ring.
    pub fn played_to(&self) -> u64 {
        self.lock().position
    }

    /// Notes where it will be played on, before the renderer has come to it.
    pub(super) fn expect(&self, frame: u64) {
        self.lock().position = frame;
    }

    /// What is heard now. `None` before anything is.
    pub fn heard(&self) -> Option<Heard> {
        let inner = self.lock();
        let taken = inner.shared.as_ref().map_or(0, |shared| shared.taken());
        let before = inner.segments.iter().rev().find(|segment| segment.at <= taken);
        let segment = before.or(inner.segments.front())?;
        let rate = u64::from(segment.performance.plan.rate().hz());
        let since = taken.saturating_sub(segment.at) * rate / u64::from(inner.rate.max(1));
        let frame = (segment.frame + since).min(segment.performance.length());
        let reading = inner.readings.iter().rev().find(|(at, _)| *at <= taken).map(|(_, it)| it.clone());
        Some(Heard { performance: Arc::clone(&segment.performance), frame, reading })
    }
    /// Notes how it goes.
    pub(super) fn enter(&self, state: State) {
        self.lock().state = state;
    }

    /// Notes that it cannot go on, and why.
    pub(super) fn fail(&self, why: String) {
        self.lock().error = Some(why);
    }

    /// Notes that it is played into another ring, which stays paused if the one before was.
    pub(super) fn connect(&self, feed: &Feed) {
        let mut inner = self.lock();
        if let Some(before) = inner.shared.take() {
            inner.gaps_before = inner.gaps_before.and(Gaps::of(&before));
            feed.shared.pause(before.is_paused() || feed.shared.is_paused());
        }
        inner.shared = Some(Arc::clone(&feed.shared));
        inner.rate = feed.rate;
        inner.held = feed.held;
        inner.written = 0;
        inner.segments.clear();
        inner.readings.clear();
    }

    /// Notes that frame `at` of the ring is this `frame` of a performance, and that those after it follow it.
    pub(super) fn begin(&self, at: u64, frame: u64, performance: Arc<Performance>) {
        let mut inner = self.lock();
        inner.segments.push_back(Segment { at, frame, performance });
        let taken = inner.shared.as_ref().map_or(0, |shared| shared.taken());
        while inner.segments.get(1).is_some_and(|next| next.at <= taken) {
            inner.segments.pop_front();
        }
    }

    /// Notes how many frames have been written into the ring.
    pub(super) fn wrote(&self, written: u64) {
        self.lock().written = written;
    }

    /// Notes up to which frame it has been played, and what the meters saw of it: it is in the ring from `written` on.
    pub(super) fn reach(&self, position: u64, written: u64, readings: impl Iterator<Item = Reading>) {
        let mut inner = self.lock();
        inner.position = position;
        inner.readings.extend(readings.map(|reading| (written, reading)));
        while inner.readings.len() > READINGS {
            inner.readings.pop_front();
        }
    }
}
