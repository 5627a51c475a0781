//! Rooms as figures: how large, how long they ring in three bands, how soon and how loudly.
//!
//! The decay times are what [`crate::dsp::reverb`] is measured against (`tests/rooms.rs`); they are chosen, from what
//! is usual for rooms of the kind. `wet` is chosen by drama rather than by physics: an omnidirectional microphone
//! 1 m from a speaker hears a furnished living room 4 dB below the voice, and a listener to a play hears that as
//! far away. Rooms here are as quiet as a close pair of directional microphones would have them.

use crate::staging::Room;
use crate::units::level::Gain;
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// The middle of the bands that [`Shape::decay`] speaks of, Hz.
pub const BANDS: [f64; 3] = [125.0, 1000.0, 8000.0];

/// The longest recorded room, seconds.
pub const LONGEST_IMPULSE: f64 = 10.0;

/// How far the sound of a room has fallen when it counts as over, dB: 80 below its beginning, which is itself
/// below the sound that set it ringing.
const GONE: f64 = 80.0;

/// A room in figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Length, width and height in metres.
    pub size: [f64; 3],
    /// The time a sound takes to fall by 60 dB in the octaves around [`BANDS`], seconds.
    pub decay: [f64; 3],
    /// From the sound itself to the beginning of the reverberation (not of the first reflections), seconds.
    pub predelay: f64,
    /// The energy of the first reflections against that of the reverberation, dB.
    pub early: f64,
    /// The energy of all of it against that of the sound itself at 1 m, dB, in the octaves around 1 kHz. The
    /// critical distance follows: where both are equal, 10^(−wet/20) metres.
    pub wet: f64,
    /// What is above and around.
    pub walls: Walls,
}

/// What reflects first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walls {
    /// Six sides.
    Closed,
    /// Four walls and the ground, no ceiling.
    OpenAbove,
    /// Two long walls and the ground.
    Canyon,
    /// No walls: trunks and leaves here and there.
    Scattered,
}

/// The figures of a room; `None` for no room.
pub fn shape(room: Room) -> Option<Shape> {
    use Walls::{Canyon, Closed, OpenAbove, Scattered};
    let (size, decay, predelay, early, wet, walls) = match room {
        Room::Cupboard => ([1.2, 0.9, 2.3], [0.24, 0.18, 0.13], 0.000_5, 3.0, -9.0, Closed),
        Room::Hall => ([6.0, 1.8, 2.7], [0.90, 0.80, 0.50], 0.004, 0.0, -6.0, Closed),
        Room::LivingRoom => ([5.5, 4.2, 2.5], [0.50, 0.42, 0.30], 0.005, 1.0, -10.0, Closed),
        Room::Kitchen => ([4.0, 3.0, 2.5], [0.55, 0.60, 0.45], 0.004, 2.0, -8.0, Closed),
        Room::Bathroom => ([2.4, 1.8, 2.5], [0.85, 0.95, 0.70], 0.002, 0.0, -4.0, Closed),
        Room::Stairwell => ([5.0, 3.0, 12.0], [2.40, 2.20, 1.30], 0.010, -2.0, -4.0, Closed),
        Room::Church => ([40.0, 16.0, 14.0], [4.80, 4.20, 2.00], 0.030, -4.0, -4.0, Closed),
        Room::Street => ([60.0, 12.0, 15.0], [1.10, 1.00, 0.60], 0.018, 3.0, -14.0, Canyon),
        Room::Forest => ([60.0, 60.0, 15.0], [0.90, 1.20, 0.70], 0.025, -3.0, -17.0, Scattered),
        Room::Garden => ([20.0, 15.0, 3.0], [0.42, 0.40, 0.28], 0.012, 0.0, -18.0, OpenAbove),
        Room::Yard => ([14.0, 10.0, 9.0], [1.30, 1.30, 0.80], 0.015, 3.0, -10.0, OpenAbove),
        Room::Car => ([2.4, 1.4, 1.2], [0.09, 0.09, 0.07], 0.000_3, 1.0, -9.0, Closed),
        Room::Memory => ([30.0, 20.0, 10.0], [4.50, 3.60, 1.80], 0.060, -10.0, -2.0, Scattered),
        Room::None => return None,
    };
    Some(Shape { size, decay, predelay, early, wet, walls })
}

impl Shape {
    /// How long it is heard after the last sound in it: until it has fallen by 80 dB in the band that rings longest.
    pub fn tail(&self, rate: SampleRate) -> FrameCount {
        let longest = self.decay.into_iter().fold(0.0, f64::max);
        Seconds::new(self.predelay + longest * GONE / 60.0).unwrap_or_default().to_count(rate)
    }

    /// Volume, m³.
    pub fn volume(&self) -> f64 {
        self.size.iter().product()
    }

    /// Surface, m².
    pub fn surface(&self) -> f64 {
        let [length, width, height] = self.size;
        2.0 * (length * width + length * height + width * height)
    }

    /// How much quieter a room sounds `metres` away from what sets it ringing: M. Barron and L.-J. Lee, "Energy
    /// relations in concert auditoriums I", JASA 84, 1988: 0.174 dB for each metre and second of decay, at most 9.
    pub fn far(&self, metres: f64) -> Gain {
        let db = (-0.174 * metres / self.decay[1]).max(-9.0);
        Gain::new(crate::units::narrow(db)).unwrap_or_default()
    }
}
