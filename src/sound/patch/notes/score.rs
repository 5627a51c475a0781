//! Scores: notes, chords and rests in a line of text.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Kind, Value, wrong_type};
use crate::source::Span;

/// How many notes a score may have.
const MAX_NOTES: usize = 4096;

/// One note of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sound::patch) struct Note {
    /// Beats from the score's start.
    pub(super) at: f64,
    /// Beats it is held.
    pub(super) beats: f64,
    /// Frequency, Hz.
    pub(super) hz: f64,
    /// 1 as hard as the player plays, less for softer.
    pub(super) strength: f64,
}

/// Reads one voice: `D3+A3:2 r F#4:1@0.7 |`. A chord joins notes with `+`; `:2` holds it and all that follow for
/// two beats (1 at first), `@0.7` plays this one softer, `r` rests, `|` divides bars for the eye.
pub(super) fn read(value: &Value, notes: &mut Vec<Note>, diagnostics: &mut Diagnostics) {
    let Kind::String(text) = &value.value else {
        diagnostics.push(wrong_type(value.span, &value.value, "a score", "a string"));
        return;
    };
    let mut at = 0.0;
    let mut beats = 1.0;
    for token in text.split_whitespace().filter(|token| *token != "|") {
        let (rest, strength) = match token.split_once('@') {
            Some((rest, strength)) => {
                (rest, strength.parse::<f64>().ok().filter(|s| (0.0..=2.0).contains(s)))
            }
            None => (token, Some(1.0)),
        };
        let (names, held) = match rest.split_once(':') {
            Some((names, held)) => (names, held.parse::<f64>().ok().filter(|b| (0.01..=1000.0).contains(b))),
            None => (rest, Some(beats)),
        };
        let (Some(strength), Some(held)) = (strength, held) else {
            let message = format!("`{token}` is no note");
            let help = "a note is a name, `:beats` and `@strength`: `A4`, `D3+F#3:2`, `r:1`, `C5:1@0.7`";
            diagnostics.push(Diagnostic::error(Code::UnknownWord, message).at(value.span, "").help(help));
            continue;
        };
        beats = held;
        if names != "r" {
            for name in names.split('+') {
                match hertz(name) {
                    Some(hz) => notes.push(Note { at, beats, hz, strength }),
                    None => diagnostics.push(no_note(name, value.span)),
                }
            }
        }
        at += beats;
    }
    if notes.len() > MAX_NOTES {
        let message = format!("a score may have {MAX_NOTES} notes");
        diagnostics.push(Diagnostic::error(Code::TooLong, message).at(value.span, ""));
        notes.truncate(MAX_NOTES);
    }
}

/// The frequency of a note such as `A4`, `F#3` or `Bb2`, in Hz: equal temperament, A4 = 440 Hz (ISO 16).
pub(in crate::sound::patch) fn hertz(name: &str) -> Option<f64> {
    let letter = name.chars().next()?;
    let step = match letter {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = &name[1..];
    let (shift, octave) = match rest.as_bytes().first()? {
        b'#' => (1, &rest[1..]),
        b'b' => (-1, &rest[1..]),
        _ => (0, rest),
    };
    let octave: i32 = octave.parse().ok().filter(|octave| (0..=9).contains(octave))?;
    let semitones = (octave - 4) * 12 + step + shift - 9;
    Some(440.0 * libm::exp2(f64::from(semitones) / 12.0))
}

/// The report that something is no note.
pub(in crate::sound::patch) fn no_note(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` is no note");
    let help = "a note is a letter from C to B, `#` or `b`, and an octave from 0 to 9: `A4`, `F#3`";
    Diagnostic::error(Code::UnknownWord, message).at(span, "").help(help)
}

#[cfg(test)]
mod tests {
    use super::hertz;

    #[test]
    fn names_are_frequencies_of_equal_temperament() {
        let cents = |name: &str, hz: f64| 1200.0 * libm::log2(hertz(name).unwrap_or(0.0) / hz);
        assert!(cents("A4", 440.0).abs() < 1e-9);
        assert!(cents("C4", 261.625_565).abs() < 1e-4);
        assert!(cents("Bb3", 233.081_881).abs() < 1e-4);
        assert_eq!(hertz("H4"), None);
        assert_eq!(hertz("A"), None);
        assert_eq!(hertz("ä4"), None);
    }
}
