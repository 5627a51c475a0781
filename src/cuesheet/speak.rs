//! Lines: recorded takes where there are any, else the voice's engine.

use std::io;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::audio::samples::Samples;
use crate::cache::Kind;
use crate::cache::key::{Key, Parts, SPEECH};
use crate::cuesheet::load::{Recorded, Recording, Use, recorded, speech_within, spooled};
use crate::cuesheet::tools::{Tools, fractions};
use crate::cuesheet::{Clip, CueTime, LineRequest, Origin};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::dsp::resample::{resample, resampled_length};
use crate::script::text::{StopKind, Text};
use crate::sound::clip::at_speed;
use crate::speech::Engines;
use crate::speech::engine::{Engine, SpeechError, Voice};
use crate::speech::perform::{self, Piece, Refusal};
use crate::units::time::{FrameCount, SampleRate};

/// A line's clip, or what is left to be done for it; `None` where it cannot be had, which has then been reported.
pub(super) fn line(
    request: &LineRequest,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Begun> {
    match &request.take {
        Some(take) => recording(request, take, tools, rate, diagnostics).map(Begun::Clip),
        None => spoken(request, tools, rate, diagnostics),
    }
}

/// A clip on its way.
#[derive(Debug)]
pub enum Begun {
    /// All of it.
    Clip(Clip),
    /// A line that was said, and is not performed yet.
    Line(Said),
}

/// A line that was said: its clip's times are known.
#[derive(Debug)]
pub struct Said {
    said: perform::Said,
    key: Key,
    /// The rate at which it has the speed that is asked for, where that is not the voice's own.
    faster: Option<SampleRate>,
    rate: SampleRate,
}

impl Said {
    /// Silence as long as the clip that will come of it, with that clip's cues.
    pub fn placeholder(&self, request: &LineRequest) -> Clip {
        let frames = self.said.frames();
        let frames = self.faster.map_or(frames, |from| resampled_length(frames, from, self.rate));
        clip(request, Samples::silent(Channels::Mono, frames), self.cues(request))
    }

    /// The clip; `None` where it cannot be put aside, which has then been reported.
    pub(super) fn finish(
        self,
        request: &LineRequest,
        tools: Tools<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Clip> {
        let cues = self.cues(request);
        let mut audio = self.said.perform(request.voice.as_ref()?).audio;
        if let Some(from) = self.faster {
            let channels = audio.channels();
            audio = resample(&AudioBuffer::new(audio.into_samples(), channels, from), self.rate);
        }
        let samples = spooled(tools.spool.append(&audio), request.text.span, diagnostics)?;
        let facts = TakeFacts { cues };
        let samples = tools.cache.keep_sound(Kind::Take, &self.key, &facts, samples);
        Some(clip(request, samples, facts.cues))
    }

    fn cues(&self, request: &LineRequest) -> Vec<u64> {
        let at_speed = |cue: FrameCount| match self.faster {
            Some(_) => super::tools::scaled(cue, 1.0 / request.speed),
            None => cue,
        };
        self.said.cues().iter().map(|cue| at_speed(*cue).get()).collect()
    }
}

/// The clip of a line that is spoken.
fn clip(request: &LineRequest, samples: Samples, cues: Vec<u64>) -> Clip {
    let time = |(cue, at): (&super::CuePoint, u64)| CueTime {
        byte: cue.at,
        name: cue.name.clone(),
        at: FrameCount::new(at),
        estimated: false,
    };
    let cues = request.cues.iter().zip(cues).map(time).collect();
    let name = format!("{}/{}", request.role, request.id);
    Clip { name, origin: Origin::Synthesized, samples, hit: None, seamless: false, cues }
}

fn recording(
    request: &LineRequest,
    take: &str,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Clip> {
    let recording = Recording { path: take, span: request.text.span, speed: request.speed, used: Use::Take };
    let recorded = recorded(&recording, tools, rate, diagnostics)?;
    let cues = match estimate(request, &recorded, diagnostics) {
        Ok(cues) => cues,
        Err(error) => {
            let message = format!("`{take}` cannot be read: {error}");
            diagnostics.push(Diagnostic::error(Code::UnreadableFile, message).at(request.text.span, ""));
            return None;
        }
    };
    let (name, samples) = (take.to_owned(), recorded.samples);
    Some(Clip { name, origin: Origin::Recorded, samples, hit: None, seamless: false, cues })
}

/// When the cues of a recorded take fall, as far as its length and its text tell: the share of the letters before
/// them, of the stretch between its first and last sound. Each is reported as the estimate it is. A take that lies where it is
/// read is listened to only here: most have no cues.
fn estimate(
    request: &LineRequest,
    take: &Recorded,
    diagnostics: &mut Diagnostics,
) -> io::Result<Vec<CueTime>> {
    if request.cues.is_empty() {
        return Ok(Vec::new());
    }
    let (first, last) = take.speech.map_or_else(|| speech_within(&take.samples), Ok)?;
    let time = |fraction: f64| {
        let spoken = last.minus(first).get() as f64 * fraction;
        first.plus(super::tools::scaled(FrameCount::new(1), spoken))
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
    Ok(request.cues.iter().zip(fractions(request)).map(cue).collect())
}

fn spoken(
    request: &LineRequest,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Begun> {
    let voice = request.voice.as_ref()?;
    let Some(engine) = tools.engines.get(&voice.engine) else {
        let message = format!("there is no voice engine `{}`", voice.engine);
        let report = Diagnostic::error(Code::UnknownVoice, message).at(request.voice_span, "");
        diagnostics.push(report.suggest(&voice.engine, tools.engines.names()));
        return None;
    };
    let pieces = pieces(request);
    let key = key(request, engine, voice, &pieces, rate);
    if let Some((TakeFacts { cues }, samples)) = tools.cache.sound(Kind::Take, &key, tools.spool) {
        return Some(Begun::Clip(clip(request, samples, cues)));
    }
    let is_normal = (request.speed - 1.0).abs() <= f64::EPSILON;
    let said = if tools.make {
        perform::say(engine, &pieces, voice, rate).map(Some)
    } else {
        // Whether it can be said at all is known without saying it.
        perform::accept(engine, &pieces, &voice.lang).map(|()| None)
    };
    match said {
        Ok(said) => {
            let faster = if is_normal { None } else { Some(at_speed(rate, request.speed)?) };
            Some(Begun::Line(Said { said: said?, key, faster, rate }))
        }
        Err(error) => {
            // A line without words has been reported as such.
            if !tools.make || !request.text.words().is_empty() {
                diagnostics.push(refused(request, voice, engine, &error, &pieces));
            }
            None
        }
    }
}

/// What is kept of a take besides its sound.
#[derive(Debug, Serialize, Deserialize)]
struct TakeFacts {
    /// The frame at which each cue begins.
    cues: Vec<u64>,
}

/// By everything that is heard of a line: who speaks it, and what the line is called, is not.
fn key(request: &LineRequest, engine: &dyn Engine, voice: &Voice, pieces: &[Piece], rate: SampleRate) -> Key {
    let parts = Parts::new("take", SPEECH).text(engine.name()).text(engine.version()).data(voice);
    parts.data(&pieces).data(&request.speed).data(&rate).key_of_all()
}

/// The frames at which the words at these bytes of a spoken line's text begin in its clip, as far as its engine tells.
pub(super) fn begins(
    request: &LineRequest,
    engines: &Engines,
    words: &[usize],
    rate: SampleRate,
) -> Vec<Option<u64>> {
    let spoken = request.voice.as_ref().and_then(|voice| Some((voice, engines.get(&voice.engine)?)));
    let told = spoken.and_then(|(voice, engine)| {
        perform::words(engine, &pieces(request), voice, rate, words)
            .ok()
            .filter(|told| told.len() == words.len())
    });
    let told = told.unwrap_or_else(|| vec![None; words.len()]);
    told.into_iter().map(|at| at.map(|at| super::tools::scaled(at, 1.0 / request.speed).get())).collect()
}

/// The line in the pieces an engine is given: its text cut at pauses and at the cues that are wanted.
pub(super) fn pieces(request: &LineRequest) -> Vec<Piece> {
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
