//! The preview into a file: for who has no sound device, and to hold what is heard against what is rendered.

use std::path::Path;
use std::sync::Arc;

use crate::audio::samples::Samples;
use crate::export::wav::{WavError, WavFormat, WavWriter};
use crate::master::dither::Dither;
use crate::master::limit::{as_mixed, decide};
use crate::master::measure::{MasterError, measure};
use crate::master::preset::{Specification, Target};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::play::performance::Performance;
use crate::play::player::Player;
use crate::play::renderer::Stretch;
use crate::progress::{Progress, Stage};
use crate::timeline::Timeline;
use crate::units::depth::BitDepth;
use crate::units::time::FrameCount;

/// How many frames are played at once.
const CHUNK: usize = 4096;

/// Why nothing was written.
#[derive(Debug)]
pub enum OfflineError {
    /// A clip cannot be read any more.
    Mix(MixError),
    /// The file cannot be written.
    Write(WavError),
    /// The person stopped it.
    Stopped,
}

impl std::fmt::Display for OfflineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OfflineError::Mix(error) => error.fmt(f),
            OfflineError::Write(error) => error.fmt(f),
            OfflineError::Stopped => f.write_str("interrupted; nothing was written"),
        }
    }
}

impl std::error::Error for OfflineError {}

impl From<MixError> for OfflineError {
    fn from(error: MixError) -> OfflineError {
        OfflineError::Mix(error)
    }
}

impl From<WavError> for OfflineError {
    fn from(error: WavError) -> OfflineError {
        OfflineError::Write(error)
    }
}

impl From<MasterError> for OfflineError {
    fn from(error: MasterError) -> OfflineError {
        match error {
            MasterError::Mix(error) => OfflineError::Mix(error),
            MasterError::Stopped => OfflineError::Stopped,
        }
    }
}

/// Plays a stretch of an episode into the file at `target`, in 24 bits, dithered as a rendered file is. `muted` tracks are
/// not heard; the gain is that of the whole episode with all of them.
///
/// # Errors
/// See [`OfflineError`]. The file is whole or as it was.
pub fn write(
    timeline: &Timeline,
    samples: &[Samples],
    specification: &Specification,
    muted: impl Fn(usize) -> bool,
    stretch: impl Fn(&Performance) -> Stretch,
    target: &Path,
    progress: &dyn Progress,
) -> Result<FrameCount, OfflineError> {
    let master = if specification.target == Target::AsMixed {
        as_mixed(specification).settings
    } else {
        let plan = Arc::new(Plan::new(timeline, samples)?);
        let heard = measure(&plan, specification.channels, progress)?;
        decide(&heard, specification, progress)?.settings
    };
    let length = timeline.length.get();
    let performance = Arc::new(Performance::new(timeline.clone(), samples, master, length, muted)?);
    let Stretch { from, to, .. } = stretch(&performance);
    let (from, to) = (from.min(length), to.min(length));
    let frames = FrameCount::new(to.saturating_sub(from));
    let format = WavFormat { rate: timeline.rate, channels: specification.channels, depth: BitDepth::Int24 };
    let mut writer = WavWriter::create(target, format, Some(frames))?;
    let mut player = Player::new(Arc::clone(&performance), from);
    let mut played = Vec::new();
    progress.begin(Stage::Write, frames.get());
    while player.position() < to {
        if progress.stopped() {
            return Err(OfflineError::Stopped);
        }
        played.clear();
        let at = player.position();
        let scene = performance.plan.scene_of(at);
        // Dither is counted from where a scene begins.
        let next = performance.plan.scenes().iter().copied().find(|next| *next > at).unwrap_or(to);
        let left = FrameCount::new(to.min(next) - at).index();
        if player.pull(left.min(CHUNK), &mut played)? == 0 {
            break;
        }
        progress.advance(Stage::Write, played.len() as u64 / 2);
        if specification.channels.count() == 1 {
            played = played.into_iter().step_by(2).collect();
        }
        Dither::new(BitDepth::Int24, specification.channels, at - scene).process(&mut played);
        writer.write(&played)?;
    }
    progress.end(Stage::Write);
    writer.finish()?;
    Ok(frames)
}
