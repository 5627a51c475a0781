//! A second-order filter whose frequency may move while it runs.

use crate::dsp::linear::Linear;
use crate::dsp::signal::Signal;
use crate::units::time::SampleRate;

/// What the filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// What lies below its frequency.
    Low,
    /// What lies above.
    High,
    /// A band around it, 0 dB at its peak.
    Band,
    /// All but a band around it.
    Notch,
}

/// A state-variable filter for one channel or two, with its state. Latency: none. Trapezoidal integration, after
/// A. Simper, "Solving the continuous SVF equations using trapezoidal integration" (Cytomic, 2013) and
/// V. Zavalishin, "The Art of VA Filter Design" (2012), chapter 4: it stays stable however its frequency moves.
#[derive(Clone, Debug)]
pub struct Svf<S = f64> {
    pass: Pass,
    damping: f64,
    /// How the states and the input make the next states: Simper's equations solved for them, so that a sample waits
    /// for the one before as briefly as can be.
    steps: [f64; 5],
    state: [S; 2],
}

impl<S: Signal> Svf<S> {
    /// A filter at rest; `hz` is held between 1 Hz and 0.49 of the rate, `q` at 0.1 or more.
    pub fn new(pass: Pass, hz: f64, q: f64, rate: SampleRate) -> Svf<S> {
        let mut filter = Svf { pass, damping: 1.0 / q.max(0.1), steps: [0.0; 5], state: [S::default(); 2] };
        filter.tune(hz, rate);
        filter
    }

    /// Moves the filter to `hz`, keeping its state.
    pub fn tune(&mut self, hz: f64, rate: SampleRate) {
        self.bend(warped(hz, rate));
    }

    /// Moves the filter to a frequency as [`warped`] has it, keeping its state: for filters that move often, as the
    /// tangent is what costs.
    pub fn bend(&mut self, g: f64) {
        let first = 1.0 / (1.0 + g * (g + self.damping));
        let (a1, a2, a3) = (first, g * first, g * g * first);
        self.steps = [2.0 * a1 - 1.0, 2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a3, self.damping];
    }

    /// The next sample.
    pub fn tick(&mut self, x: S) -> S {
        let [keep, cross, hold, push, damping] = self.steps;
        let [first, second] = self.state;
        let next = [x * cross + first * keep - second * cross, x * push + first * cross + second * hold];
        self.state = next;
        let band = (next[0] + first) * 0.5;
        let low = (next[1] + second) * 0.5;
        match self.pass {
            Pass::Low => low,
            Pass::High => x - band * damping - low,
            Pass::Band => band * damping,
            Pass::Notch => x - band * damping,
        }
    }
}

impl Svf {
    /// The same filter at rest, by blocks: one that does not move.
    pub fn still(&self) -> Linear {
        let mut filter = self.clone();
        Linear::new(|state, x| {
            filter.state = *state;
            let y = filter.tick(x);
            *state = filter.state;
            y
        })
    }
}

/// What the filter makes of a frequency: the tangent of half its angle, `hz` held between 1 Hz and 0.49 of the rate.
pub fn warped(hz: f64, rate: SampleRate) -> f64 {
    let fs = f64::from(rate.hz());
    libm::tan(std::f64::consts::PI * hz.clamp(1.0, 0.49 * fs) / fs)
}
