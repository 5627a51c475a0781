//! Pixels of few colours, letters among them, and their PNG file.

use std::io::{self, Write};

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::export::sheet::palette::{PAPER, TEXT, colours, ink};

/// Pixels, each a number of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// A size and weight of letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Font {
    weight: FontWeight,
    height: RasterHeight,
}

impl Font {
    pub(super) const TITLE: Font = Font { weight: FontWeight::Bold, height: RasterHeight::Size24 };
    pub(super) const NAME: Font = Font { weight: FontWeight::Bold, height: RasterHeight::Size20 };
    pub(super) const BODY: Font = Font { weight: FontWeight::Regular, height: RasterHeight::Size16 };

    /// How wide every letter is, pixels.
    pub(super) fn width(self) -> usize {
        get_raster_width(self.weight, self.height)
    }

    /// How high a line is, pixels.
    pub(super) fn height(self) -> usize {
        self.height.val()
    }
}

impl Raster {
    /// Blank paper.
    pub(super) fn new(width: usize, height: usize) -> Raster {
        Raster { width, height, pixels: vec![PAPER; width * height] }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Colours a pixel; what lies outside is nowhere.
    pub(super) fn set(&mut self, [x, y]: [usize; 2], colour: u8) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = colour;
        }
    }

    /// Colours a rectangle.
    pub(super) fn fill(&mut self, [x, y]: [usize; 2], [width, height]: [usize; 2], colour: u8) {
        for row in y..y + height {
            for column in x..x + width {
                self.set([column, row], colour);
            }
        }
    }

    /// Lays another raster over this one.
    pub(super) fn put(&mut self, other: &Raster, [x, y]: [usize; 2]) {
        for (row, line) in other.pixels.chunks(other.width.max(1)).enumerate() {
            for (column, &pixel) in line.iter().enumerate() {
                self.set([x + column, y + row], pixel);
            }
        }
    }

    /// Writes a line on blank paper and returns where it ends. What the font lacks is shown as a replacement.
    pub(super) fn text(&mut self, [x, y]: [usize; 2], text: &str, font: Font, strength: u8) -> usize {
        let mut at = x;
        for c in text.chars() {
            let letter = get_raster(c, font.weight, font.height)
                .or_else(|| get_raster('\u{fffd}', font.weight, font.height))
                .or_else(|| get_raster('?', font.weight, font.height));
            for (row, line) in letter.iter().flat_map(|letter| letter.rows()).enumerate() {
                for (column, &coverage) in line.iter().enumerate().filter(|&(_, &coverage)| coverage > 0) {
                    let shade = u16::from(coverage) * u16::from(strength.min(TEXT)) / 255;
                    self.set([at + column, y + row], ink(u8::try_from(shade).unwrap_or(TEXT)));
                }
            }
            at += font.width();
        }
        at
    }

    /// Writes a PNG file.
    pub(super) fn png(&self, to: impl Write) -> io::Result<()> {
        let side = |length: usize| u32::try_from(length).map_err(io::Error::other);
        let mut encoder = png::Encoder::new(to, side(self.width)?, side(self.height)?);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(colours());
        encoder.set_compression(png::Compression::High);
        // Numbers of colours have no slope to foretell.
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(())
    }
}
