//! `--watch`: what is saved is heard, however it is saved.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::server::{Server, save_by_rename};
use crate::show::TestShow;

const TAKE: usize = 24_000;

fn script(lines: &[&str]) -> String {
    let lines: String = lines
        .iter()
        .map(|id| format!("{{ id = \"{id}\", by = \"ann\", line = \"Line {id}.\" }},\n"))
        .collect();
    format!(
        "format = 1\ntitle = \"Watched\"\ndeliver = \"none\"\ngap = {{ same = 0.1, turn = 0.1, scene = 0 }}\n\
         [cast.ann]\n[[scene]]\nid = \"one\"\nscript = [\n{lines}]\n"
    )
}

fn show(ids: &[&str]) -> TestShow {
    ids.iter().enumerate().fold(TestShow::with_script(&script(ids)), |show, (index, id)| {
        show.clip(&format!("voices/ann/{id}.wav"), &[0.05 * (index + 1) as f32; TAKE])
    })
}

/// The preview of a show, looping and watching, and what it says line by line on both outputs.
fn watched(server: &Server, show: &TestShow) -> (Child, Receiver<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    command.args(["play", "--plain", "--watch", "--loop"]).current_dir(show.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    server.environment(&mut command);
    let mut child = command.spawn().expect("it starts");
    let (said, heard) = channel();
    let outputs: [Box<dyn std::io::Read + Send>; 2] = [
        Box::new(child.stdout.take().expect("it is piped")),
        Box::new(child.stderr.take().expect("it is piped")),
    ];
    for output in outputs {
        let said = said.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
    }
    (child, heard)
}

#[track_caller]
fn wait_for(heard: &Receiver<String>, what: &str) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut all = Vec::new();
    while let Ok(line) = heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        all.push(line.clone());
        if line.contains(what) {
            return all;
        }
    }
    panic!("`{what}` was never said, but\n{}", all.join("\n"));
}

#[test]
fn a_save_is_heard_and_a_broken_one_is_not() {
    let Some(mut server) = Server::start() else { return };
    let show = show(&["a", "b", "c", "new", "last"]);
    let file = show.path("script/test.toml");
    std::fs::write(&file, script(&["a", "b", "c"])).unwrap();
    let (mut child, heard) = watched(&server, &show);
    server.record();
    wait_for(&heard, "ann: Line b.");
    save_by_rename(&file, &script(&["a", "b", "new", "c"]));
    wait_for(&heard, "saved");
    wait_for(&heard, "ann: Line new.");
    // Half a file, as editors that write in place leave it for a moment.
    let whole = script(&["a", "b", "last"]);
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    wait_for(&heard, "playing on as it was before");
    wait_for(&heard, "ann: Line c.");
    std::fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    std::fs::write(&file, &whole).unwrap();
    wait_for(&heard, "ann: Line last.");
    // A take is saved too.
    let _show = show.clip("voices/ann/last.wav", &[0.9; TAKE]);
    wait_for(&heard, "saved");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !server.recorded().iter().any(|sample| *sample > 0.5) {
        assert!(Instant::now() < deadline, "the new take is never heard");
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_save_that_changes_nothing_is_no_save() {
    let Some(server) = Server::start() else { return };
    let show = show(&["a", "b", "new"]);
    let file = show.path("script/test.toml");
    std::fs::write(&file, script(&["a", "b"])).unwrap();
    let (mut child, heard) = watched(&server, &show);
    wait_for(&heard, "ann: Line b.");
    // In place, by another name, and twice: as it was.
    std::fs::write(&file, script(&["a", "b"])).unwrap();
    save_by_rename(&file, &script(&["a", "b"]));
    let mut said = wait_for(&heard, "ann: Line b.");
    save_by_rename(&file, &script(&["a", "b", "new"]));
    said.extend(wait_for(&heard, "ann: Line new."));
    assert_eq!(said.iter().filter(|line| *line == "saved").count(), 1, "{said:?}");
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_script_that_is_gone_for_a_moment_is_no_error() {
    let Some(server) = Server::start() else { return };
    let show = show(&["a", "b", "new"]);
    let file = show.path("script/test.toml");
    std::fs::write(&file, script(&["a", "b"])).unwrap();
    let (mut child, heard) = watched(&server, &show);
    wait_for(&heard, "ann: Line b.");
    // As some editors save: what was there becomes a copy, and then there is a new file.
    std::fs::rename(&file, show.path("script/test.toml~")).unwrap();
    std::thread::sleep(Duration::from_millis(8));
    std::fs::write(&file, script(&["a", "new"])).unwrap();
    let said = wait_for(&heard, "ann: Line new.");
    assert!(said.iter().all(|line| !line.contains("error")), "{said:?}");
    let _ = child.kill();
    let _ = child.wait();
}
