//! Memory for sounds in the making: what one no longer needs, the next one takes. It is given back as soon as nothing is
//! being made, and nobody who makes one sound after the other holds on to it.
//!
//! A minute of music is made of a hundred notes and a few layers, each megabytes long. Memory that comes from the system
//! has to be mapped page by page, which took a third of the time of making them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::sound::patch::canvas::Canvas;

/// Holds on to the memory in which patches are made, for who makes one after the other.
#[derive(Clone, Debug)]
pub struct Memory {
    _held: Arc<Spares>,
}

impl Memory {
    /// From now on.
    pub fn hold() -> Memory {
        Memory { _held: Spares::shared() }
    }
}

/// Shorter stretches, in frames, the allocator has at hand.
const SHORT: usize = 1 << 14;

/// What is free.
#[derive(Debug, Default)]
pub(super) struct Spares {
    free: Mutex<Vec<Vec<f32>>>,
}

/// What all patches that are being made right now share; nobody holds it when none is.
static SHARED: Mutex<Weak<Spares>> = Mutex::new(Weak::new());

impl Spares {
    /// What others who make patches at this time use too.
    pub(super) fn shared() -> Arc<Spares> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let spares = Arc::new(Spares::default());
            *shared = Arc::downgrade(&spares);
            spares
        })
    }

    /// Room for so much, empty.
    pub(super) fn room(&self, frames: usize) -> Vec<f32> {
        // A quarter more, so that what rings on seldom has to move. What is not written to is not there.
        let mut samples = self.take(frames).unwrap_or_else(|| Vec::with_capacity(frames + frames / 4));
        samples.clear();
        samples
    }

    /// So much silence.
    pub(super) fn silence(&self, frames: usize) -> Vec<f32> {
        let mut samples = self.room(frames);
        // Written, not merely asked for as zeros: what is added to those would be read first, and mapped twice.
        samples.resize(frames, 0.0);
        samples
    }

    /// A silent canvas, of two channels where it is to be `wide`.
    pub(super) fn canvas(&self, frames: usize, wide: bool) -> Canvas {
        Canvas { left: self.silence(frames), right: wide.then(|| self.silence(frames)) }
    }

    /// The frames from `start` to `end` of a canvas, and silence after them to make `frames`.
    pub(super) fn part(&self, canvas: &Canvas, start: usize, end: usize, frames: usize) -> Canvas {
        let cut = |channel: &Vec<f32>| {
            let mut part = self.room(frames);
            part.extend_from_slice(&channel[start..end]);
            part.resize(frames, 0.0);
            part
        };
        Canvas { left: cut(&canvas.left), right: canvas.right.as_ref().map(cut) }
    }

    /// Takes what is no longer needed.
    pub(super) fn put(&self, canvas: Canvas) {
        let channels = std::iter::once(canvas.left).chain(canvas.right);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(channels.filter(|samples| samples.capacity() >= SHORT));
    }

    /// The smallest that will do. Where none does, the largest goes, so that there is never more than was in use at once.
    fn take(&self, frames: usize) -> Option<Vec<f32>> {
        if frames < SHORT {
            return None;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = || free.iter().map(Vec::capacity).enumerate();
        let best = sizes().filter(|(_, size)| *size >= frames).min_by_key(|(_, size)| *size);
        let largest = sizes().max_by_key(|(_, size)| *size);
        let taken = free.swap_remove(best.or(largest)?.0);
        best.map(|_| taken)
    }
}
