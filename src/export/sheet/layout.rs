//! How large everything is, in pixels.

/// Around the whole sheet.
pub(super) const MARGIN: usize = 24;
/// Between tiles.
pub(super) const GAP: usize = 22;
/// The sheet's heading.
pub(super) const HEADER: usize = 46;
/// Frequencies beside a spectrogram.
pub(super) const SIDE: usize = 34;
/// A tile's name and what it is.
pub(super) const TOP: usize = 64;
/// Between waveform and spectrogram.
pub(super) const BETWEEN: usize = 5;
/// Times below a spectrogram.
pub(super) const BOTTOM: usize = 20;

/// How large the tiles of a sheet are, and how many stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) columns: usize,
    /// The plots' width.
    pub(super) across: usize,
    pub(super) wave: usize,
    pub(super) spectrum: usize,
}

impl Layout {
    /// For so many sounds: the fewer, the larger.
    pub fn for_count(count: usize) -> Layout {
        let (columns, across, wave, spectrum) = match count {
            0..=1 => (1, 1000, 96, 320),
            2..=4 => (2, 560, 64, 200),
            5..=9 => (3, 440, 52, 160),
            10..=24 => (4, 360, 44, 132),
            25..=48 => (5, 330, 40, 120),
            _ => (6, 320, 40, 116),
        };
        Layout { columns, across, wave, spectrum }
    }

    pub(super) fn width(&self) -> usize {
        SIDE + self.across
    }

    pub(super) fn height(&self) -> usize {
        TOP + self.wave + BETWEEN + self.spectrum + BOTTOM
    }
}
