//! What one layer sounds like: at the rate that is asked for, or at half of it where that tells all.

use crate::dsp::double::Doubler;
use crate::sound::patch::canvas::{Canvas, Placing, mix};
use crate::sound::patch::spares::Spares;
use crate::units::time::SampleRate;

/// One sounding of a layer.
#[derive(Clone, Debug)]
pub(super) enum Rendition {
    /// At the rate that is asked for.
    Whole(Canvas),
    /// At half of it.
    Half {
        /// The samples there are.
        canvas: Canvas,
        /// Their rate.
        rate: SampleRate,
        /// How many frames they are at the whole rate.
        frames: usize,
        /// Whether the end runs on into the beginning.
        is_loop: bool,
    },
}

impl Rendition {
    /// What there is of it.
    pub(super) fn canvas(self) -> Canvas {
        match self {
            Rendition::Whole(canvas) | Rendition::Half { canvas, .. } => canvas,
        }
    }

    /// What there is of it, and at which rate, where the whole of it is at `rate`.
    pub(super) fn samples(&mut self, rate: SampleRate) -> (&mut Canvas, SampleRate) {
        match self {
            Rendition::Whole(canvas) => (canvas, rate),
            Rendition::Half { canvas, rate, .. } => (canvas, *rate),
        }
    }

    /// The whole of it.
    pub(super) fn whole(self, spares: &Spares) -> Canvas {
        match self {
            Rendition::Whole(canvas) => canvas,
            Rendition::Half { canvas, frames, is_loop, .. } => {
                let doubler = Doubler::new();
                let doubled = |samples: &Vec<f32>| {
                    let mut out = spares.room(frames);
                    doubler.double(samples, is_loop, frames, |piece| out.extend_from_slice(piece));
                    out
                };
                let whole = Canvas { left: doubled(&canvas.left), right: canvas.right.as_ref().map(doubled) };
                spares.put(canvas);
                whole
            }
        }
    }

    /// Adds it to a canvas, as [`Canvas::add`] does: what is at half the rate piece by piece, since all of it at the whole
    /// rate is more memory than there is at hand.
    pub(super) fn add_to(&self, canvas: &mut Canvas, placing: Placing) {
        match self {
            Rendition::Whole(own) => canvas.add(own, placing),
            Rendition::Half { canvas: half, frames, is_loop, .. } => {
                let doubler = Doubler::new();
                canvas.blend(half, placing, |onto, samples, factor| {
                    let mut at = placing.at;
                    doubler.double(samples, *is_loop, *frames, |piece| {
                        mix(onto, piece, factor, Placing { at, ..placing });
                        at += piece.len();
                    });
                });
            }
        }
    }
}
