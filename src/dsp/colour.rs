//! The colour of noise: how its power falls with frequency.

use std::f64::consts::PI;

use crate::dsp::signal::Signal;
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

/// Turns white noise into coloured noise of the same density at 1 kHz. Latency: none.
///
/// A falling slope of 3 dB per octave is a ladder of first-order poles and zeros two octaves apart, zeros midway
/// between poles (R. Bristow-Johnson's pinking filter, in J. O. Smith, "Spectral Audio Signal Processing", 2011),
/// placed here in hertz, so that the colour is the same at every rate.
#[derive(Clone, Debug)]
pub struct Tint<S = f64> {
    sections: Vec<Section<S>>,
    gain: f64,
}

#[derive(Clone, Debug)]
struct Section<S> {
    b: [f64; 2],
    a: f64,
    state: S,
}

impl<S: Signal> Tint<S> {
    /// A filter at rest.
    pub fn new(colour: Colour, rate: SampleRate) -> Tint<S> {
        let fs = f64::from(rate.hz());
        let corners: &[(f64, f64)] = match colour {
            Colour::White => &[],
            Colour::Pink => &[(12.0, 24.0), (48.0, 96.0), (192.0, 384.0), (768.0, 1536.0), (3072.0, 6144.0)],
            Colour::Brown => &[(20.0, f64::INFINITY)],
        };
        let sections: Vec<Section<S>> =
            corners.iter().map(|&(pole, zero)| Section::new(pole, zero, fs)).collect();
        let density: f64 = sections.iter().map(|section| section.magnitude(1000.0 / fs)).product();
        Tint { sections, gain: 1.0 / density }
    }

    /// The next sample.
    pub fn tick(&mut self, x: S) -> S {
        self.sections.iter_mut().fold(x * self.gain, |x, section| section.tick(x))
    }
}

impl<S: Signal> Section<S> {
    /// Bilinear transform of (1 + s/zero) / (1 + s/pole), both prewarped.
    fn new(pole: f64, zero: f64, fs: f64) -> Section<S> {
        let warp = |hz: f64| libm::tan(PI * hz.min(0.45 * fs) / fs);
        let p = warp(pole);
        let slope = if zero.is_finite() { 1.0 / warp(zero) } else { 0.0 };
        let a0 = 1.0 + 1.0 / p;
        Section { b: [(1.0 + slope) / a0, (1.0 - slope) / a0], a: (1.0 - 1.0 / p) / a0, state: S::default() }
    }

    fn tick(&mut self, x: S) -> S {
        let y = x * self.b[0] + self.state;
        self.state = x * self.b[1] - y * self.a;
        y
    }

    fn magnitude(&self, cycles: f64) -> f64 {
        let (sin, cos) = libm::sincos(2.0 * PI * cycles);
        let size = |constant: f64, delayed: f64| libm::hypot(constant + delayed * cos, delayed * sin);
        size(self.b[0], self.b[1]) / size(1.0, self.a)
    }
}
