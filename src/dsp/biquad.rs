//! Second-order filters.

use crate::dsp::linear::{Linear, sift};
use crate::dsp::signal::{Pair, Signal, remembered};
use crate::units::time::SampleRate;

/// A filter's shape. Frequencies in Hz, gains in dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Lets through what lies below `hz`; `q` of 0.707 is flattest.
    LowPass {
        /// Corner, Hz.
        hz: f64,
        /// Resonance.
        q: f64,
    },
    /// Lets through what lies above `hz`.
    HighPass {
        /// Corner, Hz.
        hz: f64,
        /// Resonance.
        q: f64,
    },
    /// Lets through a band around `hz`, 0 dB at its peak.
    BandPass {
        /// Middle, Hz.
        hz: f64,
        /// Middle over bandwidth.
        q: f64,
    },
    /// Raises or lowers a band around `hz`.
    Peak {
        /// Middle, Hz.
        hz: f64,
        /// Middle over bandwidth.
        q: f64,
        /// Gain in the middle, dB.
        db: f64,
    },
    /// Raises or lowers what lies below `hz`.
    LowShelf {
        /// Midpoint of the slope, Hz.
        hz: f64,
        /// Gain below, dB.
        db: f64,
    },
    /// Raises or lowers what lies above `hz`.
    HighShelf {
        /// Midpoint of the slope, Hz.
        hz: f64,
        /// Gain above, dB.
        db: f64,
    },
}

/// A second-order filter for one channel or two, with its state. Latency: none. Transposed direct form II in `f64`;
/// coefficients after R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients" (W3C Note,
/// 2021), shelves with slope S = 1. Frequencies are held below 0.49 of the rate.
#[derive(Clone, Debug)]
pub struct Biquad<S = f64> {
    b: [f64; 3],
    a: [f64; 2],
    state: [S; 2],
}

impl<S: Signal> Biquad<S> {
    /// A filter of `shape` at rest.
    pub fn new(shape: Shape, rate: SampleRate) -> Biquad<S> {
        let fs = f64::from(rate.hz());
        let angle = |hz: f64| {
            let w = 2.0 * std::f64::consts::PI * hz.clamp(1.0, 0.49 * fs) / fs;
            (libm::cos(w), libm::sin(w))
        };
        let shelf = |hz: f64, db: f64, sign: f64| {
            let (cos, sin) = angle(hz);
            let a = libm::pow(10.0, db / 40.0);
            let root = 2.0 * libm::sqrt(a) * sin / std::f64::consts::SQRT_2;
            let (up, down) = (a + 1.0, a - 1.0);
            let c = sign * cos;
            (
                [a * (up - down * c + root), sign * 2.0 * a * (down - up * c), a * (up - down * c - root)],
                [up + down * c + root, sign * -2.0 * (down + up * c), up + down * c - root],
            )
        };
        let (b, a) = match shape {
            Shape::LowPass { hz, q } => {
                let (cos, sin) = angle(hz);
                let alpha = sin / (2.0 * q);
                let edge = (1.0 - cos) / 2.0;
                ([edge, 1.0 - cos, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
            }
            Shape::HighPass { hz, q } => {
                let (cos, sin) = angle(hz);
                let alpha = sin / (2.0 * q);
                let edge = (1.0 + cos) / 2.0;
                ([edge, -(1.0 + cos), edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
            }
            Shape::BandPass { hz, q } => {
                let (cos, sin) = angle(hz);
                let alpha = sin / (2.0 * q);
                ([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
            }
            Shape::Peak { hz, q, db } => {
                let (cos, sin) = angle(hz);
                let (alpha, a) = (sin / (2.0 * q), libm::pow(10.0, db / 40.0));
                (
                    [1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a],
                    [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a],
                )
            }
            Shape::LowShelf { hz, db } => shelf(hz, db, 1.0),
            Shape::HighShelf { hz, db } => shelf(hz, db, -1.0),
        };
        Biquad { b: b.map(|b| b / a[0]), a: [a[1] / a[0], a[2] / a[0]], state: [S::default(); 2] }
    }

    /// The coefficients a₀ and a₁ of z² + a₀z + a₁, whose roots are its poles.
    pub fn poles(&self) -> [f64; 2] {
        self.a
    }

    /// Makes it as silent as it was when new.
    pub fn rest(&mut self) {
        self.state = [S::default(); 2];
    }

    /// The next sample.
    pub fn tick(&mut self, x: S) -> S {
        let y = x * self.b[0] + self.state[0];
        self.state[0] = x * self.b[1] - y * self.a[0] + self.state[1];
        self.state[1] = x * self.b[2] - y * self.a[1];
        y
    }
}

impl Biquad<Pair> {
    /// Takes states below 10⁻³⁰ for nothing, so that silence does not end in numbers too small for fast arithmetic.
    pub fn forget(&mut self) {
        self.state = self.state.map(|state| Pair(remembered(state.0), remembered(state.1)));
    }
}

impl Biquad {
    /// The same filter at rest, by blocks.
    pub fn still(&self) -> Linear {
        let mut filter = self.clone();
        Linear::new(|state, x| {
            filter.state = *state;
            let y = filter.tick(x);
            *state = filter.state;
            y
        })
    }

    /// Filters a channel in place, by one filter of each shape after the other, all of them at rest before it.
    pub fn sift(shapes: &[Shape], rate: SampleRate, samples: &mut [f32]) {
        let filters: Vec<Linear> =
            shapes.iter().map(|shape| Biquad::<f64>::new(*shape, rate).still()).collect();
        sift([samples], 0, &filters);
    }
}
