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
use crate::units::narrow;
use crate::units::time::SampleRate;

const LINES: usize = 16;
const SIDE: usize = 4;
/// A number for each line, worked on several at a time.
type Lanes = [f32; LINES];

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
        let frames = input.0.len();
        let mut fed = [[0.0_f32; CHUNK]; 2];
        fed[0][..frames].copy_from_slice(input.0);
        fed[1][..frames].copy_from_slice(input.1);
        for (channel, diffusers) in fed.iter_mut().zip(&mut self.diffusers) {
            for diffuser in diffusers {
                diffuser.diffuse(&mut channel[..frames]);
            }
        }
        // Read line by line, worked on frame by frame: turned over on the way in and on the way out.
        let mut rows = [[0.0_f32; CHUNK]; LINES];
        let mut taps = [[0.0_f32; LINES]; CHUNK];
        for (row, delay) in rows.iter_mut().zip(&self.lines) {
            delay.next(&mut row[..frames]);
        }
        for (line, row) in rows.iter().enumerate() {
            for (lanes, sample) in taps.iter_mut().zip(row) {
                lanes[line] = *sample;
            }
        }
        turn(self, &mut taps[..frames], &fed, out);
        for (line, row) in rows.iter_mut().enumerate() {
            for (lanes, sample) in taps.iter().zip(row) {
                *sample = lanes[line];
            }
        }
        for (row, delay) in rows.iter().zip(&mut self.lines) {
            delay.replace(&row[..frames]);
        }
    }
}

/// Frame by frame, what comes out of the lines is heard, and becomes, with what is fed, what goes into them.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn turn(network: &mut Network, taps: &mut [Lanes], fed: &[[f32; CHUNK]; 2], out: (&mut [f32], &mut [f32])) {
    let (left, right, sections) = (network.left, network.right, network.sections);
    let mut states = network.states;
    let fed = fed[0].iter().zip(&fed[1]);
    for (((lanes, fed), heard), other) in taps.iter_mut().zip(fed).zip(out.0).zip(out.1) {
        for (section, state) in sections.iter().zip(&mut states) {
            shelve(section, state, lanes);
        }
        *heard += dot(lanes, &left);
        *other += dot(lanes, &right);
        mix(lanes);
        for pair in lanes.as_chunks_mut::<2>().0 {
            pair[0] = audible(pair[0] + fed.0);
            pair[1] = audible(pair[1] + fed.1);
        }
    }
    network.states = states;
}

/// One first-order section of every line, transposed direct form II.
#[inline]
fn shelve(section: &[Lanes; 3], state: &mut Lanes, lanes: &mut Lanes) {
    for line in 0..LINES {
        let x = lanes[line];
        let y = section[0][line] * x + state[line];
        state[line] = audible(section[1][line] * x - section[2][line] * y);
        lanes[line] = y;
    }
}

/// The sum of products, in four columns and then across.
#[inline]
fn dot(lanes: &Lanes, gains: &Lanes) -> f32 {
    let mut columns = [0.0_f32; SIDE];
    for row in 0..SIDE {
        for column in 0..SIDE {
            columns[column] += lanes[row * SIDE + column] * gains[row * SIDE + column];
        }
    }
    (columns[0] + columns[2]) + (columns[1] + columns[3])
}

/// The matrix: the lines as a square, each column reflected at its diagonal, then each row.
#[inline]
fn mix(lanes: &mut Lanes) {
    let mut halves = [0.0_f32; SIDE];
    for row in 0..SIDE {
        for column in 0..SIDE {
            halves[column] += lanes[row * SIDE + column] * 0.5;
        }
    }
    for row in 0..SIDE {
        for column in 0..SIDE {
            lanes[row * SIDE + column] -= halves[column];
        }
    }
    let mut turned = [0.0_f32; LINES];
    for row in 0..SIDE {
        for column in 0..SIDE {
            turned[column * SIDE + row] = lanes[row * SIDE + column];
        }
    }
    let mut halves = [0.0_f32; SIDE];
    for row in 0..SIDE {
        for column in 0..SIDE {
            halves[column] += turned[row * SIDE + column] * 0.5;
        }
    }
    // Left turned: a transposition is orthogonal too, and mixes only more.
    for row in 0..SIDE {
        for column in 0..SIDE {
            lanes[row * SIDE + column] = turned[row * SIDE + column] - halves[column];
        }
    }
}

impl Loop {
    /// A delay of at least [`CHUNK`] frames.
    fn new(frames: usize) -> Loop {
        Loop { samples: vec![0.0; frames.max(CHUNK)], at: 0 }
    }

    /// Copies the oldest samples to `out`.
    #[inline]
    fn next(&self, out: &mut [f32]) {
        let (first, second) = out.split_at_mut(out.len().min(self.samples.len() - self.at));
        first.copy_from_slice(&self.samples[self.at..self.at + first.len()]);
        second.copy_from_slice(&self.samples[..second.len()]);
    }

    /// Writes over the oldest samples.
    #[inline]
    fn replace(&mut self, new: &[f32]) {
        let (first, second) = new.split_at(new.len().min(self.samples.len() - self.at));
        self.samples[self.at..self.at + first.len()].copy_from_slice(first);
        self.samples[..second.len()].copy_from_slice(second);
        self.at += new.len();
        if self.at >= self.samples.len() {
            self.at -= self.samples.len();
        }
    }

    /// Schroeder's all-pass with this delay, in place.
    #[inline]
    fn diffuse(&mut self, samples: &mut [f32]) {
        let mut old = [0.0_f32; CHUNK];
        let old = &mut old[..samples.len()];
        self.next(old);
        for (sample, old) in samples.iter_mut().zip(&mut *old) {
            let new = audible(*sample + *old * DIFFUSION);
            (*sample, *old) = (*old - new * DIFFUSION, new);
        }
        self.replace(old);
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
