//! A region made ready to be heard, and how loudly it is heard on the left and on the right.

use crate::audio::buffer::Channels;
use crate::dsp::noise::Random;
use crate::dsp::pan;
use crate::mix::treatment::{self, Treatment};
use crate::timeline::Region;
use crate::units::level::Gain;
use crate::units::narrow;
use crate::units::pan::Pan;

/// A region, in frames and factors.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) track: usize,
    pub(super) clip: usize,
    pub(super) source_start: u64,
    pub(super) looped: Option<Looped>,
    pub(super) fade_in: u64,
    pub(super) fade_out: u64,
    pub(super) levels: Levels,
    /// Index of its chains.
    pub(super) chain: Option<usize>,
    pub(super) room: Option<usize>,
    pub(super) cut: bool,
    /// Index of its send.
    pub(super) send: Option<usize>,
    /// Tells its noise from others'; by its clip's name, so that nothing else in the episode changes it.
    pub(super) seed: u64,
}

/// How loudly a region is heard on the left and on the right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    stereo: bool,
    /// Whether anything changes in the course of the region.
    moves: bool,
    length: u64,
    pan: (f64, f64),
    metres: (f64, f64),
    /// Of the sound itself at 1 m, and of what is sent.
    direct: f64,
    sent: f64,
    treatment: Treatment,
    still: Factors,
}

/// Factors for left and right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Factors {
    pub(super) direct: (f32, f32),
    pub(super) sent: (f32, f32),
}

/// How many frames lie between two moments for which the levels of a region that moves are worked out; in between they
/// go along a straight line. 1.3 ms at 48 kHz.
pub(super) const STEP: u64 = 64;

impl Levels {
    /// Of a region; `answer` is how loudly its room answers, where it is in one.
    pub(super) fn new(region: &Region, channels: Channels, answer: Option<Gain>) -> Levels {
        let treatment = treatment_of(region);
        let gain = region.gain + treatment::gain(region.perspective, region.through);
        let sent = answer.map_or(Gain::SILENCE, |answer| gain + answer);
        let mut levels = Levels {
            stereo: channels == Channels::Stereo,
            moves: region.pan_to.is_some() || region.distance_to.is_some(),
            length: region.length.get(),
            pan: (f64::from(region.pan.get()), f64::from(region.pan_to.unwrap_or(region.pan).get())),
            metres: (region.distance.get(), region.distance_to.unwrap_or(region.distance).get()),
            direct: f64::from(gain.factor()),
            sent: f64::from(sent.factor()),
            treatment,
            still: Factors::default(),
        };
        levels.still = levels.at(0);
        levels
    }

    /// `seed`, where the region has noise of its own.
    pub(super) fn noise(&self, seed: u64) -> Option<u64> {
        self.treatment.through.map(|_| seed)
    }

    /// The factors all through, where the region does not move.
    pub(super) fn still(&self) -> Option<Factors> {
        (!self.moves).then_some(self.still)
    }

    /// The factors at a frame of the region.
    pub(super) fn at(&self, frame: u64) -> Factors {
        let done = frame as f64 / self.length.saturating_sub(1).max(1) as f64;
        let between = |(from, to): (f64, f64)| from + (to - from) * done.min(1.0);
        let pan = Pan::new(narrow(between(self.pan))).unwrap_or(Pan::CENTER);
        let (left, right) = if self.stereo { pan::balance(pan) } else { pan::place(pan) };
        let away = treatment::distance_factor(self.treatment.perspective, between(self.metres));
        let both = |gain: f64| (narrow(f64::from(left) * gain), narrow(f64::from(right) * gain));
        Factors { direct: both(self.direct * away), sent: both(self.sent) }
    }
}

pub(super) fn treatment_of(region: &Region) -> Treatment {
    // A sound that moves is as dull as half way.
    let metres = (region.distance.get() + region.distance_to.unwrap_or(region.distance).get()) * 0.5;
    Treatment { perspective: region.perspective, through: region.through, metres }
}

/// How a region repeats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Looped {
    /// From one turn's start to the next's; at least 1.
    pub(super) period: u64,
    /// How long two turns overlap; less than the period.
    pub(super) crossfade: u64,
}

impl Placed {
    /// The frame of the episode after its last.
    pub(super) fn end(&self) -> u64 {
        self.start + self.length
    }
}

/// A region with what does not change worked out; it is sent nowhere yet.
pub(super) fn placed(region: &Region, name: &str, levels: Levels, chain: Option<usize>) -> Placed {
    Placed {
        start: region.start.from_start().unwrap_or_default().get(),
        length: region.length.get(),
        track: region.track,
        clip: region.clip,
        source_start: region.source_start.get(),
        looped: region.loop_crossfade.map(|crossfade| Looped {
            period: region.source_length.minus(crossfade).get(),
            crossfade: crossfade.get(),
        }),
        fade_in: region.fade_in.get(),
        fade_out: region.fade_out.get(),
        levels,
        chain,
        room: region.room,
        cut: region.cut,
        send: None,
        seed: Random::named(0, name).next_u64(),
    }
}
