//! Where a sound stands between left and right.

/// A position in the stereo image: −1 hard left, 0 centre, +1 hard right.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Pan(f32);

impl Pan {
    /// The middle.
    pub const CENTER: Pan = Pan(0.0);

    /// A position from −1 to 1, or `None` outside that.
    pub fn new(position: f32) -> Option<Pan> {
        (-1.0..=1.0).contains(&position).then_some(Pan(position))
    }

    /// The position, −1 to 1.
    pub fn get(self) -> f32 {
        self.0
    }
}
