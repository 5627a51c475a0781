//! A text becomes a file, whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::host::whole::{WholeError, WholeFile};

/// Writes `text` to `target`.
///
/// # Errors
/// Where the disk is full or the system refuses; then a file of that name is as it was before.
pub fn write(target: &Path, text: &str) -> Result<(), WholeError> {
    let mut file = WholeFile::create(target)?;
    file.write_all(text.as_bytes()).map_err(|source| WholeError::writing(target, source))?;
    file.commit()
}
