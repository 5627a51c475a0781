//! A reader as the demuxers want it: with its length.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// A seekable reader of known length.
pub(super) struct Media<R> {
    reader: R,
    bytes: u64,
}

impl<R> Media<R> {
    /// A `reader` at its start, that holds `bytes`.
    pub(super) fn new(reader: R, bytes: u64) -> Media<R> {
        Media { reader, bytes }
    }
}

impl<R: Read> Read for Media<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<R: Seek> Seek for Media<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

impl<R: Read + Seek + Send + Sync> MediaSource for Media<R> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
