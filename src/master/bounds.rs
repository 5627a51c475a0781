//! How high a mix may go, hop by hop: all that has to be known of it once its gain is decided on.

use std::ops::Range;

use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Profile;
use crate::units::time::{FrameCount, SampleRate};

/// What no point of the wave passes in a mix, nor any sample, portion by portion; of portions measured so far.
#[derive(Clone, Debug)]
pub struct Bounds {
    rate: SampleRate,
    portions: Vec<Range<u64>>,
    /// Of each portion's hops, which are counted from its first frame.
    hops: Vec<Vec<f32>>,
}

impl Bounds {
    /// Of these portions, none of which has been measured.
    pub(super) fn new(rate: SampleRate, portions: Vec<Range<u64>>) -> Bounds {
        Bounds { rate, portions, hops: Vec::new() }
    }

    /// Adds what was measured of the next portion.
    pub(super) fn push(&mut self, measured: &Profile) {
        self.hops.push(measured.hops().iter().map(|hop| hop.bound).collect());
    }

    /// Adds the next portion, of which no more is known than that nothing in it passes `bound`.
    pub(super) fn push_even(&mut self, bound: f32) {
        let length = self.portions.get(self.hops.len()).map_or(0, |portion| portion.end - portion.start);
        self.hops.push(vec![bound; FrameCount::new(Meter::hop_from(length, self.rate)).index()]);
    }

    /// Where the portions lie.
    pub(super) fn portions(&self) -> &[Range<u64>] {
        &self.portions
    }

    /// What is not passed in some frames: the highest of the hops they lie in. Infinite where some were not measured.
    pub(super) fn within(&self, frames: &Range<u64>) -> f32 {
        let first = self.portions.partition_point(|portion| portion.end <= frames.start);
        let (mut bound, mut known) = (0.0_f32, frames.start);
        for (portion, hops) in self.portions.iter().zip(&self.hops).skip(first) {
            if portion.start > known || known >= frames.end {
                break;
            }
            let inside = known - portion.start..frames.end.min(portion.end) - portion.start;
            bound = bound.max(self.highest(hops, &inside));
            known = portion.end;
        }
        if known >= frames.end { bound } else { f32::INFINITY }
    }

    /// The same in frames of one portion.
    fn highest(&self, hops: &[f32], frames: &Range<u64>) -> f32 {
        let first = Meter::hop_from(frames.start + 1, self.rate).saturating_sub(1);
        let end = Meter::hop_from(frames.end, self.rate);
        let index = |hop: u64| FrameCount::new(hop).index();
        let hops = hops.get(index(first)..index(end));
        hops.map_or(f32::INFINITY, |hops| hops.iter().fold(0.0, |highest, bound| highest.max(*bound)))
    }
}
