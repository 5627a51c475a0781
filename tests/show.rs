//! A show in a temporary folder, and the program run on it as a person would run it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

/// Set to write what came out over what was expected.
pub(crate) const UPDATE: &str = "RADIOPLAY_UPDATE";

/// A show in a temporary folder, gone when dropped.
pub(crate) struct TestShow {
    folder: tempfile::TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; −1 where a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl TestShow {
    /// An empty one.
    pub(crate) fn new() -> TestShow {
        TestShow { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    /// One with an episode `script/test.toml`.
    pub(crate) fn with_script(script: &str) -> TestShow {
        TestShow::new().file("script/test.toml", script)
    }

    /// Adds a file.
    pub(crate) fn file(self, path: &str, contents: impl AsRef<[u8]>) -> TestShow {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .expect("folders can be made");
        std::fs::write(path, contents).expect("files can be written");
        self
    }

    /// Adds a clip: mono, 48 kHz, 32-bit float.
    pub(crate) fn clip(self, path: &str, samples: &[f32]) -> TestShow {
        self.clip_at(path, samples, 1, 48_000)
    }

    /// Adds a clip of any shape, 32-bit float, interleaved.
    pub(crate) fn clip_at(self, path: &str, samples: &[f32], channels: u16, rate: u32) -> TestShow {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let path_on_disk = self.path(path);
        std::fs::create_dir_all(path_on_disk.parent().expect("a file lies in a folder"))
            .expect("folders can be made");
        let mut writer = hound::WavWriter::create(path_on_disk, spec).expect("clips can be written");
        samples.iter().for_each(|&sample| writer.write_sample(sample).expect("clips can be written"));
        writer.finalize().expect("clips can be written");
        // Always as good as new, so that it is copied, and kept, however long a test takes: what lies there for a while is
        // read in its place.
        let later = SystemTime::now() + Duration::from_secs(86_400);
        let file = File::options().append(true).open(self.path(path));
        file.and_then(|file| file.set_modified(later)).expect("times can be set");
        self
    }

    /// Adds everything below a folder of the tests.
    pub(crate) fn copy(self, from: &Path) -> TestShow {
        let mut folders = vec![from.to_owned()];
        let mut show = self;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the case can be listed") {
                let path = entry.expect("the case can be listed").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let inside =
                        path.strip_prefix(from).expect("it lies inside").to_string_lossy().into_owned();
                    show = show.file(&inside, std::fs::read(&path).expect("the case can be read"));
                }
            }
        }
        show
    }

    /// A path in it.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Every file below a folder of it, by its path from there: what is in it.
    pub(crate) fn snapshot(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        snapshot(&self.path(folder))
    }

    /// Names of files that are not whole, wherever they lie.
    pub(crate) fn left_over(&self) -> Vec<String> {
        let partial = |name: &String| {
            name.rsplit('/').next().is_some_and(|file| file.starts_with('.')) || name.contains("/partial/")
        };
        self.snapshot("").into_keys().filter(partial).collect()
    }

    /// Runs the program in the show's folder.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        run_in(self.folder.path(), args)
    }

    /// Runs the program, which must end with 0, and reads its standard output as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}\n{}", run.stderr);
        serde_json::from_str(&run.stdout).expect("standard output is JSON")
    }

    /// The samples of a WAV file in it, interleaved, ±1.0 full scale; and its layout.
    pub(crate) fn wav(&self, path: &str) -> (Vec<f32>, hound::WavSpec) {
        let mut reader = hound::WavReader::open(self.path(path)).expect("the WAV file can be read");
        let spec = reader.spec();
        let samples = match spec.sample_format {
            hound::SampleFormat::Float => {
                reader.samples::<f32>().map(|s| s.expect("samples can be read")).collect()
            }
            hound::SampleFormat::Int => {
                let full = (1_i64 << (spec.bits_per_sample - 1)) as f32;
                reader.samples::<i32>().map(|s| s.expect("samples can be read") as f32 / full).collect()
            }
        };
        (samples, spec)
    }
}

/// Every file below a folder, by its path from there: what is in it. Nothing where there is no folder.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let inside = path.strip_prefix(folder).expect("it lies inside");
                found.insert(inside.to_string_lossy().replace('\\', "/"), bytes);
            }
        }
    }
    found
}

/// Runs the program in a folder.
pub(crate) fn run_in(folder: &Path, args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    let output: Output = command
        .args(args)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env("RADIOPLAY_CACHE", "")
        .output()
        .expect("it starts");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// Compares a text with a file of the tests, or writes it there if asked to.
pub(crate) fn check_snapshot(file: &Path, found: &str) {
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(file, found).expect("the expected file can be written");
        return;
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(found, expected, "{} (set {UPDATE}=1 to take over what came out)", file.display());
}

/// The Python that has the packages of `.ci/run`; the system's where none is named.
pub(crate) fn python() -> String {
    std::env::var("RADIOPLAY_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Whether a program that reads what we write is there. Where it is not, the test says so and is skipped, unless
/// everything must be there.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn has_program(name: &str, args: &[&str]) -> bool {
    let there = Command::new(name).args(args).output().is_ok_and(|output| output.status.success());
    if !there {
        assert!(
            std::env::var_os("RADIOPLAY_TEST_REQUIRE_TOOLS").is_none(),
            "`{name}` is needed and not installed"
        );
        println!("SKIPPED: `{name}` is not installed");
    }
    there
}
