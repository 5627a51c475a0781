//! The preview without a screen: one line of text for each entry as it plays.

use std::time::{Duration, Instant};

use crate::cli::failure::Failure;
use crate::cli::play::alarm::Alarm;
use crate::cli::play::no_sound;
use crate::cli::play::transcript::rows;
use crate::cli::terminal::Terminal;
use crate::cli::words::clock;
use crate::diag::render::human::visible;
use crate::play::board::{Gaps, Heard, State};
use crate::play::director::preview::Preview;
use crate::play::director::view::View;

/// How often it is looked at, until there is something to be heard.
const OFTEN: Duration = Duration::from_millis(2);
/// How often after that.
const SELDOM: Duration = Duration::from_millis(25);

pub(super) fn run(
    preview: &Preview,
    watches: bool,
    started: Instant,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let mut talk = Talk::default();
    let alarm = Alarm::set(|| {});
    let mut sounded = None;
    // What was heard when it was looked at last.
    let mut last: Option<Heard> = None;
    loop {
        alarm.check()?;
        let view = preview.view();
        fail(&view, watches, terminal)?;
        talk.follow(&view, preview, terminal);
        if sounded.is_none() && preview.board.has_sounded() {
            sounded = Some(started.elapsed());
        }
        if let Some(heard) = preview.board.heard().filter(|_| sounded.is_some()) {
            let rate = f64::from(heard.performance.plan.rate().hz());
            let before = last.as_ref().map(|last| heard.performance.carried(&last.performance, last.frame));
            // At the beginning, and after going back, what sounds already comes too.
            let before = before.filter(|before| *before <= heard.frame);
            for row in rows(&heard.performance, &view) {
                let begun = before.map_or(row.end > heard.frame, |before| row.start > before);
                if begun && row.start <= heard.frame {
                    let about = if view.made.0 < view.made.1 { "~" } else { "" };
                    let at = format!("{about}{}", clock(row.start as f64 / rate));
                    let shown = row.shown;
                    terminal.result(&format!("{at:>8}  {}: {}", visible(&shown.who), visible(&shown.what)));
                }
            }
            last = Some(heard);
        }
        if let Some(error) = preview.board.error() {
            return Err(Failure::Machine(error));
        }
        if Terminal::interrupted() || (preview.board.state() == State::Over && !watches) {
            if !Terminal::interrupted() {
                preview.drain();
            }
            terminal.say(&summary(preview, sounded));
            return Ok(());
        }
        std::thread::sleep(if sounded.is_some() { SELDOM } else { OFTEN });
    }
}

/// What there is to be said at the end.
pub(super) fn summary(preview: &Preview, sounded: Option<Duration>) -> String {
    let first = sounded.map_or("nothing was heard".to_owned(), |after| {
        format!("first sound after {:.3} s", after.as_secs_f64())
    });
    format!("{first}, {}", gaps(preview.board.gaps()))
}

/// How often there was nothing to be heard, and whose fault it was.
pub(super) fn gaps(gaps: Gaps) -> String {
    let all = match gaps.all() {
        0 => return "no gaps".to_owned(),
        1 => "1 gap".to_owned(),
        all => format!("{all} gaps"),
    };
    match gaps.device {
        0 => all,
        device if device == gaps.all() => format!("{all} (the device ran dry)"),
        device => format!("{all} ({device} where the device ran dry)"),
    }
}

/// Ends where there is nothing to be played, or nothing that plays it.
pub(super) fn fail(view: &View, watches: bool, terminal: &Terminal) -> Result<(), Failure> {
    if let Some(why) = &view.refused {
        return Err(no_sound(why));
    }
    if let Some(wrong) = &view.wrong {
        return Err(Failure::Usage(wrong.clone()));
    }
    if view.is_empty && view.gain.is_some() && !watches {
        terminal.say(view.problems.trim_end());
        return Err(Failure::Script);
    }
    Ok(())
}

/// What has been said so far.
#[derive(Default)]
struct Talk {
    problems: String,
    message: Option<String>,
    gain: Option<&'static str>,
    state: Option<State>,
    readings: u64,
    /// Whether there is a device.
    device: bool,
    /// Whether one that was there is gone.
    is_lost: bool,
}

impl Talk {
    fn follow(&mut self, view: &View, preview: &Preview, terminal: &Terminal) {
        if view.problems != self.problems {
            self.problems.clone_from(&view.problems);
            if !self.problems.is_empty() {
                terminal.say(self.problems.trim_end());
            }
            if view.is_outdated {
                terminal.say("playing on as it was before");
            }
        }
        let (had, has) = (self.device, view.device.is_some());
        self.is_lost |= had && !has;
        if has && std::mem::take(&mut self.is_lost) {
            terminal.say("the sound device is back");
        }
        self.device = has;
        if view.message != self.message {
            self.message.clone_from(&view.message);
            self.message.iter().for_each(|message| terminal.say(&visible(message)));
        }
        if view.readings > self.readings {
            if self.readings > 0 {
                terminal.say("saved");
            }
            self.readings = view.readings;
        }
        let gain = view.gain.map(crate::play::gain::Origin::word);
        if gain != self.gain && preview.board.has_sounded() {
            self.gain = gain;
            gain.iter().for_each(|gain| terminal.say(&format!("{gain}: {:+.1} dB", view.gain_db)));
        }
        let state = preview.board.state();
        if self.state != Some(state) {
            if state == State::Waiting {
                let what = view.waiting_for.as_deref().unwrap_or("what comes next");
                terminal.say(&format!("waiting for `{}`", visible(what)));
            }
            self.state = Some(state);
        }
    }
}
