//! Panics, on whatever thread: what plays is over then, and the terminal is given back before anything is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::audio::decode::panic_is_expected;
use crate::cli::failure::Failure;

/// How long a panic waits to be said until whoever draws has seen that there is one.
const NOTICE: Duration = Duration::from_millis(300);

/// Whether something has panicked.
#[derive(Clone, Debug, Default)]
pub(super) struct Alarm {
    raised: Arc<AtomicBool>,
    seen: Arc<AtomicBool>,
}

impl Alarm {
    /// Raises an alarm at any panic but those that are expected and caught. Before it is said, `give_back` is called.
    pub(super) fn set(give_back: impl Fn() + Send + Sync + 'static) -> Alarm {
        let alarm = Alarm::default();
        let own = alarm.clone();
        let drawing = std::thread::current().id();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic_is_expected() {
                own.raised.store(true, Ordering::SeqCst);
                // On another thread: whoever draws might draw over it.
                let begun = Instant::now();
                while std::thread::current().id() != drawing
                    && !own.seen.load(Ordering::SeqCst)
                    && begun.elapsed() < NOTICE
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                // It may only be given back once: what is on the ordinary screen by then is to stay.
                if !own.seen.load(Ordering::SeqCst) {
                    give_back();
                }
            }
            before(panic);
        }));
        alarm
    }

    /// Fails where something has panicked: what is left cannot be relied on.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if !self.raised.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(Failure::Machine("part of the program has failed: this is a bug in radioplay".to_owned()))
    }

    /// Tells that nobody draws any more.
    pub(super) fn stand_down(&self) {
        self.seen.store(true, Ordering::SeqCst);
    }
}
