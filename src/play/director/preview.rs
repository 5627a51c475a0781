//! A preview from outside: started, asked, looked at, ended.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::cache::Cache;
use crate::host::Show;
use crate::master;
use crate::master::preset::Specification;
use crate::pipeline::Settings;
use crate::play::board::Board;
use crate::play::device::{Device, Wanted};
use crate::play::director::view::View;
use crate::play::director::{Command, Director, Event, LONG, SHORT};
use crate::play::gain::{self, Origin};
use crate::play::prepare::{Threads, Workshop};
use crate::play::renderer;
use crate::speech::Engines;
use crate::spool::{Spool, SpoolError};
use crate::staging::Preset;

/// How long it is waited at most until a device has played what it has taken.
const DRAIN: Duration = Duration::from_secs(2);

/// What is to be played, and how.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The show.
    pub show: Show,
    /// The script, from the show's folder.
    pub script: String,
    /// The episode's name.
    pub name: String,
    /// What was made before.
    pub cache: Arc<Cache>,
    /// How it is built.
    pub settings: Settings,
    /// What it is mastered for, instead of what the script says.
    pub deliver: Option<Preset>,
    /// How many threads make clips.
    pub threads: Threads,
    /// Where it begins: an entry, a scene or a time.
    pub from: Option<String>,
    /// Where it ends, likewise.
    pub to: Option<String>,
    /// The scene that alone is played.
    pub scene: Option<String>,
    /// Whether it begins again at its end.
    pub again: bool,
    /// Buses and roles that alone are heard, if any.
    pub solo: Vec<String>,
    /// Buses and roles that are not heard.
    pub mute: Vec<String>,
    /// The device; the system's own where `None`.
    pub device: Option<String>,
    /// Whether to follow changes; with files outside the show that it may read.
    pub watch: Option<Vec<PathBuf>>,
}

impl Brief {
    /// The gain to begin with; see [`gain::begin`].
    pub(super) fn gain(&self, specification: &Specification) -> (master::Settings, Origin, String) {
        let rate = self.settings.rate.hz();
        gain::begin(&self.show, (&self.name, &self.script), &self.cache, specification, rate)
    }
}

/// A preview that runs. Ends when it is dropped.
#[derive(Debug)]
pub struct Preview {
    events: Sender<Event>,
    /// What is heard.
    pub board: Arc<Board>,
    view: Arc<Mutex<View>>,
    threads: Vec<JoinHandle<()>>,
    device: Option<Device>,
    show: Show,
}

impl Preview {
    /// Starts it: reads the script, prepares, opens the device, plays.
    ///
    /// # Errors
    /// Where no scratch file can be made.
    pub fn start(brief: Brief) -> Result<Preview, SpoolError> {
        let workshop = Arc::new(Workshop {
            show: brief.show.clone(),
            engines: Engines::new(),
            spool: Spool::new()?,
            cache: Arc::clone(&brief.cache),
            limits: brief.settings.limits,
        });
        let (events, inbox) = channel();
        let (orders, taken) = channel();
        let board = Arc::new(Board::default());
        let view = Arc::new(Mutex::new(View::default()));
        let heard = Arc::clone(&board);
        let renderer = std::thread::spawn(move || renderer::run(&taken, &heard));
        let own = events.clone();
        let (ahead, periods) = if brief.watch.is_some() { SHORT } else { LONG };
        let wanted = Wanted { name: brief.device.clone(), rate: brief.settings.rate, ahead, periods };
        let device = Device::start(wanted, move |report| {
            drop(own.send(Event::Device(report)));
        });
        let show = brief.show.clone();
        let (own, shown, seen) = (events.clone(), Arc::clone(&view), Arc::clone(&board));
        let director = std::thread::spawn(move || {
            Director::new(brief, workshop, own, orders, seen, shown).run(&inbox);
        });
        Ok(Preview { events, board, view, threads: vec![director, renderer], device: Some(device), show })
    }

    /// Asks for something.
    pub fn ask(&self, command: Command) {
        drop(self.events.send(Event::Command(command)));
    }

    /// Waits until the device has played what it has taken.
    pub fn drain(&self) {
        let (_, until) = self.board.asked();
        let begun = Instant::now();
        while self.board.asked().0 < until && begun.elapsed() < DRAIN {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where a file of the show lies.
    pub fn locate(&self, path: &str) -> PathBuf {
        self.show.locate(path)
    }

    /// What there is to be shown.
    pub fn view(&self) -> View {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        // The device first: it calls into the ring.
        self.device = None;
        drop(self.events.send(Event::Stop));
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}
