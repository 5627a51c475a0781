//! A Reaper project: text, in which blocks begin with `<` and end with `>`.

use std::fmt::Write;

use crate::export::session::{Item, Session, SessionTrack};
use crate::units::time::FrameCount;

/// The S-shaped fade, which is nearest to a raised cosine.
const FADE: u8 = 5;

/// The session as the text of a file whose media lie in `media`, a folder beside it.
pub fn write(session: &Session, media: &str) -> String {
    let seconds = |at: FrameCount| at.seconds(session.rate);
    let mut text = String::new();
    let _ = writeln!(text, "<REAPER_PROJECT 0.1 \"7.0\" 0");
    let _ = writeln!(text, "  RIPPLE 0\n  SAMPLERATE {} 1 0\n  TEMPO 120 4 4", session.rate.hz());
    for (index, (name, start, end)) in session.scenes.iter().enumerate() {
        let number = index + 1;
        let _ = writeln!(text, "  MARKER {number} {} {} 1", seconds(*start), quoted(name));
        let _ = writeln!(text, "  MARKER {number} {} \"\" 1", seconds(*end));
    }
    for (index, (name, start)) in session.lines.iter().enumerate() {
        let _ = writeln!(text, "  MARKER {} {} {} 0", index + 1, seconds(*start), quoted(name));
    }
    for (index, bus) in session.buses.iter().enumerate() {
        let tracks: Vec<&SessionTrack> =
            session.tracks.iter().filter(|track| track.bus == Some(index)).collect();
        if tracks.is_empty() {
            continue;
        }
        let _ = writeln!(
            text,
            "  <TRACK\n    NAME {}\n    VOLPAN {} 0 -1 -1 1",
            quoted(&bus.name),
            volume(session, index)
        );
        let _ = writeln!(text, "    ISBUS 1 1\n    NCHAN 2");
        if !bus.points.is_empty() {
            let _ = writeln!(text, "    <VOLENV2\n      ACT 1\n      VIS 1 1 1\n      ARM 0");
            for (at, value) in &bus.points {
                let _ = writeln!(text, "      PT {} {value} 0", seconds(*at));
            }
            let _ = writeln!(text, "    >");
        }
        let _ = writeln!(text, "  >");
        for (index, track) in tracks.iter().enumerate() {
            let folder = if index + 1 == tracks.len() { "2 -1" } else { "0 0" };
            write_track(&mut text, session, track, folder, media);
        }
    }
    for track in session.tracks.iter().filter(|track| track.bus.is_none()) {
        write_track(&mut text, session, track, "0 0", media);
    }
    text + ">\n"
}

/// An envelope's values are the volume itself, so the fader rests at 1 where there is one.
fn volume(session: &Session, bus: usize) -> f32 {
    let bus = &session.buses[bus];
    if bus.points.is_empty() { bus.volume } else { 1.0 }
}

fn write_track(text: &mut String, session: &Session, track: &SessionTrack, folder: &str, media: &str) {
    let _ = writeln!(text, "  <TRACK\n    NAME {}\n    VOLPAN 1 0 -1 -1 1", quoted(&track.name));
    let _ = writeln!(text, "    ISBUS {folder}\n    NCHAN 2");
    for item in &track.items {
        write_item(text, session, item, media);
    }
    let _ = writeln!(text, "  >");
}

fn write_item(text: &mut String, session: &Session, item: &Item, media: &str) {
    let seconds = |at: FrameCount| at.seconds(session.rate);
    let file = format!("{media}/{}", session.media[item.media].file);
    let _ = writeln!(
        text,
        "    <ITEM\n      POSITION {}\n      LENGTH {}",
        seconds(item.start),
        seconds(item.length)
    );
    let _ = writeln!(text, "      LOOP 0\n      FADEIN {FADE} {} 0 {FADE} 0 0 0", seconds(item.fades[0]));
    let _ = writeln!(text, "      FADEOUT {FADE} {} 0 {FADE} 0 0 0", seconds(item.fades[1]));
    let _ = writeln!(text, "      NAME {}\n      VOLPAN {} 0 1 -1", quoted(&item.name), item.gain.factor());
    let _ = writeln!(
        text,
        "      SOFFS {}\n      <SOURCE WAVE\n        FILE {}",
        seconds(item.offset),
        quoted(&file)
    );
    let _ = writeln!(text, "      >\n    >");
}

/// A text in whichever quotes it does not hold.
fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("`{}`", text.replace('`', "'")),
    }
}
