//! Where speech begins and ends in what an engine gave.

use crate::audio::buffer::AudioBuffer;
use crate::dsp::fade::rise;
use crate::speech::engine::Speech;
use crate::speech::perform::loudness;
use crate::units::time::{FrameCount, SampleRate};

/// How far below the active speech level sound still counts as speech, in dB. The faintest consonants (the `f` of
/// *fine*, the `th` of *thin*) lie 20 to 30 dB below it, an engine's silence 45 dB and more.
const RANGE_DB: f64 = 40.0;
/// What is kept before the first sound that counts, in ms: the rise of a consonant.
const BEFORE_MS: u32 = 12;
/// What is kept after the last, in ms: the fall of a vowel.
const AFTER_MS: u32 = 30;
/// The stretch whose level is measured, in ms.
const WINDOW_MS: u32 = 5;
/// How far a cue may move on to where its word is first heard, in ms: longer than a `p` stays closed after a pause.
const CLOSED_MS: u32 = 200;
/// How long the word before may still sound after a cue, in ms.
const OVERLAP_MS: u32 = 20;
/// How long edges are faded, in ms: short enough to lie within what is kept around the speech.
const FADE_MS: u32 = 4;

/// The speech without the silence around it, or `None` where nothing can be heard. Cues move along, and stay
/// within.
pub(super) fn trim(speech: Speech) -> Option<Speech> {
    let rate = speech.audio.rate();
    let samples = speech.audio.samples();
    let active = loudness::active_power(samples, rate)?;
    let least = active * libm::pow(10.0, -RANGE_DB / 10.0);
    let window = frames(WINDOW_MS, rate).max(1);
    let loud = |stretch: &[f32]| loudness::power(stretch) > least;
    let first = samples.chunks(window).position(loud)? * window;
    let last = samples.len() - samples.rchunks(window).position(loud)? * window;
    let start = first.saturating_sub(frames(BEFORE_MS, rate));
    let end = (last + frames(AFTER_MS, rate)).min(samples.len());
    let kept = FrameCount::new((end - start) as u64);
    let heard = |cue: FrameCount| FrameCount::new(onset(samples, cue.index(), rate, least) as u64);
    let cues =
        speech.cues.iter().map(|&cue| heard(cue).minus(FrameCount::new(start as u64)).min(kept)).collect();
    let audio = AudioBuffer::new(samples[start..end].to_vec(), speech.audio.channels(), rate);
    Some(Speech { audio, cues })
}

/// Where the word that begins at `cue` is first heard. A word after a pause begins with some of its silence, and a
/// plosive with its closure; a sound that is to land on the word should land on what one hears of it.
fn onset(samples: &[f32], cue: usize, rate: SampleRate, least: f64) -> usize {
    let (window, step) = (frames(WINDOW_MS, rate).max(1), frames(1, rate).max(1));
    let loud =
        |at: usize| samples.get(at..at + window).is_some_and(|stretch| loudness::power(stretch) > least);
    let closed = (cue..=cue + frames(OVERLAP_MS, rate)).step_by(step).find(|&at| !loud(at));
    let Some(closed) = closed else { return cue };
    (closed..=cue + frames(CLOSED_MS, rate)).step_by(step).find(|&at| loud(at)).unwrap_or(cue)
}

/// Lets a stretch begin and end at zero.
pub(super) fn fade(samples: &mut [f32], rate: SampleRate) {
    let length = frames(FADE_MS, rate).min(samples.len() / 2);
    for done in 0..length {
        let gain = rise(done as u64, length as u64);
        samples[done] *= gain;
        let mirrored = samples.len() - 1 - done;
        samples[mirrored] *= gain;
    }
}

fn frames(ms: u32, rate: SampleRate) -> usize {
    (u64::from(rate.hz()) * u64::from(ms) / 1000) as usize
}
