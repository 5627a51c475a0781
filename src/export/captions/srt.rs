//! SubRip. It knows no escaping: players take `<b>` and `{\an8}` for formatting and `-->` for a time. An invisible
//! character that joins words (U+2060) keeps them from it and changes nothing that is seen.

use std::fmt::Write;

use crate::export::captions::{Transcript, captions, clock};

pub(super) fn write(transcript: &Transcript) -> String {
    let mut text = String::new();
    for (index, caption) in captions(transcript).iter().enumerate() {
        let (start, end) = (caption.start, caption.end);
        let (start, end) = (clock(start, transcript.rate, ','), clock(end, transcript.rate, ','));
        let rows = caption.rows.join("\n");
        let speaker = if caption.part == 0 { format!("{}: ", caption.line.speaker) } else { String::new() };
        let said = literal(&format!("{speaker}{rows}"));
        let _ = write!(text, "{}\n{start} --> {end}\n{said}\n\n", index + 1);
    }
    text
}

fn literal(text: &str) -> String {
    text.replace('<', "<\u{2060}").replace('{', "{\u{2060}").replace("-->", "--\u{2060}>")
}
