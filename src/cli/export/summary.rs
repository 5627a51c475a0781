//! What an export came to, as JSON.

use serde::{Deserialize, Serialize};

use crate::cli::export::outlook::Outlook;
use crate::export::report::Figures;

/// A whole batch.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Episodes in the order they were exported.
    pub(super) episodes: Vec<EpisodeSummary>,
    /// How long it took.
    pub(super) seconds: f64,
}

/// One episode.
#[derive(Debug, Serialize)]
pub(super) struct EpisodeSummary {
    /// Its script.
    pub(super) script: String,
    /// How it ended.
    pub(super) status: Status,
    /// Why it ended so, if it failed.
    pub(super) why: Option<String>,
    /// What was written; with `--dry-run`, what would be.
    pub(super) files: Vec<FileSummary>,
    /// With `--dry-run`: what would be made for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outlook: Option<Outlook>,
    /// How long it took.
    pub(super) seconds: f64,
}

/// How an episode's export ended, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Everything was written.
    Done,
    /// The script has errors.
    Script,
    /// It was asked wrongly.
    Usage,
    /// The machine failed.
    Machine,
}

/// One file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FileSummary {
    /// Where it is.
    pub(super) file: String,
    /// Whether another was there before.
    pub(super) replaces: bool,
    /// Whether it was what it should be, and was left alone; with `--dry-run`, would be.
    pub(super) unchanged: bool,
    /// Why it was written, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// What it is mastered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preset: Option<&'static str>,
    /// What a mastered file came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) master: Option<MasterSummary>,
}

/// What a mastered file came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MasterSummary {
    /// Its length.
    pub(super) frames: u64,
    /// The gain before the limiter, dB.
    pub(super) gain_db: f32,
    /// The limiter's deepest gain, dB.
    pub(super) limiter_db: f32,
    /// What was measured, after decoding where the format loses something.
    pub(super) loudness: Figures,
    /// Why it is not as loud as it should be, if so.
    pub(super) shortfall: Option<String>,
}
