//! Which show and which episode a command means.

use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::diag::suggest;
use crate::host::Show;

/// The folder of the show that episodes are written to.
const OUTPUT: &str = "output";

/// A show, and the path of an episode in it, from the show's folder.
#[derive(Debug)]
pub(super) struct Located {
    /// The show.
    pub(super) show: Show,
    /// The show's folder, as the person would type it; empty for the working folder.
    pub(super) root: PathBuf,
    /// The episode's file, from the show's folder.
    pub(super) script: String,
    /// The episode's name: its file's name without the ending.
    pub(super) name: String,
}

/// Finds the episode: `script` where it is given, else the only one in `script/` of the working folder.
///
/// # Errors
/// Says what was looked for, and where; these are wrong usage.
pub(super) fn locate(script: Option<&Path>, allow: &[PathBuf]) -> Result<Located, String> {
    let path = match script {
        Some(path) => given(path)?,
        None => only_episode(Path::new("script"))?,
    };
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    // The working folder, where nothing else is named: an empty path has no absolute one.
    let named = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
    // A script in a folder `script` belongs to the show around it; any other is a show by itself.
    let absolute = std::path::absolute(named).unwrap_or_else(|_| folder.clone());
    let in_script_folder = absolute.file_name().is_some_and(|name| name == "script");
    let root = match (in_script_folder, folder.file_name().is_some_and(|name| name == "script")) {
        (true, true) => folder.parent().map(Path::to_owned).unwrap_or_default(),
        (true, false) => folder.join(".."),
        (false, _) => folder,
    };
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let script = if in_script_folder { format!("script/{file}") } else { file.clone() };
    let name = file.strip_suffix(".toml").unwrap_or(&file).to_owned();
    let show = Show::open(
        if root.as_os_str().is_empty() { PathBuf::from(".") } else { root.clone() },
        allow.to_vec(),
    )
    .map_err(|error| format!("`{}`: {error}", root.display()))?;
    Ok(Located { show, root, script, name })
}

/// `output/` in the show. A show that comes with a link in that place does not choose where files are written.
///
/// # Errors
/// Where it does.
pub(super) fn output_folder(located: &Located) -> Result<PathBuf, Failure> {
    let folder = located.root.join(OUTPUT);
    if folder.is_symlink() && located.show.real(OUTPUT).is_none() {
        let why = format!(
            "`{}` leads out of the show; pass `--allow DIR` or say where to by `-o`",
            folder.display()
        );
        return Err(Failure::Usage(why));
    }
    Ok(folder)
}

/// The episodes that several paths mean: scripts, folders with all that is in them, and patterns. Without any, all in
/// `script/` of the working folder. Each path that means none says why.
pub(super) fn scripts(paths: &[PathBuf]) -> Vec<Result<PathBuf, String>> {
    let usual = [PathBuf::from("script")];
    let paths = if paths.is_empty() { &usual[..] } else { paths };
    let mut found: Vec<Result<PathBuf, String>> = Vec::new();
    for path in paths {
        let text = path.to_string_lossy();
        if path.is_dir() {
            let inside = path.join("script");
            found.extend(all_episodes(if inside.is_dir() { &inside } else { path }));
        } else if !path.exists() && text.contains(['*', '?', '[']) {
            found.extend(matching(&text));
        } else {
            found.push(given(path));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|it| match it {
        Ok(path) => seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())),
        Err(_) => true,
    });
    found
}

fn all_episodes(folder: &Path) -> Vec<Result<PathBuf, String>> {
    let found = episodes(folder);
    if found.is_empty() {
        return vec![Err(format!("there is no episode in `{}`", folder.display()))];
    }
    found.into_iter().map(Ok).collect()
}

fn matching(pattern: &str) -> Vec<Result<PathBuf, String>> {
    let paths = match glob::glob(pattern) {
        Ok(paths) => paths,
        Err(error) => return vec![Err(format!("`{pattern}` is no pattern: {}", error.msg))],
    };
    let found: Vec<PathBuf> = paths.flatten().filter(|path| path.is_file()).collect();
    if found.is_empty() {
        return vec![Err(format!("there is nothing like `{pattern}`"))];
    }
    found.into_iter().map(Ok).collect()
}

fn given(path: &Path) -> Result<PathBuf, String> {
    if path.is_dir() {
        let inside = path.join("script");
        return only_episode(if inside.is_dir() { &inside } else { path });
    }
    if path.exists() {
        return Ok(path.to_owned());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let there: Vec<String> = episodes(folder).iter().map(|path| path.display().to_string()).collect();
    let wanted = path.display().to_string();
    let help = suggest::help(&wanted, there.iter().map(String::as_str));
    Err(match help {
        Some(help) => format!("there is no script `{wanted}`; {help}"),
        None => format!("there is no script `{wanted}`"),
    })
}

fn only_episode(folder: &Path) -> Result<PathBuf, String> {
    let found = episodes(folder);
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!(
            "there is no episode in `{}`; name a script, or make a show with `radioplay new DIR`",
            folder.display()
        )),
        several => {
            let names: Vec<String> = several.iter().map(|path| format!("`{}`", path.display())).collect();
            Err(format!("there are several episodes, say which: {}", names.join(", ")))
        }
    }
}

/// The TOML files of a folder that say `format`: others are included by episodes. Unreadable ones count, so that
/// what is wrong with them is said.
fn episodes(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let tables =
        listed.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "toml"));
    let is_episode = |path: &PathBuf| path.is_file() && says_format(path);
    let mut found: Vec<PathBuf> = tables.filter(is_episode).collect();
    found.sort();
    found
}

/// Whether a file has a line for the key `format`. One that cannot be read counts.
fn says_format(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = Show::open(folder, Vec::new()).and_then(|show| show.read_text(&name));
    text.map_or(true, |text| text.lines().any(|line| line.trim_start().starts_with("format")))
}
