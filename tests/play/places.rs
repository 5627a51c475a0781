//! Places in an episode that is not made yet.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::server::{Server, ended};
use crate::show::TestShow;

/// Lines that each last four seconds, though two words are guessed to last less than one.
fn lines() -> TestShow {
    let ids = ["a", "b", "c", "d", "e"];
    let lines: String =
        ids.iter().map(|id| format!("{{ id = \"{id}\", by = \"ann\", line = \"Line {id}.\" }},\n")).collect();
    let text = format!(
        "format = 1\ntitle = \"Places\"\n[cast.ann]\n[[scene]]\nid = \"one\"\nscript = [\n{lines}]\n"
    );
    ids.iter().fold(TestShow::with_script(&text), |show, id| {
        show.clip(&format!("voices/ann/{id}.wav"), &[0.1; 48_000 * 4])
    })
}

/// What is printed while a show is heard.
fn heard(server: &Server, show: &TestShow, args: &[&str]) -> String {
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
    let printed = heard(&server, &lines(), &["--from", "0:18"]);
    assert!(printed.contains("ann: Line e.") && !printed.contains("ann: Line d."), "{printed}");
}

/// Before, it was heard from the first entry on that follows another, unless everything was made by then.
#[test]
fn a_scene_is_heard_from_its_beginning_whatever_it_begins_with() {
    let Some(server) = Server::start() else { return };
    let show = TestShow::with_script(
        "format = 1\ntitle = \"Places\"\n[cast.ann]\n[sound.bell]\nfile = \"sfx/bell.wav\"\n\
         [[scene]]\nid = \"one\"\nscript = [{ id = \"a\", by = \"ann\", line = \"One.\" }]\n\
         [[scene]]\nid = \"two\"\nscript = [\n{ sfx = \"bell\", at = \"scene.start\" },\n\
         { mark = \"later\", at = \"scene.start+2s\" },\n\
         { id = \"b\", by = \"ann\", line = \"Two.\" },\n]\n",
    );
    let show = show.clip("sfx/bell.wav", &[0.1; 48_000]);
    let show = show.clip("voices/ann/a.wav", &[0.1; 48_000]).clip("voices/ann/b.wav", &[0.1; 48_000]);
    let printed = heard(&server, &show, &["--from", "two"]);
    assert!(printed.contains("bell"), "{printed}");
}
