//! How sounds are summed: tracks feed buses, buses feed the master. Plain data, names bound, times in frames.

use crate::units::level::Gain;
use crate::units::time::FrameCount;

/// A track: regions that belong together, summed into one bus. They may overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// A role's or a bus's name.
    pub name: String,
    /// Index of its bus.
    pub bus: usize,
}

/// A bus: tracks summed, turned down and ducked, summed into the master.
#[derive(Clone, Debug, PartialEq)]
pub struct Bus {
    /// Its name.
    pub name: String,
    /// Its gain.
    pub gain: Gain,
    /// What turns it down, and how; the deepest counts at each moment.
    pub ducks: Vec<Duck>,
}

/// One bus giving way to others. In a gap shorter than `hold`, `release` and `attack` together it stays down.
#[derive(Clone, Debug, PartialEq)]
pub struct Duck {
    /// Indices of the buses it gives way to.
    pub under: Vec<usize>,
    /// How far it is turned down, 0 dB or less.
    pub by: Gain,
    /// How long the way down takes; it is complete at the first frame of what it gives way to.
    pub attack: FrameCount,
    /// How long it stays down after the last frame.
    pub hold: FrameCount,
    /// How long the way back takes.
    pub release: FrameCount,
}
