//! What every file of this project has in common.

use std::path::{Path, PathBuf};

use crate::show::TestShow;

/// The longest file without a reason, in lines.
const LINES: usize = 500;
/// Files that are longer, and why.
const LONGER: &[(&str, &str)] = &[
    ("src/cuesheet/resolve.rs", "one pass over the script, whose parts share one state"),
    ("src/timeline/solve.rs", "one graph: its nodes, its rules, its order and its report"),
];
/// Names that say nothing about what they own.
const BANNED: [&str; 7] = ["utils", "util", "helpers", "common", "misc", "types", "manager"];
/// The largest file among the fixtures, in bytes.
const FIXTURE: u64 = 20 * 1024;

fn tracked() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["src", "tests", "script", "voices", "sfx"].map(|folder| root.join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

fn rust() -> Vec<(PathBuf, String)> {
    let rust = tracked().into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| (path.clone(), std::fs::read_to_string(&path).expect("sources are UTF-8"))).collect()
}

fn short(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[test]
fn every_file_says_what_it_owns() {
    for (path, text) in rust() {
        assert!(text.starts_with("//!"), "{} does not begin with `//!`", short(&path));
    }
}

#[test]
fn no_file_is_long_without_a_reason() {
    for (path, text) in rust() {
        let (name, lines) = (short(&path), text.lines().count());
        let excused = LONGER.iter().any(|(longer, _)| *longer == name);
        assert!(lines <= LINES || excused, "{name} has {lines} lines");
        assert!(lines > LINES || !excused, "{name} has {lines} lines and needs no excuse any more");
    }
}

#[test]
fn no_name_says_nothing() {
    for path in tracked() {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        assert!(!BANNED.contains(&stem.as_str()), "{}", short(&path));
        assert!(stem != "mod", "{}: `foo.rs` beside `foo/`, never `mod.rs`", short(&path));
    }
}

#[test]
fn fixtures_are_small() {
    for path in tracked().into_iter().filter(|path| path.extension().is_none_or(|e| e != "rs")) {
        let inside = short(&path);
        let size = std::fs::metadata(&path).expect("it was listed").len();
        assert!(size <= FIXTURE || !inside.starts_with("tests/"), "{inside} has {size} bytes");
    }
}

#[test]
fn the_changelog_names_this_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("CHANGELOG.md")).expect("there is a changelog");
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&heading) || text.contains("## [Unreleased]"), "no heading `{heading}`");
}

/// The TOML examples of a page that are whole scripts.
fn scripts_in(page: &str) -> Vec<String> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("the page is there");
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with("format = 1")).map(str::to_owned).collect()
}

#[test]
fn the_scripts_in_the_readmes_are_right() {
    for page in ["README.md", "script/README.md"] {
        let scripts = scripts_in(page);
        assert!(!scripts.is_empty(), "{page} shows no script");
        for script in scripts {
            let knock = Path::new(env!("CARGO_MANIFEST_DIR")).join("sfx/knock.toml");
            let show = TestShow::with_script(&script);
            let show = show.file("sfx/knock.toml", std::fs::read(knock).expect("the knock is there"));
            let run = show.run(&["check"]);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{page}:\n{script}");
        }
    }
}
