//! A profile goes on with what was measured on another grid.

use crate::dsp::loudness::profile::{Hop, Profile, STEPS};
use crate::dsp::loudness::step_start;
use crate::units::narrow;

/// The end of a profile, to which is added what was measured on another grid.
pub(super) struct Filling<'p> {
    profile: &'p mut Profile,
    /// The frame that comes next, the step it lies in, counted in the episode, and the frame with which that ends.
    next: u64,
    step: u64,
    end: u64,
    /// What the step has so far: the sum of its energies, and frames.
    energy: f64,
    filled: u64,
    /// The hop it lies in, but for the sums of its energies and of its powers.
    hop: Hop,
    hop_sums: [f64; 2],
}

impl Filling<'_> {
    /// Takes what is not whole off the end again.
    pub(super) fn new(profile: &mut Profile) -> Filling<'_> {
        let next = step_start(profile.first * STEPS as u64, profile.rate) + profile.frames();
        let step = profile.first * STEPS as u64 + (profile.forgotten + profile.steps.len()) as u64;
        let filled = next.saturating_sub(step_start(step, profile.rate));
        let end = step_start(step + 1, profile.rate);
        let energy = f64::from(profile.rest) * filled as f64;
        let hop = if profile.partial { profile.hops.pop().unwrap_or_default() } else { Hop::default() };
        profile.frames -= u64::from(hop.frames);
        let hop_sums = [hop.energy, hop.power].map(|mean| f64::from(mean) * f64::from(hop.frames));
        Filling { profile, next, step, end, energy, filled, hop, hop_sums }
    }

    /// Adds frames of one energy, which lie in `hop`.
    pub(super) fn add(&mut self, mut frames: u64, energy: f32, hop: &Hop) {
        let (energy, power) = (f64::from(energy), f64::from(hop.power));
        while frames > 0 {
            let now = frames.min(self.end.saturating_sub(self.next).max(1));
            (self.next, self.filled, frames) = (self.next + now, self.filled + now, frames - now);
            self.energy += energy * now as f64;
            self.hop_sums[0] += energy * now as f64;
            self.hop_sums[1] += power * now as f64;
            self.hop.frames += u32::try_from(now).unwrap_or(u32::MAX);
            self.hop.sample_peak = self.hop.sample_peak.max(hop.sample_peak);
            self.hop.true_peak = self.hop.true_peak.max(hop.true_peak);
            self.hop.bound = self.hop.bound.max(hop.bound);
            if self.next >= self.end {
                self.profile.steps.push(narrow(self.energy / self.filled as f64));
                (self.energy, self.filled, self.step) = (0.0, 0, self.step + 1);
                self.end = step_start(self.step + 1, self.profile.rate);
                if self.step.is_multiple_of(STEPS as u64) {
                    self.end_hop();
                }
            }
        }
    }

    fn end_hop(&mut self) {
        let mut hop = std::mem::take(&mut self.hop);
        [hop.energy, hop.power] =
            std::mem::take(&mut self.hop_sums).map(|sum| narrow(sum / f64::from(hop.frames)));
        self.profile.frames += u64::from(hop.frames);
        self.profile.hops.push(hop);
    }

    pub(super) fn finish(mut self) {
        self.profile.partial = self.hop.frames > 0;
        self.profile.rest = narrow(self.energy / self.filled.max(1) as f64);
        if self.profile.partial {
            self.end_hop();
        }
    }
}
