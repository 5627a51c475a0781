//! Surround becomes stereo: ITU-R BS.775-4, annex 4, table 2. The centre and the surround channels go to left and
//! right at −3 dB; the low-frequency channel is left out, as the recommendation allows. Nothing is scaled down after:
//! samples are floats, and a sum may pass ±1.0.
//!
//! Mono and stereo pass unchanged, as do two channels of any name. Three channels and more need a layout that says
//! where each stands; discrete channels and ambisonics have none.

use std::ops::Range;

use symphonia::core::audio::{Channels as Layout, Position};

use crate::audio::buffer::Channels;

/// −3 dB.
const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// How a layout's channels reach left and right.
pub(super) enum Downmix {
    /// One or two channels, unchanged.
    Unchanged(Channels),
    /// Per channel of the layout, its factors for left and right.
    Stereo(Vec<(f32, f32)>),
}

impl Downmix {
    /// The way for `layout`, or `None` where it says too little.
    pub(super) fn new(layout: &Layout) -> Option<Downmix> {
        match (layout.count(), layout) {
            (1, _) => Some(Downmix::Unchanged(Channels::Mono)),
            (2, _) => Some(Downmix::Unchanged(Channels::Stereo)),
            // Channels are stored in the order of their bits.
            (_, Layout::Positioned(positions)) => positions
                .iter()
                .map(factors)
                .collect::<Option<Vec<_>>>()
                .filter(|f| !f.is_empty())
                .map(Downmix::Stereo),
            _ => None,
        }
    }

    /// The layout that results.
    pub(super) fn channels(&self) -> Channels {
        match self {
            Downmix::Unchanged(channels) => *channels,
            Downmix::Stereo(_) => Channels::Stereo,
        }
    }

    /// Mixes the whole frames in `range` of `samples` down, in place.
    pub(super) fn apply<'a>(&self, samples: &'a mut [f32], range: Range<usize>) -> &'a [f32] {
        let samples = &mut samples[range];
        let Downmix::Stereo(factors) = self else {
            return samples;
        };
        let frames = samples.len() / factors.len();
        for frame in 0..frames {
            let (mut left, mut right) = (0.0, 0.0);
            for (sample, factor) in samples[frame * factors.len()..].iter().zip(factors) {
                left += sample * factor.0;
                right += sample * factor.1;
            }
            // Three channels or more shrink to two, so what is written has been read.
            samples[frame * 2] = left;
            samples[frame * 2 + 1] = right;
        }
        &samples[..frames * 2]
    }
}

fn factors(position: Position) -> Option<(f32, f32)> {
    match position {
        Position::FRONT_LEFT => Some((1.0, 0.0)),
        Position::FRONT_RIGHT => Some((0.0, 1.0)),
        Position::FRONT_CENTER => Some((HALF_POWER, HALF_POWER)),
        Position::LFE1 => Some((0.0, 0.0)),
        Position::REAR_LEFT | Position::SIDE_LEFT => Some((HALF_POWER, 0.0)),
        Position::REAR_RIGHT | Position::SIDE_RIGHT => Some((0.0, HALF_POWER)),
        // Table 2 for 3/1: one surround channel goes to both sides at −6 dB.
        Position::REAR_CENTER => Some((0.5, 0.5)),
        _ => None,
    }
}
