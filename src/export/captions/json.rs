//! JSON as `podcast:transcript` has it (Podcast Namespace, "JSON" transcript format 1.0.0), and more: ids, scenes, words.

use serde::Serialize;

use crate::export::captions::{Transcript, milliseconds};
use crate::units::time::FrameCount;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'t> {
    version: &'static str,
    title: &'t str,
    segments: Vec<Segment<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Segment<'t> {
    speaker: &'t str,
    start_time: f64,
    end_time: f64,
    body: &'t str,
    id: &'t str,
    scene: &'t str,
    recorded: bool,
    words: Vec<Word<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Word<'t> {
    body: &'t str,
    start_time: f64,
    end_time: f64,
    estimated: bool,
}

pub(super) fn write(transcript: &Transcript) -> String {
    let seconds = |at: FrameCount| milliseconds(at, transcript.rate) as f64 / 1000.0;
    let segments = transcript.lines.iter().map(|line| Segment {
        speaker: &line.speaker,
        start_time: seconds(line.start),
        end_time: seconds(line.end),
        body: &line.text,
        id: &line.id,
        scene: &transcript.scenes[line.scene].0,
        recorded: line.recorded,
        words: line
            .words
            .iter()
            .map(|word| Word {
                body: &word.text,
                start_time: seconds(word.start),
                end_time: seconds(word.end),
                estimated: word.estimated,
            })
            .collect(),
    });
    let file = File { version: "1.0.0", title: &transcript.title, segments: segments.collect() };
    // Neither keys nor values can fail.
    serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
}
