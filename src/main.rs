//! The `radioplay` command: hands its arguments to [`radioplay::cli`] and its answer to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    radioplay::cli::run(std::env::args_os())
}
