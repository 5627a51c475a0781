//! The preview on a terminal: the transcript going by, meters, and keys.

use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::cli::failure::Failure;
use crate::cli::play::alarm::Alarm;
use crate::cli::play::editor;
use crate::cli::play::plain::{fail, summary};
use crate::cli::play::screen::draw::draw;
use crate::cli::play::screen::tty::Taken;
use crate::cli::terminal::Terminal;
use crate::play::board::State;
use crate::play::director::Command;
use crate::play::director::preview::Preview;
use crate::play::director::view::View;

mod draw;
mod guard;
mod tty;

/// How long a picture stands.
const FRAME: Duration = Duration::from_millis(33);

/// What is shown, and to whom.
struct Sitting<'a> {
    preview: &'a Preview,
    watches: bool,
    alarm: &'a Alarm,
    started: Instant,
    terminal: &'a Terminal,
}

/// What is on the screen besides the preview itself.
#[derive(Debug, Default)]
struct Look {
    /// The bus that `m` and `s` are about.
    bus: usize,
    /// Whether problems are shown in place of the transcript.
    problems: bool,
    /// Something to be said.
    note: Option<String>,
}

pub(super) fn run(
    preview: &Preview,
    watches: bool,
    started: Instant,
    terminal: &Terminal,
) -> Result<(), Failure> {
    // What is wrong from the start is said on the ordinary screen, as long as that may take.
    while preview.view().gain.is_none() && !Terminal::interrupted() {
        std::thread::sleep(Duration::from_millis(1));
    }
    fail(&preview.view(), watches, terminal)?;
    let alarm = Alarm::set(tty::leave);
    let mut sounded = None;
    let ended = {
        let mut taken = Taken::new().map_err(|error| Failure::Machine(error.to_string()))?;
        let sitting = Sitting { preview, watches, alarm: &alarm, started, terminal };
        play(&sitting, &mut sounded, &mut taken)
    };
    alarm.stand_down();
    if ended.is_ok() {
        terminal.say(&summary(preview, sounded));
    }
    ended
}

fn play(sitting: &Sitting<'_>, sounded: &mut Option<Duration>, taken: &mut Taken) -> Result<(), Failure> {
    let Sitting { preview, watches, alarm, started, terminal } = *sitting;
    let failed = |error: io::Error| Failure::Machine(error.to_string());
    let mut look = Look::default();
    loop {
        alarm.check()?;
        let view = preview.view();
        fail(&view, watches, terminal)?;
        if sounded.is_none() && preview.board.has_sounded() {
            *sounded = Some(started.elapsed());
        }
        if let Some(error) = preview.board.error() {
            return Err(Failure::Machine(error));
        }
        let over = preview.board.state() == State::Over && !watches && view.repeats.is_none();
        if Terminal::interrupted() || over {
            if over {
                preview.drain();
            }
            return Ok(());
        }
        taken.screen.draw(|frame| draw(frame, preview, &view, &look)).map_err(failed)?;
        let until = Instant::now() + FRAME;
        while event::poll(until.saturating_duration_since(Instant::now())).map_err(failed)? {
            match event::read().map_err(failed)? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    match act(key, &view, preview, &mut look) {
                        Act::Quit => return Ok(()),
                        Act::Edit => edit(preview, &view, &mut look, taken).map_err(failed)?,
                        Act::Nothing => {}
                    }
                }
                _ => {}
            }
        }
    }
}

enum Act {
    Nothing,
    Quit,
    Edit,
}

fn act(key: KeyEvent, view: &View, preview: &Preview, look: &mut Look) -> Act {
    look.note = None;
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let bus = || view.buses.get(look.bus).map(|(name, _)| name.clone());
    let command = match key.code {
        KeyCode::Char('c') if control => return Act::Quit,
        KeyCode::Char('q') | KeyCode::Esc => return Act::Quit,
        KeyCode::Char('e') => return Act::Edit,
        KeyCode::Char(' ') => Some(Command::Pause),
        KeyCode::Down | KeyCode::Char('j') => Some(Command::Lines(1)),
        KeyCode::Up | KeyCode::Char('k') => Some(Command::Lines(-1)),
        KeyCode::PageDown | KeyCode::Char(']') => Some(Command::Scenes(1)),
        KeyCode::PageUp | KeyCode::Char('[') => Some(Command::Scenes(-1)),
        KeyCode::Right => Some(Command::Seconds(5.0)),
        KeyCode::Left => Some(Command::Seconds(-5.0)),
        KeyCode::Char('l') => Some(Command::LoopLine),
        KeyCode::Char('o') => Some(Command::LoopScene),
        KeyCode::Char('m') => bus().map(Command::Mute),
        KeyCode::Char('s') => bus().map(Command::Solo),
        KeyCode::Tab => {
            look.bus = (look.bus + 1) % view.buses.len().max(1);
            None
        }
        KeyCode::Char('d') => {
            look.problems = !look.problems;
            None
        }
        _ => None,
    };
    if let Some(command) = command {
        preview.ask(command);
    }
    Act::Nothing
}

/// Opens the line that is heard, and takes the terminal back afterwards.
fn edit(preview: &Preview, view: &View, look: &mut Look, taken: &mut Taken) -> io::Result<()> {
    let Some(heard) = preview.board.heard() else { return Ok(()) };
    let Some(line) = heard.performance.line_at(heard.frame) else { return Ok(()) };
    let Some(shown) = view.entries.get(&heard.performance.timeline.entries[line].id) else { return Ok(()) };
    let opened = taken.lend(|| editor::open(&preview.locate(&shown.place.0), shown.place.1))?;
    look.note = opened.err();
    Ok(())
}
