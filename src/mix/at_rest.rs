//! What a bus does to its sound, before it has heard anything.

use crate::dsp::compressor::Compressor;
use crate::dsp::equalizer::Equalizer;

/// The least time that filters hear along, frames.
const LEAST: u64 = 64;

/// An equaliser and a compressor at rest.
#[derive(Clone, Debug)]
pub(super) struct AtRest {
    pub(super) eq: Option<Equalizer>,
    pub(super) compressor: Option<Compressor>,
}

impl AtRest {
    /// Both, at rest; `None` for neither.
    pub(super) fn new(eq: Option<Equalizer>, compressor: Option<Compressor>) -> Option<AtRest> {
        (eq.is_some() || compressor.is_some()).then_some(AtRest { eq, compressor })
    }

    /// How long something is heard of them after their input, frames.
    pub(super) fn ring(&self) -> u64 {
        self.eq.as_ref().map_or(0, |eq| eq.settle().get())
    }

    /// How long they have to hear along before they take over, frames.
    pub(super) fn run_up(&self) -> u64 {
        let memory = self.compressor.as_ref().map_or(0, |compressor| compressor.settle().get());
        // The compressor listens through the equaliser.
        LEAST.max(memory + self.ring())
    }
}
