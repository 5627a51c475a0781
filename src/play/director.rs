//! Keeps what is heard up to date with what is known: the script, the clips made so far, the gain, what is asked for.
//!
//! One thread that waits for events: a clip was made, a key was pressed, a file was saved, the gain was measured. It owns
//! the [`Score`], and tells the renderer and the preparing threads what to do. Whoever shows anything looks at the
//! [`View`] and at the renderer's [`Board`].

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::audio::samples::Samples;
use crate::cuesheet::Cues;
use crate::master::measure::MasterError;
use crate::master::preset::{Specification, specification};
use crate::master::{self};
use crate::mix::error::Error;
use crate::play::board::{Board, State};
use crate::play::device::Report;
use crate::play::director::place::{Bounds, Goal};
use crate::play::director::preview::Brief;
use crate::play::director::view::View;
use crate::play::gain::Origin;
use crate::play::performance::Performance;
use crate::play::player::Player;
use crate::play::prepare::{self, Made, Preparation, Task, Workshop};
use crate::play::renderer::{Order, Stretch};
use crate::play::score::{Foremost, Needs, Outlook, Place, Score};
use crate::play::watch::{Change, Watch};
use crate::timeline::{Region, Timeline};
use crate::units::time::FrameCount;

mod keys;
mod measured;
pub mod place;
pub mod preview;
mod reading;
pub mod view;

/// How far ahead of the device it is played, in milliseconds, and how many frames the device takes at once, where who
/// plays comes first and where not: where what is saved is to be heard soon.
const SHORT: (u32, [u32; 2]) = (50, [1024, 1024]);
/// The same, where no gaps are worth more.
const LONG: (u32, [u32; 2]) = (400, [4096, 8192]);
/// How much has to be settled before playing begins, in seconds.
const AT_LEAST: f64 = 0.3;
/// How little may be left of what is settled before more is worked out, in seconds.
const SOON: f64 = 4.0;
/// How little may be left before it is worked out whenever anything is made, in seconds.
const URGENT: f64 = 0.7;
/// How long it takes in between, as going over to another performance is work.
const SOMETIMES: Duration = Duration::from_millis(250);
/// How often more is worked out at least, while there is more.
const OFTEN: Duration = Duration::from_millis(1500);
/// How far ahead of what is played another performance takes over, at least, in seconds. One that comes too late only has
/// to catch up.
const MARGIN: f64 = 0.005;
/// How long the director sleeps at most.
const TICK: Duration = Duration::from_millis(40);

/// What a person may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Pause, or go on.
    Pause,
    /// Forwards or backwards by lines.
    Lines(i32),
    /// Forwards or backwards by scenes.
    Scenes(i32),
    /// Forwards or backwards by seconds.
    Seconds(f64),
    /// Loop the line that is heard, or loop no more.
    LoopLine,
    /// Loop the scene that is heard, or loop no more.
    LoopScene,
    /// Hear this bus or role, or do not.
    Mute(String),
    /// Hear only this bus or role, or all.
    Solo(String),
}

#[derive(Debug)]
enum Event {
    Made(Made),
    Command(Command),
    Device(Report),
    Changed(Change),
    Measured(u64, Result<master::limit::Decision, MasterError>),
    Stop,
}

struct Director {
    brief: Brief,
    workshop: Arc<Workshop>,
    events: Sender<Event>,
    orders: Sender<Order>,
    board: Arc<Board>,
    view: Arc<Mutex<View>>,
    preparation: Preparation,
    score: Score,
    task: Arc<Task>,
    readings: u64,
    specification: Specification,
    master: master::Settings,
    gain: Origin,
    /// Tells the mix that the gain was measured of.
    measured_of: String,
    measuring: Option<Arc<AtomicBool>>,
    /// What is played.
    performance: Option<Arc<Performance>>,
    /// Where playing is to begin, or begin again.
    goal: Option<Goal>,
    /// Since when it is looked for, or was when the script was read last.
    asked: Instant,
    bounds: Bounds,
    /// Whether there is something that the performance does not know of.
    stale: bool,
    /// The clip that has to be made before it is worked out again where playing begins.
    held_up_by: Option<usize>,
    /// What is needed at once, as far as is known.
    at_once: Vec<usize>,
    /// What else will be needed, once that has been found out.
    foreseen: Option<Vec<usize>>,
    /// Whether everything has been made since the view was brought up to date.
    unshown: bool,
    worked_out: Option<Instant>,
    /// How long it takes to make a player ready.
    warming: Duration,
    shared: Option<Arc<crate::play::ring::Shared>>,
    paused: bool,
    /// Whether what was saved last could not be read, and may not have been all of it.
    doubtful: bool,
    /// Whether what is heard is older than what was saved.
    is_outdated: bool,
    _watch: Option<Watch>,
}

impl Director {
    fn new(
        brief: Brief,
        workshop: Arc<Workshop>,
        events: Sender<Event>,
        orders: Sender<Order>,
        board: Arc<Board>,
        view: Arc<Mutex<View>>,
    ) -> Director {
        let rate = brief.settings.rate;
        let keys = |cues: &Cues| prepare::keys(&workshop, rate, &cues.requests);
        let (score, keys) = Score::read_while(&workshop.show, &brief.script, brief.settings, keys);
        let requests = score.cues().requests.clone();
        let task = Arc::new(Task { reading: 0, requests, keys, patches: Arc::clone(score.patches()), rate });
        let (made, clips) = channel();
        let forward = events.clone();
        std::thread::spawn(
            move || {
                while clips.recv().is_ok_and(|made| forward.send(Event::Made(made)).is_ok()) {}
            },
        );
        let preparation = Preparation::start(&workshop, brief.threads, &made);
        let specification = specification(brief.deliver.unwrap_or(score.cues().deliver));
        let asked = place::asked(&brief, &score);
        let (master, gain, measured_of) = brief.gain(&specification);
        let mut director = Director {
            goal: Some(asked.goal),
            asked: Instant::now(),
            bounds: asked.bounds,
            workshop,
            events,
            orders,
            board,
            view,
            preparation,
            score,
            task,
            readings: 0,
            specification,
            master,
            gain,
            measured_of,
            measuring: None,
            performance: None,
            stale: true,
            held_up_by: None,
            at_once: Vec::new(),
            foreseen: None,
            unshown: false,
            worked_out: None,
            warming: Duration::ZERO,
            shared: None,
            paused: false,
            doubtful: false,
            is_outdated: false,
            _watch: None,
            brief,
        };
        if let Some(others) = &director.brief.watch {
            let events = director.events.clone();
            let changed = move |change| drop(events.send(Event::Changed(change)));
            match Watch::start(director.brief.show.root(), others, changed) {
                Ok(watch) => director._watch = Some(watch),
                Err(why) => director.say(&format!("changes are not followed: {why}")),
            }
        }
        director.prepare();
        director.show();
        director.change(|view| view.wrong = asked.wrong);
        director
    }

    fn run(mut self, inbox: &Receiver<Event>) {
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(event) => self.heed(event),
                Err(RecvTimeoutError::Timeout) => {}
            }
            // What came meanwhile is heeded before anything is worked out.
            for event in inbox.try_iter().collect::<Vec<_>>() {
                if matches!(event, Event::Stop) {
                    self.stop_measuring();
                    return;
                }
                self.heed(event);
            }
            self.advance();
            // Whoever waits for sound does not wait for this.
            if self.unshown {
                self.show();
            }
        }
        self.stop_measuring();
    }

    fn heed(&mut self, event: Event) {
        match event {
            Event::Made(made) if made.reading == self.readings => {
                if self.score.accept(made.index, made.ready, made.clip, made.found) {
                    // Something else may be needed now.
                    self.at_once.clear();
                }
                self.stale = true;
                self.unshown |= self.score.is_complete();
            }
            Event::Made(_) | Event::Stop => {}
            Event::Command(command) => self.obey(command),
            Event::Device(report) => self.report(report),
            Event::Changed(Change::Confirmed) if !self.doubtful => {}
            Event::Changed(change) => self.read_again(change),
            Event::Measured(reading, decided) => {
                if reading == self.readings {
                    self.take_gain(decided);
                }
            }
        }
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Opened(what, feed) => {
                feed.shared.pause(self.paused);
                self.shared = Some(Arc::clone(&feed.shared));
                drop(self.orders.send(Order::Feed(feed)));
                self.change(|view| {
                    view.device = Some(what);
                    view.message = None;
                });
            }
            Report::Refused(why) => self.change(|view| view.refused = Some(why)),
            Report::Lost(why) => {
                self.change(|view| view.device = None);
                self.say(&format!("the sound device is gone ({why}); waiting for it"));
            }
        }
    }

    /// What of the score is played, or is to be.
    fn origin(&self) -> Option<Place> {
        let cues = self.score.cues();
        let by_id = |id: &str| cues.entries.iter().position(|entry| entry.id == id);
        match &self.goal {
            Some(Goal::Entry(id, _)) => return by_id(id).map(Place::Entry),
            Some(Goal::Scene(id)) => {
                return cues.scenes.iter().position(|scene| scene.id == *id).map(Place::Scene);
            }
            Some(Goal::Start | Goal::Frame(_)) => return None,
            None => {}
        }
        let performance = self.performance.as_ref()?;
        let mut frame = self.board.played_to();
        // The nearest before it that is still in the script.
        loop {
            let entry = performance.entry_at(frame)?;
            match by_id(&performance.timeline.entries[entry].id) {
                Some(found) => return Some(Place::Entry(found)),
                None => frame = performance.start_of(entry).checked_sub(1)?,
            }
        }
    }

    /// How many frames have to be settled before playing begins.
    fn at_least(&self) -> u64 {
        keys::frames(AT_LEAST * f64::from(self.brief.settings.rate.hz()))
    }

    /// Goes over to what is known now, where that is of use.
    fn advance(&mut self) {
        let rate = f64::from(self.brief.settings.rate.hz());
        let left = self
            .performance
            .as_ref()
            .map(|performance| performance.until.saturating_sub(self.board.played_to()) as f64 / rate);
        self.preparation.hurry(left.is_some_and(|left| left < SOON));
        if !self.stale || self.score.cues().entries.is_empty() {
            return;
        }
        let due = match left {
            Some(left) if self.goal.is_none() && !self.score.is_complete() => {
                let every = if left < URGENT {
                    Duration::ZERO
                } else if left < SOON {
                    SOMETIMES
                } else {
                    OFTEN
                };
                self.worked_out.is_none_or(|last| last.elapsed() >= every)
            }
            _ => true,
        };
        if !due || self.searches() || self.is_early() {
            return;
        }
        let likely = self.score.likely();
        let was_far = self.goal.as_ref().is_some_and(Goal::is_far);
        self.settle_goal(&likely);
        if was_far && !self.score.is_complete() {
            self.prepare_for(&likely);
        }
        let origin = self.origin();
        let begin = match (&self.goal, &self.performance) {
            (Some(goal), _) => goal.frame(&likely),
            (None, Some(performance)) => carried(performance, self.board.played_to(), &likely),
            (None, None) => 0,
        };
        // Whether that will do is much more work to find out than whether it will not.
        if self.goal.is_some() && !self.score.is_ready_within(&likely, begin, self.at_least()) {
            // What was made may be longer or shorter than was likely.
            self.prepare_for(&likely);
            return self.look_ahead(&likely, (begin + self.at_least()).min(likely.length.get()));
        }
        if self.held_up_by.is_some_and(|clip| !self.score.is_ready(clip)) && self.goal.is_some() {
            return;
        }
        let Outlook { timeline, until, but_for_past, missing } = self.score.outlook_from(likely, origin);
        let enough = begin + self.at_least();
        let is_enough = |until: u64| until >= enough.min(timeline.length.get());
        if !is_enough(until) {
            if is_enough(but_for_past) {
                let past = self.score.needed(&timeline, begin, u64::MAX, Foremost::Past);
                self.preparation.prepare(&self.task, past, true);
            } else if self.goal.is_some() {
                self.clear_the_way(&missing, enough, (&timeline, begin));
            }
            return;
        }
        // Nothing is gained by a performance that goes no further, unless it is another.
        let forced = self.goal.is_some() || self.worked_out.is_none() || self.score.is_complete();
        if let (false, Some(performance)) = (forced, &self.performance)
            && until <= carried(performance, performance.until, &timeline)
        {
            return;
        }
        self.stale = false;
        self.worked_out = Some(Instant::now());
        let needs = self.score.needed(&timeline, begin, self.at_least(), Foremost::Coming);
        self.change_missing(&needs);
        self.perform(timeline, until);
        self.preparation.go_on(&self.task, needs);
        if self.score.is_complete() {
            self.settle_gain();
        }
    }

    /// Makes a performance and has it played.
    fn perform(&mut self, timeline: Timeline, until: u64) {
        let samples: Vec<Samples> = self.score.clips().iter().map(|clip| clip.samples.clone()).collect();
        if let Some(goal) = &self.goal {
            fetch_ahead(&timeline, &samples, goal.frame(&timeline));
        }
        let (tracks, buses) = (timeline.tracks.clone(), timeline.buses.clone());
        let (solo, mute) = (self.brief.solo.clone(), self.brief.mute.clone());
        let muted = |track: usize| {
            let named = |name: &String| tracks[track].name == *name || buses[tracks[track].bus].name == *name;
            mute.iter().any(named) || !(solo.is_empty() || solo.iter().any(named))
        };
        let performance = match Performance::new(timeline, &samples, self.master, until, muted) {
            Ok(performance) => Arc::new(performance),
            Err(error) => return self.say(&error.to_string()),
        };
        let stretch = self.bounds.stretch(&performance);
        // Warming up is waited for.
        self.preparation.calm_down();
        match self.hand_over(&performance, stretch) {
            Ok(()) => {}
            Err(error) => return self.say(&error.to_string()),
        }
        self.preparation.keep();
        self.performance = Some(performance);
        self.show();
    }

    /// Has the renderer play a performance: from the goal, or on from where it is.
    fn hand_over(&mut self, performance: &Arc<Performance>, stretch: Stretch) -> Result<(), Error> {
        let begun = Instant::now();
        let order = match (self.goal.take(), &self.performance) {
            (None, Some(before)) => {
                // What is played goes on while the player hears what it has to hear; it waits for the other there.
                let rate = f64::from(self.brief.settings.rate.hz());
                let waits = self.board.state() == State::Waiting;
                let ahead = if waits { 0.0 } else { (self.warming.as_secs_f64() + MARGIN) * rate };
                let at = self.board.played_to() + keys::frames(ahead);
                let player = Player::warm(Arc::clone(performance), performance.carried(before, at))?;
                Order::Exchange(Box::new(player), at, stretch)
            }
            (goal, _) => {
                let frame = goal.unwrap_or(Goal::Start).frame(&performance.timeline);
                self.board.expect(frame);
                Order::Start(Box::new(Player::warm(Arc::clone(performance), frame)?), stretch)
            }
        };
        // As long as it took, and long remembered.
        self.warming = begun.elapsed().max(self.warming * 3 / 4);
        drop(self.orders.send(order));
        self.bound(performance, stretch)
    }

    /// Tells the renderer what part is played.
    fn bound(&self, performance: &Arc<Performance>, stretch: Stretch) -> Result<(), Error> {
        let again = stretch.again.then(|| Player::warm(Arc::clone(performance), stretch.from)).transpose()?;
        drop(self.orders.send(Order::Stretch(stretch, again.map(Box::new))));
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.view.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn say(&self, message: &str) {
        self.change(|view| view.message = Some(message.to_owned()));
    }

    fn change_missing(&self, needs: &Needs) {
        let first = needs.order.first();
        let name = first.and_then(|first| self.score.clips().get(*first)).map(|clip| clip.name.clone());
        self.change(|view| view.waiting_for = name);
    }

    /// Brings the view up to date.
    fn show(&mut self) {
        self.unshown = false;
        let view = view::of(self);
        self.change(|shown| {
            *shown = View {
                device: shown.device.take(),
                refused: shown.refused.take(),
                wrong: shown.wrong.take(),
                message: shown.message.take(),
                waiting_for: shown.waiting_for.take(),
                ..view
            }
        });
    }
}

/// Has what sounds at a frame fetched, while the rest is worked out. What cannot be fetched is told of by whoever reads it.
fn fetch_ahead(timeline: &Timeline, samples: &[Samples], frame: u64) {
    let sounds = |region: &&Region| {
        let start = region.start.from_start().unwrap_or_default().get();
        (start..start + region.length.get()).contains(&frame)
    };
    for samples in timeline.regions.iter().filter(sounds).filter_map(|region| samples.get(region.clip)) {
        let samples = samples.clone();
        rayon::spawn(move || drop(samples.read(FrameCount::ZERO, &mut [0.0; 2])));
    }
}

/// Where a frame of what is played is in a timeline: as far after the same entry.
fn carried(performance: &Performance, frame: u64, timeline: &Timeline) -> u64 {
    let mut at = frame;
    while let Some(entry) = performance.entry_at(at) {
        let id = &performance.timeline.entries[entry].id;
        let start = performance.start_of(entry);
        if let Some(own) = timeline.entries.iter().find(|own| own.id == *id) {
            return own.start.from_start().unwrap_or_default().get() + (frame - start);
        }
        let Some(before) = start.checked_sub(1) else { break };
        at = before;
    }
    frame
}
