//! Which threads come first on a busy machine: those that play before all others, those that make clips last.
//!
//! What the system refuses is done without: on Linux only those may go first whom an administrator has allowed it
//! (`RLIMIT_NICE`, as many distributions do for sound). Nobody asks for real-time scheduling: what plays calls into
//! the sound server's library, which waits for threads that have none.

/// A thread, as the system knows it; of use only where the system has priorities for threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thread {
    #[cfg(target_os = "linux")]
    id: libc::id_t,
}

impl Thread {
    /// The thread that calls this.
    #[cfg_attr(
        target_os = "linux",
        expect(unsafe_code, reason = "the system is asked through C, with nothing")
    )]
    pub(super) fn current() -> Thread {
        Thread {
            #[cfg(target_os = "linux")]
            // SAFETY: it takes nothing and cannot fail.
            id: unsafe { libc::gettid() }.cast_unsigned(),
        }
    }

    /// Lowers its priority, where it has one of its own. Then a busy machine makes clips more slowly, but what is made is
    /// played without gaps.
    pub(super) fn lower(self) {
        self.set(10);
    }

    /// Raises its priority; says whether it comes before others now. Allocates nothing.
    pub(super) fn raise(self) -> bool {
        // Other systems see to who plays by themselves.
        self.set(-11) || cfg!(not(target_os = "linux"))
    }

    #[cfg_attr(
        target_os = "linux",
        expect(unsafe_code, reason = "the system is asked through C, with numbers only")
    )]
    fn set(self, nice: i32) -> bool {
        // Elsewhere the whole process would be meant.
        #[cfg(target_os = "linux")]
        // SAFETY: no pointer is involved; where it is refused, or the thread has ended, nothing changes.
        let is_set = unsafe { libc::setpriority(libc::PRIO_PROCESS, self.id, nice) } == 0;
        #[cfg(not(target_os = "linux"))]
        let is_set = false;
        is_set
    }
}
