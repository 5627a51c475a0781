//! Which lines have been recorded: `voices/<role>/<id>.<ext>`.

use std::collections::{BTreeMap, BTreeSet};

use crate::cuesheet::{Cues, Request};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::host::Show;
use crate::host::error::HostError;
use crate::script::refusal::refusal;
use crate::script::{Script, name};

/// The endings of files that can be a take.
pub const EXTENSIONS: [&str; 13] =
    ["wav", "flac", "aiff", "aif", "mp3", "ogg", "oga", "m4a", "mp4", "aac", "caf", "mka", "mkv"];

/// The recorded takes of a show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takes {
    files: BTreeMap<(String, String), String>,
}

impl Takes {
    /// Looks through the folders of every role in `script`. Two takes of one line are reported.
    pub fn find_all(show: &Show, script: &Script, diagnostics: &mut Diagnostics) -> Takes {
        let mut files: BTreeMap<(String, String), String> = BTreeMap::new();
        for role in script.cast.keys().filter(|role| name::is_valid(role)) {
            let folder = format!("voices/{role}");
            let names = show.list_all(&folder).unwrap_or_else(|error| {
                // Who has recorded nothing needs no folder; any other reason would hide takes.
                if !matches!(error, HostError::NotFound { .. }) {
                    diagnostics.push(refusal(show, &folder, None, &error));
                }
                Vec::new()
            });
            for name in names {
                let Some((id, ending)) = name.rsplit_once('.') else { continue };
                if !EXTENSIONS.contains(&ending.to_lowercase().as_str()) {
                    continue;
                }
                let path = format!("{folder}/{name}");
                if let Some(other) = files.get(&(role.clone(), id.to_owned())) {
                    let message = format!("`{other}` and `{path}` are takes of the same line");
                    diagnostics.push(Diagnostic::error(Code::Conflict, message).help("keep one of them"));
                } else {
                    files.insert((role.clone(), id.to_owned()), path);
                }
            }
        }
        Takes { files }
    }

    /// The take of a line, from the show's folder.
    pub fn find(&self, role: &str, id: &str) -> Option<&str> {
        self.files.get(&(role.to_owned(), id.to_owned())).map(String::as_str)
    }

    /// Warns of every take whose line is nowhere in the episode, with the id it may have been meant for.
    pub fn warn_unused(&self, cues: &Cues, diagnostics: &mut Diagnostics) {
        let lines: BTreeSet<(&str, &str)> = cues
            .requests
            .iter()
            .filter_map(|request| match request {
                Request::Line(line) => Some((line.role.as_str(), line.id.as_str())),
                Request::Sound(_) => None,
            })
            .collect();
        for ((role, id), path) in &self.files {
            if !lines.contains(&(role.as_str(), id.as_str())) {
                let message = format!("`{path}` is the take of no line in this episode");
                let ids = lines.range((role.as_str(), "")..).take_while(|line| line.0 == role);
                let ids = ids.map(|line| line.1);
                let near =
                    crate::diag::suggest::nearest(id, ids).map(|near| format!("did you mean `{near}`?"));
                let report = Diagnostic::warning(Code::UnusedTake, message);
                diagnostics.push(match near {
                    Some(near) => report.help(near),
                    None => report,
                });
            }
        }
    }
}
