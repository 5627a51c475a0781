//! Threads that make clips, those needed first before the others; and what they made before.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use crate::audio::decode::Limits;
use crate::audio::samples::Samples;
use crate::cache::Cache;
use crate::cuesheet::bind::{Begun, Said, begin, finish};
use crate::cuesheet::load::Patches;
use crate::cuesheet::tools::{Reading, Tools};
use crate::cuesheet::{Clip, Request};
use crate::diag::Diagnostics;
use crate::host::Show;
use crate::play::priority::Thread;
use crate::play::score::{Needs, Readiness};
use crate::progress::Silent;
use crate::script::text::StopKind;
use crate::sound::patch;
use crate::sound::patch::hands::Hands;
use crate::speech::Engines;
use crate::spool::Spool;
use crate::units::time::{FrameCount, SampleRate};

/// How many lines are put aside as they were said: what is made sound of is in the scratch file, and these are in memory.
const ASIDE: usize = 64;

/// What clips are made with, by all threads.
#[derive(Debug)]
pub struct Workshop {
    /// Where files come from.
    pub show: Show,
    /// Who speaks.
    pub engines: Engines,
    /// Where finished audio goes.
    pub spool: Spool,
    /// What was made before.
    pub cache: Arc<Cache>,
    /// How long a clip may be.
    pub limits: Limits,
}

/// What is to be made for one reading of a script.
#[derive(Debug)]
pub struct Task {
    /// Tells readings apart.
    pub reading: u64,
    /// What was asked for.
    pub requests: Vec<Request>,
    /// What each of them was made from when it was asked for: see [`key`].
    pub keys: Vec<String>,
    /// The patches it names.
    pub patches: Arc<Patches>,
    /// The rate.
    pub rate: SampleRate,
}

/// A clip that was made.
#[derive(Debug)]
pub struct Made {
    /// For which reading.
    pub reading: u64,
    /// Its request's index.
    pub index: usize,
    /// How much of it was made.
    pub ready: Readiness,
    /// The clip; silence with its times where no more was made.
    pub clip: Clip,
    /// What is wrong with it.
    pub found: Diagnostics,
}

/// The threads.
#[derive(Debug)]
pub struct Preparation {
    queue: Arc<Queue>,
    memory: Arc<Memory>,
    cache: Arc<Cache>,
    /// Who keeps what was made before anything was heard.
    keeping: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    task: Option<Arc<Task>>,
    order: VecDeque<(usize, Readiness)>,
    /// How many of those may be made: all, or the first of them, as long as somebody waits for these.
    free: usize,
    /// What threads are making or have made of the task, and how much of it: its reading, and its request's index.
    taken: BTreeMap<(u64, usize), Readiness>,
    /// Lines that were said, and nobody has made sound of; and what was wrong with them. No more than [`ASIDE`].
    said: BTreeMap<(u64, usize), (Said, Diagnostics)>,
    /// Who works on a patch, as long as nobody plays.
    hands: Hands,
    /// Where patches are made, as long as nobody plays.
    patches: Option<patch::Memory>,
    /// Whether somebody plays, and must not be kept from it.
    calm: bool,
    /// Whether who plays will soon have nothing left to play.
    urgent: bool,
    over: bool,
    /// Whether what is made is to tell where playing begins, and most of it is not to be heard.
    seeks: bool,
    /// Clips that may have to be fetched before they are heard, as long as nobody plays.
    unread: VecDeque<Samples>,
    /// How many threads fetch one.
    fetching: usize,
    /// Whether the threads that stay have been told to give way.
    has_given_way: bool,
    /// The threads that are there all the time, once they run.
    staying: Vec<Thread>,
}

/// How many threads make clips.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// As long as nothing is heard; and whenever there is soon nothing left to be heard. Those that are not there all the
    /// time never give way: on a busy machine who gives way may have to wait long.
    pub at_first: usize,
    /// While somebody plays, to whom they give way.
    pub then: usize,
}

/// What was made, by what it was made from; so that a saved script costs what changed in it.
#[derive(Debug, Default)]
struct Memory {
    made: Mutex<BTreeMap<String, Clip>>,
}

impl Preparation {
    /// Starts as many threads. What they make goes to `made`, until the other end is gone; it is kept once [`Preparation::keep`]
    /// says so.
    pub fn start(workshop: &Arc<Workshop>, threads: Threads, made: &Sender<Made>) -> Preparation {
        workshop.cache.postpone();
        let queue = Arc::new(Queue::default());
        let mut waiting = queue.lock();
        waiting.hands = if threads.at_first > 1 { Hands::All } else { Hands::One };
        waiting.patches = Some(patch::Memory::hold());
        drop(waiting);
        let memory = Arc::new(Memory::default());
        for number in 0..threads.at_first.max(threads.then).max(1) {
            let (workshop, queue, memory) = (Arc::clone(workshop), Arc::clone(&queue), Arc::clone(&memory));
            let made = made.clone();
            let stays = number < threads.then.max(1);
            std::thread::spawn(move || work(&workshop, &queue, stays, &memory, &made));
        }
        Preparation { queue, memory, cache: Arc::clone(&workshop.cache), keeping: Mutex::new(None) }
    }

    /// Has the threads give way to who plays from now on, even in the middle of a clip; those that were there for the
    /// beginning wait after theirs.
    pub fn calm_down(&self) {
        let mut waiting = self.queue.lock();
        waiting.unread.clear();
        waiting.calm = true;
        waiting.give_way();
    }

    /// Has what was made until now kept, and everything that is made from now on: there is time for it. And to give memory back.
    pub fn keep(&self) {
        let patches = self.queue.lock().patches.take();
        drop(patches);
        let cache = Arc::clone(&self.cache);
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| {
            std::thread::spawn(move || {
                Thread::current().lower();
                cache.catch_up();
            })
        });
    }

    /// Says whether who plays will soon have nothing left to play: then those who wait help.
    pub fn hurry(&self, urgent: bool) {
        let mut waiting = self.queue.lock();
        if urgent != waiting.urgent {
            waiting.urgent = urgent;
            self.queue.changed.notify_all();
        }
    }

    /// What of a task was made before from the same things; by index.
    pub fn remembered(&self, task: &Task) -> Vec<(usize, Clip)> {
        let made = self.memory.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(index, key)| Some((index, made.get(key)?.clone()));
        task.keys.iter().enumerate().filter_map(known).collect()
    }

    /// Makes what is needed of a task's requests, and nothing else any more; but for what is being made already. As long as
    /// nobody plays, only what is needed at once, and lines that are not to be heard only so far that their times are known, until
    /// [`Preparation::go_on`] says so: who waits for it has all processors. Who
    /// `seeks` needs most of it not to hear it, but to find out where it begins.
    pub fn prepare(&self, task: &Arc<Task>, needs: Needs, seeks: bool) {
        self.order(task, needs, seeks, false);
    }

    /// Makes the rest as well, in the order in which it is needed.
    pub fn go_on(&self, task: &Arc<Task>, needs: Needs) {
        self.order(task, needs, false, true);
    }

    fn order(&self, task: &Arc<Task>, needs: Needs, seeks: bool, all: bool) {
        let mut waiting = self.queue.lock();
        let all = all || waiting.calm;
        let ready =
            |place: usize| if all || place < needs.sounding { Readiness::Sound } else { Readiness::Times };
        let is_new = |(index, ready): (usize, Readiness)| {
            waiting.taken.get(&(task.reading, index)).is_none_or(|taken| *taken < ready)
        };
        let wanted = needs.order.into_iter().enumerate().map(|(place, index)| (index, ready(place)));
        let wanted: Vec<(usize, Readiness)> = wanted.collect();
        let at_once = wanted.iter().take(needs.at_once).filter(|it| is_new(**it)).count();
        let order = wanted.into_iter().filter(|it| is_new(*it)).collect();
        let free = if all { usize::MAX } else { at_once };
        waiting.taken.retain(|(reading, _), _| *reading == task.reading);
        waiting.said.retain(|(reading, _), _| *reading == task.reading);
        let before = waiting.task.replace(Arc::clone(task));
        (waiting.order, waiting.free) = (order, free);
        waiting.seeks = seeks;
        if seeks || before.is_some_and(|before| before.reading != task.reading) {
            waiting.unread.clear();
        }
        self.queue.changed.notify_all();
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        waiting.over = true;
        waiting.order.clear();
        self.queue.changed.notify_all();
        drop(waiting);
        // Whoever is in the middle of a clip ends after it; nobody waits for that. What is made is kept.
        let keeping = self.keeping.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(keeping.map(JoinHandle::join));
    }
}

impl Waiting {
    /// Has the threads that stay give way to who plays: not before all is fetched that this may wait for.
    fn give_way(&mut self) {
        if self.calm && self.fetching == 0 && !std::mem::replace(&mut self.has_given_way, true) {
            self.staying.iter().for_each(|thread| thread.lower());
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the sound of what somebody makes is wanted.
    fn is_to_sound(&self, reading: u64, index: usize) -> bool {
        self.lock().taken.get(&(reading, index)) != Some(&Readiness::Times)
    }

    /// Puts aside a line that was said until its sound is wanted; gives it back where it is by now, and whoever wants it has not
    /// found it, or where there is no room.
    fn put_aside(
        &self,
        reading: u64,
        index: usize,
        said: (Said, Diagnostics),
    ) -> Option<(Said, Diagnostics)> {
        let mut waiting = self.lock();
        let is_full = waiting.said.len() >= ASIDE;
        match waiting.taken.get_mut(&(reading, index)) {
            Some(taken) if *taken == Readiness::Times && is_full => *taken = Readiness::Sound,
            Some(taken) if *taken == Readiness::Times => {
                waiting.said.insert((reading, index), said);
                return None;
            }
            _ => {}
        }
        Some(said)
    }
}

/// Makes what is wanted, as long as anything may be; only at first and where it is urgent, unless this thread `stays`.
fn work(workshop: &Workshop, queue: &Queue, stays: bool, memory: &Memory, sender: &Sender<Made>) {
    if stays {
        let mut waiting = queue.lock();
        let own = Thread::current();
        waiting.staying.push(own);
        if waiting.has_given_way {
            own.lower();
        }
    }
    while let Some(job) = next(queue, stays) {
        let (task, index, hands, said) = match job {
            Job::Make { task, index, hands, said } => (task, index, hands, said),
            Job::Fetch(samples) => {
                // Whoever reads it is told of failures.
                let _ = samples.read(FrameCount::ZERO, &mut [0.0; 2]);
                let mut waiting = queue.lock();
                waiting.fetching -= 1;
                waiting.give_way();
                continue;
            }
        };
        let Some(request) = task.requests.get(index) else { continue };
        let mut found = Diagnostics::new();
        let tools = Tools {
            show: &workshop.show,
            engines: &workshop.engines,
            spool: &workshop.spool,
            cache: &workshop.cache,
            make: true,
            limits: workshop.limits,
            reading: Reading::Copied,
            hands,
            progress: &Silent,
        };
        // Before it is made: should the file change meanwhile, it is made again.
        let key = match (request, task.keys.get(index)) {
            // What is spoken from text alone depends on no file.
            (Request::Line(line), Some(known)) if line.take.is_none() => known.clone(),
            _ => key(task.rate, request, |path| stamp(workshop, path)),
        };
        let begun = match said {
            Some((said, before)) => {
                found = before;
                Begun::Line(said)
            }
            None => begin(request, &task.patches, tools, task.rate, &mut found),
        };
        let clip = match (begun, request) {
            (Begun::Clip(clip), _) => clip,
            (Begun::Line(said), Request::Line(line)) if !queue.is_to_sound(task.reading, index) => {
                let clip = said.placeholder(line);
                let made = Made {
                    reading: task.reading,
                    index,
                    ready: Readiness::Times,
                    clip,
                    found: found.clone(),
                };
                if sender.send(made).is_err() {
                    return;
                }
                let Some((said, before)) = queue.put_aside(task.reading, index, (said, found)) else {
                    continue;
                };
                found = before;
                finish(said, request, tools, task.rate, &mut found)
            }
            (Begun::Line(said), _) => finish(said, request, tools, task.rate, &mut found),
        };
        // What is wrong has a place in this reading of the script.
        if found.iter().next().is_none() {
            let mut known = memory.made.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(key, clip.clone());
        }
        let samples = clip.samples.clone();
        let made = Made { reading: task.reading, index, ready: Readiness::Sound, clip, found };
        if sender.send(made).is_err() {
            return;
        }
        let mut waiting = queue.lock();
        if !waiting.calm && !waiting.seeks {
            waiting.unread.push_back(samples);
            queue.changed.notify_one();
        }
    }
}

/// What a thread does.
enum Job {
    /// Makes a request of a task, with the help of others or without; a line that was said, from there on.
    Make { task: Arc<Task>, index: usize, hands: Hands, said: Option<(Said, Diagnostics)> },
    /// Fetches it, if it was kept before, while it is worked out when it is heard.
    Fetch(Samples),
}

/// What a thread does next.
fn next(queue: &Queue, stays: bool) -> Option<Job> {
    let mut waiting = queue.lock();
    loop {
        if waiting.over {
            return None;
        }
        if (stays || waiting.urgent || !waiting.calm)
            && waiting.free > 0
            && let (Some(task), Some((index, ready))) = (waiting.task.clone(), waiting.order.pop_front())
        {
            waiting.free -= 1;
            let before = waiting.taken.insert((task.reading, index), ready);
            let said = waiting.said.remove(&(task.reading, index));
            if before.is_some() && said.is_none() {
                // Who is having it said goes on with it.
                continue;
            }
            // Nobody else's thread gives way to who plays.
            let hands = if waiting.calm { Hands::One } else { waiting.hands };
            return Some(Job::Make { task, index, hands, said });
        }
        // As long as nothing is heard; then there is time for each to be fetched when it is.
        if let Some(samples) = waiting.unread.pop_front().filter(|_| !waiting.calm) {
            waiting.fetching += 1;
            return Some(Job::Fetch(samples));
        }
        waiting = queue.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
}

/// How long a file is, and when it was written last; `None` where it cannot be had.
type Stamp = Option<(u64, Option<SystemTime>)>;

fn stamp(workshop: &Workshop, path: &str) -> Stamp {
    let about = workshop.show.real(path).and_then(|real| real.metadata().ok());
    about.map(|about| (about.len(), about.modified().ok()))
}

/// The keys of as many requests.
pub fn keys(workshop: &Workshop, rate: SampleRate, requests: &[Request]) -> Vec<String> {
    let mut known: BTreeMap<&str, Stamp> = BTreeMap::new();
    let key =
        |request| key(rate, request, |path| *known.entry(path).or_insert_with(|| stamp(workshop, path)));
    requests.iter().map(key).collect()
}

/// Everything a clip depends on, but the program itself: what was asked for, and the stamps of files.
fn key<'r>(rate: SampleRate, request: &'r Request, mut stamp: impl FnMut(&'r str) -> Stamp) -> String {
    let mut key = format!("{} ", rate.hz());
    // Writing to a string cannot fail.
    let _ = match request {
        Request::Line(line) => {
            let pauses: Vec<_> = line
                .text
                .stops
                .iter()
                .map(|stop| match &stop.what {
                    StopKind::Pause(length) => (stop.at, Some(*length)),
                    StopKind::Mark(_) => (stop.at, None),
                })
                .collect();
            let cues: Vec<_> = line.cues.iter().map(|cue| (cue.at, &cue.name)).collect();
            let take = line.take.as_deref().map(|take| (take, stamp(take)));
            write!(
                key,
                "{:?} {:?} {pauses:?} {:?} {cues:?} {:?} {:?} {take:?} {:?}",
                (&line.role, &line.id),
                line.text.plain,
                line.text.stresses,
                line.voice,
                line.mood,
                line.speed
            )
        }
        Request::Sound(sound) => {
            write!(key, "{:?} {:?} {} {:?}", sound.file, stamp(&sound.file), sound.variant, sound.speed)
        }
    };
    key
}
