//! WebVTT (W3C Candidate Recommendation, 4 April 2019): voice tags say who speaks.

use std::fmt::Write;

use crate::export::captions::{Transcript, captions, clock};

pub(super) fn write(transcript: &Transcript) -> String {
    let mut text = format!("WEBVTT - {}\n\n", transcript.title.replace("-->", "→"));
    for caption in captions(transcript) {
        let (start, end) = (caption.start, caption.end);
        let (start, end) = (clock(start, transcript.rate, '.'), clock(end, transcript.rate, '.'));
        let part = if caption.part == 0 { String::new() } else { format!(".{}", caption.part + 1) };
        let (id, speaker) = (&caption.line.id, escaped(&caption.line.speaker));
        let said = escaped(&caption.rows.join("\n"));
        let _ = write!(text, "{id}{part}\n{start} --> {end}\n<v {speaker}>{said}</v>\n\n");
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
