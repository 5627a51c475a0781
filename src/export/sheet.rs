//! A contact sheet: many sounds as one picture, each with its waveform, its spectrogram, its name and what it is.
//!
//! A sound becomes a [`Card`], a card a [`Tile`] of pixels, so that no more than the sounds at work are in memory;
//! tiles become a [`Sheet`], which becomes a PNG file. Everything is drawn here: the same sounds are the same bytes on
//! every machine.

pub mod layout;

mod palette;
mod raster;
mod spectrum;
mod tile;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::audio::buffer::AudioBuffer;
use crate::export::sheet::layout::{GAP, HEADER, Layout, MARGIN};
use crate::export::sheet::palette::{DIM, TEXT};
use crate::export::sheet::raster::{Font, Raster};
use crate::host::whole::{WholeError, WholeFile};
use crate::units::time::FrameCount;

/// What there is to see of a sound.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is, in a line.
    pub about: &'a str,
    /// Where it lands, counted from its start; `None` where nobody said.
    pub hit: Option<FrameCount>,
    /// Whether its end runs on into its beginning.
    pub looped: bool,
    /// What is heard.
    pub audio: &'a AudioBuffer,
}

/// A sound, drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    raster: Raster,
}

/// Why there is no sheet.
#[derive(Debug)]
pub enum SheetError {
    /// The file cannot be written.
    Whole(WholeError),
    /// The disk is full, or the system refuses.
    Write(io::Error),
}

impl std::fmt::Display for SheetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SheetError::Whole(error) => write!(f, "{error}"),
            SheetError::Write(error) => write!(f, "the picture cannot be written: {error}"),
        }
    }
}

impl std::error::Error for SheetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SheetError::Whole(error) => Some(error),
            SheetError::Write(error) => Some(error),
        }
    }
}

impl Tile {
    /// Draws a sound. Its waveform is as high as its own peak allows, and its loudest place is the brightest: levels
    /// stand beside it in figures.
    pub fn draw(card: &Card<'_>, layout: &Layout) -> Tile {
        Tile { raster: tile::draw(card, layout) }
    }
}

/// Tiles in rows, below a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    raster: Raster,
}

impl Sheet {
    /// Puts tiles side by side, in their order; all must be drawn for `layout`.
    pub fn of(title: &str, tiles: &[Tile], layout: &Layout) -> Sheet {
        let columns = layout.columns.min(tiles.len()).max(1);
        let rows = tiles.len().div_ceil(columns);
        let (width, height) = (layout.width(), layout.height());
        let mut raster = Raster::new(
            2 * MARGIN + columns * width + (columns - 1) * GAP,
            2 * MARGIN + HEADER + rows * height + rows.saturating_sub(1) * GAP,
        );
        heading(&mut raster, title);
        for (n, tile) in tiles.iter().enumerate() {
            let (column, row) = (n % columns, n / columns);
            let at = [MARGIN + column * (width + GAP), MARGIN + HEADER + row * (height + GAP)];
            raster.put(&tile.raster, at);
        }
        Sheet { raster }
    }

    /// Writes the sheet as a PNG file, whole or not at all.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn write(&self, target: &Path) -> Result<(), SheetError> {
        let mut file = BufWriter::new(WholeFile::create(target).map_err(SheetError::Whole)?);
        self.raster.png(&mut file).and_then(|()| file.flush()).map_err(SheetError::Write)?;
        let file = file.into_inner().map_err(|error| SheetError::Write(error.into_error()))?;
        file.commit().map_err(SheetError::Whole)
    }
}

fn heading(raster: &mut Raster, title: &str) {
    let end = raster.text([MARGIN, MARGIN], title, Font::TITLE, TEXT);
    let legend =
        "length, peak/RMS in dBFS; waveform; spectrogram, every octave as high; a blue mark: where it lands";
    let room = raster.width().saturating_sub(MARGIN);
    let wide = legend.chars().count() * Font::BODY.width();
    if end + 2 * GAP + wide <= room {
        raster.text([room - wide, MARGIN + 6], legend, Font::BODY, DIM);
    }
}
