//! Struck bodies: how a blow sets them going.

use std::f64::consts::PI;

use crate::diag::Diagnostics;
use crate::document::Fields;
use crate::dsp::modal::{Bank, Mode};
use crate::sound::patch::canvas::{Canvas, whole};
use crate::sound::patch::curve::number_or;
use crate::sound::patch::variation::Sounding;

use body::Body;

mod body;

/// A body and the way it is struck.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Modes {
    body: Body,
    /// Where it is struck, 0 one edge to 1 the other, and how far that wanders from strike to strike.
    position: f64,
    scatter: f64,
    /// 0 a palm to 1 a steel ball.
    hardness: f64,
}

impl Modes {
    /// Reads a `modes` table.
    pub(super) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Modes {
        let position = number_or(&mut fields, "position", 0.0..=1.0, "", 0.37, diagnostics);
        let scatter = number_or(&mut fields, "scatter", 0.0..=0.5, "", 0.03, diagnostics);
        let hardness = number_or(&mut fields, "hardness", 0.0..=1.0, "", 0.6, diagnostics);
        let body = Body::read(&mut fields, diagnostics);
        fields.finish(diagnostics);
        Modes { body, position, scatter, hardness }
    }

    /// The body at rest, to be struck or shaken: its modes answer a force.
    pub(super) fn bank(&self, sounding: &Sounding) -> Bank {
        Bank::new(&self.modes(sounding), sounding.rate)
    }

    /// The body at rest, as a filter: its modes pass a steady tone with their gain.
    pub(super) fn resonator(&self, sounding: &Sounding) -> Bank {
        Bank::filter(&self.modes(sounding), sounding.rate)
    }

    /// How long the body rings at most, seconds.
    pub(super) fn ring(&self) -> f64 {
        self.body.ring()
    }

    /// How many modes the body has at most.
    pub(super) fn count(&self) -> usize {
        self.body.count()
    }

    /// The sound of one strike.
    pub(super) fn render(&self, sounding: &Sounding) -> Canvas {
        let bank = self.bank(sounding);
        let force = blow(contact(self.hardness) * libm::pow(sounding.force, -0.2), sounding.fs());
        let frames = (bank.ring() + force.len()).min(sounding.room.max(1));
        let mut out = sounding.spares.silence(frames);
        bank.strike(&force, &mut out);
        Canvas::mono(out)
    }

    /// The modes as this blow meets them: each time at a slightly different spot.
    fn modes(&self, sounding: &Sounding) -> Vec<Mode> {
        let mut random = sounding.random("position");
        let position = (self.position + self.scatter * random.bipolar()).clamp(0.0, 1.0);
        self.body.modes(sounding.pitch, position, || 1.0 + 4.0 * self.scatter * random.bipolar())
    }
}

/// How long hammer and body touch, seconds: 10 ms for the softest to 0.12 ms for the hardest. Harder blows touch
/// more briefly, by the power −1/5 of their speed (Hertz; Fletcher and Rossing, section 19.3).
fn contact(hardness: f64) -> f64 {
    0.01 * libm::pow(0.012, hardness)
}

/// The force of a blow that lasts `contact` seconds: a raised cosine of area 1, whose spectrum falls away above
/// 2/contact.
pub(super) fn blow(contact: f64, fs: f64) -> Vec<f64> {
    let length = (contact * fs).max(1.0);
    let count = whole(length).max(1);
    let mut force: Vec<f64> =
        (0..count).map(|n| 1.0 - libm::cos(2.0 * PI * (n as f64 + 0.5) / count as f64)).collect();
    let area: f64 = force.iter().sum();
    force.iter_mut().for_each(|f| *f /= area);
    force
}
