//! The one gain of the master, before the whole mix has been measured: what it was last time, or a guess.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::host::Show;
use crate::host::whole::WholeFile;
use crate::master::Settings;
use crate::master::limit::as_mixed;
use crate::master::preset::{Specification, Target};
use crate::master::recall::recall;
use crate::speech::perform::LEVEL;
use crate::units::level::{Gain, Level};
use crate::units::narrow;

/// Where a gain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was measured of this very mix, or nothing is asked for that would have to be measured.
    Final,
    /// It was measured last time, of this episode as it was then.
    Last,
    /// It was never measured: lines are assumed to be as loud as takes are made.
    Estimate,
}

impl Origin {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Final => "final gain",
            Origin::Last => "gain as last measured",
            Origin::Estimate => "gain estimated",
        }
    }
}

/// What is written down between two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    deliver: String,
    rate: u32,
    gain_db: f32,
    ceiling_dbfs: f32,
    /// Tells the mix that was measured.
    mix: String,
}

/// The file in which an episode's gain is kept: `output/.EPISODE.gain.json` in the show. `None` where a link leads
/// out of the show.
pub fn path(show: &Show, episode: &str) -> Option<PathBuf> {
    let folder = show.locate("output");
    (!folder.is_symlink() || show.real("output").is_some())
        .then(|| folder.join(format!(".{episode}.gain.json")))
}

/// What to begin with, what it is worth, and of which mix it was measured: what the last preview of `episode` came to, or else
/// what the last render of `script` did, both from the show's folder.
pub fn begin(
    show: &Show,
    (episode, script): (&str, &str),
    cache: &Cache,
    specification: &Specification,
    rate: u32,
) -> (Settings, Origin, String) {
    let plain = as_mixed(specification).settings;
    if specification.target == Target::AsMixed {
        return (plain, Origin::Final, String::new());
    }
    let text = show.read_text(&format!("output/.{episode}.gain.json"));
    let kept = text.ok().and_then(|text| serde_json::from_str::<Kept>(&text).ok());
    let kept = kept.filter(|kept| kept.deliver == specification.preset.word() && kept.rate == rate);
    let numbers =
        kept.and_then(|kept| Some((Gain::new(kept.gain_db)?, Level::new(kept.ceiling_dbfs)?, kept.mix)));
    if let Some((gain, ceiling, mix)) = numbers {
        return (Settings { gain, ceiling, ..plain }, Origin::Last, mix);
    }
    if let Some(gain) = recall(cache, &show.locate(script), specification.preset) {
        return (Settings { gain, ..plain }, Origin::Last, String::new());
    }
    let aim = specification.target.aim().unwrap_or_default();
    let gain = Gain::new(narrow(aim - f64::from(LEVEL))).unwrap_or(Gain::UNITY);
    (Settings { gain, ..plain }, Origin::Estimate, String::new())
}

/// Writes down what was measured of a mix. Where it cannot be, the next preview begins with an estimate.
pub fn keep(path: &Path, specification: &Specification, rate: u32, settings: Settings, mix: String) {
    let kept = Kept {
        deliver: specification.preset.word().to_owned(),
        rate,
        gain_db: settings.gain.db(),
        ceiling_dbfs: settings.ceiling.dbfs(),
        mix,
    };
    let written = || -> Option<()> {
        let text = serde_json::to_string(&kept).ok()?;
        let mut file = WholeFile::create(path).ok()?;
        file.write_all(text.as_bytes()).ok()?;
        file.commit().ok()
    };
    written();
}
