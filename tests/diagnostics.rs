//! What a person is told: each kind of problem has a case in `tests/diagnostics/CODE` (or `CODE.what`), a small show
//! whose `check` prints exactly `expected.txt`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radioplay::diag::code::Code;

use crate::show::{TestShow, check_snapshot};

fn cases() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut cases: Vec<(String, PathBuf)> = std::fs::read_dir(folder)
        .expect("the cases can be listed")
        .map(|entry| entry.expect("the cases can be listed").path())
        .filter(|path| path.is_dir())
        .map(|path| (path.file_name().expect("a folder has a name").to_string_lossy().into_owned(), path))
        .collect();
    cases.sort();
    cases
}

fn show_of(name: &str, case: &Path) -> TestShow {
    let show = TestShow::new().copy(case);
    // What git does not keep is made here.
    match name {
        "not-utf8" => show.file("script/test.toml", b"format = 1\ntitle = \"caf\xe9\"\n"),
        #[cfg(unix)]
        "outside-show.link" => {
            std::fs::create_dir_all(show.path("sfx")).expect("folders can be made");
            std::os::unix::fs::symlink("/etc/hostname", show.path("sfx/link.wav"))
                .expect("links can be made");
            show
        }
        #[cfg(unix)]
        "not-a-file.pipe" => {
            std::fs::create_dir_all(show.path("sfx")).expect("folders can be made");
            let made = std::process::Command::new("mkfifo").arg(show.path("sfx/pipe.wav")).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo works");
            show
        }
        "unreadable-file" => show.file("huge.toml", " ".repeat(17 << 20)),
        _ => show,
    }
}

#[test]
fn every_case_prints_what_is_expected() {
    for (name, case) in cases() {
        if cfg!(not(unix)) && (name == "outside-show.link" || name == "not-a-file.pipe") {
            continue;
        }
        let show = show_of(&name, &case);
        let run = show.run(&["check", "script/test.toml", "--color", "never"]);
        let code = name.split('.').next().unwrap_or(&name);
        assert!(
            run.stderr.contains(&format!("[{code}]")),
            "{name} does not report `{code}`:\n{}",
            run.stderr
        );
        let has_error = run.stderr.lines().any(|line| line.starts_with("error"));
        assert_eq!(run.code, i32::from(has_error), "{name}\n{}", run.stderr);
        check_snapshot(&case.join("expected.txt"), &run.stderr);
    }
}

#[test]
fn every_code_has_a_case() {
    let cases: BTreeSet<String> =
        cases().into_iter().map(|case| case.0.split('.').next().unwrap_or_default().to_owned()).collect();
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.name()).filter(|code| !cases.contains(*code)).collect();
    assert!(missing.is_empty(), "codes without a case: {missing:?}");
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let strange: Vec<&String> = cases.iter().filter(|case| !codes.contains(case.as_str())).collect();
    assert!(strange.is_empty(), "cases of no code: {strange:?}");
}
