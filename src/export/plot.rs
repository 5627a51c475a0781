//! The episode as a picture: an SVG with every bus's waveform, loudness over time against its target, and marks for
//! scenes, lines and cues, all over one time axis.
//!
//! One column of pixels holds as many tenths of a second as it must: the picture is as large for ten hours as for ten
//! minutes. Heights of waveforms are in decibels, so that a room's tone is seen beside a slam.

mod svg;

use crate::dsp::loudness::profile::Profile;
use crate::export::job::Summary;
use crate::export::plot::svg::Svg;
use crate::master::perform::HARD;
use crate::master::preset::{Specification, Target};
use crate::timeline::{EntrySpan, Timeline};
use crate::units::level::{Level, Loudness};
use crate::units::time::FramePos;

/// Where the time axis begins and ends, pixels.
const LEFT: f64 = 90.0;
const RIGHT: f64 = 1170.0;
const WIDTH: f64 = 1200.0;
/// Columns of the waveforms.
const COLUMNS: usize = 1080;
/// A line of scenes' titles, the most lines of them, and about how wide a letter of them is.
const TITLES: f64 = 16.0;
const MOST_TITLES: usize = 6;
const LETTER: f64 = 6.8;
const ROW: f64 = 16.0;
const BUS: f64 = 54.0;
const LOUDNESS: f64 = 200.0;
const GAP: f64 = 14.0;
/// The lowest level that is seen in a waveform, dBFS.
const LOWEST: f64 = -60.0;
/// The loudness panel's ends, LUFS.
const LOUD: f64 = 0.0;
const SOFT: f64 = -50.0;
/// Colours that the colour-blind can tell apart: M. Okabe and K. Ito, "Color Universal Design", 2008.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const RED: &str = "#c00020";

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The episode's title.
    pub title: &'a str,
    /// The episode.
    pub timeline: &'a Timeline,
    /// What it was mastered for.
    pub specification: &'a Specification,
    /// What came of it; with the buses.
    pub summary: &'a Summary,
}

/// Draws an episode as SVG text.
pub fn draw(picture: &Picture<'_>) -> String {
    let timeline = picture.timeline;
    let rows = rows(timeline);
    let drawn: Vec<usize> = (0..timeline.buses.len())
        .filter(|bus| picture.summary.buses.get(*bus).is_some_and(|bus| bus.iter().any(|peak| *peak > 0.0)))
        .collect();
    let top = 34.0;
    let axis = Axis { seconds: timeline.length.seconds(timeline.rate).max(0.001), rate: timeline.rate.hz() };
    let titles = titles(timeline, &axis);
    let lines = titles.iter().map(|title| title.line + 1).max().unwrap_or(0);
    let rows_at = top + lines as f64 * TITLES + 8.0;
    let buses_at = rows_at + rows.len() as f64 * ROW + GAP;
    let loudness_at = buses_at + drawn.len() as f64 * (BUS + GAP);
    let bottom = loudness_at + LOUDNESS;
    let mut svg = Svg::new(WIDTH, bottom + 48.0);
    svg.text(LEFT, 22.0, &heading(picture), "font-size='16' font-weight='bold'");
    scenes(&mut svg, timeline, &axis, &titles, [top, bottom]);
    for (index, (name, entries)) in rows.iter().enumerate() {
        let y = rows_at + index as f64 * ROW;
        label(&mut svg, y + ROW * 0.75, name);
        for entry in entries {
            let (x, end) = (axis.x(entry.start), axis.x(entry.end));
            let style = format!("fill='{}' fill-opacity='0.8'", COLOURS[index % COLOURS.len()]);
            let title = format!("{} {}: {}", entry.kind, entry.id, clock(axis.seconds_of(entry.start)));
            svg.rect([x, y + 2.0, (end - x).max(1.0), ROW - 5.0], &style, Some(&title));
        }
    }
    let gain = picture.summary.gain.factor();
    for (row, bus) in drawn.iter().enumerate() {
        let y = buses_at + row as f64 * (BUS + GAP);
        label(&mut svg, y + BUS / 2.0 + 4.0, &timeline.buses[*bus].name);
        let envelope = columns(&picture.summary.buses[*bus]);
        waveform(&mut svg, &envelope, gain, y, COLOURS[row % COLOURS.len()]);
    }
    loudness(&mut svg, picture, &axis, loudness_at);
    times(&mut svg, &axis, bottom);
    svg.finish()
}

fn heading(picture: &Picture<'_>) -> String {
    let measures = picture.summary.profile.measures();
    let integrated = measures.integrated.map_or("silence".to_owned(), |it| format!("{:.1} LUFS", it.lufs()));
    let peak = measures.true_peak.map_or(String::new(), |it| format!(", {:.1} dBTP", it.value.dbtp()));
    let range = measures.range.map_or(String::new(), |it| format!(", range {it:.1} LU"));
    let preset = picture.specification.preset.word();
    format!("{} · {preset} · {integrated}{peak}{range}", picture.title)
}

struct Axis {
    seconds: f64,
    rate: u32,
}

impl Axis {
    fn seconds_of(&self, at: FramePos) -> f64 {
        at.get() as f64 / f64::from(self.rate)
    }

    fn x(&self, at: FramePos) -> f64 {
        self.x_of(self.seconds_of(at))
    }

    fn x_of(&self, seconds: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (seconds / self.seconds).clamp(0.0, 1.0)
    }
}

/// Lines by role, then everything else that sounds by its bus.
fn rows(timeline: &Timeline) -> Vec<(String, Vec<&EntrySpan>)> {
    let mut rows: Vec<(String, Vec<&EntrySpan>)> = Vec::new();
    for lines in [true, false] {
        for region in &timeline.regions {
            let Some(entry) = region.entry.map(|entry| &timeline.entries[entry]) else { continue };
            if (entry.kind == "line") != lines {
                continue;
            }
            let name = &timeline.tracks[region.track].name;
            match rows.iter_mut().find(|(row, _)| row == name) {
                Some((_, entries)) => entries.push(entry),
                None => rows.push((name.clone(), vec![entry])),
            }
        }
    }
    rows
}

fn label(svg: &mut Svg, y: f64, text: &str) {
    svg.text(LEFT - 8.0, y, text, "text-anchor='end' font-size='13'");
}

/// A scene's title where it is written: on which line, and as much of it as fits.
struct Title {
    x: f64,
    line: usize,
    text: String,
}

/// Titles one below the other where scenes are shorter than they: each on the first line that is free at its scene's
/// beginning, and shortened only where none is, or by the edge.
fn titles(timeline: &Timeline, axis: &Axis) -> Vec<Title> {
    let mut taken: Vec<f64> = Vec::new();
    let mut titles: Vec<Title> = Vec::new();
    for scene in &timeline.scenes {
        let x = axis.x(scene.start);
        let name = if scene.title.is_empty() { &scene.id } else { &scene.title };
        let free = taken.iter().position(|end| *end <= x).unwrap_or(taken.len());
        let line = free.min(MOST_TITLES - 1);
        if free == MOST_TITLES
            && let Some(last) = titles.iter_mut().rfind(|title| title.line == line)
        {
            // The one before gives way, to where this one begins.
            last.text = shortened(&last.text, x - last.x);
        }
        let text = shortened(name, RIGHT - x);
        let end = x + (text.chars().count() as f64 + 1.5) * LETTER;
        match taken.get_mut(line) {
            Some(taken) => *taken = end,
            None => taken.push(end),
        }
        titles.push(Title { x, line, text });
    }
    titles
}

/// As much of a text as fits into a width, with a sign that there is more.
fn shortened(text: &str, width: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width in letters")]
    let fits = (width / LETTER - 1.5).max(0.0) as usize;
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    if fits == 0 { String::new() } else { text.chars().take(fits - 1).chain(['…']).collect() }
}

fn scenes(svg: &mut Svg, timeline: &Timeline, axis: &Axis, titles: &[Title], [top, bottom]: [f64; 2]) {
    for (index, (scene, title)) in timeline.scenes.iter().zip(titles).enumerate() {
        let (x, end) = (title.x, axis.x(scene.boundary));
        if index % 2 == 1 {
            svg.rect([x, top, end - x, bottom - top], "fill='#000' fill-opacity='0.035'", None);
        }
        svg.line([x, top, x, bottom], "stroke='#888' stroke-width='0.7'");
        let y = top + 13.0 + title.line as f64 * TITLES;
        svg.text(x + 4.0, y, &title.text, "font-size='12' fill='#444'");
    }
}

/// The highest value of each column.
fn columns(values: &[f32]) -> Vec<f32> {
    let count = COLUMNS.min(values.len().max(1));
    let part = |column: usize| {
        let (from, to) = (column * values.len() / count, ((column + 1) * values.len()).div_ceil(count));
        values[from..to.min(values.len())].iter().fold(0.0_f32, |peak, value| peak.max(*value))
    };
    (0..count).map(part).collect()
}

fn waveform(svg: &mut Svg, envelope: &[f32], gain: f32, y: f64, colour: &str) {
    let middle = y + BUS / 2.0;
    svg.line([LEFT, middle, RIGHT, middle], "stroke='#bbb' stroke-width='0.5'");
    let width = (RIGHT - LEFT) / envelope.len() as f64;
    let height = |peak: &f32| {
        let db = f64::from(Level::of_amplitude(peak * gain).dbfs());
        ((db - LOWEST) / -LOWEST).clamp(0.0, 1.0) * BUS / 2.0
    };
    let x = |column: usize| LEFT + (column as f64 + 0.5) * width;
    let above = envelope.iter().enumerate().map(|(column, peak)| (x(column), middle - height(peak)));
    let below = envelope.iter().enumerate().rev().map(|(column, peak)| (x(column), middle + height(peak)));
    svg.polygon(above.chain(below), &format!("fill='{colour}' fill-opacity='0.75'"));
}

fn loudness(svg: &mut Svg, picture: &Picture<'_>, axis: &Axis, top: f64) {
    let y = |lufs: f64| top + LOUDNESS * ((LOUD - lufs) / (LOUD - SOFT)).clamp(0.0, 1.0);
    label(svg, top + 4.0, "LUFS");
    for lufs in [-10.0, -20.0, -30.0, -40.0, -50.0] {
        svg.line([LEFT, y(lufs), RIGHT, y(lufs)], "stroke='#ddd' stroke-width='0.7'");
        label(svg, y(lufs) + 4.0, &format!("{lufs:.0}"));
    }
    let target = match picture.specification.target {
        Target::Loudness { aim, within } => Some((aim.lufs(), aim.lufs() - within, aim.lufs() + within)),
        Target::Rms { .. } | Target::AsMixed => None,
    };
    if let Some((aim, low, high)) = target {
        let area = [LEFT, y(high), RIGHT - LEFT, y(low) - y(high)];
        svg.rect(area, "fill='#009e73' fill-opacity='0.18'", None);
        svg.line([LEFT, y(aim), RIGHT, y(aim)], "stroke='#009e73' stroke-width='1.4'");
        svg.text(RIGHT + 2.0, y(aim) + 4.0, &format!("{aim:.0}"), "font-size='12' fill='#009e73'");
    }
    let profile = &picture.summary.profile;
    let momentary: Vec<f32> = profile.momentary().collect();
    let short_term: Vec<f32> = profile.short_term().collect();
    curve(svg, profile, axis, &momentary, &y, "stroke='#999' stroke-width='0.6'");
    curve(svg, profile, axis, &short_term, &y, "stroke='#0072b2' stroke-width='1.5'");
    for effort in &picture.summary.efforts {
        let x = axis.x(effort.at);
        let height = f64::from(-effort.deepest.db()) * 3.0;
        let style = format!("fill='{RED}' fill-opacity='0.85'");
        let title = format!("limiter {:.1} dB at {}", effort.deepest.db(), clock(axis.seconds_of(effort.at)));
        svg.rect([x - 1.0, top, 2.0, height.min(LOUDNESS)], &style, Some(&title));
    }
    let legend = top + LOUDNESS + 36.0;
    svg.text(LEFT + 6.0, legend, "short-term (3 s)", "font-size='12' fill='#0072b2'");
    svg.text(LEFT + 116.0, legend, "momentary (0.4 s)", "font-size='12' fill='#777'");
    if !picture.summary.efforts.is_empty() {
        let text = format!(
            "from above: the limiter, where it turns down by more than {HARD:.0} dB; 3 pixels a decibel"
        );
        svg.text(LEFT + 240.0, legend, &text, &format!("font-size='12' fill='{RED}'"));
    }
}

/// Energies as a curve, each hop's at its end.
fn curve(
    svg: &mut Svg,
    profile: &Profile,
    axis: &Axis,
    energies: &[f32],
    y: &impl Fn(f64) -> f64,
    style: &str,
) {
    let highest = columns(energies);
    let end = axis.x(profile.start_of(energies.len()));
    let width = (end - LEFT) / highest.len() as f64;
    let points = highest.iter().enumerate().map(|(column, energy)| {
        (LEFT + (column as f64 + 1.0) * width, y(Loudness::of_energy(f64::from(*energy)).lufs()))
    });
    svg.polyline(points, style);
}

fn times(svg: &mut Svg, axis: &Axis, y: f64) {
    svg.line([LEFT, y, RIGHT, y], "stroke='#444' stroke-width='1'");
    let steps = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0];
    let step = steps.into_iter().find(|step| axis.seconds / step <= 16.0).unwrap_or(14_400.0);
    let mut at = 0.0;
    while at <= axis.seconds {
        let x = axis.x_of(at);
        svg.line([x, y, x, y + 5.0], "stroke='#444' stroke-width='1'");
        svg.text(x, y + 19.0, &clock(at), "text-anchor='middle' font-size='12'");
        at += step;
    }
}

/// Minutes and seconds, hours where there are any.
fn clock(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time that is not negative"
    )]
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
