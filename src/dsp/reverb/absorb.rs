//! What a turn through a delay line loses: one gain and two shelves, fitted to three decay times.
//!
//! J.-M. Jot, "An analysis/synthesis approach to real-time artificial reverberation", ICASSP 1992: a line of `d`
//! seconds in a room that decays by 60 dB in `t` seconds has to lose 60·d/t dB in each turn. First-order shelves
//! can do that exactly at three frequencies; V. Välimäki and J. Reiss, "All about audio equalization", Applied
//! Sciences 6, 2016, gives them with the gain at their corner half of the whole, in dB.

use crate::dsp::room::BANDS;
use crate::units::time::SampleRate;

/// Corners of the low and the high shelf, Hz: between the bands.
const CORNERS: [f64; 2] = [360.0, 2900.0];

/// A first-order section: b0, b1, a1.
pub(super) type Section = [f64; 3];

/// The low and the high shelf for a line of `frames` frames, the overall gain inside the first.
pub(super) fn sections(frames: usize, decay: [f64; 3], rate: SampleRate) -> [Section; 2] {
    let fs = f64::from(rate.hz());
    let bands = BANDS.map(|hz| hz.min(0.4 * fs));
    let targets = decay.map(|seconds| -60.0 * frames as f64 / fs / seconds);
    let mut gains = [targets[0] - targets[1], targets[1], targets[2] - targets[1]];
    let make = |gains: [f64; 3]| {
        let mut low = low_shelf(CORNERS[0], gains[0], fs);
        let gain = libm::pow(10.0, gains[1] / 20.0);
        low[0] *= gain;
        low[1] *= gain;
        [low, high_shelf(CORNERS[1], gains[2], fs)]
    };
    // The shelves overlap a little, so the first guess is a few per cent off.
    for _ in 0..20 {
        let made = make(gains);
        let missing: [f64; 3] = std::array::from_fn(|band| targets[band] - response(&made, bands[band], fs));
        gains[0] += missing[0] - missing[1];
        gains[1] += missing[1];
        gains[2] += missing[2] - missing[1];
    }
    make(gains)
}

/// The gain of sections in a row at a frequency, dB.
pub(super) fn response(sections: &[Section], hz: f64, fs: f64) -> f64 {
    let w = 2.0 * std::f64::consts::PI * hz / fs;
    let (cos, sin) = (libm::cos(w), libm::sin(w));
    let power = |a: f64, b: f64| (a + b * cos) * (a + b * cos) + b * b * sin * sin;
    sections.iter().map(|[b0, b1, a1]| 10.0 * libm::log10(power(*b0, *b1) / power(1.0, *a1))).sum()
}

fn low_shelf(hz: f64, db: f64, fs: f64) -> Section {
    let (k, root) = (tangent(hz, fs), libm::pow(10.0, db / 40.0));
    let over = 1.0 + k / root;
    [(1.0 + k * root) / over, (k * root - 1.0) / over, (k / root - 1.0) / over]
}

fn high_shelf(hz: f64, db: f64, fs: f64) -> Section {
    let (k, root) = (tangent(hz, fs), libm::pow(10.0, db / 40.0));
    let over = 1.0 / root + k;
    [(root + k) / over, (k - root) / over, (k - 1.0 / root) / over]
}

fn tangent(hz: f64, fs: f64) -> f64 {
    libm::tan(std::f64::consts::PI * hz.min(0.45 * fs) / fs)
}
