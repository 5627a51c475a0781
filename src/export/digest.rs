//! A file's digest, worked out on all processors.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::cache::key::{Key, Parts};
use crate::host::whole::open_written;

/// How much of a file is digested in one go, by one thread.
const PIECE: u64 = 8 << 20;

/// That of its pieces' digests.
///
/// # Errors
/// Where there is no such file, or it cannot be read.
pub(super) fn digest(path: &Path) -> io::Result<Key> {
    let length = open_written(path)?.metadata()?.len();
    let piece = |index: u64| -> io::Result<Key> {
        let mut file: File = open_written(path)?;
        file.seek(SeekFrom::Start(index * PIECE))?;
        Key::of_reader(file.take(PIECE))
    };
    let pieces: Vec<Key> =
        (0..length.div_ceil(PIECE)).into_par_iter().map(piece).collect::<io::Result<_>>()?;
    let all = pieces.iter().fold(Parts::new("file", "1").number(length), |parts, piece| parts.key(piece));
    Ok(all.key_of_all())
}
