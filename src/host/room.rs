//! Room on the disk for what is going to be written.

use std::fs::File;

/// Asks the system for the room that `bytes` take in an empty file, which stays empty: then it does not have to look for
/// some each time that something is written, which is a third of the time that takes. Where it cannot or will not, nothing
/// is taken, and a full disk is found when it is full.
pub fn reserve(file: &File, bytes: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate, fstatfs};
        /// A file system in memory, which would clear all of it first (`linux/magic.h`).
        const TMPFS: i128 = 0x0102_1994;
        if fstatfs(file).is_ok_and(|about| i128::from(about.f_type) != TMPFS) {
            let reserved = fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes);
            // What it got before the disk was full, others need.
            let _ = reserved.or_else(|_| file.set_len(0));
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, bytes);
}
