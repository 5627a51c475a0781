//! Performing a patch: every event at every moment, then the finish.

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

/// How many frames are made audio of at once.
const BLOCK: usize = 512;

/// Performs one variant.
pub(super) fn perform(patch: &Patch, rate: SampleRate, variant: u32, hands: Hands) -> Rendered {
    let frames = patch.frames(rate).index();
    let fs = f64::from(rate.hz());
    let spares = Spares::shared();
    let wide = patch.events.iter().any(Event::wide);
    let mut canvas = spares.sheet(frames, wide, wide || patch.stereo);
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
    Rendered { audio: scaled(canvas, gain, rate, &sounding.spares), hit, looped: patch.looped }
}

/// A canvas at its level, as audio. What has no level has no sound.
fn scaled(mut canvas: Canvas, gain: f64, rate: SampleRate, spares: &Spares) -> AudioBuffer {
    if gain <= 0.0 {
        canvas.channels_mut().for_each(|channel| channel.fill(0.0));
    }
    let Canvas { mut left, right } = canvas;
    let Some(right) = right else {
        scale(&mut left, gain);
        return AudioBuffer::new(left, Channels::Mono, rate);
    };
    // In place, from the end on: what is written lies behind what is still to be read.
    let frames = left.len();
    left.resize(2 * frames, 0.0);
    let mut block = [[0.0; 2]; BLOCK];
    for start in (0..frames).step_by(BLOCK).rev() {
        let range = start..(start + BLOCK).min(frames);
        let pairs = &mut block[..range.len()];
        pair(&left[range.clone()], &right[range.clone()], gain, pairs);
        left[2 * range.start..2 * range.end].copy_from_slice(pairs.as_flattened());
    }
    spares.put(Canvas::mono(right));
    AudioBuffer::new(left, Channels::Stereo, rate)
}

#[multiversion(targets("x86_64+avx2"))]
fn scale(samples: &mut [f32], gain: f64) {
    samples.iter_mut().for_each(|sample| *sample = narrow(f64::from(*sample) * gain));
}

#[multiversion(targets("x86_64+avx2"))]
fn pair(left: &[f32], right: &[f32], gain: f64, pairs: &mut [[f32; 2]]) {
    for (pair, (left, right)) in pairs.iter_mut().zip(left.iter().zip(right)) {
        *pair = [*left, *right].map(|sample| narrow(f64::from(sample) * gain));
    }
}
