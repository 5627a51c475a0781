//! A render: what is asked for, and what it came to.

use crate::audio::samples::Samples;
use crate::cache::Cache;
use crate::dsp::limiter::Report;
use crate::dsp::loudness::profile::Profile;
use crate::master::limit::Shortfall;
use crate::master::perform::Effort;
use crate::master::preset::Specification;
use crate::timeline::{SceneSpan, Timeline};
use crate::units::depth::BitDepth;
use crate::units::level::{Gain, Level};
use crate::units::time::FrameCount;

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The episode.
    pub timeline: &'a Timeline,
    /// Its clips' samples, by index.
    pub samples: &'a [Samples],
    /// Which scenes, in order, joined end to end; all of the episode where empty.
    pub scenes: &'a [&'a SceneSpan],
    /// The word length.
    pub depth: BitDepth,
    /// What it is mastered for.
    pub specification: Specification,
    /// Whether the buses are wanted for drawing.
    pub draw: bool,
    /// Whether anybody wants to know what it is like: where nobody does, and nothing has to be reached or kept, it is not
    /// measured, and the summary says it is silent.
    pub measured: bool,
    /// Where stretches of the mix may lie already, and what earlier renders came to.
    pub cache: &'a Cache,
}

/// What a render came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Frames written.
    pub length: FrameCount,
    /// The loudest sample.
    pub peak: Level,
    /// The gain before the limiter.
    pub gain: Gain,
    /// Why it is not as loud as it should be, if so.
    pub shortfall: Option<Shortfall>,
    /// What the limiter did.
    pub limiter: Report,
    /// Where it worked hard.
    pub efforts: Vec<Effort>,
    /// What was written, measured: after the limiter, before dither. Counted from the file's first frame.
    pub profile: Profile,
    /// For each bus, the highest sample of each tenth of a second of the episode, before the master's gain. Only
    /// where it was asked for.
    pub buses: Vec<Vec<f32>>,
    /// Whether the file was there already, just as it would have been written, and so was left alone.
    pub unchanged: bool,
}
