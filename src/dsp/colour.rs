//! The colour of noise: how its power falls with frequency.

use std::f64::consts::PI;

use crate::dsp::linear::Linear;
use crate::units::time::SampleRate;

/// How the power of noise falls with frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// The same power in every hertz.
    #[default]
    White,
    /// The same power in every octave: −3 dB per octave.
    Pink,
    /// −6 dB per octave.
    Brown,
}

/// Filters that turn white noise into coloured noise of the same density at 1 kHz, one after the other. Latency: none.
///
/// A falling slope of 3 dB per octave is a ladder of first-order poles and zeros two octaves apart, zeros midway
/// between poles (R. Bristow-Johnson's pinking filter, in J. O. Smith, "Spectral Audio Signal Processing", 2011),
/// placed here in hertz, so that the colour is the same at every rate.
pub fn tint(colour: Colour, rate: SampleRate) -> Vec<Linear> {
    let fs = f64::from(rate.hz());
    let corners: &[(f64, f64)] = match colour {
        Colour::White => &[],
        Colour::Pink => &[(12.0, 24.0), (48.0, 96.0), (192.0, 384.0), (768.0, 1536.0), (3072.0, 6144.0)],
        Colour::Brown => &[(20.0, f64::INFINITY)],
    };
    let mut sections: Vec<Section> =
        corners.iter().map(|&(pole, zero)| Section::new(pole, zero, fs)).collect();
    let density: f64 = sections.iter().map(|section| section.magnitude(1000.0 / fs)).product();
    if let Some(first) = sections.first_mut() {
        first.b = first.b.map(|b| b / density);
    }
    sections.chunks(2).map(together).collect()
}

/// A first-order filter.
#[derive(Clone, Debug)]
struct Section {
    b: [f64; 2],
    a: f64,
}

/// One or two in a row.
fn together(sections: &[Section]) -> Linear {
    Linear::new(|state, x| {
        // What no section remembers, nobody does.
        state[sections.len()..].fill(0.0);
        sections.iter().zip(state).fold(x, |x, (section, state)| {
            let y = section.b[0] * x + *state;
            *state = section.b[1] * x - section.a * y;
            y
        })
    })
}

impl Section {
    /// Bilinear transform of (1 + s/zero) / (1 + s/pole), both prewarped.
    fn new(pole: f64, zero: f64, fs: f64) -> Section {
        let warp = |hz: f64| libm::tan(PI * hz.min(0.45 * fs) / fs);
        let p = warp(pole);
        let slope = if zero.is_finite() { 1.0 / warp(zero) } else { 0.0 };
        let a0 = 1.0 + 1.0 / p;
        Section { b: [(1.0 + slope) / a0, (1.0 - slope) / a0], a: (1.0 - 1.0 / p) / a0 }
    }

    fn magnitude(&self, cycles: f64) -> f64 {
        let (sin, cos) = libm::sincos(2.0 * PI * cycles);
        let size = |constant: f64, delayed: f64| libm::hypot(constant + delayed * cos, delayed * sin);
        size(self.b[0], self.b[1]) / size(1.0, self.a)
    }
}
