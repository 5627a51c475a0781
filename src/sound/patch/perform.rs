//! Performing a patch: every event at every moment, then the finish.

use std::convert::Infallible;
use std::sync::Arc;

use multiversion::multiversion;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::dsp::noise::Random;
use crate::sound::patch::canvas::{Canvas, whole};
use crate::sound::patch::event::Event;
use crate::sound::patch::hands::Hands;
use crate::sound::patch::spares::Spares;
use crate::sound::patch::variation::Sounding;
use crate::sound::patch::{Patch, Rendered, finish, onset};
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// How many frames are handed over at once.
const BLOCK: usize = 512;

/// A patch's sound, in the memory in which it was made.
#[derive(Debug)]
pub struct Performed {
    canvas: Canvas,
    /// What brings it to its level.
    gain: f64,
    rate: SampleRate,
    /// [`Rendered::hit`].
    pub hit: FrameCount,
    /// [`Rendered::looped`].
    pub looped: bool,
    spares: Arc<Spares>,
}

impl Performed {
    /// Stereo where the patch has width, else mono.
    pub fn channels(&self) -> Channels {
        if self.canvas.right.is_some() { Channels::Stereo } else { Channels::Mono }
    }

    /// Hands over the samples, interleaved, a few whole frames at a time: all of them beside each other are as much memory again.
    ///
    /// # Errors
    /// The first of whoever takes them.
    pub fn pieces<E>(&self, mut take: impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let Canvas { left, right } = &self.canvas;
        let mut piece = [[0.0; 2]; BLOCK];
        for (index, left) in left.chunks(BLOCK).enumerate() {
            let samples = if let Some(right) = right {
                let pairs = &mut piece[..left.len()];
                pair(left, &right[index * BLOCK..][..left.len()], self.gain, pairs);
                pairs.as_flattened()
            } else {
                let samples = &mut piece.as_flattened_mut()[..left.len()];
                scale(left, self.gain, samples);
                samples
            };
            take(samples)?;
        }
        Ok(())
    }

    /// All of it by itself.
    pub fn rendered(self) -> Rendered {
        let channels = self.channels();
        let mut samples = Vec::with_capacity(self.canvas.frames() * channels.count());
        let Ok(()) = self.pieces(|piece| {
            samples.extend_from_slice(piece);
            Ok::<_, Infallible>(())
        });
        Rendered { audio: AudioBuffer::new(samples, channels, self.rate), hit: self.hit, looped: self.looped }
    }
}

impl Drop for Performed {
    fn drop(&mut self) {
        self.spares.put(std::mem::replace(&mut self.canvas, Canvas::silent(0)));
    }
}

/// Performs one variant.
pub(super) fn perform(patch: &Patch, rate: SampleRate, variant: u32, hands: Hands) -> Performed {
    let frames = patch.frames(rate).index();
    let fs = f64::from(rate.hz());
    let spares = Spares::shared();
    let mut canvas = spares.canvas(frames, patch.events.iter().any(Event::wide));
    let mut seeds = Random::named(patch.seed, &format!("variant {variant}"));
    let lap = patch.looped.then_some(frames as f64 / fs);
    let mut sounding = Sounding { rate, seed: 0, pitch: 1.0, force: 1.0, room: frames, lap, hands, spares };
    for event in &patch.events {
        sounding.seed = seeds.next_u64();
        event.render(&mut canvas, &sounding);
    }
    patch.filters.iter().for_each(|filter| filter.apply(&mut canvas, &sounding));
    if patch.stereo {
        canvas.widen();
    }
    let warm = if patch.looped { whole(finish::MEMORY * fs) } else { 0 };
    finish::remove_dc(&mut canvas, rate, warm);
    finish::fade(&mut canvas, patch.fade, rate);
    let gain = patch.level.gain(&canvas);
    let hit = patch.hit(rate).unwrap_or_else(|| {
        let found = onset::find(&canvas, fs).min(frames - 1);
        FrameCount::new(found as u64)
    });
    if gain <= 0.0 {
        // What has no level has no sound.
        canvas.channels_mut().for_each(|channel| channel.fill(0.0));
    }
    Performed { canvas, gain, rate, hit, looped: patch.looped, spares: sounding.spares }
}

#[multiversion(targets("x86_64+avx2"))]
fn scale(samples: &[f32], gain: f64, scaled: &mut [f32]) {
    for (scaled, sample) in scaled.iter_mut().zip(samples) {
        *scaled = narrow(f64::from(*sample) * gain);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn pair(left: &[f32], right: &[f32], gain: f64, pairs: &mut [[f32; 2]]) {
    for (pair, (left, right)) in pairs.iter_mut().zip(left.iter().zip(right)) {
        *pair = [*left, *right].map(|sample| narrow(f64::from(sample) * gain));
    }
}
