//! A profile as bytes, and back.
//!
//! Little-endian: the first hop; whether the last is shorter, and the mean of a last step; how many hops, hops with windows, and
//! forgotten steps there are; then hops, windows and steps.

use crate::dsp::loudness::profile::{Hop, Profile};
use crate::units::time::SampleRate;

/// Bytes that a profile takes before its hops, and for each of them; a step takes four.
const HEAD: usize = 40;
const HOP: usize = FIELDS * size_of::<f32>();
/// The numbers that a hop is.
const FIELDS: usize = 6;
/// The same for the windows that end in a hop.
const WINDOWS: usize = 8;

impl Profile {
    /// Everything in it but its rate, exactly.
    pub fn to_bytes(&self) -> Vec<u8> {
        let windows = self.windows.as_flattened();
        let size = HEAD + self.hops.len() * HOP + (windows.len() + self.steps.len()) * size_of::<f32>();
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&u32::from(self.partial).to_le_bytes());
        bytes.extend_from_slice(&self.rest.to_le_bytes());
        for count in [self.hops.len(), self.windows.len(), self.forgotten] {
            bytes.extend_from_slice(&(count as u64).to_le_bytes());
        }
        for hop in &self.hops {
            for value in [hop.energy, hop.power, hop.sample_peak, hop.true_peak, hop.bound] {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            bytes.extend_from_slice(&hop.frames.to_le_bytes());
        }
        bytes.extend(windows.iter().chain(&self.steps).flat_map(|energy| energy.to_le_bytes()));
        bytes
    }

    /// What [`Profile::to_bytes`] made of a profile at `rate`; `None` for anything else.
    pub fn from_bytes(rate: SampleRate, bytes: &[u8]) -> Option<Profile> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let [first, end, counts @ ..] = head.as_chunks::<8>().0 else { return None };
        let [partial, rest_of] = end.as_chunks::<4>().0 else { return None };
        let [hops, windows, forgotten] = counts else { return None };
        let count = |bytes: &[u8; 8]| usize::try_from(u64::from_le_bytes(*bytes)).ok();
        let (hops, rest) = rest.split_at_checked(count(hops)?.checked_mul(HOP)?)?;
        let (windows, steps) = rest.split_at_checked(count(windows)?.checked_mul(WINDOWS)?)?;
        let energy = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
        let hop = |hop: &[[u8; 4]; FIELDS]| {
            let [values @ .., frames] = hop;
            let [energy, power, sample_peak, true_peak, bound] = values.each_ref().map(energy);
            Hop { energy, power, sample_peak, true_peak, bound, frames: u32::from_le_bytes(*frames) }
        };
        let forgotten = count(forgotten)?;
        let (windows, _) = windows.as_chunks::<4>().0.as_chunks::<2>();
        let (steps, left) = steps.as_chunks::<4>();
        let hops: Vec<Hop> = hops.as_chunks::<4>().0.as_chunks::<FIELDS>().0.iter().map(hop).collect();
        left.is_empty().then(|| Profile {
            rate,
            first: u64::from_le_bytes(*first),
            frames: hops.iter().map(|hop| u64::from(hop.frames)).sum(),
            hops,
            steps: steps.iter().map(energy).collect(),
            forgotten,
            windows: windows.iter().map(|pair| pair.each_ref().map(energy)).collect(),
            partial: u32::from_le_bytes(*partial) == 1,
            rest: f32::from_le_bytes(*rest_of),
        })
    }
}
