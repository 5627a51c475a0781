//! A transcript to read: scenes, and who says what.

use std::fmt::Write;

use crate::export::captions::Transcript;

pub(super) fn write(transcript: &Transcript) -> String {
    let mut text = format!("{}\n", transcript.title);
    for (index, (_, title)) in transcript.scenes.iter().enumerate() {
        let _ = write!(text, "\n\n{title}\n\n");
        for line in transcript.lines.iter().filter(|line| line.scene == index) {
            let _ = writeln!(text, "{}: {}", line.speaker, line.text);
        }
    }
    text
}
