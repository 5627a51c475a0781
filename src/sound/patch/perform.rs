//! Performing a patch: every event at every moment, then the finish.

use std::sync::Arc;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::dsp::noise::Random;
use crate::sound::patch::canvas::{Canvas, whole};
use crate::sound::patch::event::Event;
use crate::sound::patch::hands::Hands;
use crate::sound::patch::spares::Spares;
use crate::sound::patch::variation::Sounding;
use crate::sound::patch::{Patch, Rendered, finish, onset};
use crate::units::time::{FrameCount, SampleRate};

/// Performs one variant.
pub(super) fn perform(patch: &Patch, rate: SampleRate, variant: u32, hands: Hands) -> Rendered {
    let frames = patch.frames(rate).index();
    let fs = f64::from(rate.hz());
    let spares = Arc::new(Spares::default());
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
    patch.level.apply(&mut canvas);
    let hit = patch.hit(rate).unwrap_or_else(|| {
        let found = onset::find(&mut canvas, fs).min(frames - 1);
        FrameCount::new(found as u64)
    });
    Rendered { audio: interleave(canvas, rate), hit, looped: patch.looped }
}

fn interleave(canvas: Canvas, rate: SampleRate) -> AudioBuffer {
    match canvas.right {
        None => AudioBuffer::new(canvas.left, Channels::Mono, rate),
        Some(right) => {
            let mut pairs = vec![[0.0; 2]; right.len()];
            let frames = canvas.left.iter().zip(&right);
            pairs.iter_mut().zip(frames).for_each(|(pair, (left, right))| *pair = [*left, *right]);
            AudioBuffer::new(pairs.into_flattened(), Channels::Stereo, rate)
        }
    }
}
