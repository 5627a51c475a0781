//! Gives the terminal back where this process cannot do it any more: it was killed outright, or ended in mid-sentence.
//!
//! A shell that waits for a pipe. Its other end is ours: when it closes without a word, nobody is left to put the terminal
//! right, and the shell does, with the system's `stty`. Where it finds the terminal in a mode that was not ours, somebody
//! else has it by now and keeps it. Where there is no shell, there is no guard. On Windows there is none either.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

/// What a terminal is told when it is given back: the ordinary screen, with its cursor.
const LEAVE: &str = "\u{1b}[?1049l\u{1b}[?25h";

/// What the shell does. The terminal is its standard output, `$1` the mode to go back to, `$2` what it is told.
const WATCH: &str = "trap '' HUP INT QUIT TERM TSTP TTIN TTOU
ours=$(stty -g <&1)
read -r word && exit
[ \"$(stty -g <&1)\" = \"$ours\" ] && stty \"$1\" <&1
printf %s \"$2\"";

/// A shell that waits.
#[derive(Debug)]
pub(super) struct Guard {
    shell: Child,
}

/// The terminal's mode, in `stty`'s words: what a guard goes back to.
pub(super) fn mode() -> Option<String> {
    if !cfg!(unix) {
        return None;
    }
    let said = Command::new("stty").arg("-g").stdin(Stdio::inherit()).stderr(Stdio::null()).output().ok()?;
    let mode = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (said.status.success() && !mode.is_empty()).then_some(mode)
}

impl Guard {
    /// Posts one over a terminal that has just been taken, and was in this mode before.
    pub(super) fn post(before: &str) -> Option<Guard> {
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "radioplay-guard", before, LEAVE]);
        command.stdin(Stdio::piped()).stdout(Stdio::inherit()).stderr(Stdio::null());
        // Not to be killed with us, where a whole group is.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().ok().map(|shell| Guard { shell })
    }
}

impl Drop for Guard {
    /// Sends it away.
    fn drop(&mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            // One that has gone already hears nothing.
            let _ = pipe.write_all(b"done\n");
        }
        let _ = self.shell.wait();
    }
}
