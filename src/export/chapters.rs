//! Scenes as chapters, for programs that play podcasts: `podcast:chapters`, JSON chapters format 1.2.0.

use serde::Serialize;

use crate::export::tags::Tags;
use crate::units::time::{FrameCount, SampleRate};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'t> {
    version: &'static str,
    title: &'t str,
    chapters: Vec<Chapter<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Chapter<'t> {
    start_time: f64,
    end_time: f64,
    title: &'t str,
}

/// The chapters as the text of a file.
pub fn write(tags: &Tags, rate: SampleRate) -> String {
    let seconds = |at: FrameCount| (at.seconds(rate) * 1000.0).round() / 1000.0;
    let chapters = tags.chapters.iter().map(|chapter| Chapter {
        start_time: seconds(chapter.start),
        end_time: seconds(chapter.end),
        title: &chapter.title,
    });
    let file = File { version: "1.2.0", title: &tags.title, chapters: chapters.collect() };
    // Neither keys nor values can fail.
    serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
}
