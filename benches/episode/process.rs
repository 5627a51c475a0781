//! Runs a program and says what it took.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// What a run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of processor time, its own and the system's for it, with all its own children that it waited for.
    pub(crate) cpu: f64,
    /// The most memory it had at once, MiB; of several processes, the largest.
    pub(crate) memory: f64,
}

/// Where radioplay keeps what it made.
pub(crate) const CACHE: &str = "RADIOPLAY_CACHE";

/// Runs a command to its end. What it prints is dropped, unless it fails. It finds nothing that an earlier run kept,
/// unless it is told where.
///
/// # Errors
/// Where it cannot be started, or fails: then with the end of what it said.
pub(crate) fn run(command: &mut Command) -> io::Result<Cost> {
    let said = tempfile::tempfile()?;
    if !command.get_envs().any(|(name, _)| name == CACHE) {
        command.env(CACHE, "");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
    let start = Instant::now();
    // The child is waited for by hand below.
    let child = command.spawn()?;
    let (status, usage) = wait(child.id())?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        use std::os::unix::fs::FileExt;
        let mut text = vec![0; 600];
        let length = said.read_at(&mut text, 0)?;
        let text = String::from_utf8_lossy(&text[..length]).into_owned();
        return Err(io::Error::other(format!("{status}: {}", text.trim())));
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    Ok(Cost {
        wall,
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        memory: usage.ru_maxrss as f64 * unit / f64::from(1 << 20),
    })
}

#[expect(unsafe_code, reason = "the standard library waits, but does not say what was used")]
fn wait(id: u32) -> io::Result<(ExitStatus, libc::rusage)> {
    let id = libc::pid_t::try_from(id).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: a `rusage` is numbers only, for which all zeros are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to variables of this function, of the types that are asked for.
        let waited = unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) };
        if waited == id {
            return Ok((ExitStatus::from_raw(status), usage));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
