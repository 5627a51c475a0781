//! The person's own editor, at the line that is heard.

use std::path::Path;
use std::process::Command;

/// Opens a file in `$VISUAL` or `$EDITOR`, else in `vi`, and waits until it is closed. The environment is the person's;
/// nothing of a script gets into it but the file's path and a number.
///
/// # Errors
/// Says what did not start.
pub(super) fn open(file: &Path, line: usize) -> Result<(), String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let mut command = Command::new(program);
    command.args(words);
    let name = Path::new(program).file_stem().map(|name| name.to_string_lossy().into_owned());
    match name.as_deref() {
        Some("code" | "codium" | "code-insiders") => {
            command.arg("--goto").arg(format!("{}:{line}", file.display()));
        }
        Some("subl" | "zed" | "hx" | "helix") => {
            command.arg(format!("{}:{line}", file.display()));
        }
        _ => {
            command.arg(format!("+{line}")).arg(file);
        }
    }
    command.status().map(|_| ()).map_err(|error| format!("`{program}`: {error}"))
}
