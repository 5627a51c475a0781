//! What is written: whole, or not at all, whatever happens.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{command, finished, shell, small, tree};
use crate::show::TestShow;

/// Hours of silence: long enough to be interrupted.
fn long() -> TestShow {
    let pauses = "{ pause = 3600 },".repeat(3);
    TestShow::with_script(&format!(
        "format = 1\ntitle = \"Long\"\n[[scene]]\nid = \"x\"\nscript = [{pauses}]\n"
    ))
}

#[test]
fn a_render_says_where_on_standard_output_and_how_on_standard_error() {
    let show = small();
    let run = show.run(&["render"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "output/test.wav\n"));
    let last = run.stderr.trim_end().lines().last().expect("a summary");
    let (summary, speed) = last.rsplit_once(", ").expect("a summary");
    let wanted =
        "0:01.5 in 1 scene, 1 line recorded, 0 synthesized, loudness -25.2 LUFS, true peak -1.1 dBTP";
    assert_eq!(summary, wanted);
    let times = speed.strip_suffix(" times faster than real time").expect("how fast it was");
    assert!(times.parse::<u64>().is_ok(), "{speed}");
    let run = show.run(&["render", "-q", "-o", "deep/er/x.wav", "--scene", "only"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "deep/er/x.wav\n", ""));
    assert!(show.path("deep/er/x.wav").is_file());
    let run = show.run(&["render", "-q", "--scene", "only"]);
    assert_eq!(run.stdout, "output/test.only.wav\n");
}

#[test]
fn silence_has_no_peak() {
    let show =
        TestShow::with_script("format = 1\ntitle = \"T\"\n[[scene]]\nid = \"x\"\nscript = [{ pause = 1 }]\n");
    let run = show.run(&["render"]);
    assert!(run.stderr.contains("peak silence, "), "{}", run.stderr);
    assert_eq!(show.json(&["render", "--format", "json"])["result"]["peak_dbfs"], serde_json::Value::Null);
}

#[test]
fn an_output_that_cannot_be_written_ends_with_3_and_leaves_everything_as_it_was() {
    let show = small().file("occupied", "a file").file("folder/inside.txt", "a file");
    let before = tree(&show);
    for (target, why) in [
        ("occupied/x.wav", "cannot be given a folder"),
        ("folder", "cannot be replaced: it is not a regular file"),
        ("occupied/deep/x.wav", "cannot be given a folder"),
    ] {
        let run = show.run(&["render", "-o", target]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{target}\n{}", run.stderr);
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains(why), "{target}\n{}", run.stderr);
        assert_eq!(run.stderr.matches(target).count(), 1, "the file is named once: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert_eq!(tree(&show), before, "{target}");
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_old_file_and_no_half_one() {
    let show = long().file("out.wav", "the old one");
    let before = tree(&show);
    // Files may grow to 2 MiB, and then no more, which is how a full disk looks.
    let run = shell(&show, "trap '' XFSZ; ulimit -f 4096; exec \"$RADIOPLAY\" render --bits 16 -o out.wav");
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{}", run.stderr);
    assert!(run.stderr.contains("`out.wav` cannot be written: "), "{}", run.stderr);
    assert_eq!(tree(&show), before);
    assert_eq!(std::fs::read(show.path("out.wav")).expect("it is there"), b"the old one");
}

#[test]
#[cfg(unix)]
fn an_interrupted_render_leaves_the_old_file_and_nothing_else() {
    for signal in ["INT", "TERM"] {
        let show = long().file("output/test.wav", "the old one");
        let before = tree(&show);
        let mut command = command(&show);
        command.args(["render", "--bits", "16"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        // It has begun to write when there is a second file in the folder.
        let started = Instant::now();
        while std::fs::read_dir(show.path("output")).expect("it can be listed").count() < 2 {
            assert!(started.elapsed() < Duration::from_secs(30), "it does not begin to write");
            std::thread::sleep(Duration::from_millis(2));
        }
        let sent = shell(&show, &format!("kill -{signal} {}", child.id()));
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        let ended = Instant::now();
        let output = child.wait_with_output().expect("it ends");
        assert!(ended.elapsed() < Duration::from_secs(5), "{signal}: it ends soon");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), said.as_ref()),
            (Some(130), "error: interrupted; nothing was written\n"),
            "{signal}"
        );
        assert!(output.stdout.is_empty());
        assert_eq!(tree(&show), before, "{signal}");
        assert_eq!(std::fs::read(show.path("output/test.wav")).expect("it is there"), b"the old one");
    }
}

#[test]
#[cfg(unix)]
fn an_interrupt_that_comes_twice_at_once_is_one() {
    // `timeout` sends its signal to the program, and then to the group that the program is in.
    for signal in ["INT", "TERM"] {
        let show = long();
        let mut command = command(&show);
        command.args(["render", "--bits", "16"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        let started = Instant::now();
        while !show.path("output").exists() {
            assert!(started.elapsed() < Duration::from_secs(30), "it does not begin to write");
            std::thread::sleep(Duration::from_millis(2));
        }
        let sent = shell(&show, &format!("kill -{signal} {0}; kill -{signal} {0}", child.id()));
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, "error: interrupted; nothing was written\n", "{signal}");
    }
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_panic() {
    let lines = "{ pause = 1 },".repeat(2_000);
    let show = TestShow::with_script(&format!(
        "format = 1\ntitle = \"T\"\n[[scene]]\nid = \"x\"\nscript = [{lines}]\n"
    ));
    for line in [
        "{ \"$RADIOPLAY\" check --dump timeline; echo $? >&2; } | head -n 1",
        "{ \"$RADIOPLAY\" check; echo $? >&2; } | true",
        "{ \"$RADIOPLAY\" render -q --bits 16; echo $? >&2; } | true",
        "\"$RADIOPLAY\" check >&-; echo $? >&2",
    ] {
        let run = shell(&show, line);
        assert_eq!((run.code, run.stderr.as_str()), (0, "0\n"), "{line}");
    }
}

#[test]
fn a_link_at_the_output_is_replaced_and_not_followed() {
    #[cfg(unix)]
    {
        let show = small().file("precious.txt", "not a WAV");
        std::os::unix::fs::symlink(show.path("precious.txt"), show.path("out.wav"))
            .expect("links can be made");
        let mut command = command(&show);
        command.args(["render", "-o", "out.wav"]);
        assert_eq!(finished(command).code, 0);
        assert_eq!(std::fs::read(show.path("precious.txt")).expect("it is there"), b"not a WAV");
        assert_eq!(show.wav("out.wav").0.len(), 144_000);
    }
}
