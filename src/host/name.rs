//! Names that scripts may not use for files, and paths taken by their letters alone.

use std::path::{Component, Path, PathBuf};

/// Names that Windows takes for devices, whatever their extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// The same, followed by a digit from 1 to 9.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// Why no script may use `path`, on any system, so that a show that works on one works on all; `None` if it may.
pub(super) fn refusal(path: &str) -> Option<&'static str> {
    let bytes = path.as_bytes();
    if path.is_empty() {
        return Some("is empty");
    }
    if bytes.contains(&0) {
        return Some("contains a zero byte");
    }
    if bytes.contains(&b'\\') {
        return Some("contains `\\`; write `/` between folders");
    }
    if bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
        return Some("starts with a drive letter");
    }
    if cfg!(windows) && bytes.contains(&b':') {
        return Some("contains `:`");
    }
    path.split('/').any(is_device).then_some("contains a name that Windows reserves for a device")
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_lowercase();
    let numbered =
        |device: &str| stem.strip_prefix(device).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    DEVICES.contains(&stem.as_str()) || NUMBERED_DEVICES.iter().any(|device| numbered(device))
}

/// An absolute path with `.` and `..` worked out by its letters alone, or `None` where `..` climbs past the root.
pub(super) fn without_dots(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            other => plain.push(other),
        }
    }
    Some(plain)
}
