//! The last steps of a performance: no DC, a known level, silent ends.

use multiversion::multiversion;

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::fade::{fade_in, fade_out};
use crate::sound::patch::canvas::{Canvas, factor, whole};
use crate::sound::patch::track::sift;
use crate::units::time::SampleRate;

/// The level a patch comes out at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Normal {
    /// The largest sample, dBFS: for what happens once.
    Peak(f64),
    /// Root mean square over the whole, dBFS, as long as no sample exceeds [`CEILING`]: for what goes on.
    Rms(f64),
}

/// No sample is larger than this, dBFS.
const CEILING: f64 = -0.5;

/// Sounds below this frequency are removed, Hz: they are not heard, and move loudspeakers.
const LOWEST: f64 = 18.0;

impl Normal {
    /// Peak −3 dBFS.
    pub(super) const DEFAULT: Normal = Normal::Peak(-3.0);

    /// The gain that brings a canvas to this level; 0 for silence, and for what is not finite.
    pub(super) fn gain(self, canvas: &Canvas) -> f64 {
        let mut peak = 0.0_f64;
        let mut power = 0.0_f64;
        let mut count = 0.0_f64;
        for channel in canvas.channels() {
            let (highest, sum) = measure(channel);
            peak = peak.max(highest);
            power += sum;
            count += channel.len() as f64;
        }
        if peak <= 0.0 || !peak.is_finite() {
            return 0.0;
        }
        match self {
            Normal::Peak(level) => factor(level) / peak,
            Normal::Rms(level) => (factor(level) / libm::sqrt(power / count)).min(factor(CEILING) / peak),
        }
    }
}

/// The largest sample's size, and the sum of all squares.
#[multiversion(targets("x86_64+avx2"))]
fn measure(samples: &[f32]) -> (f64, f64) {
    // Sums side by side, none of which waits for another.
    let (mut peaks, mut powers) = ([0.0_f32; 8], [0.0; 8]);
    let (eights, rest) = samples.as_chunks::<8>();
    let mut last = [0.0; 8];
    last[..rest.len()].copy_from_slice(rest);
    for eight in eights.iter().chain([&last]) {
        for n in 0..8 {
            peaks[n] = if eight[n].abs() > peaks[n] { eight[n].abs() } else { peaks[n] };
            powers[n] += f64::from(eight[n]) * f64::from(eight[n]);
        }
    }
    (f64::from(peaks.into_iter().fold(0.0, f32::max)), powers.iter().sum())
}

/// Half a second is nine periods of [`LOWEST`], after which the filter remembers nothing.
pub(super) const MEMORY: f64 = 0.5;

/// Removes what lies below hearing; the filter first hears the last `warm` frames, which in a loop come before the
/// first.
pub(super) fn remove_dc(canvas: &mut Canvas, rate: SampleRate, warm: usize) {
    let filter = Biquad::<f64>::new(Shape::HighPass { hz: LOWEST, q: 0.707 }, rate);
    sift(canvas, warm, &[filter.still()]);
}

/// Fades both ends, `seconds` in and out.
pub(super) fn fade(canvas: &mut Canvas, seconds: [f64; 2], rate: SampleRate) {
    let [first, last] = seconds.map(|s| whole(s * f64::from(rate.hz())));
    for channel in canvas.channels_mut() {
        fade_in(channel, first);
        fade_out(channel, last);
    }
}
