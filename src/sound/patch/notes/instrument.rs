//! Instruments: one note each, as samples.

use std::f64::consts::PI;

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::fade::{fade_in, fade_out};
use crate::dsp::linear::{Block, Linear, States};
use crate::dsp::modal::{Bank, Mode};
use crate::dsp::noise::Random;
use crate::dsp::oscillator::{Wave, add, sine, turned};
use crate::dsp::svf::{Pass, Svf};
use crate::dsp::weave::BLOCK;
use crate::sound::patch::canvas::{ratio, whole};
use crate::sound::patch::modes::blow;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Frames for which a vibrato stands still.
const STEP: usize = 32;

/// How often it may move in a block.
const STEPS: usize = BLOCK / STEP;

/// A piano's strings move it no faster, Hz.
const PIANO: f64 = 9000.0;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instrument {
    /// A felt piano: struck strings.
    Piano,
    /// A few bowed strings.
    Bowed,
    /// A soft synthesized chord.
    Pad,
    /// A plucked string.
    Pluck,
    /// An organ, or a cheap keyboard.
    Organ,
    /// A music box: small struck reeds.
    MusicBox,
}

/// One note, in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) hz: f64,
    pub(super) strength: f64,
    pub(super) brightness: f64,
    pub(super) length: f64,
    pub(super) attack: f64,
    pub(super) release: f64,
    pub(super) fs: f64,
    pub(super) rate: SampleRate,
    pub(super) seed: u64,
}

impl Instrument {
    /// Whether [`resonances`] are heard.
    pub(super) fn resounds(self) -> bool {
        self == Instrument::Bowed
    }

    /// Above how many hertz nothing of a note is heard any more: filtered saw-teeth are 40 dB down there
    /// from where the filter begins, and more from their fundamental.
    pub(super) fn highest(self, stroke: &Stroke) -> f64 {
        match self {
            Instrument::Piano => PIANO,
            // Falls by 18 dB per octave.
            Instrument::Bowed => 5.0 * bow(stroke),
            // Falls by 30 dB per octave.
            Instrument::Pad => 3.0 * pad_corner(stroke),
            Instrument::Pluck | Instrument::Organ | Instrument::MusicBox => f64::INFINITY,
        }
    }

    /// Attack and release by default, seconds.
    pub(super) fn times(self) -> (f64, f64) {
        match self {
            Instrument::Piano => (0.0, 0.5),
            Instrument::Bowed => (0.22, 0.35),
            Instrument::Pad => (0.8, 1.5),
            Instrument::Pluck => (0.0, 0.15),
            Instrument::Organ => (0.015, 0.06),
            Instrument::MusicBox => (0.0, 1.5),
        }
    }
}

/// Plays a note into silence of as many frames as it has. Peaks lie between 0.1 and 1.
pub(super) fn play(instrument: Instrument, stroke: &Stroke, out: &mut [f32]) {
    match instrument {
        Instrument::Piano => piano(stroke, out),
        Instrument::Bowed => bowed(stroke, out),
        Instrument::Pad => pad(stroke, out),
        Instrument::Pluck => pluck(stroke, out),
        Instrument::Organ => organ(stroke, out),
        Instrument::MusicBox => music_box(stroke, out),
    }
    fade_in(out, whole(stroke.attack * stroke.fs));
    fade_out(out, whole(stroke.release * stroke.fs));
}

impl Stroke {
    /// How many frames it sounds.
    pub(super) fn frames(&self) -> usize {
        whole((self.length + self.release) * self.fs).max(1)
    }
}

/// Stiff strings stretch their partials, n·f·√(1 + B·n²): H. Fletcher, E. D. Blackham and R. Stratton, "Quality of
/// piano tones", JASA 34(6), 1962. Each note has two strings that part company, so that a loud prompt sound is
/// followed by a long quiet one: G. Weinreich, "Coupled piano strings", JASA 62(6), 1977. The hammer strikes at an
/// eighth of the string, and softer felt takes the highs away.
fn piano(stroke: &Stroke, out: &mut [f32]) {
    let f0 = stroke.hz;
    let mut random = Random::new(stroke.seed);
    let stiffness = 0.000_32 * libm::pow(f0 / 261.6, 1.4);
    let corner =
        350.0 + 2600.0 * stroke.strength * stroke.strength * (0.4 + 1.2 * stroke.brightness) + 0.8 * f0;
    let sustain = (9.0 * libm::pow(f0 / 220.0, -0.65)).clamp(0.4, 18.0);
    let mut modes = Vec::new();
    for n in (1..=30).map(f64::from) {
        let hz = n * f0 * libm::sqrt((1.0 + stiffness * n * n) / (1.0 + stiffness));
        let strike = 0.08 + libm::sin(n * PI / 8.3).abs();
        // A soundboard is small against long waves, and hardly radiates them.
        let radiated = hz / libm::hypot(hz, 130.0);
        let gain = strike * radiated / libm::pow(n, 0.75) * libm::exp(-hz / corner);
        if hz > PIANO || gain < 0.0003 {
            continue;
        }
        let ring = sustain / (1.0 + 0.22 * (n - 1.0) + hz / 6000.0);
        let split = ratio(0.012 + 0.008 * random.unit());
        modes.push(Mode { hz, ring: ring * 0.45, gain: gain * 0.72 });
        modes.push(Mode { hz: hz * split, ring: ring * 1.3, gain: gain * 0.28 });
    }
    // The felt and the key bed, heard for a moment.
    for (hz, ring, gain) in
        [(84.0, 0.11, 0.05), (131.0, 0.09, 0.06), (210.0, 0.06, 0.05), (390.0, 0.04, 0.03)]
    {
        let hz = hz * (1.0 + 0.06 * random.bipolar());
        modes.push(Mode { hz, ring, gain: gain * (0.4 + stroke.strength) });
    }
    let contact = 0.0035 * libm::pow(stroke.strength, -0.2) * (1.3 - 0.6 * stroke.brightness);
    Bank::new(&modes, stroke.rate).strike(&blow(contact.min(0.4 / f0 + 0.0006), stroke.fs), out);
    scale(out, 0.45);
}

/// Bowing drags the string into a saw-tooth (Helmholtz): three players out of step, each with a vibrato that sets
/// in late. What the body does to them is [`resonances`].
fn bowed(stroke: &Stroke, out: &mut [f32]) {
    let mut random = Random::new(stroke.seed);
    let mut players: [Player; 3] = std::array::from_fn(|_| Player {
        step: stroke.hz * ratio(0.05 * random.bipolar()) / stroke.fs,
        rate: 4.9 + 0.9 * random.unit(),
        turn: random.unit(),
        depth: 0.10 + 0.08 * random.unit(),
        phase: random.unit(),
    });
    let tone = Svf::<f64>::new(Pass::Low, bow(stroke), 0.6, stroke.rate).still();
    let (mut states, mut block) = (States::<1>::default(), [Block::SILENT]);
    for (n, out) in (0..).zip(out.chunks_mut(BLOCK)) {
        // The hair's noise, of three bows together.
        let mut noise = [[0.0; 2]; BLOCK / 2];
        random.fill(&mut noise);
        let bows = noise.as_flattened_mut();
        bows.iter_mut().for_each(|noise| *noise *= 0.13 * 0.052);
        for player in &mut players {
            // All of them before any is drawn, as none waits for another.
            let steps: [f64; STEPS] = std::array::from_fn(|k| {
                let t = ((n * STEPS + k) * STEP) as f64 / stroke.fs;
                let swing = ((t - 0.25) * 1.6).clamp(0.0, 1.0);
                let vibrato = swing * player.depth * sine(turned(player.rate * t + player.turn));
                player.step * bend(vibrato)
            });
            for (step, bows) in steps.into_iter().zip(bows.chunks_mut(STEP)) {
                player.play(step, 0.13, bows);
            }
        }
        block[0].take(&narrowed(bows));
        tone.process(&mut states, &mut block);
        block[0].give(out);
    }
}

fn narrowed(wide: &[f64]) -> [f32; BLOCK] {
    let mut out = [0.0; BLOCK];
    out.iter_mut().zip(wide).for_each(|(out, x)| *out = narrow(*x));
    out
}

/// A few hundredths of a semitone as a factor on frequency, by the first terms of the exponential's series: within
/// 10⁻⁹ up to a fifth of a semitone.
fn bend(semitones: f64) -> f64 {
    let x = semitones * (std::f64::consts::LN_2 / 12.0);
    1.0 + x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0)))
}

/// Where the bow's filter begins to take away, Hz: it is pressed harder where it is to be brighter.
fn bow(stroke: &Stroke) -> f64 {
    (700.0 + 3200.0 * stroke.brightness) * (0.6 + 0.6 * stroke.strength) + stroke.hz
}

/// One of several that play the same note.
struct Player {
    /// Turns in a sample.
    step: f64,
    /// The vibrato: per second, where it begins, semitones.
    rate: f64,
    turn: f64,
    depth: f64,
    phase: f64,
}

impl Player {
    fn play(&mut self, step: f64, gain: f64, out: &mut [f64]) {
        self.phase = add(Wave::Saw, self.phase, step, gain, out);
    }
}

/// What the instrument's body does to all notes together: of bowed strings, air at 280 Hz, wood at 460, 700 and 1100,
/// the bridge around 2.7 kHz (Fletcher and Rossing, *The Physics of Musical Instruments*, section 10.5).
pub(super) fn resonances(rate: SampleRate) -> [Linear; 5] {
    let peaks =
        [(280.0, 1.5, 4.0), (460.0, 2.0, 4.0), (700.0, 2.5, 2.5), (1100.0, 2.0, 2.0), (2700.0, 1.2, 3.0)];
    peaks.map(|(hz, q, db)| Biquad::<f64>::new(Shape::Peak { hz, q, db }, rate).still())
}

/// Where the first of the pad's filters begins to take away, Hz.
fn pad_corner(stroke: &Stroke) -> f64 {
    stroke.hz * (1.5 + 4.0 * stroke.brightness) + 200.0 * stroke.strength
}

/// Five saw-teeth a few cents apart under a low-pass filter.
fn pad(stroke: &Stroke, out: &mut [f32]) {
    let mut random = Random::new(stroke.seed);
    let mut saws: [Player; 5] = std::array::from_fn(|voice| {
        let detune = 0.045 * (voice as f64 - 2.0) + 0.01 * random.bipolar();
        let step = stroke.hz * ratio(detune) / stroke.fs;
        Player { step, rate: 0.0, turn: 0.0, depth: 0.0, phase: random.unit() }
    });
    let corner = pad_corner(stroke);
    let mut filters = [corner, corner * 1.7].map(|corner| {
        let filter = Svf::<f64>::new(Pass::Low, corner, 0.7, stroke.rate).still();
        (filter, States::<1>::default())
    });
    let mut block = [Block::SILENT];
    for out in out.chunks_mut(BLOCK) {
        let mut wide = [0.0; BLOCK];
        saws.iter_mut().for_each(|saw| saw.play(saw.step, 0.12, &mut wide));
        block[0].take(&narrowed(&wide));
        filters.iter_mut().for_each(|(filter, states)| filter.process(states, &mut block));
        block[0].give(out);
    }
}

/// A burst of noise goes round a delay line and loses its highs: K. Karplus and A. Strong, "Digital synthesis of
/// plucked-string and drum timbres", Computer Music Journal 7(2), 1983; tuned by an all-pass filter and damped
/// by length as in D. A. Jaffe and J. O. Smith, "Extensions of the Karplus-Strong plucked-string algorithm", same
/// issue.
fn pluck(stroke: &Stroke, out: &mut [f32]) {
    let mut random = Random::new(stroke.seed);
    let period = stroke.fs / stroke.hz.min(stroke.fs / 8.0);
    // The averaging filter delays by half a frame; what is left of a frame is the all-pass filter's.
    let whole_part = libm::floor(period - 0.6);
    let part = period - 0.5 - whole_part;
    let tune = (1.0 - part) / (1.0 + part);
    let mut line = vec![0.0; whole(whole_part).max(2)];
    let mut soft =
        Svf::new(Pass::Low, stroke.hz * (3.0 + 14.0 * stroke.brightness * stroke.strength), 0.6, stroke.rate);
    for sample in &mut line {
        *sample = soft.tick(random.bipolar());
    }
    let mean = line.iter().sum::<f64>() / line.len() as f64;
    line.iter_mut().for_each(|s| *s -= mean);
    let ring = (4.0 * libm::pow(stroke.hz / 196.0, -0.5)).clamp(0.3, 8.0);
    let loss = libm::pow(10.0, -3.0 / (ring * stroke.hz));
    let (mut at, mut last, mut x1, mut y1) = (0, 0.0, 0.0, 0.0);
    for sample in out {
        let y = line[at];
        let averaged = loss * 0.5 * (y + last);
        last = y;
        let tuned = tune * averaged + x1 - tune * y1;
        (x1, y1) = (averaged, tuned);
        line[at] = tuned;
        at += 1;
        if at == line.len() {
            at = 0;
        }
        *sample = narrow(y * 0.8);
    }
}

/// Drawbars: the harmonics 1, 2, 3, 4 and 6, and a beating twin.
fn organ(stroke: &Stroke, out: &mut [f32]) {
    let bars = [(0.5, 0.3), (1.0, 1.0), (2.0, 0.6), (3.0, 0.4), (4.0, 0.3), (6.0, 0.15), (1.004, 0.3)];
    for (harmonic, gain) in bars {
        let step = stroke.hz * harmonic / stroke.fs;
        if step > 0.45 {
            continue;
        }
        let gain = gain * 0.2 * if harmonic > 1.5 { 0.4 + 1.2 * stroke.brightness } else { 1.0 };
        let mut phase = 0.0;
        for block in out.chunks_mut(STEP) {
            let mut drawn = [0.0; STEP];
            phase = add(Wave::Sine, phase, step, gain, &mut drawn[..block.len()]);
            block.iter_mut().zip(drawn).for_each(|(sample, drawn)| *sample += narrow(drawn));
        }
    }
}

/// Reeds clamped at one end (Fletcher and Rossing, section 2.15): 1, 6.27, 17.5.
fn music_box(stroke: &Stroke, out: &mut [f32]) {
    let modes =
        [(1.0, 2.6, 0.8), (6.27, 0.5, 0.18 + 0.2 * stroke.brightness), (17.55, 0.12, 0.08), (2.0, 1.2, 0.06)]
            .map(|(r, ring, gain)| Mode { hz: stroke.hz * r, ring, gain });
    Bank::new(&modes, stroke.rate).strike(&blow(0.000_25, stroke.fs), out);
    scale(out, 0.7);
}

fn scale(samples: &mut [f32], by: f32) {
    samples.iter_mut().for_each(|s| *s *= by);
}
