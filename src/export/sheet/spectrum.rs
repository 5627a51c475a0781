//! A sound's power over time and frequency, as the ear divides it: every octave as high as any other.
//!
//! No one window sees both a click and a low note. Five are used, each where it sees best, and one gives way to the
//! next over an octave.

use std::f64::consts::PI;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::dsp::fft::{Complex, Fft};
use crate::units::narrow;

/// The lowest and highest frequency that is seen, Hz.
pub(super) const LOWEST: f64 = 30.0;
pub(super) const HIGHEST: f64 = 20_000.0;

/// Where a longer window has given way to the next shorter by half, Hz.
const SEAMS: [f64; 4] = [150.0, 450.0, 1350.0, 4000.0];
/// The windows' lengths, powers of two of frames.
const BITS: [u32; 5] = [12, 11, 10, 9, 8];
/// No window is longer than this share of the sound, as it could not tell when anything happens.
const SHARE: usize = 6;

/// Where a frequency lies between [`LOWEST`] and [`HIGHEST`], 0 to 1, by octaves.
pub(super) fn place(hz: f64) -> f64 {
    libm::log(hz / LOWEST) / libm::log(HIGHEST / LOWEST)
}

/// The frequency at a place.
fn frequency(place: f64) -> f64 {
    LOWEST * libm::exp(place * libm::log(HIGHEST / LOWEST))
}

/// The power of each column of each row, rows from the highest frequency down, in dB under the strongest: 0 at most,
/// −∞ where there is nothing. In a loop, what follows the end is its beginning.
pub(super) fn spectrogram(audio: &AudioBuffer, looped: bool, columns: usize, rows: usize) -> Vec<f64> {
    let mut powers = vec![0.0; columns * rows];
    let frames: Vec<Complex> = match audio.channels() {
        Channels::Mono => audio.samples().iter().map(|&x| (x, 0.0)).collect(),
        // Both channels in one transform: what is wanted is the sum of their powers.
        Channels::Stereo => audio.samples().chunks_exact(2).map(|frame| (frame[0], frame[1])).collect(),
    };
    let most = (frames.len() / SHARE).max(64).ilog2();
    for (index, bits) in BITS.iter().enumerate() {
        let window = Window::new((*bits).min(most), f64::from(audio.rate().hz()), looped);
        window.add_to(&mut powers, &frames, columns, rows, |hz| weight(index, hz));
    }
    let strongest = powers.iter().copied().fold(0.0, f64::max).max(1e-20);
    powers.iter().map(|power| 10.0 * libm::log10(power / strongest)).collect()
}

/// How much of what is seen at `hz` is seen through a window.
fn weight(index: usize, hz: f64) -> f64 {
    let passed = |seam: f64| (0.5 + libm::log2(hz / seam)).clamp(0.0, 1.0);
    let entered = if index == 0 { 1.0 } else { passed(SEAMS[index - 1]) };
    let left = SEAMS.get(index).map_or(0.0, |&seam| passed(seam));
    entered - left
}

/// A transform through a raised cosine.
struct Window {
    fft: Fft,
    shape: Vec<f32>,
    /// What brings a transform's powers to those of the sound.
    scale: f64,
    fs: f64,
    looped: bool,
}

impl Window {
    fn new(bits: u32, fs: f64, looped: bool) -> Window {
        let fft = Fft::new(bits);
        let length = fft.length() as f64;
        let at = |n: usize| 0.5 - 0.5 * libm::cos(2.0 * PI * (n as f64 + 0.5) / length);
        let shape: Vec<f32> = (0..fft.length()).map(|n| narrow(at(n))).collect();
        let energy: f64 = shape.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        Window { scale: 1.0 / (energy * length), fft, shape, fs, looped }
    }

    fn add_to(
        &self,
        powers: &mut [f64],
        frames: &[Complex],
        columns: usize,
        rows: usize,
        weight: impl Fn(f64) -> f64,
    ) {
        let length = self.fft.length();
        let bands: Vec<Option<Band>> = (0..rows).map(|row| self.band(row, rows, &weight)).collect();
        let mut buffer = vec![(0.0, 0.0); length];
        let mut below = vec![0.0; length / 2 + 2];
        for column in 0..columns {
            let (from, to) = (column * frames.len() / columns, (column + 1) * frames.len() / columns);
            let looks = (to - from).div_ceil(length / 2).max(1);
            let mut seen = vec![(0.0_f64, 0.0_f64); rows];
            for look in 0..looks {
                let middle = from + (2 * look + 1) * (to - from) / (2 * looks);
                self.look(frames, middle, &mut buffer, &mut below);
                for (band, (sum, most)) in bands.iter().zip(&mut seen) {
                    let Some(band) = band else { continue };
                    let power = band.power(&below);
                    *sum += power;
                    *most = most.max(power);
                }
            }
            for (row, (band, (sum, most))) in bands.iter().zip(seen).enumerate() {
                let Some(band) = band else { continue };
                // Between mean and maximum: a crackle in a long rain must not drown in it.
                powers[row * columns + column] += band.weight * 0.5 * (sum / looks as f64 + most);
            }
        }
    }

    /// The row's band in bins; `None` where this window does not count, or the rate has nothing there.
    fn band(&self, row: usize, rows: usize, weight: &impl Fn(f64) -> f64) -> Option<Band> {
        let edge = |n: usize| frequency(1.0 - n as f64 / rows as f64);
        let (low, high) = (edge(row + 1), edge(row));
        let weight = weight(libm::sqrt(low * high));
        let bin = |hz: f64| hz * self.fft.length() as f64 / self.fs;
        (weight > 0.0 && high < 0.5 * self.fs).then(|| Band { low: bin(low), high: bin(high), weight })
    }

    /// Looks at the frames around `middle`: `below` becomes the power below each half bin.
    fn look(&self, frames: &[Complex], middle: usize, buffer: &mut [Complex], below: &mut [f64]) {
        let length = buffer.len();
        for (n, (value, shape)) in buffer.iter_mut().zip(&self.shape).enumerate() {
            let place = match (middle + n).checked_sub(length / 2) {
                Some(place) if self.looped => Some(place % frames.len()),
                None if self.looped => (middle + n + frames.len()).checked_sub(length / 2),
                place => place,
            };
            let frame = place.and_then(|place| frames.get(place));
            *value = frame.map_or((0.0, 0.0), |frame| (frame.0 * shape, frame.1 * shape));
        }
        self.fft.transform(buffer);
        let power = |n: usize| {
            f64::from(buffer[n].0) * f64::from(buffer[n].0) + f64::from(buffer[n].1) * f64::from(buffer[n].1)
        };
        let mut sum = 0.0;
        for (n, place) in below.iter_mut().enumerate() {
            *place = sum;
            sum += (power(n % length) + power((length - n) % length)) * self.scale;
        }
    }
}

/// A band of frequencies, in bins.
struct Band {
    low: f64,
    high: f64,
    weight: f64,
}

impl Band {
    /// The power between both edges, bin `n` reaching from n − ½ to n + ½.
    fn power(&self, below: &[f64]) -> f64 {
        let at = |bin: f64| {
            let place = bin + 0.5;
            let n = floor(place).min(below.len() - 2);
            below[n] + (below[n + 1] - below[n]) * (place - n as f64).min(1.0)
        };
        // What is narrower than a bin is seen as wide as one, so that low rows do not stand in steps.
        let (middle, half) = ((self.low + self.high) / 2.0, (self.high - self.low) / 2.0);
        let wide = half.max(0.5);
        (at(middle + wide) - at((middle - wide).max(-0.5))) * half / wide
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bin's number; the cast saturates"
)]
fn floor(x: f64) -> usize {
    x as usize
}
