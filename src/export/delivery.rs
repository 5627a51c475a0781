//! What is handed out of a master, how, and what came of it.

use std::ops::Range;
use std::path::PathBuf;

use crate::cache::Cache;
use crate::dsp::loudness::profile::Measures;
use crate::export::encode::Format;
use crate::export::pages::Pages;
use crate::export::tags::Tags;
use crate::master::limit::Shortfall;
use crate::master::preset::Specification;
use crate::progress::Progress;
use crate::units::depth::BitDepth;
use crate::units::level::Gain;
use crate::units::time::FrameCount;

/// A stretch of the master that becomes a file in each of some formats.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which frames of the episode.
    pub range: Range<u64>,
    /// Silence before and after them.
    pub silence: [FrameCount; 2],
    /// Which files.
    pub targets: Vec<(Format, PathBuf)>,
    /// What they say about themselves.
    pub tags: Tags,
}

/// How a master is handed out.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// What it is mastered for.
    pub specification: &'a Specification,
    /// The word length.
    pub depth: BitDepth,
    /// Who is told.
    pub progress: &'a dyn Progress,
    /// What earlier deliveries wrote, and where.
    pub cache: &'a Cache,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// How long it is.
    pub frames: FrameCount,
    /// The gain of its master.
    pub gain: Gain,
    /// The limiter's deepest gain while it was made.
    pub limiter: Gain,
    /// Why it is not as loud as it should be, if so.
    pub shortfall: Option<Shortfall>,
    /// What it came to: before dither, or after decoding where the format loses something.
    pub measures: Measures,
    /// Its pages, where it was written page by page.
    pub pages: Option<Pages>,
}
