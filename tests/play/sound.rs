//! What comes out of a sound device, held against the rendered file.
//!
//! Where a machine is busy, frames may come too late, here as anywhere; then there is silence, and after it sound goes
//! on where it stopped. So what is played is held against what is rendered frame by frame with nothing left out and
//! nothing changed, and each silence in between has to be one that the program counted, or that the sound server did.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::episode;
use super::server::{Server, ended};
use crate::show::TestShow;

/// How long what follows a gap of our own takes to be as loud as it is rendered: 5 ms.
const GATE: usize = 240;

/// The program in a show's folder.
fn player(show: &TestShow, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    command.args(["play", "--plain"]).args(args).current_dir(show.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How it ended, what it said, and what it printed.
fn told(mut child: Child) -> (Option<i32>, String, String) {
    let code = ended(&mut child, Duration::from_secs(120));
    let said = std::io::read_to_string(child.stderr.take().expect("it is piped")).expect("it is text");
    let printed = std::io::read_to_string(child.stdout.take().expect("it is piped")).expect("it is text");
    (code, said, printed)
}

/// How many gaps a player says that it left; those of the device it does not know of.
fn counted(said: &str) -> usize {
    let last = said.lines().last().unwrap_or("");
    let Some((_, gaps)) = last.split_once(", ").filter(|(_, gaps)| *gaps != "no gaps") else { return 0 };
    gaps.split(' ').next().and_then(|count| count.parse().ok()).expect("a number of gaps")
}

/// Silences in what was recorded that are not in what was rendered.
#[derive(Debug, Default, PartialEq)]
struct Silences {
    /// Those after which it comes in softly: ours.
    soft: usize,
    /// Those after which it goes on at once: the device's.
    hard: usize,
}

/// Goes through both side by side, stereo and interleaved. `length` samples of what was rendered have to be there, and
/// be the same within `step`.
fn compare(rendered: &[f32], recorded: &[f32], length: usize, step: f32) -> Result<Silences, String> {
    let (rendered, _) = rendered[..length].as_chunks::<2>();
    let (recorded, _) = recorded.as_chunks::<2>();
    let silent = |frame: &[f32; 2]| frame.iter().all(|sample| *sample == 0.0);
    let same = |a: &[f32; 2], b: &[f32; 2], gate: f32| {
        a.iter().zip(b).all(|(a, b)| if step == 0.0 { a * gate == *b } else { (a * gate - b).abs() <= step })
    };
    let (mut at, mut silences) = (0, Silences::default());
    let mut frame = 0;
    while frame < rendered.len() {
        let Some(heard) = recorded.get(at) else { return Err(format!("it ends at frame {frame}")) };
        if same(&rendered[frame], heard, 1.0) {
            (frame, at) = (frame + 1, at + 1);
            continue;
        }
        if !silent(heard) {
            return Err(format!("frame {frame} is {heard:?} instead of {:?}", rendered[frame]));
        }
        at += recorded[at..].iter().take_while(|frame| silent(frame)).count();
        // What is rendered may be silent as well, and a soft beginning is so near to silence as to be none.
        let soft = |back: usize| {
            (0..GATE).all(|n| {
                let (Some(a), Some(b)) = (rendered.get(frame + n), recorded.get((at + n).wrapping_sub(back)))
                else {
                    return false;
                };
                let mut gate = 0.0_f32;
                (0..=n).for_each(|_| gate = (gate + 1.0 / (0.005 * 48_000.0)).min(1.0));
                same(a, b, gate)
            })
        };
        if (0..8).any(soft) {
            let back = (0..8).find(|back| soft(*back)).unwrap_or(0);
            silences.soft += 1;
            (frame, at) = (frame + GATE, at - back + GATE);
        } else {
            silences.hard += 1;
        }
    }
    Ok(silences)
}

/// From the first frame that sounds on.
fn sounding(samples: &[f32]) -> &[f32] {
    let first = samples.iter().position(|sample| *sample != 0.0).expect("it is heard");
    &samples[first / 2 * 2..]
}

#[test]
fn what_a_sound_server_plays_is_what_is_rendered_sample_for_sample() {
    let Some(mut server) = Server::start() else { return };
    let show = episode();
    assert_eq!(show.run(&["render", "--bits", "32f", "-o", "render.wav"]).code, 0);
    let rendered = show.wav("render.wav").0;
    let played = |server: &Server| {
        let mut command = player(&show, &[]);
        server.environment(&mut command);
        told(command.spawn().expect("it starts"))
    };
    // So that the gain has been measured when it is played again.
    let (code, said, _) = played(&server);
    assert_eq!(code, Some(0), "{said}");
    server.record();
    let (code, said, heard) = played(&server);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("final gain"), "{said}");
    for line in ["ann: One.", "ben: Two.", "ann: Three.", "ben: Four.", "ann: Five."] {
        assert!(heard.contains(line), "{heard}");
    }
    let expected = sounding(&rendered);
    let recorded = server.recorded_at_least(expected.len());
    let silences = compare(expected, sounding(&recorded), expected.len(), 0.0);
    let silences = silences.unwrap_or_else(|why| panic!("{why}\n{said}"));
    // The server may leave gaps that nobody is told of; ours are all counted.
    assert!(silences.soft <= counted(&said), "{silences:?}\n{said}");
}

/// ALSA alone, without a server: a device that is a pipe, and a reader that takes as much as a loudspeaker would.
#[cfg(target_os = "linux")]
#[test]
fn what_an_alsa_device_plays_is_what_is_rendered_to_its_word_length() {
    use std::io::{Read as _, Write as _};
    if !std::path::Path::new("/usr/share/alsa/alsa.conf").exists() {
        assert!(
            std::env::var_os("RADIOPLAY_TEST_REQUIRE_TOOLS").is_none(),
            "ALSA is needed and not installed"
        );
        return;
    }
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
    // Where a sound server runs, ALSA's own configuration would put it in this device's place.
    command.env("PULSE_SERVER", "unix:/nonexistent").env("XDG_RUNTIME_DIR", show.path(""));
    command
        .env("ALSA_CONFIG_PATH", format!("/usr/share/alsa/alsa.conf:{}", show.path("asound.conf").display()));
    let child = command.spawn().expect("it starts");
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
    let (code, said, _) = told(child);
    assert_eq!(code, Some(0), "{said}");
    // Nobody writes any more.
    drop(silence);
    let bytes = reader.join().expect("it reads");
    let recorded: Vec<f32> =
        bytes.as_chunks::<2>().0.iter().map(|word| f32::from(i16::from_le_bytes(*word)) / 32_768.0).collect();
    let step = 1.5 / 32_768.0;
    // What is within a step of silence may be silent.
    let loud = |samples: &[f32]| samples.iter().position(|sample| sample.abs() > 2.0 * step);
    let (ours, theirs) = (loud(&rendered).expect("it is loud"), loud(&recorded).expect("it is heard"));
    let near = (0..64).map(|off| (theirs + 32).saturating_sub(off) / 2 * 2);
    let expected = &rendered[ours / 2 * 2..];
    let outcomes: Vec<_> =
        near.map(|begin| compare(expected, &recorded[begin..], expected.len(), step)).collect();
    let best = outcomes.iter().flatten().min_by_key(|silences| silences.soft + silences.hard);
    let best = best.unwrap_or_else(|| panic!("{:?}\n{said}", outcomes.first()));
    // This device has no clock of its own that could run dry.
    assert!(best.soft + best.hard <= counted(&said), "{best:?}\n{said}");
}

/// What a program says while it runs.
struct Listener {
    said: std::sync::Arc<std::sync::Mutex<String>>,
}

impl Listener {
    /// Of a program whose output is piped.
    fn of(child: &mut Child) -> Listener {
        let said = std::sync::Arc::<std::sync::Mutex<String>>::default();
        let pipes: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("it is piped")),
            Box::new(child.stderr.take().expect("it is piped")),
        ];
        for pipe in pipes {
            let said = std::sync::Arc::clone(&said);
            std::thread::spawn(move || {
                for line in std::io::BufRead::lines(std::io::BufReader::new(pipe)) {
                    let line = line.expect("it is text");
                    said.lock().expect("nobody panics with it").push_str(&(line + "\n"));
                }
            });
        }
        Listener { said }
    }

    fn so_far(&self) -> String {
        self.said.lock().expect("nobody panics with it").clone()
    }

    /// Waits until it has said something so many times.
    fn wait_for(&self, what: &str, times: usize) {
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while self.so_far().matches(what).count() < times {
            assert!(std::time::Instant::now() < deadline, "no `{what}`: {}", self.so_far());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_device_that_is_unplugged_and_a_server_that_restarts_are_waited_for() {
    let Some(mut server) = Server::start() else { return };
    let show = episode();
    let mut command = player(&show, &["--loop"]);
    server.environment(&mut command);
    let mut child = command.spawn().expect("it starts");
    let said = Listener::of(&mut child);
    said.wait_for("ann: One.", 1);
    server.unplug();
    said.wait_for("the sound device is gone", 1);
    server.plug_in();
    said.wait_for("the sound device is back", 1);
    server.stop();
    said.wait_for("the sound device is gone", 2);
    server.begin();
    said.wait_for("the sound device is back", 2);
    // And is heard there again.
    server.record();
    let begun = std::time::Instant::now();
    while server.recorded().iter().all(|sample| *sample == 0.0) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", said.so_far());
        std::thread::sleep(Duration::from_millis(50));
    }
    // As `timeout` sends it: to the program, and to its group.
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id, &id]).status().expect("it starts").success());
    assert_eq!(ended(&mut child, Duration::from_secs(20)), Some(0), "{}", said.so_far());
    said.wait_for("first sound after", 1);
}

#[test]
fn a_device_is_found_by_its_name() {
    let Some(mut server) = Server::start() else { return };
    let show = episode();
    let mut command = player(&show, &["--list-devices"]);
    server.environment(&mut command);
    let (code, said, listed) = told(command.spawn().expect("it starts"));
    assert_eq!(code, Some(0), "{said}");
    assert!(listed.lines().any(|line| line.starts_with("pulse ")), "{listed}");
    server.record();
    let mut command = player(&show, &["--device", "pulse", "--to", "b"]);
    server.environment(&mut command);
    let (code, said, _) = told(command.spawn().expect("it starts"));
    assert_eq!(code, Some(0), "{said}");
    assert!(server.recorded().iter().any(|sample| *sample != 0.0), "{said}");
}

#[test]
fn without_a_device_it_says_what_to_do() {
    let show = episode();
    let mut command = player(&show, &["--device", "no-such-device"]);
    command.env("ALSA_CONFIG_PATH", "/dev/null").env_remove("PULSE_SERVER");
    let (code, said, _) = told(command.spawn().expect("it starts"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("error: no sound: ") && said.contains("--to-file FILE"), "{said}");
}
