//! The tail: a feedback delay network of sixteen lines.
//!
//! J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators", 90th AES Convention,
//! 1991. The lines are mixed by an orthogonal matrix whose entries are all ±¼, two Householder reflections of order
//! 4 in one another, so that each line feeds all others equally and echoes get dense quickly (S. Schlecht and
//! E. Habets, "Feedback delay networks: echo density and mixing time", IEEE/ACM TASLP 25, 2017). Lengths lie in
//! a geometric row, jittered by a seed, so that no two are multiples; together they last as long as is needed
//! for resonances to overlap (M. Schroeder, "Natural sounding artificial reverberation", JAES 10, 1962), which is
//! what keeps a tail from sounding like metal.

use multiversion::multiversion;

use crate::dsp::noise::Random;
use crate::dsp::reverb::absorb::sections;
use crate::dsp::reverb::{CHUNK, SPEED};
use crate::dsp::room::Shape;
use crate::dsp::signal::audible;
use crate::dsp::weave::{unweave, weave};
use crate::units::narrow;
use crate::units::time::SampleRate;

const LINES: usize = 16;
const SIDE: usize = 4;
/// A number for each line, worked on several at a time.
type Lanes = [f32; LINES];
/// How many frames are worked on at a time.
const AT_ONCE: usize = 16;
type Frames = [f32; AT_ONCE];

/// All-pass diffusers before the lines, for each channel.
const DIFFUSERS: usize = 3;
const DIFFUSION: f32 = 0.55;

#[derive(Clone, Debug)]
pub(super) struct Network {
    diffusers: [[Loop; DIFFUSERS]; 2],
    lines: Vec<Loop>,
    sections: [[Lanes; 3]; 2],
    states: [Lanes; 2],
    /// How each line is heard on the left and on the right.
    left: Lanes,
    right: Lanes,
}

/// A delay that is read before it is written.
#[derive(Clone, Debug)]
struct Loop {
    samples: Vec<f32>,
    at: usize,
}

impl Network {
    pub(super) fn new(shape: &Shape, rate: SampleRate) -> Network {
        let fs = f64::from(rate.hz());
        // The mean free path gives a room's natural rhythm; the second term the number of resonances.
        let longest = shape.decay.into_iter().fold(0.0, f64::max);
        let path = 4.0 * shape.volume() / shape.surface() / SPEED;
        let mean = path.max(1.0 * longest / LINES as f64).clamp(0.006, 0.065);
        let mut random = Random::named(7, "lines");
        let lengths: Vec<usize> = (0..LINES)
            .map(|line| {
                let place = (line as f64 + 0.9 * random.unit()) / LINES as f64;
                // From 0.35 to 1.75 of the mean.
                whole(mean * 0.35 * libm::pow(5.0, place) * fs)
            })
            .collect();
        let mut coefficients = [[[0.0; LINES]; 3]; 2];
        for (line, frames) in lengths.iter().enumerate() {
            let made = sections(*frames, shape.decay, rate);
            for (section, lanes) in made.iter().zip(&mut coefficients) {
                for (coefficient, lanes) in section.iter().zip(lanes) {
                    lanes[line] = narrow(*coefficient);
                }
            }
        }
        let diffuser = |channel: usize| {
            std::array::from_fn(|stage| {
                let share = [0.071, 0.113, 0.179][stage] * if channel == 0 { 1.0 } else { 1.09 };
                Loop::new(whole(mean * share * fs))
            })
        };
        // The lines stand in the matrix row by row, so these sums cancel nothing it has just added up.
        let sign = |bits: usize| f32::from(u8::from(bits.count_ones().is_multiple_of(2))) * 2.0 - 1.0;
        Network {
            diffusers: [diffuser(0), diffuser(1)],
            lines: lengths.into_iter().map(Loop::new).collect(),
            sections: coefficients,
            states: [[0.0; LINES]; 2],
            left: std::array::from_fn(|line| sign(line & 0b0101)),
            right: std::array::from_fn(|line| sign(line & 0b1011)),
        }
    }

    /// Multiplies what is heard.
    pub(super) fn scale(&mut self, factor: f32) {
        self.left.iter_mut().chain(&mut self.right).for_each(|gain| *gain *= factor);
    }

    pub(super) fn rest(&mut self) {
        let loops = self.diffusers.iter_mut().flatten().chain(&mut self.lines);
        loops.for_each(|it| it.samples.fill(0.0));
        self.states = [[0.0; LINES]; 2];
    }

    /// Adds the answer to at most [`CHUNK`] frames.
    pub(super) fn add_to(&mut self, input: (&[f32], &[f32]), out: (&mut [f32], &mut [f32])) {
        turn(self, input, out);
    }
}

/// What comes out of the lines is heard, and becomes, with what is fed, what goes into them. What it is made of has to be
/// inlined always, or the compiler makes it once, for narrow vectors.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn turn(network: &mut Network, input: (&[f32], &[f32]), out: (&mut [f32], &mut [f32])) {
    let frames = input.0.len();
    let mut fed = [[0.0_f32; CHUNK]; 2];
    fed[0][..frames].copy_from_slice(input.0);
    fed[1][..frames].copy_from_slice(input.1);
    for (channel, diffusers) in fed.iter_mut().zip(&mut network.diffusers) {
        for diffuser in diffusers {
            diffuser.diffuse(channel, frames);
        }
    }
    let mut rows = [[0.0_f32; CHUNK]; LINES];
    for (row, delay) in rows.iter_mut().zip(&network.lines) {
        *row = delay.next(frames);
    }
    let mut heard = [[0.0_f32; CHUNK]; 2];
    for here in (0..frames).step_by(AT_ONCE) {
        let mut lines: [Frames; LINES] = std::array::from_fn(|line| part_of(&rows[line], here));
        absorb(network, &mut lines, (frames - here).min(AT_ONCE));
        for (heard, gains) in heard.iter_mut().zip([&network.left, &network.right]) {
            heard[here..here + AT_ONCE].copy_from_slice(&weighted(&lines, gains));
        }
        mix(&mut lines);
        for (line, (frames, row)) in lines.iter().zip(&mut rows).enumerate() {
            let fed = &fed[line % 2][here..here + AT_ONCE];
            for ((sample, line), fed) in row[here..here + AT_ONCE].iter_mut().zip(frames).zip(fed) {
                *sample = audible(line + fed);
            }
        }
    }
    for (out, heard) in [out.0, out.1].into_iter().zip(&heard) {
        out.iter_mut().zip(heard).for_each(|(out, heard)| *out += heard);
    }
    for (row, delay) in rows.iter().zip(&mut network.lines) {
        delay.replace(row, frames);
    }
}

/// Two first-order sections of every line, transposed direct form II, over so many frames. They wait for the frame before, so
/// they are worked on line beside line; all else is frame beside frame.
#[inline(always)]
fn absorb(network: &mut Network, lines: &mut [Frames; LINES], frames: usize) {
    let samples: &mut [f32; LINES * AT_ONCE] = lines.as_flattened_mut().try_into().expect("as many");
    weave::<LINES, { LINES * AT_ONCE }>(samples);
    let (sections, mut states) = (network.sections, network.states);
    for lanes in samples.as_chunks_mut::<LINES>().0.iter_mut().take(frames) {
        for (section, state) in sections.iter().zip(&mut states) {
            shelve(section, state, lanes);
        }
    }
    network.states = states;
    unweave::<LINES, { LINES * AT_ONCE }>(samples);
}

/// One section of every line.
#[inline(always)]
fn shelve(section: &[Lanes; 3], state: &mut Lanes, lanes: &mut Lanes) {
    for line in 0..LINES {
        let x = lanes[line];
        let y = section[0][line] * x + state[line];
        state[line] = audible(section[1][line] * x - section[2][line] * y);
        lanes[line] = y;
    }
}

#[inline(always)]
fn part_of(row: &[f32; CHUNK], here: usize) -> Frames {
    std::array::from_fn(|frame| row[here + frame])
}

/// The sum of all lines, each with its gain: in four columns and then across.
#[inline(always)]
fn weighted(lines: &[Frames; LINES], gains: &Lanes) -> Frames {
    let mut columns = [[0.0_f32; AT_ONCE]; SIDE];
    for (line, frames) in lines.iter().enumerate() {
        for (sum, sample) in columns[line % SIDE].iter_mut().zip(frames) {
            *sum += sample * gains[line];
        }
    }
    std::array::from_fn(|frame| {
        (columns[0][frame] + columns[2][frame]) + (columns[1][frame] + columns[3][frame])
    })
}

/// The matrix: the lines as a square, each column reflected at its diagonal, then each row.
#[inline(always)]
fn mix(lines: &mut [Frames; LINES]) {
    reflect(lines);
    // Left turned: a transposition is orthogonal too, and mixes only more.
    *lines = std::array::from_fn(|line| lines[line % SIDE * SIDE + line / SIDE]);
    reflect(lines);
}

/// Each column of the square, reflected.
#[inline(always)]
fn reflect(lines: &mut [Frames; LINES]) {
    let mut halves = [[0.0_f32; AT_ONCE]; SIDE];
    for (line, frames) in lines.iter().enumerate() {
        for (half, sample) in halves[line % SIDE].iter_mut().zip(frames) {
            *half += sample * 0.5;
        }
    }
    for (line, frames) in lines.iter_mut().enumerate() {
        for (sample, half) in frames.iter_mut().zip(&halves[line % SIDE]) {
            *sample -= half;
        }
    }
}

impl Loop {
    /// A delay of at least [`CHUNK`] frames.
    fn new(frames: usize) -> Loop {
        Loop { samples: vec![0.0; frames.max(CHUNK)], at: 0 }
    }

    /// So many of the oldest samples; what comes after them is anything.
    #[inline(always)]
    fn next(&self, frames: usize) -> [f32; CHUNK] {
        // Mostly they lie in one piece.
        if let Some(whole) = self.samples[self.at..].first_chunk() {
            return *whole;
        }
        let mut out = [0.0; CHUNK];
        let (first, second) = out[..frames].split_at_mut(frames.min(self.samples.len() - self.at));
        first.copy_from_slice(&self.samples[self.at..self.at + first.len()]);
        second.copy_from_slice(&self.samples[..second.len()]);
        out
    }

    /// Writes so many samples over the oldest ones.
    #[inline(always)]
    fn replace(&mut self, new: &[f32; CHUNK], frames: usize) {
        match self.samples[self.at..].first_chunk_mut() {
            Some(whole) if frames == CHUNK => *whole = *new,
            _ => {
                let (first, second) = new[..frames].split_at(frames.min(self.samples.len() - self.at));
                self.samples[self.at..self.at + first.len()].copy_from_slice(first);
                self.samples[..second.len()].copy_from_slice(second);
            }
        }
        self.at += frames;
        if self.at >= self.samples.len() {
            self.at -= self.samples.len();
        }
    }

    /// Schroeder's all-pass with this delay, in place, over so many frames.
    #[inline(always)]
    fn diffuse(&mut self, samples: &mut [f32; CHUNK], frames: usize) {
        let mut old = self.next(frames);
        for (sample, old) in samples.iter_mut().zip(&mut old) {
            let new = audible(*sample + *old * DIFFUSION);
            (*sample, *old) = (*old - new * DIFFUSION, new);
        }
        self.replace(&old, frames);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a delay of milliseconds, above 0"
)]
fn whole(frames: f64) -> usize {
    frames.round().max(1.0) as usize
}
