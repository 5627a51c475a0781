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

use kernel::Kernel;
use multiversion::multiversion;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::units::time::{FrameCount, SampleRate};

/// Sums side by side.
const LANES: usize = 16;
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
        let taps = kernel.taps();
        let there = self.pending[0].len();
        while self.given < total && self.next + taps <= there {
            let coefficients = kernel.row(self.phase);
            let input = self.next..self.next + taps;
            match &self.pending[..] {
                [left, right] => out.extend(dot_both(&left[input.clone()], &right[input], coefficients)),
                channels => out.extend(channels.iter().map(|it| dot(&it[input.clone()], coefficients))),
            }
            self.given += 1;
            (self.next, self.phase) = kernel.step(self.next, self.phase);
        }
        let done = self.next.min(there);
        for pending in &mut self.pending {
            pending.drain(..done);
        }
        self.next -= done;
    }
}

/// The sum of products, in an order that never changes: sixteen sums side by side, then pairwise. Both slices have
/// the same length, a multiple of sixteen.
#[multiversion(targets("x86_64+avx2"))]
fn dot(input: &[f32], taps: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (input, taps) in input.as_chunks::<LANES>().0.iter().zip(taps.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += input[lane] * taps[lane];
        }
    }
    pairwise(&sums)
}

/// That of two inputs at once, which takes hardly longer than that of one.
#[multiversion(targets("x86_64+avx2"))]
fn dot_both(left: &[f32], right: &[f32], taps: &[f32]) -> [f32; 2] {
    let (mut lefts, mut rights) = ([0.0; LANES], [0.0; LANES]);
    let inputs = left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0);
    for ((left, right), taps) in inputs.zip(taps.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            lefts[lane] += left[lane] * taps[lane];
            rights[lane] += right[lane] * taps[lane];
        }
    }
    pairwise_both(&lefts, &rights)
}

/// That of two at once, in one call.
#[inline(never)]
fn pairwise_both(lefts: &[f32; LANES], rights: &[f32; LANES]) -> [f32; 2] {
    let (mut lefts, mut rights) = (*lefts, *rights);
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lefts[lane] += lefts[lane + width];
            rights[lane] += rights[lane + width];
        }
    }
    [lefts[0], rights[0]]
}

/// Sums side by side as one. Not inlined: the compiler would take the narrow vectors of its last steps for the whole loop
/// before it, which then takes three times as long.
#[inline(never)]
fn pairwise(sums: &[f32; LANES]) -> f32 {
    let mut sums = *sums;
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}
