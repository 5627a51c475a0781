//! What makes a voice sit: tone, effort, de-essing, compression.

use crate::dsp::biquad::{Biquad, Shape};
use crate::speech::engine::Voice;
use crate::units::time::SampleRate;

/// Polishes one part of a line, in place. `band` is the rate the engine spoke at. Latency: none.
pub(super) fn apply(samples: &mut [f32], rate: SampleRate, _band: SampleRate, voice: &Voice) {
    let effort = f64::from(voice.effort.db());
    if effort.abs() > 0.05 {
        Biquad::new(Shape::HighShelf { hz: 1300.0, db: effort }, rate).process(samples);
    }
}
