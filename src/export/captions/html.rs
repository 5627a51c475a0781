//! A transcript as a page: one file, no script, nothing loaded from anywhere.

use std::fmt::Write;

use crate::export::captions::{Transcript, clock, milliseconds};

const STYLE: &str = "body{max-width:42em;margin:2em auto;padding:0 1em;font:1.05em/1.5 serif}\
                     p{margin:.4em 0;padding-left:2em;text-indent:-2em}b{font-variant:small-caps}";

pub(super) fn write(transcript: &Transcript) -> String {
    let title = escaped(&transcript.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for (index, (id, title)) in transcript.scenes.iter().enumerate() {
        let _ = write!(page, "<section id=\"{}\">\n<h2>{}</h2>\n", escaped(id), escaped(title));
        for line in transcript.lines.iter().filter(|line| line.scene == index) {
            let seconds = milliseconds(line.start, transcript.rate) as f64 / 1000.0;
            let _ = writeln!(
                page,
                "<p id=\"{}\" data-start=\"{seconds}\" title=\"{}\"><b>{}:</b> {}</p>",
                escaped(&line.id),
                clock(line.start, transcript.rate, '.'),
                escaped(&line.speaker),
                escaped(&line.text)
            );
        }
        page += "</section>\n";
    }
    page + "</body>\n</html>\n"
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
