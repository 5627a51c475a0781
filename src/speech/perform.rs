//! A line becomes a take: what is the same for every engine.
//!
//! The line comes as [`Piece`]s. Between its pauses it is said in parts, each by one call of the engine. The edges
//! of each part are trimmed to the speech, the parts are brought to the project rate and joined with exactly the
//! silence the script asks for, and the whole is brought to [`LEVEL`], so that every voice of every engine is
//! equally loud before its own [`Voice::volume`] applies. On the way each part gets what its voice asks for and the engine
//! does not do (`intonation`, `breath`), and what makes any voice sit in a mix (`polish`). None of that moves a
//! moment: cues stay exact. The mixer does everything else.

use std::fmt;

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::dsp::resample;
use crate::speech::engine::{Engine, SpeechError, Utterance, Voice};
use crate::speech::perform::voicing::Voicing;
use crate::units::time::{FrameCount, SampleRate, Seconds};

mod breath;
mod edges;
mod intonation;
mod loudness;
mod polish;
mod rumble;
mod voicing;

/// The loudness of every take, in LUFS, before the voice's own volume.
pub const LEVEL: f32 = -25.0;
/// The highest peak a take may reach, in dBFS. A volume that would exceed it is lowered as far as needed.
pub const CEILING: f32 = -1.5;
/// The longest take, in seconds.
pub const MAX_SECONDS: f64 = 3600.0;

/// A part of a line, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Something to be said.
    Text(String),
    /// Something to be said with stress.
    Stress(String),
    /// A place whose time is wanted.
    Cue,
    /// Silence of exactly this length; a negative one counts as none.
    Pause(Seconds),
}

/// A line as it was said: mono, at the project rate. It begins and ends with speech, unless the line begins or ends
/// with a pause.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    /// The sound, mono.
    pub audio: AudioBuffer,
    /// The time of each [`Piece::Cue`], in their order: never falling, never past the end.
    pub cues: Vec<FrameCount>,
}

/// Why there is no take, and which piece is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The engine does not say it. Byte ranges in the error are those of the piece's own text.
    Speech {
        /// The piece's number; 0 where the line as a whole is meant.
        piece: usize,
        /// Why.
        error: SpeechError,
    },
    /// The take would be longer than [`MAX_SECONDS`].
    TooLong {
        /// The number of the piece that is too much.
        piece: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Speech { error, .. } => error.fmt(f),
            Refusal::TooLong { .. } => write!(f, "the line lasts more than {MAX_SECONDS} seconds"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Whether a line can be said, without saying it.
///
/// # Errors
/// As [`perform`], except where the engine fails while it speaks, or speaks for too long.
pub fn accept(engine: &dyn Engine, line: &[Piece], lang: &str) -> Result<(), Refusal> {
    let mut silent = true;
    for part in parts(line) {
        match engine.accept(&part.utterance.text, lang) {
            Ok(()) => silent = false,
            Err(SpeechError::Silent) => {}
            Err(error) => return Err(part.refusal(error)),
        }
    }
    if silent { Err(Refusal::Speech { piece: 0, error: SpeechError::Silent }) } else { Ok(()) }
}

/// Says a line.
///
/// # Errors
/// As [`say`].
pub fn perform(
    engine: &dyn Engine,
    line: &[Piece],
    voice: &Voice,
    rate: SampleRate,
) -> Result<Take, Refusal> {
    Ok(say(engine, line, voice, rate)?.perform(voice))
}

/// A line as its engine said it, trimmed. Its take's moments are known, for what is still to be done moves none of them.
#[derive(Clone, Debug)]
pub struct Said {
    rate: SampleRate,
    parts: Vec<SaidPart>,
    frames: FrameCount,
    cues: Vec<FrameCount>,
}

/// What was said in one breath, if anything was heard of it, and how many frames of silence come after it.
#[derive(Clone, Debug)]
struct SaidPart {
    audio: Option<AudioBuffer>,
    silence: usize,
}

/// Has a line said.
///
/// # Errors
/// What the engine cannot say, and a line that is too long. A line without a word in it is
/// [`SpeechError::Silent`]; a part of one is merely silent.
pub fn say(engine: &dyn Engine, line: &[Piece], voice: &Voice, rate: SampleRate) -> Result<Said, Refusal> {
    accept(engine, line, &voice.lang)?;
    let longest = Seconds::new(MAX_SECONDS).unwrap_or_default().to_count(rate);
    let mut said = Said { rate, parts: Vec::new(), frames: FrameCount::ZERO, cues: Vec::new() };
    for part in parts(line) {
        let start = said.frames;
        let spoken = match engine.speak(&part.utterance, voice) {
            Ok(speech) => edges::trim(rumble::remove(speech)),
            Err(SpeechError::Silent) => None,
            Err(error) => return Err(part.refusal(error)),
        };
        let audio = if let Some(speech) = spoken {
            let at_rate = |frames| start.plus(resample::resampled_length(frames, speech.audio.rate(), rate));
            said.frames = at_rate(speech.audio.frames());
            said.cues.extend(speech.cues.into_iter().map(|cue| at_rate(cue).min(said.frames)));
            Some(speech.audio)
        } else {
            said.cues.extend(part.utterance.cues.iter().map(|_| start));
            None
        };
        let silence = part.pause.to_count(rate);
        said.frames = said.frames.plus(silence);
        if said.frames > longest {
            return Err(Refusal::TooLong { piece: part.last });
        }
        said.parts.push(SaidPart { audio, silence: silence.index() });
    }
    Ok(said)
}

impl Said {
    /// How long the take will be.
    pub fn frames(&self) -> FrameCount {
        self.frames
    }

    /// [`Take::cues`].
    pub fn cues(&self) -> &[FrameCount] {
        &self.cues
    }

    /// Makes a take of it, in the `voice` in which it was said.
    pub fn perform(self, voice: &Voice) -> Take {
        let rate = self.rate;
        let mut samples: Vec<f32> = Vec::with_capacity(self.frames.index());
        for (number, part) in self.parts.into_iter().enumerate() {
            if let Some(mut audio) = part.audio {
                let from = audio.rate();
                act(audio.samples_mut(), from, voice, number as u64);
                let mut resampled = resample::resample(&audio, rate).into_samples();
                polish::apply(&mut resampled, rate, from, voice, number as u64);
                edges::fade(&mut resampled, rate);
                samples.extend(resampled);
            }
            samples.resize(samples.len() + part.silence, 0.0);
        }
        loudness::level(&mut samples, rate, voice);
        Take { audio: AudioBuffer::new(samples, Channels::Mono, rate), cues: self.cues }
    }
}

/// When words of a line begin in its take: those at these bytes of its text, all its pieces' texts joined. `None` for
/// those of which the engine cannot tell. As with cues, a word after a silence begins where it is first heard.
///
/// # Errors
/// As [`perform`].
pub fn words(
    engine: &dyn Engine,
    line: &[Piece],
    voice: &Voice,
    rate: SampleRate,
    wanted: &[usize],
) -> Result<Vec<Option<FrameCount>>, Refusal> {
    let mut found = Vec::with_capacity(wanted.len());
    let (mut start, mut bytes) = (0, 0);
    for part in parts(line) {
        let own: Vec<usize> = wanted
            .iter()
            .filter_map(|word| word.checked_sub(bytes).filter(|word| *word < part.utterance.text.len()))
            .collect();
        bytes += part.utterance.text.len();
        let said = match engine.speak_by_word(&part.utterance, voice, &own) {
            Ok(Some(speech)) => Some((speech, true)),
            // What comes after it has to be found nevertheless.
            Ok(None) => Some((engine.speak(&part.utterance, voice).map_err(|e| part.refusal(e))?, false)),
            Err(SpeechError::Silent) => None,
            Err(error) => return Err(part.refusal(error)),
        };
        let told = said.as_ref().is_some_and(|(_, told)| *told);
        let speech = said.and_then(|(speech, _)| edges::trim(rumble::remove(speech)));
        match speech.as_ref().filter(|_| told) {
            Some(speech) => found.extend(speech.cues.iter().map(|word| {
                Some(FrameCount::new(start).plus(resample::resampled_length(
                    *word,
                    speech.audio.rate(),
                    rate,
                )))
            })),
            None => found.extend(own.iter().map(|_| None)),
        }
        if let Some(speech) = speech {
            start += resample::resampled_length(speech.audio.frames(), speech.audio.rate(), rate).get();
        }
        start += part.pause.to_count(rate).get();
    }
    Ok(found)
}

/// What the voice asks for beyond the engine: how its cords move, and how much of it is breath. `number` is the
/// part's, so that no two parts shake alike.
fn act(samples: &mut [f32], rate: SampleRate, voice: &Voice, number: u64) {
    let breath = f64::from(voice.breath).clamp(*Voice::SHARES.start(), *Voice::SHARES.end());
    // A whisper has no pitch to be moved.
    let moves = intonation::is_asked(voice) && breath < 1.0;
    if moves || breath > 0.0 {
        let voicing = Voicing::of(samples, rate);
        if moves {
            intonation::apply(samples, rate, &voicing, voice, number);
        }
        breath::apply(samples, rate, &voicing, breath, number);
    }
}

/// What is said in one breath, and the pause after it.
#[derive(Debug, Default)]
struct Part {
    utterance: Utterance,
    /// The pieces that hold text: their numbers, and where each begins in the utterance.
    texts: Vec<(usize, usize)>,
    pause: Seconds,
    /// The number of its last piece.
    last: usize,
}

impl Part {
    /// An engine's error about the utterance, as one about the piece it lies in.
    fn refusal(&self, mut error: SpeechError) -> Refusal {
        let mut piece = self.texts.first().map_or(self.last, |text| text.0);
        if let SpeechError::Foreign { range, .. } | SpeechError::TooLong { range, .. } = &mut error {
            let at = self.texts.partition_point(|text| text.1 <= range.start).saturating_sub(1);
            let (number, start) = self.texts.get(at).copied().unwrap_or((piece, 0));
            let end = self.texts.get(at + 1).map_or(self.utterance.text.len(), |next| next.1);
            piece = number;
            *range = range.start - start..range.end.min(end) - start;
        }
        Refusal::Speech { piece, error }
    }
}

/// Cuts a line at its pauses.
fn parts(line: &[Piece]) -> Vec<Part> {
    let mut parts = vec![Part::default()];
    for (number, piece) in line.iter().enumerate() {
        if let Some(part) = parts.last_mut() {
            part.last = number;
            match piece {
                Piece::Text(text) | Piece::Stress(text) => {
                    let start = part.utterance.text.len();
                    part.texts.push((number, start));
                    part.utterance.text.push_str(text);
                    if matches!(piece, Piece::Stress(_)) {
                        part.utterance.stresses.push(start..part.utterance.text.len());
                    }
                }
                Piece::Cue => part.utterance.cues.push(part.utterance.text.len()),
                Piece::Pause(length) => {
                    part.pause = *length;
                    parts.push(Part { last: number, ..Part::default() });
                }
            }
        }
    }
    parts
}
