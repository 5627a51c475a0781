//! One sample rate becomes another: a windowed-sinc resampler whose result is the same on every machine.
//!
//! Why our own: libraries pick SIMD instructions at run time, and sums in another order end in another last bit.
//! Here every sum has a fixed order, written as sixteen independent accumulators, which the compiler may put into
//! vector registers of any width without changing a bit.
//!
//! *Latency*: none. Output frame `n` stands at time `n / to`, input frame `n` at time `n / from`; beyond its ends
//! the input counts as silence. *Response*: linear phase, flat to 0.915 of the lower rate's Nyquist frequency, at
//! least 120 dB down from that frequency on (see [`kernel`]). Peaks between samples may rise above ±1.0; nothing
//! clips here.

mod kernel;

use std::array::from_fn;

use kernel::Kernel;
use multiversion::multiversion;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::units::time::{FrameCount, SampleRate};

/// Sums side by side.
const LANES: usize = 16;
/// Samples worked on side by side: one sum waits for itself, several do not wait for each other.
const GROUP: usize = 4;
/// How many frames are worked on at once: enough to make the bookkeeping cheap, few enough to stay in the cache.
const CHUNK: usize = 4096;

/// A buffer at another rate: [`resampled_length`] frames, a plain copy where the rates are equal.
pub fn resample(input: &AudioBuffer, to: SampleRate) -> AudioBuffer {
    let channels = input.channels();
    let mut out =
        Vec::with_capacity(resampled_length(input.frames(), input.rate(), to).index() * channels.count());
    let mut resampler = Resampler::new(input.rate(), to, channels);
    resampler.push(input.samples(), &mut out);
    resampler.finish(&mut out);
    AudioBuffer::new(out, channels, to)
}

/// How long audio is at another rate: `frames × to / from`, rounded to the nearest frame, halves up.
pub fn resampled_length(frames: FrameCount, from: SampleRate, to: SampleRate) -> FrameCount {
    let (from, to) = (u128::from(from.hz()), u128::from(to.hz()));
    let length = (u128::from(frames.get()) * to * 2 + from) / (from * 2);
    FrameCount::new(u64::try_from(length).unwrap_or(u64::MAX))
}

/// A resampler that is fed piece by piece. However the input is cut, the output is bit for bit that of
/// [`resample`]. Memory does not grow with the input.
#[derive(Clone, Debug)]
pub struct Resampler {
    from: SampleRate,
    to: SampleRate,
    channels: Channels,
    /// `None` where the rates are equal.
    kernel: Option<Kernel>,
    /// Per channel, the input still needed. The first sample of each meets the first tap of the next output frame
    /// once `skip` samples are dropped.
    pending: Vec<Vec<f32>>,
    /// Where in `pending` the next output frame's first tap stands; may lie past its end.
    next: usize,
    /// How far the next output frame stands after an input frame, in units of 1 / (reduced output rate).
    phase: u32,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A resampler of interleaved samples. Making one computes its table of coefficients: a millisecond or two for
    /// common rates.
    pub fn new(from: SampleRate, to: SampleRate, channels: Channels) -> Resampler {
        let kernel = (from != to).then(|| Kernel::new(from.hz(), to.hz()));
        let lead = kernel.as_ref().map_or(0, |kernel| kernel.half() - 1);
        Resampler {
            from,
            to,
            channels,
            kernel,
            pending: vec![vec![0.0; lead]; channels.count()],
            next: 0,
            phase: 0,
            taken: 0,
            given: 0,
        }
    }

    /// Takes the next interleaved input frames and appends to `out` the output frames they complete. An incomplete
    /// last frame is dropped.
    pub fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        let width = self.channels.count();
        let whole = &interleaved[..interleaved.len() / width * width];
        self.taken += (whole.len() / width) as u64;
        if self.kernel.is_none() {
            out.extend_from_slice(whole);
            return;
        }
        for chunk in whole.chunks(CHUNK * width) {
            for (channel, pending) in self.pending.iter_mut().enumerate() {
                pending.extend(chunk.iter().skip(channel).step_by(width));
            }
            self.run(u64::MAX, out);
        }
    }

    /// Ends the input and appends the remaining output frames, so that there are [`resampled_length`] in all.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let Some(tail) = self.kernel.as_ref().map(Kernel::half) else {
            return;
        };
        for pending in &mut self.pending {
            pending.resize(pending.len() + tail, 0.0);
        }
        let total = resampled_length(FrameCount::new(self.taken), self.from, self.to).get();
        self.run(total, out);
    }

    /// Gives every output frame whose input is there, up to `total` since the start.
    fn run(&mut self, total: u64, out: &mut Vec<f32>) {
        let Some(kernel) = &mut self.kernel else {
            return;
        };
        let (taps, width) = (kernel.taps(), self.channels.count());
        let there = self.pending[0].len();
        while self.given < total && self.next + taps <= there {
            // The next frames, as many as make up a group; where there are fewer, the first once more.
            let first = (self.next, self.phase);
            let (mut places, mut frames) = ([first; GROUP], 0);
            while frames < GROUP / width && self.given < total && self.next + taps <= there {
                places[frames] = (self.next, self.phase);
                kernel.prepare(frames, self.phase);
                self.given += 1;
                (self.next, self.phase) = kernel.step(self.next, self.phase);
                frames += 1;
            }
            let (mut inputs, mut rows) = ([&[][..]; GROUP], [&[][..]; GROUP]);
            for n in 0..GROUP {
                let (frame, channel) = if n < frames * width { (n / width, n % width) } else { (0, 0) };
                let (next, phase) = places[frame];
                (inputs[n], rows[n]) = (&self.pending[channel][next..next + taps], kernel.row(frame, phase));
            }
            out.extend_from_slice(&dots(inputs, rows)[..frames * width]);
        }
        let done = self.next.min(there);
        for pending in &mut self.pending {
            pending.drain(..done);
        }
        self.next -= done;
    }
}

/// Sums of products, each in an order that never changes: sixteen sums side by side, then pairwise. All slices have
/// the same length, a multiple of sixteen.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn dots(inputs: [&[f32]; GROUP], rows: [&[f32]; GROUP]) -> [f32; GROUP] {
    let inputs = inputs.map(|input| input.as_chunks::<LANES>().0);
    let rows = rows.map(|row| row.as_chunks::<LANES>().0);
    let chunks = inputs.iter().map(|it| it.len()).chain(rows.iter().map(|it| it.len())).min().unwrap_or(0);
    let (inputs, rows) = (inputs.map(|input| &input[..chunks]), rows.map(|row| &row[..chunks]));
    let mut sums = [[0.0; LANES]; GROUP];
    for chunk in 0..chunks {
        for n in 0..GROUP {
            for lane in 0..LANES {
                sums[n][lane] += inputs[n][chunk][lane] * rows[n][chunk][lane];
            }
        }
    }
    pairwise(&sums)
}

/// Sums side by side as one, of each group. Not inlined: the compiler would take the narrow vectors of its last steps for
/// the whole loop before it, which then takes three times as long.
#[inline(never)]
fn pairwise(sums: &[[f32; LANES]; GROUP]) -> [f32; GROUP] {
    let eights = sums.map(|sums| from_fn::<_, 8, _>(|lane| sums[lane] + sums[lane + 8]));
    let fours = eights.map(|sums| from_fn::<_, 4, _>(|lane| sums[lane] + sums[lane + 4]));
    // The last two steps of all of them at once.
    let twos = [0, 1].map(|lane| fours.map(|sums| sums[lane] + sums[lane + 2]));
    from_fn(|n| twos[0][n] + twos[1][n])
}
