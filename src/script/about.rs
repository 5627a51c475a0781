//! What an episode says about itself besides its title: for the tags of the files it becomes.

use std::fmt;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::Fields;
use crate::host::Show;
use crate::host::error::HostError;
use crate::script::refusal::refusal;
use crate::source::Spanned;

/// The largest picture, in bytes: 16 MiB.
const LARGEST: u64 = 16 << 20;

/// What an episode says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The series it belongs to.
    pub series: Option<String>,
    /// Its number in the series.
    pub number: Option<u32>,
    /// Whose work it is.
    pub artist: Option<String>,
    /// The year it is of.
    pub year: Option<u32>,
    /// What it is about.
    pub description: Option<String>,
    /// A picture, from the show's folder.
    pub cover: Option<Spanned<String>>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// How it is stored.
    pub kind: ImageKind,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// How a picture is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl ImageKind {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            ImageKind::Jpeg => "image/jpeg",
            ImageKind::Png => "image/png",
        }
    }
}

/// Why there is no picture.
#[derive(Debug)]
pub enum CoverError {
    /// The file cannot be had.
    Host(HostError),
    /// It is neither a JPEG nor a PNG.
    NotAPicture,
}

impl fmt::Display for CoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoverError::Host(error) => error.fmt(f),
            CoverError::NotAPicture => f.write_str("the cover is neither a JPEG nor a PNG"),
        }
    }
}

impl std::error::Error for CoverError {}

/// Reads the keys, and makes sure that the picture is one.
pub(super) fn read(fields: &mut Fields<'_>, show: &Show, diagnostics: &mut Diagnostics) -> About {
    let number = |found: Option<Spanned<i64>>| found.and_then(|it| u32::try_from(it.value).ok());
    let about = About {
        series: fields.string("series", diagnostics).map(|it| it.value),
        number: number(fields.integer("episode", 0..=99_999, diagnostics)),
        artist: fields.string("artist", diagnostics).map(|it| it.value),
        year: number(fields.integer("year", 1..=9999, diagnostics)),
        description: fields.string("description", diagnostics).map(|it| it.value),
        cover: fields.string("cover", diagnostics),
    };
    if let Some(path) = &about.cover {
        match cover(show, &path.value) {
            Ok(_) => {}
            Err(CoverError::Host(error)) => {
                diagnostics.push(refusal(show, &path.value, Some(path.span), &error));
            }
            Err(CoverError::NotAPicture) => {
                let message = format!("`{}` is neither a JPEG nor a PNG", path.value);
                diagnostics.push(Diagnostic::error(Code::BadPicture, message).at(path.span, ""));
            }
        }
    }
    about
}

/// The picture at `path`, from the show's folder; only its first bytes are looked at.
///
/// # Errors
/// See [`CoverError`].
pub fn cover(show: &Show, path: &str) -> Result<Cover, CoverError> {
    let bytes = show.read_bytes(path, LARGEST).map_err(CoverError::Host)?;
    let kind = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        ImageKind::Png
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        ImageKind::Jpeg
    } else {
        return Err(CoverError::NotAPicture);
    };
    Ok(Cover { kind, bytes })
}
