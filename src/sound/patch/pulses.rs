//! Trains of pulses: creaking hinges, ratchets, engines, growling throats.

use crate::diag::Diagnostics;
use crate::document::Fields;
use crate::sound::patch::canvas::{Canvas, factor, whole};
use crate::sound::patch::curve::{Curve, number_or};
use crate::sound::patch::modes::{Modes, blow};
use crate::sound::patch::variation::Sounding;
use crate::units::narrow;

/// Surfaces that stick until the force is too great and slip with a small blow, many times a second: A. Farnell,
/// *Designing Sound*, MIT Press, 2010, practicals 32 and 33 (creaking door; the same train of pulses drives his
/// engines and animals). The rate follows a curve, each pulse comes a little early or late and a little louder or
/// softer, and a body rings with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pulses {
    rate: Curve,
    jitter: f64,
    spread: f64,
    contact: f64,
    noise: f64,
    body: Option<Modes>,
}

impl Pulses {
    /// Reads a `pulses` table.
    pub(super) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Pulses {
        let rate = Curve::read(&mut fields, "rate", 0.1..=8000.0, "per second", diagnostics);
        if fields.any("rate").is_none() {
            fields.missing("rate", diagnostics);
        }
        let pulses = Pulses {
            rate: rate.unwrap_or(Curve::constant(1.0)),
            jitter: number_or(&mut fields, "jitter", 0.0..=1.0, "", 0.1, diagnostics),
            spread: number_or(&mut fields, "spread", 0.0..=40.0, "dB", 3.0, diagnostics),
            contact: number_or(&mut fields, "contact", 0.00002..=0.1, "s", 0.0003, diagnostics),
            noise: number_or(&mut fields, "noise", 0.0..=1.0, "", 0.0, diagnostics),
            body: fields.table("body", "a body", diagnostics).map(|body| Modes::read(body, diagnostics)),
        };
        fields.finish(diagnostics);
        pulses
    }

    /// How much work a second is, in modes: those of the body, and as many blows as overlap.
    pub(super) fn work(&self) -> f64 {
        let most = self.rate.points().iter().map(|&(_, v)| v).fold(0.0, f64::max);
        self.body.as_ref().map_or(1, Modes::count) as f64 + 4.0 * most * self.contact + most / 500.0
    }

    /// Pulses over `frames`. In a loop the body rings on across the seam.
    pub(super) fn render(&self, sounding: &Sounding, frames: usize) -> Canvas {
        let train = self.train(sounding, frames);
        let Some(body) = &self.body else {
            let fs = sounding.fs();
            // Without a body a pulse is as high as its area over its length; full scale is a pulse alone.
            let scale = self.contact.max(1.0 / fs) * fs / 2.0;
            return Canvas::mono(train.iter().map(|&x| narrow(x * scale)).collect());
        };
        let mut bank = body.bank(sounding);
        if sounding.lap.is_some() {
            for &x in &train[frames - bank.ring().min(frames)..] {
                bank.tick(x);
            }
        }
        Canvas::mono(train.iter().map(|&x| narrow(bank.tick(x))).collect())
    }

    fn train(&self, sounding: &Sounding, frames: usize) -> Vec<f64> {
        let fs = sounding.fs();
        let length = frames as f64 / fs;
        let mut random = sounding.random("pulses");
        let mut grit = sounding.random("grit");
        let mut train = vec![0.0; frames];
        let shape = blow(self.contact, fs);
        let steady = sounding.lap.and(self.rate.fixed()).map(|rate| sounding.tuned(rate));
        let mut due: f64 = 0.0;
        while due < length - 1e-9 {
            let rate = steady.unwrap_or(self.rate.at(due) * sounding.pitch);
            let gain = factor(-self.spread * random.unit());
            let late = self.jitter * 0.5 * random.unit() / rate;
            let start = whole((due + late) * fs);
            for (n, force) in shape.iter().enumerate() {
                let rough = 1.0 - self.noise + self.noise * 1.7 * grit.bipolar() * sounding.density();
                let place = start + n;
                let place = if sounding.lap.is_some() { place % frames.max(1) } else { place };
                if let Some(sample) = train.get_mut(place) {
                    *sample += force * gain * rough;
                }
            }
            due += 1.0 / rate;
        }
        train
    }
}
