//! The terminal, ours from [`Taken::new`] until it is dropped; and given back at once where something panics.

use std::io::{self, Stdout};

use ratatui::Terminal as Screen;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use crate::cli::play::screen::guard::{Guard, mode};

/// A terminal that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) screen: Screen<CrosstermBackend<Stdout>>,
    /// While it is ours.
    guard: Option<Guard>,
}

impl Taken {
    pub(super) fn new() -> io::Result<Taken> {
        let guard = enter()?;
        // Should there be no screen after all, this gives it back.
        let screen = Screen::new(CrosstermBackend::new(io::stdout())).inspect_err(|_| leave())?;
        Ok(Taken { screen, guard })
    }

    /// Lends the terminal to somebody, and takes it back.
    pub(super) fn lend<T>(&mut self, to: impl FnOnce() -> T) -> io::Result<T> {
        leave();
        self.guard = None;
        let done = to();
        self.guard = enter()?;
        // A new one, that draws everything: to clear the old one it would be asked where the cursor is, which not every
        // terminal answers.
        self.screen = Screen::new(CrosstermBackend::new(io::stdout()))?;
        Ok(done)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<Option<Guard>> {
    let before = mode();
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, Hide).inspect_err(|_| leave())?;
    Ok(before.as_deref().and_then(Guard::post))
}

/// Gives the terminal back; it may have been before. It cannot be told if that fails.
pub(super) fn leave() {
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
}
