//! A WAV of 16 bits being read, at 48 kHz or resampled to it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::LazyLock;

/// Bytes before the samples.
const HEADER: u64 = 44;
/// 44.1 kHz over 300.
const FROM: usize = 147;
/// 48 kHz over 300.
const TO: usize = 160;
const TAPS: usize = 32;

/// An open file.
pub(crate) struct Source {
    file: File,
    channels: usize,
    resampled: bool,
    frames: usize,
    bytes: Vec<u8>,
    /// What lies under the filter's taps, channel by channel.
    input: [Vec<f32>; 2],
}

impl Source {
    pub(crate) fn open(path: &Path) -> io::Result<Source> {
        let file = File::open(path)?;
        let mut header = [0; 44];
        file.read_exact_at(&mut header, 0)?;
        let channels = usize::from(header[22]);
        let size = u32::from_le_bytes([header[40], header[41], header[42], header[43]]);
        Ok(Source {
            file,
            channels,
            resampled: header[24..28] == 44_100_u32.to_le_bytes(),
            frames: size as usize / 2 / channels,
            bytes: Vec::new(),
            input: [Vec::new(), Vec::new()],
        })
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Puts frames from `start` on into `out`, channel by channel, in units of a 16-bit step.
    pub(crate) fn read(&mut self, start: usize, out: [&mut [f32]; 2]) -> io::Result<()> {
        let count = out[0].len();
        if !self.resampled {
            return self.read_raw(start, count, out);
        }
        let position = start * FROM;
        let first = position / TO;
        let needed = (position + (count - 1) * FROM) / TO - first + TAPS;
        let [mut left, mut right] = std::mem::take(&mut self.input);
        for channel in [&mut left, &mut right] {
            channel.clear();
            channel.resize(needed, 0.0);
        }
        // The first tap stands half a filter before.
        let lead = (TAPS / 2 - 1).saturating_sub(first);
        let from = first.saturating_sub(TAPS / 2 - 1);
        let there = (needed - lead).min(self.frames.saturating_sub(from));
        self.read_raw(from, there, [&mut left[lead..lead + there], &mut right[lead..lead + there]])?;
        for (input, out) in [&left, &right].into_iter().zip(out).take(self.channels) {
            let (mut at, mut phase) = (0, position % TO);
            for out in out {
                let taps = &FILTER[phase];
                let mut sums = [0.0_f32; 8];
                let input = &input[at..at + TAPS];
                for (input, taps) in input.as_chunks::<8>().0.iter().zip(taps.as_chunks::<8>().0) {
                    for lane in 0..8 {
                        sums[lane] += input[lane] * taps[lane];
                    }
                }
                *out =
                    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
                phase += FROM;
                at += phase / TO;
                phase %= TO;
            }
        }
        self.input = [left, right];
        Ok(())
    }

    fn read_raw(&mut self, start: usize, count: usize, out: [&mut [f32]; 2]) -> io::Result<()> {
        let frame = self.channels * 2;
        self.bytes.resize(count * frame, 0);
        self.file.read_exact_at(&mut self.bytes, HEADER + (start * frame) as u64)?;
        let [left, right] = out;
        if self.channels == 1 {
            for (out, bytes) in left.iter_mut().zip(self.bytes.as_chunks::<2>().0) {
                *out = f32::from(i16::from_le_bytes(*bytes));
            }
        } else {
            for ((left, right), bytes) in left.iter_mut().zip(right).zip(self.bytes.as_chunks::<4>().0) {
                let [a, b, c, d] = *bytes;
                (*left, *right) =
                    (f32::from(i16::from_le_bytes([a, b])), f32::from(i16::from_le_bytes([c, d])));
            }
        }
        Ok(())
    }
}

/// A sinc under a Hann window for each place between two samples.
static FILTER: LazyLock<Vec<[f32; TAPS]>> = LazyLock::new(|| {
    let half = TAPS as f64 / 2.0;
    let tap = |phase: usize, index: usize| {
        let t = index as f64 - (half - 1.0) - phase as f64 / TO as f64;
        let angle = std::f64::consts::PI * t * 0.92;
        let sinc = if angle == 0.0 { 1.0 } else { libm::sin(angle) / angle };
        sinc * 0.92 * (0.5 + 0.5 * libm::cos(std::f64::consts::PI * t / half))
    };
    #[expect(clippy::cast_possible_truncation, reason = "taps are 32-bit")]
    (0..TO).map(|phase| std::array::from_fn(|index| tap(phase, index) as f32)).collect()
});
