//! How a layer's level moves from its start to its end.

use multiversion::multiversion;

use crate::diag::Diagnostics;
use crate::document::{Fields, Kind};
use crate::dsp::fade::{fade_in, fade_out};
use crate::sound::patch::canvas::{factor, whole};
use crate::sound::patch::curve::{Curve, number_or};
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Levels at or below this count as silence, dB.
const FLOOR_DB: f64 = -80.0;

/// A level over time, in dB against the layer's own gain.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Envelope {
    /// Straight lines in dB between points.
    Points(Curve),
    /// A rise, a plateau, a fall.
    Shape {
        /// Seconds to rise, along a raised cosine.
        attack: f64,
        /// Seconds at full level; to the end where there is no decay.
        hold: Option<f64>,
        /// Seconds to fall by 60 dB.
        decay: Option<f64>,
        /// Seconds to fade out at the end, along a raised cosine.
        release: f64,
    },
}

impl Envelope {
    /// Reads `envelope`: points, or a table of attack, hold, decay, release.
    pub(super) fn read(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Envelope> {
        if let Some(Kind::Array(_)) = fields.any("envelope").map(|v| &v.value) {
            return Curve::read(fields, "envelope", -120.0..=24.0, "dB", diagnostics).map(Envelope::Points);
        }
        let mut shape = fields.table("envelope", "an envelope", diagnostics)?;
        let time = 0.0..=600.0;
        let attack = number_or(&mut shape, "attack", time.clone(), "s", 0.0, diagnostics);
        let hold = shape.number("hold", time.clone(), "s", diagnostics).map(|n| n.value);
        let decay = shape.number("decay", 0.001..=600.0, "s", diagnostics).map(|n| n.value);
        let release = number_or(&mut shape, "release", time, "s", 0.0, diagnostics);
        shape.finish(diagnostics);
        Some(Envelope::Shape { attack, hold, decay, release })
    }

    /// When the layer has fallen silent for good, in seconds; `None` if it never does by itself.
    pub(super) fn end(&self) -> Option<f64> {
        match self {
            Envelope::Points(curve) => {
                let silent = curve.points().last().is_some_and(|&(_, db)| db <= FLOOR_DB);
                silent.then(|| curve.end())
            }
            Envelope::Shape { attack, hold, decay, .. } => {
                decay.map(|decay| attack + hold.unwrap_or(0.0) + decay * FLOOR_DB / -60.0)
            }
        }
    }

    /// Shapes a channel that starts with the envelope.
    pub(super) fn apply(&self, samples: &mut [f32], rate: SampleRate) {
        let fs = f64::from(rate.hz());
        match self {
            Envelope::Points(curve) => {
                let gain = |db: f64| factor(db.max(FLOOR_DB));
                let mut done = 0;
                let mut last = gain(curve.at(0.0));
                for &(seconds, db) in curve.points() {
                    let end = whole(seconds * fs).min(samples.len());
                    slide(&mut samples[done.min(end)..end], last, gain(db));
                    (done, last) = (end.max(done), gain(db));
                }
                let rest = narrow(if last <= factor(FLOOR_DB) { 0.0 } else { last });
                samples[done..].iter_mut().for_each(|s| *s *= rest);
            }
            &Envelope::Shape { attack, hold, decay, release } => {
                let onset = whole(attack * fs);
                fade_in(samples, onset);
                let start = (onset + whole(hold.unwrap_or(0.0) * fs)).min(samples.len());
                if let Some(decay) = decay {
                    let end = (start + whole(decay * fs * FLOOR_DB / -60.0)).min(samples.len());
                    slide(&mut samples[start..end], 1.0, factor(-60.0 * ((end - start) as f64 / fs / decay)));
                    samples[end..].fill(0.0);
                }
                let fall = whole(release * fs).min(samples.len());
                fade_out(samples, fall);
            }
        }
    }
}

/// Scales samples by a factor that moves from `from` to `to` by equal ratios.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn slide(samples: &mut [f32], from: f64, to: f64) {
    let step = libm::pow(to / from, 1.0 / samples.len().max(1) as f64);
    // Gains side by side, none of which waits for another.
    let mut gains = [from; 8];
    for n in 1..8 {
        gains[n] = gains[n - 1] * step;
    }
    let two = step * step;
    let four = two * two;
    let stride = four * four;
    let (eights, rest) = samples.as_chunks_mut::<8>();
    for eight in eights {
        for n in 0..8 {
            eight[n] *= narrow(gains[n]);
            gains[n] *= stride;
        }
    }
    rest.iter_mut().zip(gains).for_each(|(sample, gain)| *sample *= narrow(gain));
}
