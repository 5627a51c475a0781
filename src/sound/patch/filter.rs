//! What is done to a sound after it has been made: filters, resonators, tubes, drive, a tail.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Value};
use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::linear::Linear;
use crate::dsp::svf::{Pass, Svf, warped};
use crate::dsp::tail::Tail;
use crate::sound::patch::canvas::{Canvas, factor, whole};
use crate::sound::patch::curve::{Curve, number_or};
use crate::sound::patch::modes::Modes;
use crate::sound::patch::track::{Track, Work, run, sift, work};
use crate::sound::patch::variation::Sounding;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Frames for which a moving filter stands still, and frames between two points of its way, which is straight: a
/// millisecond and a third.
const STEP: usize = 16;
const LEG: usize = 64;

/// Frames a tail is given at once.
const TAIL: usize = 1024;

/// How many filters may follow one another.
const MAX_FILTERS: usize = 16;

/// The keys that name a filter.
const KINDS: [&str; 11] = [
    "lowpass",
    "highpass",
    "bandpass",
    "notch",
    "peak",
    "lowshelf",
    "highshelf",
    "drive",
    "resonate",
    "comb",
    "tail",
];

/// One step of a chain.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    /// A filter whose frequency may move; `pairs` of poles in a row.
    Pass { pass: Pass, hz: Curve, q: f64, pairs: usize },
    /// An equaliser's band.
    Shaped(Shape),
    /// Saturation: tanh, driven by so many dB above the sound's own peak.
    Drive(f64),
    /// A body that rings with the sound.
    Resonate { body: Modes, mix: f64 },
    /// A tube, or a reflection: an echo that feeds itself.
    Comb { seconds: f64, feedback: f64, dark: f64 },
    /// A large space.
    Tail { decay: f64, mix: f64, dark: f64 },
}

/// Reads `filters`.
pub(super) fn chain(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Filter> {
    let Some(items) = fields.array("filters", diagnostics) else { return Vec::new() };
    if items.value.len() > MAX_FILTERS {
        let message = format!("there may be {MAX_FILTERS} filters in a row");
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(items.span, ""));
    }
    items.value.iter().take(MAX_FILTERS).filter_map(|item| Filter::read(item, diagnostics)).collect()
}

impl Filter {
    fn read(value: &Value, diagnostics: &mut Diagnostics) -> Option<Filter> {
        let mut fields = Fields::of(value, "a filter", diagnostics)?;
        let given: Vec<&str> = KINDS.into_iter().filter(|&kind| fields.any(kind).is_some()).collect();
        let [kind] = given[..] else {
            let message = "a filter needs exactly one key that says what it is";
            let report = Diagnostic::error(Code::Conflict, message).at(value.span, "");
            diagnostics.push(report.help(format!("one of `{}`", KINDS.join("`, `"))));
            return None;
        };
        let filter = Filter::of_kind(kind, &mut fields, diagnostics);
        fields.finish(diagnostics);
        filter
    }

    fn of_kind(kind: &str, fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Filter> {
        let hz = 10.0..=22_000.0;
        let pass = |pass: Pass, key: &'static str, fields: &mut Fields<'_>, diagnostics: &mut Diagnostics| {
            let hz = Curve::read(fields, key, hz.clone(), "Hz", diagnostics);
            let q = number_or(fields, "q", 0.1..=60.0, "", 0.707, diagnostics);
            let order = fields.integer("order", 2..=8, diagnostics).map_or(2, |n| n.value);
            Some(Filter::Pass { pass, hz: hz?, q, pairs: usize::try_from(order / 2).unwrap_or(1) })
        };
        match kind {
            "lowpass" => pass(Pass::Low, "lowpass", fields, diagnostics),
            "highpass" => pass(Pass::High, "highpass", fields, diagnostics),
            "bandpass" => pass(Pass::Band, "bandpass", fields, diagnostics),
            "notch" => pass(Pass::Notch, "notch", fields, diagnostics),
            "peak" => {
                let hz = fields.number("peak", hz, "Hz", diagnostics);
                let q = number_or(fields, "q", 0.1..=60.0, "", 1.0, diagnostics);
                let db = number_or(fields, "db", -40.0..=24.0, "dB", 0.0, diagnostics);
                Some(Filter::Shaped(Shape::Peak { hz: hz?.value, q, db }))
            }
            "lowshelf" | "highshelf" => {
                let low = kind == "lowshelf";
                let key = if low { "lowshelf" } else { "highshelf" };
                let hz = fields.number(key, hz, "Hz", diagnostics);
                let db = number_or(fields, "db", -40.0..=24.0, "dB", 0.0, diagnostics);
                let hz = hz?.value;
                Some(Filter::Shaped(if low {
                    Shape::LowShelf { hz, db }
                } else {
                    Shape::HighShelf { hz, db }
                }))
            }
            "drive" => fields.number("drive", 0.0..=60.0, "dB", diagnostics).map(|n| Filter::Drive(n.value)),
            "resonate" => {
                let body = fields.table("resonate", "a resonator", diagnostics)?;
                let body = Modes::read(body, diagnostics);
                let mix = number_or(fields, "mix", 0.0..=1.0, "", 1.0, diagnostics);
                Some(Filter::Resonate { body, mix })
            }
            "comb" => {
                let seconds = fields.number("comb", 0.0001..=2.0, "s", diagnostics);
                let feedback = number_or(fields, "feedback", -0.99..=0.99, "", 0.5, diagnostics);
                let dark = number_or(fields, "dark", 20.0..=22_000.0, "Hz", 6000.0, diagnostics);
                Some(Filter::Comb { seconds: seconds?.value, feedback, dark })
            }
            _ => {
                let decay = fields.number("tail", 0.05..=20.0, "s", diagnostics);
                let mix = number_or(fields, "mix", 0.0..=1.0, "", 0.25, diagnostics);
                let dark = number_or(fields, "dark", 200.0..=22_000.0, "Hz", 3000.0, diagnostics);
                Some(Filter::Tail { decay: decay?.value, mix, dark })
            }
        }
    }

    /// How long the filter goes on after its input has ended, seconds.
    pub(super) fn ring(&self) -> f64 {
        match self {
            Filter::Pass { hz, q, pairs, .. } => {
                let lowest = hz.points().iter().map(|&(_, v)| v).fold(f64::INFINITY, f64::min);
                *pairs as f64 * 2.5 * q.max(0.5) / lowest
            }
            Filter::Shaped(_) => 0.02,
            Filter::Drive(_) => 0.0,
            Filter::Resonate { body, .. } => body.ring(),
            Filter::Comb { seconds, feedback, .. } => {
                let passes = -3.0 / libm::log10(feedback.abs().max(0.001));
                seconds * passes
            }
            Filter::Tail { decay, .. } => *decay,
        }
    }

    /// How much work a second of sound is, in modes.
    pub(super) fn work(&self) -> f64 {
        match self {
            Filter::Pass { pairs, .. } => 4.0 * *pairs as f64,
            Filter::Shaped(_) | Filter::Drive(_) | Filter::Comb { .. } => 4.0,
            Filter::Resonate { body, .. } => body.count() as f64,
            Filter::Tail { .. } => 24.0,
        }
    }

    /// Whether it treats every moment of a patch alike.
    pub(super) fn steady(&self) -> bool {
        match self {
            Filter::Pass { hz, .. } => hz.fixed().is_some(),
            _ => true,
        }
    }

    /// Whether two channels result from one.
    pub(super) fn wide(&self) -> bool {
        matches!(self, Filter::Tail { .. })
    }

    /// Filters a canvas. Where the sounding is a lap of a loop, the filter first hears as much of the lap's end as it
    /// remembers, so that it is in the same state at both ends.
    pub(super) fn apply(&self, canvas: &mut Canvas, sounding: &Sounding) {
        let warm = match sounding.lap {
            Some(_) => whole(1.5 * self.ring() * sounding.fs()).min(canvas.frames()),
            None => 0,
        };
        if let Filter::Tail { decay, mix, dark } = *self {
            return tail(canvas, Tail::new(decay, dark, sounding.rate), mix, warm);
        }
        if let Filter::Drive(db) = *self {
            return drive(canvas, factor(db));
        }
        if let Filter::Resonate { body, mix } = self {
            for channel in canvas.channels_mut() {
                let mut bank = body.resonator(sounding);
                let start = channel.len() - warm;
                for &x in &channel[start..] {
                    bank.tick(f64::from(x));
                }
                for sample in channel {
                    let x = f64::from(*sample);
                    *sample = narrow((1.0 - mix) * x + mix * bank.tick(x));
                }
            }
            return;
        }
        match self.still(sounding.rate) {
            Some(still) => sift(canvas, warm, &still),
            None => work(canvas, &Step { filter: self, warm, sounding }),
        }
    }

    /// What the filter is made of, where nothing of it moves and it is no longer than two samples.
    fn still(&self, rate: SampleRate) -> Option<Vec<Linear>> {
        match self {
            Filter::Pass { pass, hz, q, pairs } => {
                let pair = Svf::<f64>::new(*pass, hz.fixed()?, *q, rate);
                Some(vec![pair.still(); *pairs])
            }
            Filter::Shaped(shape) => Some(vec![Biquad::<f64>::new(*shape, rate).still()]),
            _ => None,
        }
    }
}

/// A filter that treats both channels alike, and moves or remembers long.
struct Step<'f> {
    filter: &'f Filter,
    warm: usize,
    sounding: &'f Sounding,
}

impl Work for Step<'_> {
    fn on(&self, mut track: impl Track) {
        let rate = self.sounding.rate;
        match self.filter {
            Filter::Pass { pass, hz, q, pairs } => {
                let mut filters = vec![Svf::new(*pass, hz.at(0.0), *q, rate); *pairs];
                self.sweep(&mut track, &mut filters, hz);
            }
            Filter::Comb { seconds, feedback, dark } => comb(&mut track, [*seconds, *feedback, *dark], self),
            _ => {}
        }
    }
}

impl Step<'_> {
    fn sweep<T: Track>(&self, track: &mut T, filters: &mut [Svf<T::Frame>], hz: &Curve) {
        let frames = track.frames();
        let at = |n: usize| warped(hz.at(n as f64 / self.sounding.fs()), self.sounding.rate);
        let tick = |filters: &mut [Svf<T::Frame>], x| filters.iter_mut().fold(x, |x, filter| filter.tick(x));
        for (start, heard) in [(frames - self.warm, true), (0, false)] {
            let mut now = at(start);
            for n in (start..frames).step_by(LEG) {
                let next = at(n + LEG);
                for (k, from) in (n..(n + LEG).min(frames)).step_by(STEP).enumerate() {
                    let g = now + (next - now) * (k * STEP) as f64 / LEG as f64;
                    filters.iter_mut().for_each(|filter| filter.bend(g));
                    let range = from..(from + STEP).min(frames);
                    if heard {
                        track.hear(range, |x| {
                            tick(filters, x);
                        });
                    } else {
                        track.change(range, |x| tick(filters, x));
                    }
                }
                now = next;
            }
        }
    }
}

fn comb<T: Track>(track: &mut T, [seconds, feedback, dark]: [f64; 3], step: &Step<'_>) {
    let mut line = vec![T::Frame::default(); whole(seconds * step.sounding.fs()).max(1)];
    let mut soft = Svf::new(Pass::Low, dark, 0.5, step.sounding.rate);
    let mut at = 0;
    run(track, step.warm, |x| {
        let y = x + soft.tick(line[at]) * feedback;
        line[at] = y;
        at += 1;
        if at == line.len() {
            at = 0;
        }
        y
    });
}

fn drive(canvas: &mut Canvas, by: f64) {
    let peak = canvas.channels_mut().flat_map(|c| c.iter()).fold(0.0_f32, |peak, s| peak.max(s.abs()));
    if peak <= 0.0 {
        return;
    }
    let (before, after) = (by / f64::from(peak), f64::from(peak) / tanh(by));
    for sample in canvas.channels_mut().flat_map(|c| c.iter_mut()) {
        *sample = narrow(tanh(f64::from(*sample) * before) * after);
    }
}

/// tanh by the first terms of Lambert's continued fraction, several at a time: within 10⁻⁴ of it, and 1 from where
/// the fraction is.
fn tanh(x: f64) -> f64 {
    let x = x.clamp(-4.97, 4.97);
    let s = x * x;
    let above = x * (135_135.0 + s * (17_325.0 + s * (378.0 + s)));
    let below = 135_135.0 + s * (62_370.0 + s * (3_150.0 + s * 28.0));
    (above / below).clamp(-1.0, 1.0)
}

fn tail(canvas: &mut Canvas, mut space: Tail, mix: f64, warm: usize) {
    canvas.widen();
    let Canvas { left, right: Some(right) } = canvas else { return };
    let (mut wet_left, mut wet_right) = (vec![0.0; TAIL], vec![0.0; TAIL]);
    let start = left.len() - warm;
    for (left, right) in left[start..].chunks(TAIL).zip(right[start..].chunks(TAIL)) {
        space.process((left, right), (&mut wet_left[..left.len()], &mut wet_right[..left.len()]));
    }
    let (dry, wet) = (narrow(1.0 - mix), narrow(mix));
    for (left, right) in left.chunks_mut(TAIL).zip(right.chunks_mut(TAIL)) {
        let (wet_left, wet_right) = (&mut wet_left[..left.len()], &mut wet_right[..right.len()]);
        space.process((left, right), (wet_left, wet_right));
        for (channel, answer) in [(left, wet_left), (right, wet_right)] {
            channel.iter_mut().zip(answer).for_each(|(x, answer)| *x = dry * *x + wet * *answer);
        }
    }
}
