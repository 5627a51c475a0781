//! A sound server of a test's own, whose only loudspeaker is a file.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::show::has_program;

/// Without `norewinds` the sink works two seconds ahead.
const SINK: [&str; 6] =
    ["module-null-sink", "sink_name=cap", "rate=48000", "channels=2", "format=float32le", "norewinds=1"];

/// PulseAudio with a null sink at 48 kHz, stereo, 32-bit float. Ends with the test.
pub(super) struct Server {
    folder: tempfile::TempDir,
    running: Vec<Child>,
}

impl Server {
    /// Starts one; `None` where PulseAudio or ALSA's way to it is not installed.
    pub(super) fn start() -> Option<Server> {
        let there = has_program("pulseaudio", &["--version"]) && has_program("parec", &["--version"]);
        there.then(|| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let mut server = Server { folder, running: Vec::new() };
            // It is to say when it ran dry.
            let alsa = "pcm.!default { type pulse handle_underrun 1 }\nctl.!default { type pulse }\n";
            std::fs::write(server.folder.path().join("asound.conf"), alsa).expect("it can be written");
            server.begin();
            server
        })
    }

    /// Starts it, again where it was stopped.
    pub(super) fn begin(&mut self) {
        let socket = self.folder.path().join("pulse.sock");
        // What one that was killed has left behind.
        let _ = std::fs::remove_file(&socket);
        let native = format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
        let mut daemon = Command::new("pulseaudio");
        daemon.args([
            "--daemonize=no",
            "--use-pid-file=no",
            "--exit-idle-time=-1",
            "-n",
            "--disable-shm=yes",
        ]);
        daemon.args(["-L", &native, "-L", &SINK.join(" ")]).stdout(Stdio::null()).stderr(Stdio::null());
        self.environment(&mut daemon);
        self.running.push(daemon.spawn().expect("it starts"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.tool("pactl", &["info"]) {
            assert!(Instant::now() < deadline, "PulseAudio does not answer");
            std::thread::sleep(Duration::from_millis(30));
        }
        assert!(self.tool("pactl", &["set-default-sink", "cap"]));
    }

    /// Ends it without a word to anybody.
    pub(super) fn stop(&mut self) {
        for mut child in self.running.drain(..).rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Takes its loudspeaker away.
    pub(super) fn unplug(&self) {
        assert!(self.tool("pactl", &["unload-module", SINK[0]]));
    }

    /// Gives it back.
    pub(super) fn plug_in(&self) {
        assert!(self.tool("pactl", &[&["load-module"], &SINK[..]].concat()));
        assert!(self.tool("pactl", &["set-default-sink", "cap"]));
    }

    /// Has a command play here.
    pub(super) fn environment(&self, command: &mut Command) {
        let folder = self.folder.path();
        command
            .env("XDG_RUNTIME_DIR", folder)
            .env("HOME", folder)
            .env("PULSE_SERVER", format!("unix:{}", folder.join("pulse.sock").display()))
            .env(
                "ALSA_CONFIG_PATH",
                format!("/usr/share/alsa/alsa.conf:{}", folder.join("asound.conf").display()),
            );
    }

    fn tool(&self, name: &str, args: &[&str]) -> bool {
        let mut command = Command::new(name);
        command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        self.environment(&mut command);
        command.status().is_ok_and(|status| status.success())
    }

    /// Begins to record what is played.
    pub(super) fn record(&mut self) {
        let mut command = Command::new("parec");
        let file = std::fs::File::create(self.folder.path().join("cap.raw")).expect("it can be written");
        command.args(["-d", "cap.monitor", "--format=float32le", "--rate=48000", "--channels=2"]);
        command.arg("--latency-msec=20").stdout(file).stderr(Stdio::null());
        self.environment(&mut command);
        self.running.push(command.spawn().expect("it starts"));
        // It records once there is something.
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.recorded().is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What was recorded, once that is at least so many samples from the first that sounds on: recording lags. Where it
    /// never is, what there is.
    pub(super) fn recorded_at_least(&self, samples: usize) -> Vec<f32> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let recorded = self.recorded();
            let sounding = recorded.iter().position(|sample| *sample != 0.0);
            // A second more, for silences in between.
            let there = sounding.is_some_and(|first| recorded.len() >= first + samples + 96_000);
            if there || Instant::now() > deadline {
                return recorded;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What has been recorded so far, interleaved.
    pub(super) fn recorded(&self) -> Vec<f32> {
        let bytes = std::fs::read(self.folder.path().join("cap.raw")).unwrap_or_default();
        bytes.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for a program to end; one that does not is killed, and its exit code is `None`.
pub(super) fn ended(child: &mut Child, within: Duration) -> Option<i32> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return Some(status.code().unwrap_or(-1));
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Saves a file as editors do: beside, then renamed.
pub(super) fn save_by_rename(path: &std::path::Path, text: &str) {
    let beside = path.with_extension("toml~new");
    let mut file = std::fs::File::create(&beside).expect("it can be written");
    file.write_all(text.as_bytes()).expect("it can be written");
    drop(file);
    std::fs::rename(beside, path).expect("it can be renamed");
}
