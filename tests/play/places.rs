//! Places in an episode that is not made yet.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::server::{Server, ended};
use crate::show::TestShow;

/// What is printed of lines that each last four seconds, though two words are guessed to last less than one.
fn heard(server: &Server, args: &[&str]) -> String {
    let ids = ["a", "b", "c", "d", "e"];
    let lines: String =
        ids.iter().map(|id| format!("{{ id = \"{id}\", by = \"ann\", line = \"Line {id}.\" }},\n")).collect();
    let text = format!(
        "format = 1\ntitle = \"Places\"\n[cast.ann]\n[[scene]]\nid = \"one\"\nscript = [\n{lines}]\n"
    );
    let show = ids.iter().fold(TestShow::with_script(&text), |show, id| {
        show.clip(&format!("voices/ann/{id}.wav"), &[0.1; 48_000 * 4])
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    command.args(["play", "--plain"]).args(args).current_dir(show.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    server.environment(&mut command);
    let mut child = command.spawn().expect("it starts");
    let code = ended(&mut child, Duration::from_secs(60));
    let printed = std::io::read_to_string(child.stdout.take().expect("it is piped")).expect("it is text");
    let said = std::io::read_to_string(child.stderr.take().expect("it is piped")).expect("it is text");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("first sound after"), "{said}");
    printed
}

#[test]
fn a_time_is_found_though_what_comes_before_was_guessed_too_short() {
    let Some(server) = Server::start() else { return };
    let printed = heard(&server, &["--from", "0:18"]);
    assert!(printed.contains("ann: Line e.") && !printed.contains("ann: Line d."), "{printed}");
}
