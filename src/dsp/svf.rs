//! A second-order filter whose frequency may move while it runs.

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

/// A state-variable filter for one channel, with its state. Latency: none. Trapezoidal integration, after
/// A. Simper, "Solving the continuous SVF equations using trapezoidal integration" (Cytomic, 2013) and
/// V. Zavalishin, "The Art of VA Filter Design" (2012), chapter 4: it stays stable however its frequency moves.
#[derive(Clone, Debug)]
pub struct Svf {
    pass: Pass,
    damping: f64,
    gains: [f64; 3],
    state: [f64; 2],
}

impl Svf {
    /// A filter at rest; `hz` is held between 1 Hz and 0.49 of the rate, `q` at 0.1 or more.
    pub fn new(pass: Pass, hz: f64, q: f64, rate: SampleRate) -> Svf {
        let mut filter = Svf { pass, damping: 1.0 / q.max(0.1), gains: [0.0; 3], state: [0.0; 2] };
        filter.tune(hz, rate);
        filter
    }

    /// Moves the filter to `hz`, keeping its state.
    pub fn tune(&mut self, hz: f64, rate: SampleRate) {
        let fs = f64::from(rate.hz());
        let g = libm::tan(std::f64::consts::PI * hz.clamp(1.0, 0.49 * fs) / fs);
        let first = 1.0 / (1.0 + g * (g + self.damping));
        self.gains = [first, g * first, g * g * first];
    }

    /// The next sample.
    pub fn tick(&mut self, x: f64) -> f64 {
        let [a1, a2, a3] = self.gains;
        let v3 = x - self.state[1];
        let band = a1 * self.state[0] + a2 * v3;
        let low = self.state[1] + a2 * self.state[0] + a3 * v3;
        self.state = [2.0 * band - self.state[0], 2.0 * low - self.state[1]];
        match self.pass {
            Pass::Low => low,
            Pass::High => x - self.damping * band - low,
            Pass::Band => self.damping * band,
            Pass::Notch => x - self.damping * band,
        }
    }
}
