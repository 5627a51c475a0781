//! Patches: TOML files that describe physical events, and what they sound like.
//!
//! A patch is a list of *events*, each heard at one or more moments: a knock is one event at five moments. An
//! event is a list of *layers* that sound together each time: the knuckles, the panel, the rattling latch. A layer
//! has one *source* (struck modes, noise, grains, pulses, a tone, notes), an envelope and filters. [`parse`] reads
//! a patch and reports every mistake; [`render`] performs it. `sfx/README.md` is the reference of the language.
//!
//! Nothing here opens a file. A patch's seed and the variant decide every random number, and numbers are drawn in
//! an order that does not depend on the sample rate: rhythm, pitch and strength are the same at every rate. The
//! samples of noise are not, but their spectrum and level are.

use crate::audio::buffer::AudioBuffer;
use crate::diag::Diagnostics;
use crate::document::Table;
use crate::source::Spanned;
use crate::units::time::{FrameCount, SampleRate, Seconds};

use event::Event;
use filter::Filter;
use finish::Normal;
use hands::Hands;

pub use perform::Performed;
pub use spares::Memory;

mod canvas;
mod curve;
mod envelope;
mod event;
mod filter;
mod finish;
mod grains;
pub mod hands;
mod layer;
mod modes;
mod moments;
mod noise;
mod notes;
mod onset;
mod perform;
mod pulses;
mod read;
mod rendition;
mod spares;
mod tone;
mod track;
mod variation;
mod words;

/// A sound that is synthesized: what was written in a patch, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    description: String,
    length: Seconds,
    hit: Option<Seconds>,
    looped: bool,
    seed: u64,
    variants: u32,
    level: Normal,
    fade: [f64; 2],
    stereo: bool,
    events: Vec<Event>,
    filters: Vec<Filter>,
}

/// A patch's sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The samples: stereo where the patch has width, else mono.
    pub audio: AudioBuffer,
    /// Where the sound lands, counted from its start; less than its length.
    pub hit: FrameCount,
    /// Whether the end runs on into the beginning, so that the sound may be repeated without a crossfade.
    pub looped: bool,
}

impl Patch {
    /// The longest a patch may last, in seconds: three minutes, since a patch is rendered in memory.
    pub const MAX_SECONDS: f64 = 180.0;

    /// One line about what is heard.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How long the sound lasts.
    pub fn length(&self) -> Seconds {
        self.length
    }

    /// The same in frames, at least one: exactly what [`render`] makes.
    pub fn frames(&self, rate: SampleRate) -> FrameCount {
        FrameCount::new(self.length.to_count(rate).get().max(1))
    }

    /// Where the sound lands, as in [`Rendered::hit`]; `None` where that is heard from the sound itself.
    pub fn hit(&self, rate: SampleRate) -> Option<FrameCount> {
        let last = FrameCount::new(self.frames(rate).get() - 1);
        self.hit.map(|hit| hit.to_count(rate).min(last))
    }

    /// Whether the end runs on into the beginning.
    pub fn looped(&self) -> bool {
        self.looped
    }

    /// How many different performances are worth having: one that is used again should be rendered as variant
    /// 0, 1, 2 … of this many, so that no repeat is identical. At least 1; any variant may be rendered.
    pub fn variants(&self) -> u32 {
        self.variants
    }
}

/// Reads a patch. Mistakes are reported and read as if absent; a patch always results, if only of silence.
pub fn parse(table: &Spanned<Table>, diagnostics: &mut Diagnostics) -> Patch {
    read::patch(table, diagnostics)
}

/// Performs a patch at `rate`, by as many threads. Each `variant` is another performance of the same patch; the same variant is the
/// same bytes on every machine.
pub fn render(patch: &Patch, rate: SampleRate, variant: u32, hands: Hands) -> Rendered {
    perform(patch, rate, variant, hands).rendered()
}

/// The same, where nobody needs all of it at once.
pub fn perform(patch: &Patch, rate: SampleRate, variant: u32, hands: Hands) -> Performed {
    perform::perform(patch, rate, variant, hands)
}
