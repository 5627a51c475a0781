//! The program as a person or a script runs it: what it prints where, how it ends, what it leaves behind.

mod commands;
mod hostile;
mod output;
mod problems;
mod sheet;
mod terminal;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::show::{Run, TestShow};

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_radioplay");

/// Half a second of a take, with a title, one scene, nothing else: exact numbers, and no engine.
fn small() -> TestShow {
    TestShow::with_script(
        "format = 1\ntitle = \"Small\"\n[cast.ann]\n[[scene]]\nid = \"only\"\ntitle = \"The only scene\"\n\
         script = [{ id = \"a\", by = \"ann\", line = \"One.\" }, { pause = 1 }]\n",
    )
    .clip("voices/ann/a.wav", &[0.25; 24_000])
}

/// A show whose script has two mistakes.
fn broken() -> TestShow {
    TestShow::with_script(
        "format = 1\ntitle = \"Broken\"\n[cast.ann]\n[[scene]]\nid = \"only\"\n\
         script = [\n  { by = \"anne\", line = \"One.\" },\n  { sfx = \"bell\" },\n]\n",
    )
}

/// The program in a show's folder, with nothing of this terminal.
fn command(show: &TestShow) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(show.path("")).env_remove("NO_COLOR").env("RADIOPLAY_CACHE", "").stdin(Stdio::null());
    command
}

fn finished(mut command: Command) -> Run {
    let output = command.output().expect("it starts");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A line of shell in a show's folder, in which `$RADIOPLAY` is the program.
fn shell(show: &TestShow, line: &str) -> Run {
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(show.path(""))
        .env("RADIOPLAY", PROGRAM)
        .env_remove("NO_COLOR")
        .env("RADIOPLAY_CACHE", "");
    finished(command)
}

/// Everything below a show's folder, with lengths of files.
fn tree(show: &TestShow) -> Vec<(PathBuf, u64)> {
    let (mut found, mut folders) = (Vec::new(), vec![show.path("")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it can be listed") {
            let entry = entry.expect("it can be listed");
            let about = entry.metadata().expect("it is there");
            if about.is_dir() {
                folders.push(entry.path());
            }
            found.push((entry.path(), if about.is_file() { about.len() } else { 0 }));
        }
    }
    found.sort();
    found
}
