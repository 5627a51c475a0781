//! Bytes at a place of a file, wherever other threads read or write it.

use std::fs::File;
use std::io;

/// How many bytes are read or written at once. Linux keeps what is written in pieces as large as it came, if it can, and looks
/// for memory in one piece for each: from 256 KiB on that takes up to ten times as long where little is free. These are also
/// few enough to stay in a cache close to the processor.
pub const AT_ONCE: usize = 128 << 10;

/// Writes all of `bytes` to the place that begins at byte `offset`.
///
/// # Errors
/// Where the system refuses, or the disk is full.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    (offset..).step_by(AT_ONCE).zip(bytes.chunks(AT_ONCE)).try_for_each(|(at, piece)| put(file, piece, at))
}

#[cfg(unix)]
fn put(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn put(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Fills `bytes` with what stands from byte `offset` on.
///
/// # Errors
/// Where the system refuses, or the file ends before.
#[cfg(unix)]
pub fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` with what stands from byte `offset` on.
///
/// # Errors
/// Where the system refuses, or the file ends before.
#[cfg(windows)]
pub fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}
