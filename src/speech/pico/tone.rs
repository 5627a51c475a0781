//! The tone of Pico's voices, corrected.
//!
//! Measured over forty lines of drama, both English voices are darker than speech is: against the long-term average
//! speech spectrum (D. Byrne et al., "An international comparison of long-term average speech spectra", JASA 96, 1994)
//! they lack 6 to 10 dB from 1 to 4 kHz, which is heard as a blanket over them, and the American one nearly 20 dB
//! around 4.5 kHz. About two thirds of that is given back: all of it would bring up the vocoder's own noise.
//!
//! Frequencies are those at timbre 1; a timbre moves them along with the formants, because it is a matter of the rate the
//! samples claim.

use crate::dsp::biquad::{Biquad, Shape};
use crate::speech::pico::render;
use crate::units::time::SampleRate;

/// What every voice gets: less chest, more presence.
const ALL: [Shape; 2] =
    [Shape::Peak { hz: 230.0, q: 0.8, db: -2.0 }, Shape::HighShelf { hz: 950.0, db: 5.5 }];
/// The British voice, which hisses by then.
const BRITISH: [Shape; 2] =
    [Shape::Peak { hz: 1900.0, q: 0.9, db: 1.5 }, Shape::HighShelf { hz: 5600.0, db: -3.5 }];
/// The American voice's hole.
const AMERICAN: [Shape; 2] =
    [Shape::Peak { hz: 4500.0, q: 1.4, db: 6.0 }, Shape::Peak { hz: 1900.0, q: 1.2, db: 2.0 }];

/// Corrects what the voice of a language said, in place.
pub(super) fn correct(samples: &mut [f32], lang: &str) {
    let Some(rate) = SampleRate::new(render::RATE) else { return };
    let own: &[Shape] = match lang {
        "en-GB" => &BRITISH,
        "en-US" => &AMERICAN,
        _ => &[],
    };
    Biquad::sift(&[&ALL, own].concat(), rate, samples);
}
