//! `radioplay new`: a small show that renders at once.

use std::fs;
use std::path::Path;

use crate::cli::args::New;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;

/// The files of a new show. The sounds are those of the demo episode.
const FILES: [(&str, &str); 8] = [
    ("script/first.toml", include_str!("new/first.toml")),
    ("script/README.md", include_str!("../../script/README.md")),
    ("voices/README.md", include_str!("../../voices/README.md")),
    ("sfx/README.md", include_str!("../../sfx/README.md")),
    ("sfx/knock.toml", include_str!("../../sfx/knock.toml")),
    ("sfx/hall-tone.toml", include_str!("../../sfx/hall-tone.toml")),
    ("sfx/door-open.toml", include_str!("../../sfx/door-open.toml")),
    (".gitignore", "/output/\n"),
];

pub(super) fn run(args: &New, terminal: &Terminal) -> Result<(), Failure> {
    let dir = &args.dir;
    let occupied = fs::read_dir(dir).map(|mut entries| entries.next().is_some()).unwrap_or(dir.exists());
    if occupied {
        return Err(Failure::Usage(format!("`{}` already exists and is not empty", dir.display())));
    }
    for (path, text) in FILES {
        write(&dir.join(path), text)?;
    }
    terminal
        .say(&format!("a show with one short episode; next:\n  cd {}\n  radioplay render", dir.display()));
    terminal.result(&dir.display().to_string());
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text))
        .map_err(|error| Failure::Machine(format!("`{}` cannot be written: {error}", path.display())))
}
