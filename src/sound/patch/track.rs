//! A canvas's channels as one signal that is worked on frame by frame.

use std::ops::Range;

use crate::dsp::linear::{self, Linear};
use crate::dsp::signal::{Pair, Signal};
use crate::sound::patch::canvas::Canvas;
use crate::units::narrow;

/// One or two channels.
pub(super) trait Track {
    /// What a frame is.
    type Frame: Signal;

    /// The length in frames.
    fn frames(&self) -> usize;

    /// Hands over each frame of a range.
    fn hear(&self, range: Range<usize>, listen: impl FnMut(Self::Frame));

    /// Replaces each frame of a range.
    fn change(&mut self, range: Range<usize>, change: impl FnMut(Self::Frame) -> Self::Frame);
}

/// A channel.
pub(super) struct One<'c>(&'c mut [f32]);

/// Two channels of one length.
pub(super) struct Two<'c>(&'c mut [f32], &'c mut [f32]);

/// What is done to a track, whichever it is.
pub(super) trait Work {
    /// Does it.
    fn on(&self, track: impl Track);
}

/// Does a work on a canvas.
pub(super) fn work(canvas: &mut Canvas, work: &impl Work) {
    match &mut canvas.right {
        None => work.on(One(&mut canvas.left)),
        Some(right) => work.on(Two(&mut canvas.left, right)),
    }
}

impl Track for One<'_> {
    type Frame = f64;

    fn frames(&self) -> usize {
        self.0.len()
    }

    fn hear(&self, range: Range<usize>, mut listen: impl FnMut(f64)) {
        self.0[range].iter().for_each(|&x| listen(f64::from(x)));
    }

    fn change(&mut self, range: Range<usize>, mut change: impl FnMut(f64) -> f64) {
        self.0[range].iter_mut().for_each(|x| *x = narrow(change(f64::from(*x))));
    }
}

impl Track for Two<'_> {
    type Frame = Pair;

    fn frames(&self) -> usize {
        self.0.len().min(self.1.len())
    }

    fn hear(&self, range: Range<usize>, mut listen: impl FnMut(Pair)) {
        let frames = self.0[range.clone()].iter().zip(&self.1[range]);
        frames.for_each(|(&left, &right)| listen(Pair(f64::from(left), f64::from(right))));
    }

    fn change(&mut self, range: Range<usize>, mut change: impl FnMut(Pair) -> Pair) {
        let frames = self.0[range.clone()].iter_mut().zip(&mut self.1[range]);
        frames.for_each(|(left, right)| {
            let Pair(l, r) = change(Pair(f64::from(*left), f64::from(*right)));
            (*left, *right) = (narrow(l), narrow(r));
        });
    }
}

impl<T: Track> Track for &mut T {
    type Frame = T::Frame;

    fn frames(&self) -> usize {
        (**self).frames()
    }

    fn hear(&self, range: Range<usize>, listen: impl FnMut(T::Frame)) {
        (**self).hear(range, listen);
    }

    fn change(&mut self, range: Range<usize>, change: impl FnMut(T::Frame) -> T::Frame) {
        (**self).change(range, change);
    }
}

/// Filters a track in place, after hearing its last `warm` frames, which in a loop come before the first.
pub(super) fn run<T: Track>(mut track: T, warm: usize, mut tick: impl FnMut(T::Frame) -> T::Frame) {
    let frames = track.frames();
    track.hear(frames.saturating_sub(warm)..frames, |x| {
        tick(x);
    });
    track.change(0..frames, tick);
}

/// The same, by filters that stand still, one after the other. They hear a little more than `warm` frames, if there are.
pub(super) fn sift(canvas: &mut Canvas, warm: usize, filters: &[Linear]) {
    match &mut canvas.right {
        None => linear::sift([&mut canvas.left], warm, filters),
        Some(right) => linear::sift([&mut canvas.left, right], warm, filters),
    }
}
