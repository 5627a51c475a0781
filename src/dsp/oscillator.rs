//! Periodic waves that do not alias audibly.

use std::f64::consts::PI;

/// The form of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wave {
    /// One partial.
    #[default]
    Sine,
    /// Odd partials falling by 12 dB per octave.
    Triangle,
    /// Odd partials falling by 6 dB per octave.
    Square,
    /// All partials falling by 6 dB per octave.
    Saw,
}

/// The value of `wave` at `phase` (0 to 1) when each frame advances the phase by `step`. Corners are rounded by
/// two-sample polynomials: V. Välimäki, J. Pekonen and J. Nam, "Perceptually informed synthesis of bandlimited
/// classical waveforms using integrated polynomial interpolation", JASA 131(1), 2012 (polyBLEP). Latency: none.
pub fn value(wave: Wave, phase: f64, step: f64) -> f64 {
    match wave {
        Wave::Sine => libm::sin(2.0 * PI * phase),
        Wave::Saw => 2.0 * phase - 1.0 - corner(phase, step),
        Wave::Square => {
            let half = (phase + 0.5) % 1.0;
            let flat = if phase < 0.5 { 1.0 } else { -1.0 };
            flat + corner(phase, step) - corner(half, step)
        }
        // The corners of a triangle are of second order and alias 12 dB per octave below those of a saw.
        Wave::Triangle => 1.0 - 4.0 * ((phase + 0.25) % 1.0 - 0.5).abs(),
    }
}

fn corner(phase: f64, step: f64) -> f64 {
    if phase < step {
        let t = phase / step;
        t + t - t * t - 1.0
    } else if phase > 1.0 - step {
        let t = (phase - 1.0) / step;
        t * t + t + t + 1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Wave, value};

    #[test]
    fn waves_have_no_dc_and_stay_within_full_scale() {
        let step = 0.01;
        for wave in [Wave::Sine, Wave::Triangle, Wave::Square, Wave::Saw] {
            let values: Vec<f64> = (0..100).map(|n| value(wave, (f64::from(n) + 0.5) * step, step)).collect();
            assert!(values.iter().sum::<f64>().abs() < 1e-9, "{wave:?}");
            assert!(values.iter().all(|v| v.abs() <= 1.0 + 1e-9), "{wave:?}");
        }
    }
}
