//! How far away something is.

/// A distance in metres, 0 or more, never infinite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Metres(f64);

impl Metres {
    /// One metre: where a sound is as loud as its clip.
    pub const ONE: Metres = Metres(1.0);

    /// A distance, or `None` for what is negative or not finite.
    pub fn new(metres: f64) -> Option<Metres> {
        (metres >= 0.0 && metres.is_finite()).then_some(Metres(metres))
    }

    /// The number of metres.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for Metres {
    fn default() -> Metres {
        Metres::ONE
    }
}
