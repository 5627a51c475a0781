//! What clips are made with, and the arithmetic of their cues.

use crate::audio::decode::Limits;
use crate::cache::Cache;
use crate::cuesheet::{CuePoint, LineRequest};
use crate::host::Show;
use crate::progress::Progress;
use crate::sound::patch::hands::Hands;
use crate::speech::Engines;
use crate::spool::Spool;
use crate::units::time::FrameCount;

/// Where recordings are read from when they are heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// From a copy: whatever happens to a recording meanwhile, nobody hears of it. The default.
    #[default]
    Copied,
    /// From where they lie, those that need no decoding. One that is changed meanwhile is an error.
    InPlace,
}

/// What clips are made with.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// Where files come from.
    pub show: &'a Show,
    /// Who speaks.
    pub engines: &'a Engines,
    /// Where finished audio goes.
    pub spool: &'a Spool,
    /// Where it may lie already.
    pub cache: &'a Cache,
    /// Whether what does not lie there is made. Else it stands as silence of a plausible length.
    pub make: bool,
    /// How long a clip may be.
    pub limits: Limits,
    /// Where recordings are read from.
    pub reading: Reading,
    /// Who works on a patch.
    pub hands: Hands,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

/// How far each cue lies from its line's beginning to its end, 0 to 1, by characters that are heard.
pub(super) fn fractions(line: &LineRequest) -> Vec<f64> {
    let heard = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let all = heard(&line.text.plain).max(1) as f64;
    let (mut done, mut before) = (0, 0);
    // Cues rise, so that the text is gone through once.
    let fraction = |cue: &CuePoint| {
        before += heard(&line.text.plain[done..cue.at]);
        done = cue.at;
        before as f64 / all
    };
    line.cues.iter().map(fraction).collect()
}

/// A frame of a clip, counted in its own rate, at the project rate.
pub(super) fn scaled(frames: FrameCount, factor: f64) -> FrameCount {
    let scaled = frames.get() as f64 * factor;
    if scaled.is_finite() { FrameCount::new(round(scaled)) } else { frames }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths are far below 2^53 frames"
)]
fn round(frames: f64) -> u64 {
    frames.max(0.0).round() as u64
}
