//! Time as whole frames at a sample rate: an instant, a span, and the signed difference of two instants.
//!
//! [`Seconds`] is what a person writes; it becomes frames once, by [`Seconds::to_delta`] or
//! [`Seconds::to_count`], rounded to the nearest frame with halves away from zero. Nothing inside the program
//! computes with seconds.

use std::fmt;
use std::num::NonZeroU32;

/// Frames per second of a stream of audio, 1 to 768 000 Hz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(NonZeroU32);

impl SampleRate {
    /// The rate projects are mixed at unless told otherwise, 48 kHz.
    pub const DEFAULT: SampleRate = SampleRate(NonZeroU32::new(48_000).expect("48000 is not zero"));
    /// The lowest rate a project can be rendered at, 44.1 kHz.
    pub const MIN_PROJECT: SampleRate = SampleRate(NonZeroU32::new(44_100).expect("44100 is not zero"));
    /// The highest rate a project can be rendered at, 192 kHz.
    pub const MAX_PROJECT: SampleRate = SampleRate(NonZeroU32::new(192_000).expect("192000 is not zero"));
    /// The highest rate any input may claim, in Hz.
    pub const MAX_HZ: u32 = 768_000;

    /// A rate in Hz, or `None` outside 1 to [`SampleRate::MAX_HZ`].
    pub fn new(hz: u32) -> Option<SampleRate> {
        NonZeroU32::new(hz).filter(|hz| hz.get() <= SampleRate::MAX_HZ).map(SampleRate)
    }

    /// The rate in Hz.
    pub fn hz(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

/// An instant: frames since the episode's start. Negative before it, which only the solver ever sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FramePos(i64);

/// A span of time: a number of frames, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameCount(u64);

/// The signed difference of two instants, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameDelta(i64);

impl FramePos {
    /// The episode's first frame.
    pub const ZERO: FramePos = FramePos(0);

    /// The instant `frames` after the episode's start.
    pub fn new(frames: i64) -> FramePos {
        FramePos(frames)
    }

    /// Frames since the episode's start.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The instant `delta` later, or `None` where that cannot be counted.
    pub fn checked_add(self, delta: FrameDelta) -> Option<FramePos> {
        self.0.checked_add(delta.0).map(FramePos)
    }

    /// The instant `span` later, at most the last one that can be counted.
    pub fn after(self, span: FrameCount) -> FramePos {
        FramePos(self.0.saturating_add_unsigned(span.0))
    }

    /// The instant `span` earlier, at least the first one that can be counted.
    pub fn before(self, span: FrameCount) -> FramePos {
        FramePos(self.0.saturating_sub_unsigned(span.0))
    }

    /// How far this instant lies after `earlier`: negative where it lies before it.
    pub fn since(self, earlier: FramePos) -> FrameDelta {
        FrameDelta(self.0.saturating_sub(earlier.0))
    }

    /// The span from `earlier` to this instant, empty where `earlier` is later.
    pub fn span_since(self, earlier: FramePos) -> FrameCount {
        FrameCount(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The span from the episode's start, or `None` for an instant before it.
    pub fn from_start(self) -> Option<FrameCount> {
        u64::try_from(self.0).ok().map(FrameCount)
    }
}

impl FrameCount {
    /// No time at all.
    pub const ZERO: FrameCount = FrameCount(0);

    /// A span of `frames`.
    pub fn new(frames: u64) -> FrameCount {
        FrameCount(frames)
    }

    /// The number of frames.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The number of frames as an index into memory, at most `usize::MAX`.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Both spans together, at most the longest that can be counted.
    pub fn plus(self, other: FrameCount) -> FrameCount {
        FrameCount(self.0.saturating_add(other.0))
    }

    /// What is left of this span after `other`: nothing where `other` is longer.
    pub fn minus(self, other: FrameCount) -> FrameCount {
        FrameCount(self.0.saturating_sub(other.0))
    }

    /// The span as a step forwards in time.
    pub fn forwards(self) -> FrameDelta {
        FrameDelta(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    /// The span as a step backwards in time.
    pub fn backwards(self) -> FrameDelta {
        FrameDelta(-i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    /// The span in seconds, for showing to a person.
    pub fn seconds(self, rate: SampleRate) -> f64 {
        self.0 as f64 / f64::from(rate.hz())
    }
}

impl FrameDelta {
    /// No difference.
    pub const ZERO: FrameDelta = FrameDelta(0);

    /// A difference of `frames`, negative for backwards.
    pub fn new(frames: i64) -> FrameDelta {
        FrameDelta(frames)
    }

    /// The number of frames, negative for backwards.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Both differences together, or `None` where that cannot be counted.
    pub fn checked_add(self, other: FrameDelta) -> Option<FrameDelta> {
        self.0.checked_add(other.0).map(FrameDelta)
    }
}

/// A time as a person writes it. Finite, and within ±[`Seconds::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Seconds(f64);

impl Seconds {
    /// The longest time that can be written, in seconds: 24 hours. At 192 kHz that is 1.7e10 frames, so sums of
    /// half a billion of them still fit an `i64`.
    pub const MAX: f64 = 86_400.0;
    /// No time at all.
    pub const ZERO: Seconds = Seconds(0.0);

    /// A time in seconds, or `None` where it is not finite or beyond ±[`Seconds::MAX`].
    pub fn new(seconds: f64) -> Option<Seconds> {
        (seconds.is_finite() && seconds.abs() <= Seconds::MAX).then_some(Seconds(seconds))
    }

    /// The time in seconds.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Whole frames at `rate`, rounded to the nearest, halves away from zero.
    #[expect(clippy::cast_possible_truncation, reason = "86 400 s at 768 kHz is 6.6e10, far inside an i64")]
    pub fn to_delta(self, rate: SampleRate) -> FrameDelta {
        FrameDelta((self.0 * f64::from(rate.hz())).round() as i64)
    }

    /// Whole frames at `rate`, rounded to the nearest, halves up; a negative time gives none.
    pub fn to_count(self, rate: SampleRate) -> FrameCount {
        FrameCount(u64::try_from(self.to_delta(rate).0).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameCount, FramePos, SampleRate, Seconds};

    #[test]
    fn seconds_round_to_the_nearest_frame_once() {
        let rate = SampleRate::DEFAULT;
        let frames = |s: f64| Seconds::new(s).map(|s| s.to_delta(rate).get());
        assert_eq!(frames(1.2), Some(57_600));
        assert_eq!(frames(-0.15), Some(-7_200));
        assert_eq!(frames(0.5 / 48_000.0), Some(1));
        assert_eq!(frames(1e18), None);
        assert_eq!(frames(f64::NAN), None);
    }

    #[test]
    fn spans_never_go_below_zero() {
        assert_eq!(FrameCount::new(3).minus(FrameCount::new(5)), FrameCount::ZERO);
        assert_eq!(FramePos::new(-4).from_start(), None);
        assert_eq!(FramePos::new(2).span_since(FramePos::new(9)), FrameCount::ZERO);
    }
}
