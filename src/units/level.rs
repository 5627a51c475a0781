//! Decibels: [`Gain`] is relative, [`Level`], [`Loudness`] and [`TruePeak`] are against full scale. Gains add; a gain
//! moves the others; two levels never add.

use std::ops::Add;

/// A change of amplitude in decibels: +6.02 dB doubles it, −∞ dB silences. Never NaN, never +∞.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Gain(f32);

/// An amplitude against digital full scale, in dBFS: 0 is a sample of ±1.0, −∞ is silence. Never NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Level(f32);

/// A loudness in LUFS, which is K-weighted level: ITU-R BS.1770-5. −∞ is silence. Never NaN.
///
/// In `f64`, as it is computed from energies and gains are searched by it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Loudness(f64);

/// A true peak in dBTP: the level of the highest point of the wave between samples. −∞ is silence. Never NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct TruePeak(f32);

impl Gain {
    /// No change, 0 dB.
    pub const UNITY: Gain = Gain(0.0);
    /// Silence, −∞ dB.
    pub const SILENCE: Gain = Gain(f32::NEG_INFINITY);
    /// The most a script may ask for, in dB.
    pub const MAX_DB: f64 = 40.0;
    /// The least a script may write short of silence, in dB.
    pub const MIN_DB: f64 = -120.0;

    /// A change by `db` decibels, or `None` for NaN and +∞.
    pub fn new(db: f32) -> Option<Gain> {
        (!db.is_nan() && db < f32::INFINITY).then_some(Gain(db))
    }

    /// The change in decibels.
    pub fn db(self) -> f32 {
        self.0
    }

    /// The factor this gain multiplies samples by: 1.0 for 0 dB, 0.0 for −∞ dB.
    pub fn factor(self) -> f32 {
        libm::powf(10.0, self.0 / 20.0)
    }
}

impl Default for Gain {
    fn default() -> Gain {
        Gain::UNITY
    }
}

impl Add for Gain {
    type Output = Gain;

    fn add(self, other: Gain) -> Gain {
        Gain(self.0 + other.0)
    }
}

impl Level {
    /// Digital silence, −∞ dBFS.
    pub const SILENCE: Level = Level(f32::NEG_INFINITY);
    /// Digital full scale, 0 dBFS.
    pub const FULL_SCALE: Level = Level(0.0);

    /// A level of `dbfs`, or `None` for NaN.
    pub fn new(dbfs: f32) -> Option<Level> {
        (!dbfs.is_nan()).then_some(Level(dbfs))
    }

    /// The level of a sample, or of any amplitude, where ±1.0 is full scale. NaN counts as silence.
    pub fn of_amplitude(amplitude: f32) -> Level {
        if amplitude.is_nan() { Level::SILENCE } else { Level(20.0 * libm::log10f(amplitude.abs())) }
    }

    /// The level in dBFS.
    pub fn dbfs(self) -> f32 {
        self.0
    }

    /// The amplitude at this level: 1.0 for 0 dBFS.
    pub fn amplitude(self) -> f32 {
        libm::powf(10.0, self.0 / 20.0)
    }
}

impl Add<Gain> for Level {
    type Output = Level;

    fn add(self, gain: Gain) -> Level {
        Level(self.0 + gain.0)
    }
}

impl Loudness {
    /// Silence, −∞ LUFS.
    pub const SILENCE: Loudness = Loudness(f64::NEG_INFINITY);

    /// A loudness of `lufs`, or `None` for NaN.
    pub fn new(lufs: f64) -> Option<Loudness> {
        (!lufs.is_nan()).then_some(Loudness(lufs))
    }

    /// The loudness of a K-weighted mean square, channels added up: −0.691 + 10 log₁₀ (BS.1770-5, Annex 1, (2)).
    /// NaN and less than nothing count as silence.
    pub fn of_energy(energy: f64) -> Loudness {
        if energy > 0.0 { Loudness(10.0 * libm::log10(energy) - 0.691) } else { Loudness::SILENCE }
    }

    /// The K-weighted mean square that has this loudness.
    pub fn energy(self) -> f64 {
        libm::pow(10.0, (self.0 + 0.691) / 10.0)
    }

    /// The loudness in LUFS.
    pub fn lufs(self) -> f64 {
        self.0
    }

    /// How much louder this is than `other`, in LU; `None` where either is silence.
    pub fn above(self, other: Loudness) -> Option<f64> {
        Some(self.0 - other.0).filter(|lu| lu.is_finite())
    }
}

impl TruePeak {
    /// Digital silence, −∞ dBTP.
    pub const SILENCE: TruePeak = TruePeak(f32::NEG_INFINITY);

    /// A true peak of `dbtp`, or `None` for NaN.
    pub fn new(dbtp: f32) -> Option<TruePeak> {
        (!dbtp.is_nan()).then_some(TruePeak(dbtp))
    }

    /// The true peak of an interpolated amplitude, where ±1.0 is full scale. NaN counts as silence.
    pub fn of_amplitude(amplitude: f32) -> TruePeak {
        TruePeak(Level::of_amplitude(amplitude).dbfs())
    }

    /// The true peak in dBTP.
    pub fn dbtp(self) -> f32 {
        self.0
    }

    /// The amplitude at this true peak: 1.0 for 0 dBTP.
    pub fn amplitude(self) -> f32 {
        libm::powf(10.0, self.0 / 20.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Gain, Level};

    #[test]
    fn silence_is_minus_infinity_and_exactly_zero() {
        assert!(Gain::SILENCE.factor().to_bits() == 0.0_f32.to_bits());
        assert_eq!(Level::of_amplitude(0.0), Level::SILENCE);
        assert_eq!(Gain::new(f32::NAN), None);
    }
}
