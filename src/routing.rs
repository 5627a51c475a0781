//! How sounds are summed: tracks feed buses, buses feed the master. Plain data, names bound, times in frames.

use crate::units::level::{Gain, Level};
use crate::units::time::{FrameCount, Seconds};

/// A track: regions that belong together, summed into one bus. They may overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// A role's or a bus's name.
    pub name: String,
    /// Index of its bus.
    pub bus: usize,
}

/// A bus: tracks and what other buses send it, summed, treated, summed into the master.
///
/// In this order: compressor (which listens to what the EQ leaves), gain and ducks, rooms, EQ, sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Bus {
    /// Its name.
    pub name: String,
    /// Its gain.
    pub gain: Gain,
    /// What turns it down, and how; the deepest counts at each moment.
    pub ducks: Vec<Duck>,
    /// Its equaliser's bands, one after the other; empty leaves the sound as it is.
    pub eq: Vec<Band>,
    /// Its compressor.
    pub compress: Option<Compress>,
    /// Index of the room that all of it is heard through; `None` leaves it dry.
    pub room: Option<usize>,
    /// Where a copy of it goes, by the buses' order. No bus sends to itself, not even by way of others.
    pub sends: Vec<Send>,
}

impl Bus {
    /// A bus that only sums.
    pub fn new(name: impl Into<String>) -> Bus {
        Bus {
            name: name.into(),
            gain: Gain::UNITY,
            ducks: Vec::new(),
            eq: Vec::new(),
            compress: None,
            room: None,
            sends: Vec::new(),
        }
    }
}

/// One band of an equaliser. Frequencies in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Takes away what lies below `hz`, where it is 3 dB down.
    HighPass {
        /// Corner.
        hz: f64,
        /// Poles, even: 6 dB for each and octave.
        order: u32,
    },
    /// Takes away what lies above `hz`, where it is 3 dB down.
    LowPass {
        /// Corner.
        hz: f64,
        /// Poles, even: 6 dB for each and octave.
        order: u32,
    },
    /// Raises or lowers a band around `hz`.
    Peak {
        /// Middle.
        hz: f64,
        /// Gain in the middle.
        gain: Gain,
        /// Middle over bandwidth.
        q: f64,
    },
    /// Raises or lowers what lies below `hz`.
    LowShelf {
        /// Middle of the slope.
        hz: f64,
        /// Gain below.
        gain: Gain,
    },
    /// Raises or lowers what lies above `hz`.
    HighShelf {
        /// Middle of the slope.
        hz: f64,
        /// Gain above.
        gain: Gain,
    },
}

/// A compressor's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compress {
    /// The level above which it turns down.
    pub threshold: Level,
    /// How many dB more have to come in for one more to come out; 1 or more.
    pub ratio: f64,
    /// The time constant of turning down.
    pub attack: Seconds,
    /// The time constant of coming back.
    pub release: Seconds,
    /// How wide the bend around the threshold is, dB, half of it on either side.
    pub knee: f64,
    /// What is added afterwards.
    pub makeup: Gain,
}

/// A copy of one bus for another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Send {
    /// Index of the bus it goes to.
    pub to: usize,
    /// Its gain.
    pub gain: Gain,
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
