//! The command line: what was typed becomes work, and its outcome an exit code.
//!
//! One file for each subcommand. Only this module prints, and only through [`terminal`]: results go to standard
//! output, talk, problems and progress to standard error.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;

mod args;
mod build;
mod cache;
mod check;
mod export;
mod failure;
mod locate;
mod new;
mod play;
mod render;
mod report;
mod sounds;
mod terminal;
mod voices;
mod words;

/// The exit code after Ctrl-C: 128 and the signal's number, as shells have it.
const INTERRUPTED_EXIT: u8 = 130;

/// Does what `arguments` ask for; the first is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = Cli::parse_from(arguments);
    let terminal = Terminal::new(cli.color, cli.quiet);
    Terminal::catch_interrupts();
    Terminal::hide_expected_panics();
    let outcome = match &cli.command {
        Command::Render(args) => render::run(args, &terminal),
        Command::Play(args) => play::run(args, &terminal),
        Command::Export(args) => export::run(args, &terminal),
        Command::Report(args) => report::run(args, &terminal),
        Command::Check(args) => check::run(args, &terminal),
        Command::Voices(args) => voices::run(args, &terminal),
        Command::Sounds(args) => sounds::run(args, &terminal),
        Command::Cache(args) => cache::run(args, &terminal),
        Command::New(args) => new::run(args, &terminal),
    };
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    match &failure {
        Failure::Script | Failure::Reported(_) => {}
        Failure::Usage(why) | Failure::Machine(why) => terminal.complain(why),
        Failure::Interrupted => terminal.complain("interrupted; nothing was written"),
    }
    ExitCode::from(failure.code())
}
