//! What one sounding of a layer is given to work with: how hard, how high, how long, which random numbers.

use std::sync::Arc;

use crate::dsp::noise::Random;
use crate::dsp::oscillator::sine;
use crate::sound::patch::canvas::whole;
use crate::sound::patch::hands::Hands;
use crate::sound::patch::spares::Spares;
use crate::units::time::SampleRate;

/// One sounding of a layer.
#[derive(Clone, Debug)]
pub(super) struct Sounding {
    /// Frames per second.
    pub(super) rate: SampleRate,
    /// The seed of this sounding, to derive streams from.
    pub(super) seed: u64,
    /// Factor on every frequency.
    pub(super) pitch: f64,
    /// How hard, 1 as written: harder is brighter, not only louder.
    pub(super) force: f64,
    /// How many frames there is room for; in a loop, the loop's length.
    pub(super) room: usize,
    /// The loop's length in seconds, where the sound runs on from its end into its beginning.
    pub(super) lap: Option<f64>,
    /// Who works on it.
    pub(super) hands: Hands,
    /// What it is made in.
    pub(super) spares: Arc<Spares>,
}

impl Sounding {
    /// The same at half the rate; `None` where that, or a loop's length, is no whole number.
    pub(super) fn at_half_rate(&self) -> Option<Sounding> {
        let is_even = self.rate.hz().is_multiple_of(2) && (self.lap.is_none() || self.room.is_multiple_of(2));
        let rate = SampleRate::new(self.rate.hz() / 2).filter(|_| is_even)?;
        Some(Sounding { rate, room: self.room.div_ceil(2), ..self.clone() })
    }

    /// The random numbers for one purpose.
    pub(super) fn random(&self, purpose: &str) -> Random {
        Random::named(self.seed, purpose)
    }

    /// Frames per second.
    pub(super) fn fs(&self) -> f64 {
        f64::from(self.rate.hz())
    }

    /// A frequency at this sounding's pitch: in a loop, the nearest of which whole periods fill the loop.
    pub(super) fn tuned(&self, hz: f64) -> f64 {
        let hz = hz * self.pitch;
        self.lap.map_or(hz, |lap| (hz * lap).round().max(1.0) / lap)
    }

    /// The factor that gives white noise the same density in every hertz as at 48 kHz.
    pub(super) fn density(&self) -> f64 {
        libm::sqrt(self.fs() / 48_000.0)
    }
}

/// A slow random movement between −1 and 1: cosine interpolation between random points, `rate` per second. Over a
/// loop the points come round, so that the movement is seamless.
#[derive(Clone, Debug)]
pub(super) struct Wander {
    points: Vec<f64>,
    rate: f64,
}

impl Wander {
    /// A movement of `rate` points a second over `seconds`.
    pub(super) fn new(random: &mut Random, rate: f64, seconds: f64, lap: Option<f64>) -> Wander {
        let (count, rate) = match lap {
            Some(lap) => {
                let count = whole(lap * rate).max(2);
                (count, count as f64 / lap)
            }
            None => (whole((seconds * rate).ceil()) + 2, rate),
        };
        Wander { points: (0..count).map(|_| random.bipolar()).collect(), rate }
    }

    /// The movement at `seconds`.
    pub(super) fn at(&self, seconds: f64) -> f64 {
        let place = seconds * self.rate;
        let floor = libm::floor(place);
        let n = whole(floor.max(0.0));
        let (a, b) = (self.points[n % self.points.len()], self.points[(n + 1) % self.points.len()]);
        // cos πx is the sine half a turn times x and a quarter turn later.
        a + (b - a) * 0.5 * (1.0 - sine(0.25 + 0.5 * (place - floor)))
    }
}
