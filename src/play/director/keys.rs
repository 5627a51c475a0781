//! What a person asks for while it plays.

use std::sync::Arc;

use crate::play::director::place::{Bounds, Goal};
use crate::play::director::{Command, Director};
use crate::play::performance::Performance;
use crate::play::player::Player;
use crate::play::renderer::Order;

/// So soon after a line's or scene's beginning, going back means the one before; in seconds.
const JUST_BEGUN: f64 = 0.8;

impl Director {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Pause => {
                self.paused = !self.paused;
                if let Some(shared) = &self.shared {
                    shared.pause(self.paused);
                }
            }
            Command::Lines(by) => self.step(by, |performance| {
                let entries = performance.timeline.entries.iter().enumerate();
                let lines = entries.filter(|(_, entry)| entry.kind == "line");
                lines.map(|(index, _)| performance.start_of(index)).collect()
            }),
            Command::Scenes(by) => self.step(by, |performance| {
                (0..performance.timeline.scenes.len()).map(|scene| performance.scene_start(scene)).collect()
            }),
            Command::Seconds(by) => {
                let Some(heard) = self.board.heard() else { return };
                let rate = f64::from(heard.performance.plan.rate().hz());
                self.seek(&heard.performance, moved(heard.frame, by * rate));
            }
            Command::LoopLine => self.repeat(|performance, frame| {
                let line = performance.line_at(frame)?;
                let id = performance.timeline.entries[line].id.clone();
                Some(Bounds { line: Some(id), again: true, ..Bounds::default() })
            }),
            Command::LoopScene => self.repeat(|performance, frame| {
                let scene = performance.timeline.scenes.get(performance.scene_at(frame))?;
                Some(Bounds { scene: Some(scene.id.clone()), again: true, ..Bounds::default() })
            }),
            Command::Mute(name) => {
                toggle(&mut self.brief.mute, name);
                self.stale = true;
                self.worked_out = None;
            }
            Command::Solo(name) => {
                toggle(&mut self.brief.solo, name);
                self.stale = true;
                self.worked_out = None;
            }
        }
        self.show();
    }

    /// Goes forwards or backwards by so many of some places.
    fn step(&mut self, by: i32, places: impl Fn(&Performance) -> Vec<u64>) {
        let Some(heard) = self.board.heard() else { return };
        let mut places = places(&heard.performance);
        places.sort_unstable();
        places.dedup();
        let begun = JUST_BEGUN * f64::from(heard.performance.plan.rate().hz());
        let now = match by {
            ..0 => moved(heard.frame, -begun),
            _ => heard.frame,
        };
        let after = places.partition_point(|place| *place <= now);
        let by = isize::try_from(by).unwrap_or(0);
        let index = if by < 0 { after.checked_add_signed(by) } else { after.checked_add_signed(by - 1) };
        let Some(frame) = places.get(index.unwrap_or(0)).copied() else { return };
        self.seek(&heard.performance, frame);
    }

    /// Goes to a frame of what is heard.
    fn seek(&mut self, performance: &Performance, frame: u64) {
        let stretch = self.bounds.stretch(performance);
        if self.bounds.again && !(stretch.from..stretch.to).contains(&frame) {
            self.bounds = Bounds::default();
        }
        if let (true, Some(own)) = (self.score.is_complete() && !self.stale, &self.performance) {
            let to = own.carried(performance, frame);
            let Ok(player) = Player::warm(Arc::clone(own), to) else { return };
            self.board.expect(to);
            let stretch = self.bounds.stretch(own);
            drop(self.orders.send(Order::Start(Box::new(player), stretch)));
            if self.bound(own, stretch).is_err() {
                self.stale = true;
            }
            return;
        }
        let goal = performance.entry_at(frame).map(|entry| {
            let id = performance.timeline.entries[entry].id.clone();
            Goal::Entry(id, frame - performance.start_of(entry))
        });
        self.goal = Some(goal.unwrap_or(Goal::Start));
        self.stale = true;
        self.prepare();
    }

    /// Repeats a part, or plays on where something repeats.
    fn repeat(&mut self, part: impl Fn(&Performance, u64) -> Option<Bounds>) {
        let Some(heard) = self.board.heard() else { return };
        let wanted = part(&heard.performance, heard.frame);
        self.bounds = match wanted {
            Some(wanted) if wanted != self.bounds => wanted,
            _ => Bounds::default(),
        };
        let Some(own) = &self.performance else { return };
        let stretch = self.bounds.stretch(own);
        if self.bound(own, stretch).is_err() {
            self.stale = true;
        }
        // What was played ahead may be past the end already.
        if self.board.played_to() > stretch.to {
            let frame = heard.frame;
            self.seek(&heard.performance, frame);
        }
    }
}

fn toggle(names: &mut Vec<String>, name: String) {
    match names.iter().position(|known| *known == name) {
        Some(index) => drop(names.remove(index)),
        None => names.push(name),
    }
}

/// So many frames, rounded down; none below zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "far below 2^53, and not below zero"
)]
pub(super) fn frames(count: f64) -> u64 {
    count.max(0.0) as u64
}

/// A frame so many frames on, or back; not before the beginning.
fn moved(frame: u64, by: f64) -> u64 {
    frames(frame as f64 + by)
}
