//! Why a command did not do what was asked, and the exit code that says so.

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// The script has errors, which have been shown: exit code 1.
    Script,
    /// It was asked wrongly: exit code 2.
    Usage(String),
    /// The machine failed: exit code 3.
    Machine(String),
    /// What went wrong has been said: this exit code.
    Reported(u8),
    /// The person stopped it: exit code 130, as shells have it for Ctrl-C.
    Interrupted,
}

impl Failure {
    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Failure::Script => 1,
            Failure::Usage(_) => 2,
            Failure::Machine(_) => 3,
            Failure::Reported(code) => *code,
            Failure::Interrupted => super::INTERRUPTED_EXIT,
        }
    }
}
