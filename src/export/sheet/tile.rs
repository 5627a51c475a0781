//! One sound of a sheet: its name, what it is, its waveform, its spectrogram, and their axes.

use crate::export::sheet::Card;
use crate::export::sheet::layout::{BETWEEN, Layout, SIDE, TOP};
use crate::export::sheet::palette::{DIM, HEAT, MARK, PEAK, POWER, SOFT, TEXT, ink};
use crate::export::sheet::raster::{Font, Raster};
use crate::export::sheet::spectrum::{place, spectrogram};

/// What is so far below the loudest is black, dB.
const RANGE: f64 = 78.0;
/// Lines for what a sound is.
const LINES: usize = 2;
/// Frequencies with a name.
const TICKS: [(f64, &str); 5] =
    [(50.0, "50"), (200.0, "200"), (1000.0, "1k"), (4000.0, "4k"), (15_000.0, "15k")];

pub(super) fn draw(card: &Card<'_>, layout: &Layout) -> Raster {
    let mut raster = Raster::new(layout.width(), layout.height());
    let frames = card.audio.samples().len() / card.audio.channels().count();
    let seconds = frames as f64 / f64::from(card.audio.rate().hz());
    text(&mut raster, card, seconds);
    let hit = card.hit.map(|hit| pixel(hit.index() as f64 / frames.max(1) as f64 * layout.across as f64));
    waveform(&mut raster, card, layout, hit);
    spectrum(&mut raster, card, layout);
    frequencies(&mut raster, layout);
    times(&mut raster, layout, seconds);
    raster
}

fn text(raster: &mut Raster, card: &Card<'_>, seconds: f64) {
    let width = raster.width();
    let facts = facts(card, seconds);
    let start = width.saturating_sub(facts.chars().count() * Font::BODY.width());
    raster.text([start, 4], &facts, Font::BODY, DIM);
    let room = (start - SIDE.min(start)) / Font::NAME.width();
    raster.text([SIDE, 0], &shortened(card.name, room.saturating_sub(1)), Font::NAME, TEXT);
    let letters = (width - SIDE) / Font::BODY.width();
    for (n, line) in wrapped(card.about, letters, LINES).iter().enumerate() {
        raster.text([SIDE, 24 + n * Font::BODY.height()], line, Font::BODY, SOFT);
    }
}

/// Length, peak and power, in figures.
fn facts(card: &Card<'_>, seconds: f64) -> String {
    let samples = card.audio.samples();
    let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    let power: f64 =
        samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / samples.len().max(1) as f64;
    let db = |x: f64| {
        if x > 0.0 { format!("{:.0}", 20.0 * libm::log10(x)).replace('-', "−") } else { "–".to_owned() }
    };
    let looped = if card.looped { " loop" } else { "" };
    let length = if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") };
    format!("{length}{looped}  {}/{} dB", db(f64::from(peak)), db(libm::sqrt(power))).replace('−', "-")
}

/// Lines of so many letters, broken at spaces; what does not fit ends in an ellipsis.
fn wrapped(text: &str, letters: usize, lines: usize) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = found.len() - 1;
        let length = found[last].chars().count();
        if length > 0 && length + 1 + word.chars().count() > letters && found.len() < lines {
            found.push(word.to_owned());
        } else {
            if length > 0 {
                found[last].push(' ');
            }
            found[last].push_str(word);
        }
    }
    found.iter().map(|line| shortened(line, letters)).collect()
}

fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

fn waveform(raster: &mut Raster, card: &Card<'_>, layout: &Layout, hit: Option<usize>) {
    let samples = card.audio.samples();
    let channels = card.audio.channels().count();
    let frames = samples.len() / channels;
    let peak = samples.iter().fold(1e-9_f32, |peak, x| peak.max(x.abs()));
    let half = layout.wave as f64 / 2.0;
    raster.fill([SIDE, TOP], [layout.across, layout.wave], 0);
    for column in 0..layout.across {
        let (from, to) = (column * frames / layout.across, (column + 1) * frames / layout.across);
        let part = &samples[from * channels..(to.max(from + 1) * channels).min(samples.len())];
        let (low, high) = part.iter().fold((0.0_f32, 0.0_f32), |(low, high), &x| (low.min(x), high.max(x)));
        let power = part.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / part.len().max(1) as f64;
        let rms = libm::sqrt(power) / f64::from(peak);
        let x = SIDE + column;
        let mut line = |up: f64, down: f64, colour: u8| {
            let (top, bottom) = (pixel(half - up * half), pixel(half + down * half).min(layout.wave));
            raster.fill([x, TOP + top.min(layout.wave - 1)], [1, bottom.saturating_sub(top).max(1)], colour);
        };
        line(f64::from(high / peak), f64::from(-low / peak), PEAK);
        line(rms, rms, POWER);
    }
    let Some(hit) = hit else { return };
    raster.fill([SIDE + hit, TOP], [1, layout.wave], MARK);
    for row in 0..4 {
        raster.fill([SIDE + hit - (3 - row).min(SIDE + hit), TOP + row], [7 - 2 * row, 1], MARK);
    }
}

fn spectrum(raster: &mut Raster, card: &Card<'_>, layout: &Layout) {
    let top = TOP + layout.wave + BETWEEN;
    let levels = spectrogram(card.audio, card.looped, layout.across, layout.spectrum);
    for (row, line) in levels.chunks(layout.across).enumerate() {
        for (column, db) in line.iter().enumerate() {
            let share = (1.0 + db / RANGE).clamp(0.0, 1.0);
            let colour = pixel(share * f64::from(HEAT - 1));
            raster.set([SIDE + column, top + row], u8::try_from(colour).unwrap_or(0));
        }
    }
}

fn frequencies(raster: &mut Raster, layout: &Layout) {
    let top = TOP + layout.wave + BETWEEN;
    for (hz, name) in TICKS {
        let y = top + pixel((1.0 - place(hz)) * layout.spectrum as f64);
        raster.fill([SIDE - 4, y], [3, 1], ink(DIM));
        let start = SIDE - 6 - (name.len() * Font::BODY.width()).min(SIDE - 6);
        raster.text([start, y - Font::BODY.height() / 2], name, Font::BODY, DIM);
    }
}

fn times(raster: &mut Raster, layout: &Layout, seconds: f64) {
    let bottom = TOP + layout.wave + BETWEEN + layout.spectrum;
    let most = (layout.across / 60) as f64;
    let steps = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];
    let step = steps.into_iter().find(|step| seconds / step <= most).unwrap_or(7200.0);
    let digits = if step < 0.1 { 2 } else { usize::from(step < 1.0) };
    let mut n = 0;
    while f64::from(n) * step <= seconds {
        let at = f64::from(n) * step;
        let x = SIDE + pixel(at / seconds.max(1e-9) * layout.across as f64);
        raster.fill([x, bottom + 1], [1, 3], ink(DIM));
        let name = if n == 0 { "0 s".to_owned() } else { format!("{at:.digits$}") };
        let wide = name.chars().count() * Font::BODY.width();
        let start = if n == 0 { x } else { x - wide / 2 };
        if start + wide <= layout.width() {
            raster.text([start, bottom + 4], &name, Font::BODY, DIM);
        }
        n += 1;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place on the sheet; the cast saturates"
)]
fn pixel(x: f64) -> usize {
    x.round() as usize
}
