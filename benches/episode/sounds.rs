//! Sounds for the work, from seeds.

use std::f64::consts::TAU;
use std::fs;
use std::io;
use std::path::Path;

/// Numbers that look random: Steele, Lea and Flood's `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of one thing of a kind.
    pub(crate) fn new(kind: u64, index: u32) -> Random {
        Random((kind << 32) ^ u64::from(index).wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn noise(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }
}

/// A sound of 16 bits.
pub(crate) struct Sound {
    rate: u32,
    channels: u16,
    samples: Vec<i16>,
}

impl Sound {
    /// Brings interleaved `samples` to a peak of `peak`.
    fn new(rate: u32, channels: u16, peak: f64, samples: &[f64]) -> Sound {
        let highest = samples.iter().fold(1e-9_f64, |highest, sample| highest.max(sample.abs()));
        let scale = peak * 32767.0 / highest;
        #[expect(clippy::cast_possible_truncation, reason = "scaled to fit")]
        let samples = samples.iter().map(|sample| (sample * scale).round() as i16).collect();
        Sound { rate, channels, samples }
    }

    /// A WAV with the plain header of 44 bytes.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let size = u32::try_from(self.samples.len() * 2).map_err(io::Error::other)?;
        let frame = self.channels * 2;
        let mut bytes = Vec::with_capacity(44 + self.samples.len() * 2);
        bytes.extend(b"RIFF");
        bytes.extend((size + 36).to_le_bytes());
        bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        bytes.extend(self.channels.to_le_bytes());
        bytes.extend(self.rate.to_le_bytes());
        bytes.extend((self.rate * u32::from(frame)).to_le_bytes());
        bytes.extend(frame.to_le_bytes());
        bytes.extend(b"\x10\0data");
        bytes.extend(size.to_le_bytes());
        bytes.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        fs::write(path, bytes)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few minutes")]
fn frames(seconds: f64, rate: f64) -> usize {
    (seconds * rate) as usize
}

/// Syllables: a buzz through three resonances, louder and softer four times a second, with hisses in between.
pub(crate) fn speech(index: u32, seconds: f64) -> Sound {
    const RATE: f64 = 48_000.0;
    let mut random = Random::new(0x766f6963, index);
    let pitch = 90.0 + 120.0 * random.unit();
    let mut formants =
        [500.0, 1500.0, 2600.0].map(|hz| Resonance::new(hz * (0.8 + 0.4 * random.unit()), 90.0, RATE));
    let (mut phase, mut loud, mut hiss, mut left, mut length) = (0.0, 0.0, 0.0, 0_usize, 1_usize);
    let mut samples = Vec::new();
    for frame in 0..frames(seconds, RATE) {
        if left == 0 {
            length = frames(0.12 + 0.25 * random.unit(), RATE);
            left = length;
            loud = if random.unit() < 0.12 { 0.0 } else { 0.35 + 0.65 * random.unit() };
            hiss = if random.unit() < 0.25 { 0.2 } else { 0.005 };
        }
        left -= 1;
        let envelope = libm::sin(std::f64::consts::PI * (left as f64 + 0.5) / length as f64) * loud;
        let glide = 1.0 + 0.1 * libm::sin(TAU * frame as f64 / RATE * 0.7);
        phase = (phase + pitch * glide / RATE).fract();
        let buzz = 1.0 - 2.0 * phase;
        let voiced: f64 = formants.iter_mut().map(|formant| formant.tick(buzz)).sum();
        samples.push(envelope * (voiced + hiss * random.noise()));
    }
    Sound::new(48_000, 1, 0.4 + 0.3 * random.unit(), &samples)
}

/// A burst of noise that dies away, mono or stereo by turns, of 0.3 to 3 s.
pub(crate) fn effect(index: u32) -> Sound {
    const RATE: f64 = 48_000.0;
    let mut random = Random::new(0x62757273, index);
    let (seconds, channels) = (0.3 + 2.7 * random.unit(), 1 + index % 2);
    let decay = 3.0 + 20.0 * random.unit();
    let hz = 200.0 + 3000.0 * random.unit();
    let mut body = [Resonance::new(hz, 200.0, RATE), Resonance::new(hz * 1.01, 200.0, RATE)];
    let mut samples = Vec::new();
    for frame in 0..frames(seconds, RATE) {
        let envelope = libm::exp(-decay * frame as f64 / RATE);
        samples
            .extend(body.iter_mut().take(channels as usize).map(|body| body.tick(random.noise()) * envelope));
    }
    Sound::new(48_000, if channels == 1 { 1 } else { 2 }, 0.6, &samples)
}

/// A minute of dull noise, stereo.
pub(crate) fn ambience(index: u32) -> Sound {
    const RATE: f64 = 48_000.0;
    let mut random = Random::new(0x616d6269, index);
    let (mut low, slow) = ([0.0; 2], 0.01 + 0.05 * random.unit());
    let mut samples = Vec::new();
    for frame in 0..frames(60.0, RATE) {
        let swell = 1.0 + 0.3 * libm::sin(TAU * frame as f64 / RATE * 0.1);
        for low in &mut low {
            *low += (random.noise() - *low) * slow;
            samples.push(*low * swell);
        }
    }
    Sound::new(48_000, 2, 0.5, &samples)
}

/// Chords of a few partials, stereo, at 44.1 kHz.
pub(crate) fn music(index: u32, seconds: f64) -> Sound {
    const RATE: f64 = 44_100.0;
    let mut random = Random::new(0x6d757369, index);
    let partials: Vec<(f64, f64)> = (0..8)
        .map(|_| (110.0 * libm::pow(2.0, (random.unit() * 36.0).floor() / 12.0), random.unit()))
        .collect();
    let mut samples = Vec::new();
    let mut phases = [0.0_f64; 8];
    for frame in 0..frames(seconds, RATE) {
        let time = frame as f64 / RATE;
        let (mut left, mut right) = (0.0, 0.0);
        for ((hz, side), phase) in partials.iter().zip(&mut phases) {
            *phase = (*phase + hz / RATE).fract();
            // A parabola each way is near enough a sine.
            let wave = if *phase < 0.5 { *phase * (0.5 - *phase) } else { (*phase - 0.5) * (*phase - 1.0) };
            let beat = 1.0 - 0.8 * (time * (1.0 + side)).fract();
            left += wave * beat * side;
            right += wave * beat * (1.0 - side);
        }
        samples.extend([left, right]);
    }
    Sound::new(44_100, 2, 0.7, &samples)
}

/// Two poles.
struct Resonance {
    a: [f64; 2],
    gain: f64,
    state: [f64; 2],
}

impl Resonance {
    fn new(hz: f64, width: f64, rate: f64) -> Resonance {
        let radius = libm::exp(-std::f64::consts::PI * width / rate);
        let a = [2.0 * radius * libm::cos(TAU * hz / rate), -radius * radius];
        Resonance { a, gain: 1.0 - radius, state: [0.0; 2] }
    }

    fn tick(&mut self, x: f64) -> f64 {
        let y = self.gain * x + self.a[0] * self.state[0] + self.a[1] * self.state[1];
        self.state = [y, self.state[0]];
        y
    }
}
