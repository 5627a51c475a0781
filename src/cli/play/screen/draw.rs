//! One picture of the preview.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

use crate::cli::play::plain::gaps;
use crate::cli::play::screen::Look;
use crate::cli::play::transcript::{Row, rows};
use crate::cli::words::clock;
use crate::cuesheet::Origin;
use crate::diag::render::human::visible;
use crate::play::board::{Heard, State};
use crate::play::director::preview::Preview;
use crate::play::director::view::{Heard as Audible, View};
use crate::play::meters::Show;

/// The quietest and the loudest that a meter's bar shows, in LUFS.
const BAR: (f64, f64) = (-60.0, 0.0);
/// How long that bar is.
const CELLS: usize = 24;

pub(super) fn draw(frame: &mut Frame<'_>, preview: &Preview, view: &View, look: &Look) {
    let meters = u16::try_from(view.buses.len() + 1).unwrap_or(6);
    let rows = [
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(meters + 2),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ];
    let areas = Layout::vertical(rows).split(frame.area());
    let heard = preview.board.heard();
    frame.render_widget(title(heard.as_ref(), view), areas[0]);
    if look.problems {
        let text = Paragraph::new(view.problems.as_str()).wrap(Wrap { trim: false });
        frame.render_widget(text.block(Block::new().borders(Borders::TOP).title(" problems ")), areas[1]);
    } else {
        transcript(frame, areas[1], heard.as_ref(), view);
    }
    levels(frame, areas[2], heard.as_ref(), view, look);
    frame.render_widget(Paragraph::new(state(preview, view)), areas[3]);
    frame.render_widget(Paragraph::new(note(view, look)), areas[4]);
    let keys = "space pause  up/down line  pgup/pgdn scene  left/right 5 s  l loop line  o loop scene  tab bus  \
                m mute  s solo  e edit  d problems  q quit";
    frame.render_widget(Paragraph::new(keys).style(Style::new().add_modifier(Modifier::DIM)), areas[5]);
}

fn title(heard: Option<&Heard>, view: &View) -> Paragraph<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut spans = vec![Span::styled(visible(&view.title), bold)];
    if let Some(heard) = heard {
        let timeline = &heard.performance.timeline;
        let seconds = |frames: u64| frames as f64 / f64::from(timeline.rate.hz());
        let scene = heard.performance.scene_at(heard.frame);
        if let Some(span) = timeline.scenes.get(scene) {
            let (number, all) = (scene + 1, timeline.scenes.len());
            spans.push(Span::raw(format!("   scene {number}/{all} {}", visible(&span.title))));
        }
        let about = if view.made.0 < view.made.1 { "about " } else { "" };
        let (now, all) = (clock(seconds(heard.frame)), clock(seconds(heard.performance.length())));
        spans.push(Span::raw(format!("   {about}{now} / {all}")));
    }
    Paragraph::new(Line::from(spans))
}

fn transcript(frame: &mut Frame<'_>, area: Rect, heard: Option<&Heard>, view: &View) {
    let Some(heard) = heard else { return };
    let rows = rows(&heard.performance, view);
    let rate = f64::from(heard.performance.plan.rate().hz());
    let current = heard.performance.line_at(heard.frame);
    let at = rows.iter().position(|row| Some(row.entry) == current);
    let at = at.unwrap_or_else(|| rows.partition_point(|row| row.start <= heard.frame).saturating_sub(1));
    let height = usize::from(area.height);
    let first = at.saturating_sub(height / 3).min(rows.len().saturating_sub(height));
    let lines = rows.iter().skip(first).take(height).map(|row| {
        let sounds = row.start <= heard.frame && heard.frame < row.end;
        line(row, rate, sounds, Some(row.entry) == current)
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

fn line(row: &Row<'_>, rate: f64, sounds: bool, current: bool) -> Line<'static> {
    let shown = row.shown;
    // Recorded, spoken by an engine, not to be had, not made yet.
    let mark = match shown.origin {
        Some(Origin::Recorded) => "●",
        Some(Origin::Synthesized) => "○",
        Some(Origin::File | Origin::Patch) => " ",
        Some(Origin::Missing) => "✗",
        None => "…",
    };
    let pointer = if current { "▶" } else { " " };
    let text = format!(
        "{pointer}{:>8} {mark} {}: {}",
        clock(row.start as f64 / rate),
        visible(&shown.who),
        visible(&shown.what)
    );
    let style = match (sounds, shown.is_line) {
        (true, true) => Style::new().add_modifier(Modifier::BOLD),
        (true, false) => Style::new().fg(Color::Cyan),
        (false, true) => Style::new(),
        (false, false) => Style::new().add_modifier(Modifier::DIM),
    };
    Line::styled(text, style)
}

fn levels(frame: &mut Frame<'_>, area: Rect, heard: Option<&Heard>, view: &View, look: &Look) {
    let reading = heard.and_then(|heard| heard.reading.as_ref());
    let mut lines = Vec::new();
    for (index, (name, audible)) in view.buses.iter().enumerate() {
        let show = reading.and_then(|reading| reading.buses.get(index));
        let pointer = if index == look.bus { "›" } else { " " };
        let how = match audible {
            Audible::Plain => "",
            Audible::Muted => "  muted",
            Audible::Alone => "  solo",
        };
        lines.push(meter(&format!("{pointer}{}", visible(name)), show, how));
    }
    lines.push(meter(" master", reading.map(|reading| &reading.master), ""));
    let block = Block::new().borders(Borders::TOP | Borders::BOTTOM);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn meter(name: &str, show: Option<&Show>, how: &str) -> Line<'static> {
    let (lufs, peak) =
        show.map_or((f64::NEG_INFINITY, f32::NEG_INFINITY), |show| (show.momentary.lufs(), show.peak.dbtp()));
    let share = ((lufs - BAR.0) / (BAR.1 - BAR.0)).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 24")]
    let filled = (share * CELLS as f64).round() as usize;
    let bar: String = (0..CELLS).map(|cell| if cell < filled { '█' } else { '·' }).collect();
    let number = |value: f64, unit: &str| {
        if value.is_finite() && value > -100.0 {
            format!("{value:>6.1} {unit}")
        } else {
            format!("     - {unit}")
        }
    };
    let text = format!("{name:<12} {bar} {} {}{how}", number(lufs, "LUFS"), number(f64::from(peak), "dBTP"));
    let style = if peak > -1.0 { Style::new().fg(Color::Red) } else { Style::new() };
    Line::styled(text, style)
}

fn state(preview: &Preview, view: &View) -> String {
    let state = match preview.board.state() {
        _ if view.is_paused => "paused".to_owned(),
        State::Silent => "preparing".to_owned(),
        State::Playing => "playing".to_owned(),
        State::Waiting => {
            format!("waiting for {}", visible(view.waiting_for.as_deref().unwrap_or("what comes next")))
        }
        State::Over => "at the end".to_owned(),
    };
    let mut parts = vec![state];
    parts.extend(view.repeats.map(|what| format!("loop {what}")));
    parts.extend(view.gain.map(|gain| format!("{} {:+.1} dB", gain.word(), view.gain_db)));
    if view.made.0 < view.made.1 {
        parts.push(format!("{} of {} made", view.made.0, view.made.1));
    }
    parts.push(gaps(preview.board.gaps()));
    parts.extend(view.device.as_ref().map(|device| visible(device)));
    parts.join("  ·  ")
}

fn note(view: &View, look: &Look) -> Line<'static> {
    let errors = match (view.errors, view.is_outdated) {
        (0, _) => None,
        (n, true) => {
            Some(format!("{n} errors in what was saved: playing on as it was before (d shows them)"))
        }
        (n, false) => Some(format!("{n} errors (d shows them)")),
    };
    let text = look.note.clone().or(view.message.clone()).or(errors).unwrap_or_default();
    Line::styled(visible(&text), Style::new().fg(Color::Yellow))
}
