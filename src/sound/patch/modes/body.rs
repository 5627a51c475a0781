//! Bodies: where their modes lie, how long they ring, how strongly a blow meets them.

use std::f64::consts::PI;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Kind, Value, number, wrong_type};
use crate::dsp::modal::Mode;
use crate::dsp::noise::Random;
use crate::sound::patch::canvas::factor;
use crate::sound::patch::curve::number_or;
use crate::sound::patch::words::find;

/// How many modes a body may have.
const MAX_MODES: usize = 128;

/// What rings.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Modes one by one.
    Listed(Vec<Mode>),
    /// A shape of a material.
    Shaped(Shaped),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shaped {
    shape: Shape,
    /// Loss angle: decay rate is π·f·tan φ.
    loss: f64,
    lowest: f64,
    top: f64,
    count: usize,
    aspect: f64,
    /// The longest any mode rings, s: what the support takes away.
    ring: f64,
    tilt: f64,
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Plate,
    Bar,
    Reed,
    Membrane,
    String,
    Tube,
    Bell,
    Lump,
}

const SHAPES: [(&str, Shape); 8] = [
    ("plate", Shape::Plate),
    ("bar", Shape::Bar),
    ("reed", Shape::Reed),
    ("membrane", Shape::Membrane),
    ("string", Shape::String),
    ("tube", Shape::Tube),
    ("bell", Shape::Bell),
    ("lump", Shape::Lump),
];

/// Loss angles tan φ: R. P. Wildes and W. A. Richards, "Recovering material properties from sound", in *Natural
/// Computation*, MIT Press, 1988; figures for wood, metal and glass within the ranges of L. Cremer, M. Heckl and
/// B. Petersson, *Structure-Borne Sound*, 3rd ed., table 3.1; the soft ones chosen by ear.
const MATERIALS: [(&str, f64); 11] = [
    ("steel", 0.0006),
    ("brass", 0.001),
    ("glass", 0.002),
    ("ceramic", 0.004),
    ("bone", 0.02),
    ("stone", 0.01),
    ("wood", 0.018),
    ("plastic", 0.03),
    ("cardboard", 0.08),
    ("rubber", 0.15),
    ("flesh", 0.35),
];

/// Frequency ratios of a circular membrane: zeros of Bessel functions over the first (N. H. Fletcher and
/// T. D. Rossing, *The Physics of Musical Instruments*, 2nd ed., section 3.6).
const MEMBRANE: [f64; 16] = [
    1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.600, 3.652, 4.060, 4.154, 4.230, 4.601, 4.832,
    4.903,
];

/// Ratios of a church bell's partials to its prime (Fletcher and Rossing, section 21.4).
const BELL: [f64; 13] = [0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0, 5.33, 6.67, 8.0, 9.33];

impl Body {
    /// Reads the keys of a `modes` table that say what rings.
    pub(super) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Body {
        match fields.array("list", diagnostics) {
            Some(items) => {
                if items.value.is_empty() || items.value.len() > MAX_MODES {
                    let message = format!("`list` must have between 1 and {MAX_MODES} modes");
                    diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(items.span, ""));
                }
                let listed = items.value.iter().take(MAX_MODES);
                Body::Listed(listed.filter_map(|item| self::listed(item, diagnostics)).collect())
            }
            None => Body::Shaped(Shaped::read(fields, diagnostics)),
        }
    }

    /// How long it rings at most, seconds.
    pub(super) fn ring(&self) -> f64 {
        self.modes(1.0, 0.37, || 1.0).iter().map(|mode| mode.ring).fold(0.0, f64::max)
    }

    /// How many modes it has at most.
    pub(super) fn count(&self) -> usize {
        match self {
            Body::Listed(modes) => modes.len(),
            Body::Shaped(shaped) => shaped.count,
        }
    }

    /// The modes, frequencies times `pitch`, met by a blow at `position`; listed modes have no place, and are met
    /// by as much as `stray` says.
    pub(super) fn modes(&self, pitch: f64, position: f64, mut stray: impl FnMut() -> f64) -> Vec<Mode> {
        let mut signs = Signs(Random::named(0, "signs"));
        match self {
            Body::Listed(modes) => {
                let met = modes.iter().map(|mode| {
                    let gain = mode.gain * signs.next_sign() * stray();
                    Mode { hz: mode.hz * pitch, gain, ..*mode }
                });
                met.collect()
            }
            Body::Shaped(shaped) => shaped.modes(pitch, position, &mut signs),
        }
    }
}

impl Shaped {
    fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Shaped {
        let shapes = SHAPES.map(|(name, _)| name);
        let shape = fields.word("shape", &shapes, |word| find(&SHAPES, word), diagnostics);
        let materials = MATERIALS.map(|(name, _)| name);
        let loss = fields.word("material", &materials, |word| find(&MATERIALS, word), diagnostics);
        let lowest = fields.number("hz", 10.0..=20_000.0, "Hz", diagnostics);
        for (key, there) in
            [("hz", fields.any("hz").is_some()), ("material", fields.any("material").is_some())]
        {
            if !there {
                fields.missing(key, diagnostics);
            }
        }
        let damping = number_or(fields, "damping", 0.01..=100.0, "", 1.0, diagnostics);
        #[expect(clippy::cast_possible_wrap, reason = "a small constant")]
        let count = fields.integer("count", 1..=MAX_MODES as i64, diagnostics).map_or(24, |n| n.value);
        Shaped {
            shape: shape.map_or(Shape::Plate, |s| s.value),
            loss: loss.map_or(0.02, |l| l.value) * damping,
            lowest: lowest.map_or(200.0, |n| n.value),
            top: number_or(fields, "top", 20.0..=22_000.0, "Hz", 14_000.0, diagnostics),
            count: usize::try_from(count).unwrap_or(1),
            aspect: number_or(fields, "aspect", 0.1..=10.0, "", 1.6, diagnostics),
            ring: number_or(fields, "ring", 0.001..=60.0, "s", 8.0, diagnostics),
            tilt: number_or(fields, "tilt", -24.0..=12.0, "dB per octave", -3.0, diagnostics),
            seed: fields.integer("shuffle", 0..=1_000_000, diagnostics).map_or(0, |n| n.value.unsigned_abs()),
        }
    }

    fn modes(&self, pitch: f64, position: f64, signs: &mut Signs) -> Vec<Mode> {
        let mut modes: Vec<Mode> = self
            .ratios(position)
            .into_iter()
            .map(|(ratio, strength)| {
                let hz = self.lowest * ratio * pitch;
                // Amplitude falls as e^(−π f tan φ t), so 60 dB take ln 1000 / (π f tan φ).
                let own = libm::log(1000.0) / (PI * hz * self.loss);
                let ring = 1.0 / (1.0 / own + 1.0 / self.ring);
                Mode { hz, ring, gain: strength * signs.next_sign() * libm::pow(ratio, self.tilt / 6.02) }
            })
            .filter(|mode| mode.hz <= self.top)
            .collect();
        // The same blow, however many modes share it.
        let power: f64 = modes.iter().map(|mode| mode.gain * mode.gain).sum();
        let scale = 1.0 / libm::sqrt(power.max(1e-12));
        modes.iter_mut().for_each(|mode| mode.gain *= scale);
        modes
    }

    /// Each mode's frequency over the lowest, and how strongly a blow at `position` meets it.
    fn ratios(&self, position: f64) -> Vec<(f64, f64)> {
        // Nothing is struck at exactly a node; what is left keeps every mode a little alive.
        let sine = |n: f64, x: f64| 0.1 + 0.9 * libm::sin(n * PI * x).abs();
        let numbered = 1..=self.count;
        match self.shape {
            Shape::String => numbered.map(|n| n as f64).map(|n| (n, sine(n, position))).collect(),
            Shape::Tube => {
                numbered.map(|n| 2.0 * n as f64 - 1.0).map(|n| (n, sine(n, position / 2.0))).collect()
            }
            // A free bar: (n + ½)² over the first (Fletcher and Rossing, section 2.15).
            Shape::Bar => {
                numbered.map(|n| n as f64 + 0.5).map(|n| ((n / 1.5) * (n / 1.5), sine(n, position))).collect()
            }
            // A bar clamped at one end, as a latch or a spring: 0.597², 1.494², then (n − ½)².
            Shape::Reed => numbered
                .map(|n| match n {
                    1 => 0.597,
                    2 => 1.494,
                    n => n as f64 - 0.5,
                })
                .map(|n| ((n / 0.597) * (n / 0.597), sine(n, 0.5 + position / 2.0)))
                .collect(),
            Shape::Membrane => self.table(&MEMBRANE, |n| sine(1.0 + n % 4.0, position)),
            Shape::Bell => self.table(&BELL, |n| sine(1.0 + n % 5.0, position)),
            Shape::Plate => self.plate(|m, n| sine(m, position) * sine(n, 0.35 + 0.3 * position)),
            Shape::Lump => self.lump(position),
        }
    }

    fn table(&self, ratios: &[f64], strength: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..self.count)
            .map(|n| {
                // Beyond the table its last octave goes on.
                let (turn, place) = (n / ratios.len(), n % ratios.len());
                let ratio = ratios[place] * libm::pow(ratios[ratios.len() - 1], turn as f64);
                (ratio, strength(n as f64))
            })
            .collect()
    }

    /// A plate on simple supports: m² + (a·n)², a the aspect ratio (Fletcher and Rossing, section 3.12).
    fn plate(&self, strength: impl Fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
        let square = self.aspect * self.aspect;
        let side = 24_u32;
        let mut all: Vec<(f64, f64)> = (1..=side)
            .flat_map(|m| (1..=side).map(move |n| (f64::from(m), f64::from(n))))
            .map(|(m, n)| ((m * m + square * n * n) / (1.0 + square), strength(m, n)))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.truncate(self.count);
        all
    }

    /// No shape to speak of: modes at random, evenly over the octaves between the lowest and the top.
    fn lump(&self, position: f64) -> Vec<(f64, f64)> {
        let mut random = Random::named(self.seed, "lump");
        let octaves = libm::log2((self.top / self.lowest).max(1.01));
        (0..self.count)
            .map(|n| {
                let place = (n as f64 + 0.8 * random.unit()) / self.count as f64;
                let strength =
                    0.15 + 0.85 * libm::sin(PI * (position * 7.0 * random.unit() + random.unit())).abs();
                (libm::exp2(octaves * place), strength)
            })
            .collect()
    }
}

/// Which way each mode swings when it is heard: the ear is not where the blow is, so of two modes that start
/// together one pushes and the other pulls. Without this every strike would open with one tall spike.
struct Signs(Random);

impl Signs {
    fn next_sign(&mut self) -> f64 {
        if self.0.next_u64() & 1 == 0 { 1.0 } else { -1.0 }
    }
}

fn listed(item: &Value, diagnostics: &mut Diagnostics) -> Option<Mode> {
    let Kind::Array(values) = &item.value else {
        diagnostics.push(wrong_type(
            item.span,
            &item.value,
            "a mode",
            "an array: [Hz, ring in s, gain in dB]",
        ));
        return None;
    };
    let [hz, ring, gain] = values.as_slice() else {
        diagnostics.push(wrong_type(item.span, &item.value, "a mode", "[Hz, ring in s, gain in dB]"));
        return None;
    };
    let hz = number(hz, "Hz", 10.0..=22_000.0, "Hz", diagnostics);
    let ring = number(ring, "ring", 0.0005..=60.0, "s", diagnostics);
    let gain = number(gain, "gain", -80.0..=40.0, "dB", diagnostics);
    Some(Mode { hz: hz?.value, ring: ring?.value, gain: factor(gain?.value) })
}
