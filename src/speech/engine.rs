//! What a voice engine takes and gives: the seam between radioplay and whatever speaks.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use crate::audio::buffer::AudioBuffer;
use crate::units::level::Gain;
use crate::units::time::FrameCount;

/// Something that speaks. Engines are shared between threads and keep no state from one call to the next: the
/// same [`Utterance`] and [`Voice`] give the same bytes in any order, on any thread.
pub trait Engine: Send + Sync + fmt::Debug {
    /// The name a script chooses it by, `pico` say.
    fn name(&self) -> &'static str;

    /// What its sound depends on besides the arguments: changes whenever the same arguments would sound different.
    fn version(&self) -> &'static str;

    /// The languages it speaks, the first being its default.
    fn languages(&self) -> &'static [Language];

    /// Whether it can say this text at all, without saying it: so that `check` need not synthesize.
    ///
    /// # Errors
    /// What in the text cannot be said, and why.
    fn accept(&self, text: &str, lang: &str) -> Result<(), SpeechError>;

    /// Says it. One call is one phrase or more, without the pauses a script writes.
    ///
    /// # Errors
    /// As [`Engine::accept`], and where the engine itself fails.
    fn speak(&self, utterance: &Utterance, voice: &Voice) -> Result<Speech, SpeechError>;

    /// Says it once more, the same to the sample, and tells when the words at these bytes of the text begin, rising, in
    /// place of the cues. That may take much longer than [`Engine::speak`]. `None` where the engine cannot tell, which
    /// is what it does unless it says otherwise.
    ///
    /// # Errors
    /// As [`Engine::speak`].
    fn speak_by_word(
        &self,
        _utterance: &Utterance,
        _voice: &Voice,
        _words: &[usize],
    ) -> Result<Option<Speech>, SpeechError> {
        Ok(None)
    }
}

/// A language an engine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its BCP 47 tag, `en-GB` say.
    pub tag: &'static str,
    /// Who is heard, in a few words.
    pub description: &'static str,
}

/// What is to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utterance {
    /// Plain text; nothing in it is markup.
    pub text: String,
    /// Bytes of `text` before which a time is wanted, rising, on character boundaries.
    pub cues: Vec<usize>,
    /// Bytes of `text` to be stressed: rising, not overlapping, on character boundaries. An engine stresses whole
    /// words; one that cannot passes over it.
    pub stresses: Vec<Range<usize>>,
}

/// How it is to be said. Factors are 1.0 and shares 0.0 where the engine's own way is meant.
///
/// An engine does what it can of [`Voice::rate`], [`Voice::pitch`] and [`Voice::timbre`]; the rest is done to what it
/// said, by [`crate::speech::perform`].
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// The engine's name.
    pub engine: String,
    /// The language's BCP 47 tag.
    pub lang: String,
    /// Speed of speaking, 0.5 to 2.0.
    pub rate: f32,
    /// Pitch, 0.5 to 2.0, leaving the formants.
    pub pitch: f32,
    /// Vocal-tract size: pitch and formants together, 0.6 to 1.6. Below 1 is a larger body.
    pub timbre: f32,
    /// Loudness against other voices, in dB.
    pub volume: Gain,
    /// How far the pitch moves around its middle, a factor of the interval, 0.0 (a monotone) to 2.0.
    pub range: f32,
    /// How much breath is in it, 0.0 to 1.0. At 1.0 nothing but breath is left: a whisper.
    pub breath: f32,
    /// How irregular the vocal cords swing, 0.0 to 1.0.
    pub rough: f32,
    /// How much the voice shakes, 0.0 to 1.0.
    pub tremor: f32,
    /// Vocal effort: how much stronger it is above 1 kHz, −12 to 12 dB. Negative is soft, positive is pressed, then
    /// shouted. Loudness is [`Voice::volume`]'s alone.
    pub effort: Gain,
}

impl Voice {
    /// The range [`Voice::rate`] and [`Voice::pitch`] may take.
    pub const FACTORS: RangeInclusive<f64> = 0.5..=2.0;
    /// The range [`Voice::timbre`] may take.
    pub const TIMBRES: RangeInclusive<f64> = 0.6..=1.6;
    /// The range [`Voice::range`] may take.
    pub const RANGES: RangeInclusive<f64> = 0.0..=2.0;
    /// The range [`Voice::breath`], [`Voice::rough`] and [`Voice::tremor`] may take.
    pub const SHARES: RangeInclusive<f64> = 0.0..=1.0;
    /// The range [`Voice::effort`] may take, in dB.
    pub const EFFORTS: RangeInclusive<f64> = -12.0..=12.0;
}

impl Default for Voice {
    /// Pico, British English, everything else as the engine has it.
    fn default() -> Voice {
        let (engine, lang) = ("pico".to_owned(), "en-GB".to_owned());
        Voice {
            engine,
            lang,
            rate: 1.0,
            pitch: 1.0,
            timbre: 1.0,
            volume: Gain::UNITY,
            range: 1.0,
            breath: 0.0,
            rough: 0.0,
            tremor: 0.0,
            effort: Gain::UNITY,
        }
    }
}

/// What an engine said: mono at the engine's own rate, edges untrimmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Speech {
    /// The sound, mono. Played at [`AudioBuffer::rate`] it has the voice's rate, pitch and timbre.
    pub audio: AudioBuffer,
    /// The frame at which each of [`Utterance::cues`] begins, in their order.
    pub cues: Vec<FrameCount>,
}

/// Why a line was not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeechError {
    /// There is nothing in the text that can be heard.
    Silent,
    /// Characters the voice has no sound for: the text's bytes, and what they are.
    Foreign {
        /// The bytes of the text that hold the first run of them.
        range: Range<usize>,
        /// What they are, in a few words.
        what: String,
    },
    /// A stretch without a break that is longer than the engine can hold.
    TooLong {
        /// The bytes of the text.
        range: Range<usize>,
        /// The most characters it can hold.
        limit: usize,
    },
    /// The engine does not speak that language.
    UnknownLanguage(String),
    /// The engine itself failed.
    Engine(String),
}

impl fmt::Display for SpeechError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpeechError::Silent => f.write_str("there is nothing in it that can be spoken"),
            SpeechError::Foreign { what, .. } => write!(f, "the voice has no sound for {what}"),
            SpeechError::TooLong { limit, .. } => {
                write!(f, "the voice holds at most {limit} characters without a break")
            }
            SpeechError::UnknownLanguage(lang) => write!(f, "the engine does not speak `{lang}`"),
            SpeechError::Engine(why) => write!(f, "the engine failed: {why}"),
        }
    }
}

impl std::error::Error for SpeechError {}
