//! What lies below any voice is taken out: engines leave a constant offset, Pico 16 dB below the speech itself at
//! low pitch, which would be heard as a thump at every edge.

use crate::dsp::biquad::{Biquad, Shape};
use crate::speech::engine::Speech;

/// Where the filter begins to act, in Hz: an octave below the deepest voices.
const CORNER_HZ: f64 = 50.0;

/// The speech without its offset and rumble. Latency: none; a second-order Butterworth high-pass.
pub(super) fn remove(mut speech: Speech) -> Speech {
    let shape = Shape::HighPass { hz: CORNER_HZ, q: std::f64::consts::FRAC_1_SQRT_2 };
    Biquad::sift(&[shape], speech.audio.rate(), speech.audio.samples_mut());
    speech
}
