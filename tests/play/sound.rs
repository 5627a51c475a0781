//! What comes out of a sound device, held against the rendered file.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::episode;
use super::server::{Server, ended};
use crate::show::TestShow;

/// How often a test plays until there are no gaps.
const ATTEMPTS: usize = 6;

/// The program in a show's folder.
fn player(show: &TestShow, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    command.args(["play", "--plain"]).args(args).current_dir(show.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn what_a_sound_server_plays_is_what_is_rendered_sample_for_sample() {
    let Some(mut server) = Server::start() else { return };
    let show = episode();
    assert_eq!(show.run(&["render", "--bits", "32f", "-o", "render.wav"]).code, 0);
    let rendered = show.wav("render.wav").0;
    // So that the gain has been measured when it is played again.
    let first = |server: &Server| {
        let mut command = player(&show, &[]);
        server.environment(&mut command);
        let mut child = command.spawn().expect("it starts");
        let code = ended(&mut child, Duration::from_secs(60));
        let said = std::io::read_to_string(child.stderr.take().expect("it is piped")).expect("it is text");
        (code, said, std::io::read_to_string(child.stdout.take().expect("it is piped")).expect("it is text"))
    };
    let (code, said, _) = first(&server);
    assert_eq!(code, Some(0), "{said}");
    server.record();
    // A machine that is busy with other tests may leave gaps, and not all of them can be known here: the server has a
    // buffer of its own. What is asked is what plays without.
    for _ in 0..ATTEMPTS {
        let before = server.recorded().len() / 2 * 2;
        let (code, said, heard) = first(&server);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("final gain"), "{said}");
        for line in ["ann: One.", "ben: Two.", "ann: Three.", "ben: Four.", "ann: Five."] {
            assert!(heard.contains(line), "{heard}");
        }
        std::thread::sleep(Duration::from_millis(300));
        if !said.contains("no gaps") {
            continue;
        }
        let recorded = server.recorded().split_off(before);
        let begin =
            |samples: &[f32]| samples.iter().position(|sample| *sample != 0.0).expect("it is heard") / 2 * 2;
        let (ours, theirs) = (begin(&rendered), begin(&recorded));
        let length = rendered.len() - ours;
        let there = recorded.len() >= theirs + length;
        let differing = rendered[ours..].iter().zip(&recorded[theirs..]).filter(|(a, b)| a != b).count();
        if there && differing == 0 {
            return;
        }
    }
    panic!("it never played what is rendered");
}

/// ALSA alone, without a server: a device that is a pipe, and a reader that takes as much as a loudspeaker would.
#[cfg(target_os = "linux")]
#[test]
fn what_an_alsa_device_plays_is_what_is_rendered_to_its_word_length() {
    if !std::path::Path::new("/usr/share/alsa/alsa.conf").exists() {
        assert!(
            std::env::var_os("RADIOPLAY_TEST_REQUIRE_TOOLS").is_none(),
            "ALSA is needed and not installed"
        );
        return;
    }
    assert!((0..ATTEMPTS).any(|_| plays_through_a_pipe()), "it never played what is rendered");
}

/// Plays and compares; whether all of it was the same.
#[cfg(target_os = "linux")]
fn plays_through_a_pipe() -> bool {
    use std::io::{Read as _, Write as _};
    let show = episode();
    assert_eq!(show.run(&["render", "--bits", "32f", "-o", "render.wav", "--deliver", "none"]).code, 0);
    let rendered = show.wav("render.wav").0;
    let pipe = show.path("cap.fifo");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it starts").success());
    let config = format!(
        "pcm.cap {{ type file slave {{ pcm \"null\" }} file \"{}\" format \"raw\" }}\n\
         pcm.!default {{ type plug slave {{ pcm \"cap\" format S16_LE rate 48000 channels 2 }} }}\n",
        pipe.display()
    );
    std::fs::write(show.path("asound.conf"), config).expect("it can be written");
    // Full from the start, so that the device takes no more at once than one with a buffer of its own.
    let mut silence =
        std::fs::OpenOptions::new().read(true).write(true).open(&pipe).expect("it can be opened");
    silence.write_all(&[0; 61_440]).expect("so much fits into a pipe");
    let mut command = player(&show, &["--deliver", "none"]);
    command
        .env("ALSA_CONFIG_PATH", format!("/usr/share/alsa/alsa.conf:{}", show.path("asound.conf").display()));
    let mut child = command.spawn().expect("it starts");
    let reader = std::thread::spawn(move || {
        let mut pipe = std::fs::File::open(pipe).expect("it can be opened");
        let (mut all, mut piece) = (Vec::new(), [0; 3840]);
        let begun = std::time::Instant::now();
        while let Ok(read @ 1..) = pipe.read(&mut piece) {
            all.extend_from_slice(&piece[..read]);
            let due = Duration::from_secs_f64(all.len() as f64 / 192_000.0);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        all
    });
    let code = ended(&mut child, Duration::from_secs(60));
    let said = std::io::read_to_string(child.stderr.take().expect("it is piped")).expect("it is text");
    assert_eq!(code, Some(0), "{said}");
    // Nobody writes any more.
    drop(silence);
    let bytes = reader.join().expect("it reads");
    let recorded: Vec<f32> =
        bytes.as_chunks::<2>().0.iter().map(|word| f32::from(i16::from_le_bytes(*word)) / 32_768.0).collect();
    // What comes last may still be in ALSA's buffer when the device is closed.
    let length = rendered.len() - 19_200;
    let step = 1.0 / 32_768.0;
    let near = |shift: usize| {
        rendered[..length].iter().zip(&recorded[shift..]).all(|(a, b)| (a - b).abs() <= 1.5 * step)
    };
    let shifts = (0..recorded.len().saturating_sub(length)).step_by(2);
    shifts.into_iter().any(near)
}

#[test]
fn without_a_device_it_says_what_to_do() {
    let show = episode();
    let mut command = player(&show, &["--device", "no-such-device"]);
    command.env("ALSA_CONFIG_PATH", "/dev/null").env_remove("PULSE_SERVER");
    let mut child = command.spawn().expect("it starts");
    let code = ended(&mut child, Duration::from_secs(30));
    let said = std::io::read_to_string(child.stderr.take().expect("it is piped")).expect("it is text");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("error: no sound: ") && said.contains("--to-file FILE"), "{said}");
}
