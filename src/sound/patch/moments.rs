//! When an event is heard, and how each time differs from the last.

use std::ops::RangeInclusive;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Kind, Value, number};
use crate::dsp::noise::Random;
use crate::sound::patch::curve::{Curve, number_or, pair, span_or};

/// How many moments an event may have.
pub(super) const MAX_MOMENTS: usize = 20_000;

/// One moment of an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// Seconds from the patch's start.
    pub(super) at: f64,
    /// dB.
    pub(super) gain: f64,
    /// Semitones.
    pub(super) pitch: f64,
    /// −1 to 1.
    pub(super) pan: f64,
}

/// The moments of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moments {
    rhythm: Rhythm,
    accents: Vec<f64>,
    pitches: Vec<f64>,
    pans: Vec<f64>,
    /// Gain over the time since the event's start, dB.
    swell: Option<Curve>,
    vary: Vary,
}

/// How far each moment strays, evenly to both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Vary {
    time: f64,
    gain: f64,
    pitch: f64,
    pan: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Rhythm {
    Once,
    Times(Vec<(f64, f64)>),
    Every { seconds: f64, count: Option<usize> },
    Scatter { rate: Curve, span: [f64; 2], gap: f64 },
}

impl Moments {
    /// Reads `repeat` and `vary` of an event.
    pub(super) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Moments {
        let mut moments = Moments {
            rhythm: Rhythm::Once,
            accents: Vec::new(),
            pitches: Vec::new(),
            pans: Vec::new(),
            swell: None,
            vary: vary(fields, diagnostics),
        };
        if let Some(mut repeat) = fields.table("repeat", "a repeat", diagnostics) {
            moments.rhythm = rhythm(&mut repeat, diagnostics);
            moments.accents = list(&mut repeat, "accents", -60.0..=24.0, "dB", diagnostics);
            moments.pitches = list(&mut repeat, "pitches", -48.0..=48.0, "semitones", diagnostics);
            moments.pans = list(&mut repeat, "pans", -1.0..=1.0, "", diagnostics);
            moments.swell = Curve::read(&mut repeat, "swell", -120.0..=24.0, "dB", diagnostics);
            repeat.finish(diagnostics);
        }
        moments
    }

    /// Every moment of an event that starts at `start` in a patch of `length` seconds, in order of time as
    /// written.
    pub(super) fn all(&self, start: f64, length: f64, random: &mut Random) -> Vec<Moment> {
        let times = self.times(length - start, random);
        let cycle = |list: &[f64], n: usize| if list.is_empty() { 0.0 } else { list[n % list.len()] };
        let moments = times.into_iter().take(MAX_MOMENTS).enumerate().map(|(n, (time, gain))| {
            let mut stray = |by: f64| by * random.bipolar();
            let swell = self.swell.as_ref().map_or(0.0, |curve| curve.at(time));
            Moment {
                at: start + time + stray(self.vary.time),
                gain: gain + swell + cycle(&self.accents, n) + stray(self.vary.gain),
                pitch: cycle(&self.pitches, n) + stray(self.vary.pitch),
                pan: (cycle(&self.pans, n) + stray(self.vary.pan)).clamp(-1.0, 1.0),
            }
        });
        moments.collect()
    }

    /// Whether any moment stands off-centre.
    pub(super) fn wide(&self) -> bool {
        self.vary.pan > 0.0 || self.pans.iter().any(|pan| pan.abs() > 0.0)
    }

    /// How many moments there are in `length` seconds, about.
    pub(super) fn count(&self, length: f64) -> f64 {
        match &self.rhythm {
            Rhythm::Once => 1.0,
            Rhythm::Times(times) => times.len() as f64,
            Rhythm::Every { seconds, count } => {
                let most = length / seconds + 1.0;
                count.map_or(most, |count| most.min(count as f64))
            }
            Rhythm::Scatter { rate, span, .. } => {
                let most = rate.points().iter().map(|&(_, v)| v).fold(0.0, f64::max);
                most * (span[1].min(length) - span[0]).max(0.0) + 1.0
            }
        }
    }

    fn times(&self, length: f64, random: &mut Random) -> Vec<(f64, f64)> {
        match &self.rhythm {
            Rhythm::Once => vec![(0.0, 0.0)],
            Rhythm::Times(times) => times.clone(),
            Rhythm::Every { seconds, count } => {
                // A hair early, so that a loop of exactly n periods has n moments.
                let fitting = libm::ceil(length / seconds - 1e-6).max(0.0);
                let count = count.map_or(fitting, |count| fitting.min(count as f64));
                (0..MAX_MOMENTS)
                    .map(|n| n as f64)
                    .take_while(|&n| n < count)
                    .map(|n| (n * seconds, 0.0))
                    .collect()
            }
            Rhythm::Scatter { rate, span, gap } => scatter(rate, *span, *gap, length, random),
        }
    }
}

/// A Poisson process whose rate follows a curve, by thinning (P. A. W. Lewis and G. S. Shedler, "Simulation of
/// nonhomogeneous Poisson processes by thinning", 1979); moments nearer than `gap` to the last are left out.
pub(super) fn scatter(
    rate: &Curve,
    span: [f64; 2],
    gap: f64,
    length: f64,
    random: &mut Random,
) -> Vec<(f64, f64)> {
    let most = rate.points().iter().map(|&(_, v)| v).fold(0.0, f64::max);
    let end = span[1].min(length);
    let mut moments = Vec::new();
    let mut time = span[0];
    let mut last = f64::NEG_INFINITY;
    if most <= 0.0 {
        return moments;
    }
    loop {
        time -= libm::log(1.0 - random.unit()) / most;
        if time >= end {
            return moments;
        }
        if random.unit() * most <= rate.at(time) && time - last >= gap {
            moments.push((time, 0.0));
            last = time;
        }
    }
}

fn rhythm(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Rhythm {
    let given: Vec<&str> =
        ["times", "every", "rate"].into_iter().filter(|&key| fields.any(key).is_some()).collect();
    if given.len() != 1 {
        let message = "a repeat needs exactly one of `times`, `every`, `rate`";
        diagnostics.push(Diagnostic::error(Code::Conflict, message).at(fields.span(), ""));
    }
    if let Some(items) = fields.array("times", diagnostics) {
        return Rhythm::Times(items.value.iter().filter_map(|item| time(item, diagnostics)).collect());
    }
    if let Some(seconds) = fields.number("every", 0.002..=600.0, "s", diagnostics) {
        #[expect(clippy::cast_possible_wrap, reason = "a small constant")]
        let count = fields.integer("count", 1..=MAX_MOMENTS as i64, diagnostics);
        let count = count.and_then(|n| usize::try_from(n.value).ok());
        return Rhythm::Every { seconds: seconds.value, count };
    }
    if let Some(rate) = Curve::read(fields, "rate", 0.0..=2000.0, "per second", diagnostics) {
        let span = span_or(fields, "span", 0.0..=600.0, "s", [0.0, 600.0], diagnostics);
        let gap = number_or(fields, "gap", 0.0..=600.0, "s", 0.0, diagnostics);
        return Rhythm::Scatter { rate, span, gap };
    }
    Rhythm::Once
}

/// A time, or a time with an accent.
fn time(item: &Value, diagnostics: &mut Diagnostics) -> Option<(f64, f64)> {
    let seconds = 0.0..=600.0;
    if !matches!(item.value, Kind::Array(_)) {
        return number(item, "times", seconds, "s", diagnostics).map(|n| (n.value, 0.0));
    }
    let [at, gain] = pair(item, "times", diagnostics)?;
    let at = number(at, "times", seconds, "s", diagnostics);
    let gain = number(gain, "times", -60.0..=24.0, "dB", diagnostics);
    Some((at?.value, gain?.value))
}

fn vary(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Vary {
    let Some(mut fields) = fields.table("vary", "a vary", diagnostics) else { return Vary::default() };
    let vary = Vary {
        time: number_or(&mut fields, "time", 0.0..=60.0, "s", 0.0, diagnostics),
        gain: number_or(&mut fields, "gain", 0.0..=24.0, "dB", 0.0, diagnostics),
        pitch: number_or(&mut fields, "pitch", 0.0..=24.0, "semitones", 0.0, diagnostics),
        pan: number_or(&mut fields, "pan", 0.0..=1.0, "", 0.0, diagnostics),
    };
    fields.finish(diagnostics);
    vary
}

fn list(
    fields: &mut Fields<'_>,
    key: &'static str,
    range: RangeInclusive<f64>,
    unit: &'static str,
    diagnostics: &mut Diagnostics,
) -> Vec<f64> {
    let Some(items) = fields.array(key, diagnostics) else { return Vec::new() };
    let numbers = items.value.iter().filter_map(|item| number(item, key, range.clone(), unit, diagnostics));
    numbers.map(|n| n.value).collect()
}
