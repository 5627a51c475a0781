//! Lines: recorded takes where there are any, else the voice's engine.

use std::ops::Range;

use crate::audio::samples::Samples;
use crate::cuesheet::bind::{Tools, fractions};
use crate::cuesheet::load::{recorded, spooled};
use crate::cuesheet::{Clip, CueTime, LineRequest, Origin};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::script::text::{StopKind, Text};
use crate::speech::engine::{Engine, SpeechError, Voice};
use crate::speech::perform::{Piece, Refusal, perform};
use crate::units::time::{FrameCount, SampleRate};

/// Below this against the take's peak, a recording's beginning and end are not speech: −40 dB.
const EDGE: f32 = 0.01;
/// Frames looked at together when a take's speech is searched for.
const WINDOW: usize = 512;

/// A line's clip; `None` where it cannot be had, which has then been reported.
pub(super) fn line(
    request: &LineRequest,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Clip> {
    match &request.take {
        Some(take) => recording(request, take, tools, rate, diagnostics),
        None => spoken(request, tools, rate, diagnostics),
    }
}

fn recording(
    request: &LineRequest,
    take: &str,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Clip> {
    let samples = recorded(take, request.text.span, request.speed, tools, rate, diagnostics)?;
    let cues = estimate(request, &samples, diagnostics)?;
    Some(Clip { name: take.to_owned(), origin: Origin::Recorded, samples, hit: None, seamless: false, cues })
}

/// When the cues of a recorded take fall, as far as its length and its text tell: the share of the letters before
/// them, of the stretch between its first and last sound. Each is reported as the estimate it is.
fn estimate(request: &LineRequest, samples: &Samples, diagnostics: &mut Diagnostics) -> Option<Vec<CueTime>> {
    if request.cues.is_empty() {
        return Some(Vec::new());
    }
    let Ok((first, last)) = speech_within(samples) else {
        let message = "the scratch file cannot be read";
        diagnostics.push(Diagnostic::error(Code::UnreadableFile, message).at(request.text.span, ""));
        return None;
    };
    let time = |fraction: f64| {
        let spoken = last.minus(first).get() as f64 * fraction;
        first.plus(super::bind::scaled(FrameCount::new(1), spoken))
    };
    for cue in &request.cues {
        let message = format!("when `{}` is said in a recorded take is an estimate", cue.name);
        let help = "trim the take so that the cue is where you want it, or anchor to its start or end";
        diagnostics.push(Diagnostic::note(Code::EstimatedMark, message).at(cue.span, "").help(help));
    }
    let cue = |(cue, fraction): (&super::CuePoint, f64)| CueTime {
        byte: cue.at,
        name: cue.name.clone(),
        at: time(fraction),
        estimated: true,
    };
    Some(request.cues.iter().zip(fractions(request)).map(cue).collect())
}

/// The first and the last frame of a take that is not silence.
pub(super) fn speech_within(samples: &Samples) -> std::io::Result<(FrameCount, FrameCount)> {
    let width = samples.channels().count();
    let mut block = vec![0.0; WINDOW * width];
    let mut peaks = Vec::new();
    let mut at = 0;
    while at < samples.frames().get() {
        samples.read(FrameCount::new(at), &mut block)?;
        peaks.push(block.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs())));
        at += WINDOW as u64;
    }
    let loudest = peaks.iter().copied().fold(0.0, f32::max);
    let heard = |peak: &f32| *peak > loudest * EDGE;
    let first = peaks.iter().position(heard).unwrap_or(0);
    let last = peaks.iter().rposition(heard).map_or(peaks.len(), |last| last + 1);
    let frames = |windows: usize| FrameCount::new((windows * WINDOW) as u64).min(samples.frames());
    Ok((frames(first), frames(last)))
}

fn spoken(
    request: &LineRequest,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Clip> {
    let voice = request.voice.as_ref()?;
    let Some(engine) = tools.engines.get(&voice.engine) else {
        let message = format!("there is no voice engine `{}`", voice.engine);
        let report = Diagnostic::error(Code::UnknownVoice, message).at(request.voice_span, "");
        diagnostics.push(report.suggest(&voice.engine, tools.engines.names()));
        return None;
    };
    let pieces = pieces(request);
    match perform(engine, &pieces, voice, rate) {
        Ok(take) => {
            let mut audio = take.audio;
            let mut cues = take.cues;
            if (request.speed - 1.0).abs() > f64::EPSILON {
                let from = crate::sound::clip::at_speed(rate, request.speed)?;
                let channels = audio.channels();
                let faster = crate::audio::buffer::AudioBuffer::new(audio.into_samples(), channels, from);
                audio = crate::dsp::resample::resample(&faster, rate);
                cues.iter_mut().for_each(|cue| *cue = super::bind::scaled(*cue, 1.0 / request.speed));
            }
            let samples = spooled(tools.spool.append(audio), request.text.span, diagnostics)?;
            let time = |(cue, at): (&super::CuePoint, FrameCount)| CueTime {
                byte: cue.at,
                name: cue.name.clone(),
                at,
                estimated: false,
            };
            let cues = request.cues.iter().zip(cues).map(time).collect();
            let name = format!("{}/{}", request.role, request.id);
            Some(Clip { name, origin: Origin::Synthesized, samples, hit: None, seamless: false, cues })
        }
        Err(error) => {
            // A line without words has been reported as such.
            if !request.text.words().is_empty() {
                diagnostics.push(refused(request, voice, engine, &error, &pieces));
            }
            None
        }
    }
}

/// The line in the pieces an engine is given: its text cut at pauses and at the cues that are wanted.
fn pieces(request: &LineRequest) -> Vec<Piece> {
    let text = &request.text;
    let pauses = text.stops.iter().filter_map(|stop| match &stop.what {
        StopKind::Pause(time) => Some((stop.at, Piece::Pause(*time))),
        StopKind::Mark(_) => None,
    });
    let mut stops: Vec<(usize, Piece)> =
        pauses.chain(request.cues.iter().map(|cue| (cue.at, Piece::Cue))).collect();
    // A pause comes before a cue at the same place: the cue is where the next word begins.
    stops.sort_by_key(|(at, piece)| (*at, matches!(piece, Piece::Cue)));
    let mut pieces = Vec::new();
    let mut done = 0;
    for (at, piece) in stops {
        said(text, done..at, &mut pieces);
        done = done.max(at);
        pieces.push(piece);
    }
    said(text, done..text.plain.len(), &mut pieces);
    pieces
}

/// A stretch of the text as pieces, cut where stress begins and ends.
fn said(text: &Text, range: Range<usize>, pieces: &mut Vec<Piece>) {
    let mut done = range.start;
    let mut say = |end: usize, piece: fn(String) -> Piece| {
        if end > done {
            pieces.push(piece(text.plain[done..end].to_owned()));
            done = end;
        }
    };
    for stress in text.stresses.iter().filter(|s| s.start < range.end && s.end > range.start) {
        say(stress.start.max(range.start), Piece::Text);
        say(stress.end.min(range.end), Piece::Stress);
    }
    say(range.end, Piece::Text);
}

/// The report of why a line cannot be spoken.
fn refused(
    request: &LineRequest,
    voice: &Voice,
    engine: &dyn Engine,
    refusal: &Refusal,
    pieces: &[Piece],
) -> Diagnostic {
    let report = Diagnostic::error(Code::Unspeakable, format!("this line cannot be spoken: {refusal}"));
    match refusal {
        Refusal::Speech { error: SpeechError::UnknownLanguage(lang), .. } => {
            let message = format!("the engine `{}` does not speak `{lang}`", voice.engine);
            let report = Diagnostic::error(Code::UnknownVoice, message).at(request.voice_span, "");
            report.suggest(lang, engine.languages().iter().map(|lang| lang.tag))
        }
        Refusal::Speech {
            piece,
            error: SpeechError::Foreign { range, .. } | SpeechError::TooLong { range, .. },
        } => {
            // The range is the piece's own; what stands before it in the line is that much further on.
            let bytes = |piece: &Piece| {
                if let Piece::Text(text) | Piece::Stress(text) = piece { text.len() } else { 0 }
            };
            let before: usize = pieces[..*piece].iter().map(bytes).sum();
            let span = request.text.span_of(before + range.start..before + range.end);
            report.at(span, "").help("record it, write it as it sounds, or choose another voice")
        }
        _ => report.at(request.text.span, ""),
    }
}
