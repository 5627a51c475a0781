//! Threads that make give way to those that play.

/// Lowers the priority of the thread that calls this, where the system knows such a thing of threads. Then a busy machine
/// makes clips more slowly, but what is made is played without gaps.
#[expect(unsafe_code, reason = "the system is asked through C, with numbers only")]
pub(super) fn lower() {
    // On Linux the calling thread is meant, elsewhere the whole process.
    #[cfg(target_os = "linux")]
    // SAFETY: no pointer is involved; where it is refused nothing changes.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
    }
}
