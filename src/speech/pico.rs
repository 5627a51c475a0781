//! SVOX Pico, the embedded engine: six voices linked into the program, no installation, no network.
//!
//! A text is made safe by `text`, wrapped into Pico's own markup by `render`, and spoken by `binding`, the one
//! file that calls C; `unwrap` mends what it said, and `tone` lifts it. `lingware` holds the voices. Speaking is repeatable to the bit; what it depends on besides its
//! arguments is in [`PicoEngine::version`].
//!
//! Rate and pitch are Pico's own. A timbre `t` is a resampling: Pico speaks `1/t` as fast and the sound claims to
//! have been recorded at `t` times Pico's rate, so that played at that rate pitch and formants move together and
//! the speed stays. Only the pauses at commas and full stops keep Pico's own length at every rate. Pico takes whole percents: speed 20 to 500, pitch 50 to 200. Every [`Voice`] stays within, for
//! the speed is at most 2.0 / 0.6 and at least 0.5 / 1.6; a voice outside its own ranges is held to them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::audio::buffer::{AudioBuffer, Channels};
use crate::speech::engine::{Engine, Language, Speech, SpeechError, Utterance, Voice};
use crate::speech::pico::binding::Synthesizer;
use crate::speech::pico::lingware::{LANGUAGES, Lingware};
use crate::speech::pico::text::Phrase;
use crate::units::time::{FrameCount, SampleRate};

mod align;
mod binding;
mod lingware;
mod render;
mod script;
mod text;
mod tone;
mod unwrap;
mod words;

/// The embedded engine. Cheap to make: a voice is loaded when it first speaks, once for every thread that speaks it
/// at the same time.
#[derive(Debug, Default)]
pub struct PicoEngine {
    idle: Mutex<BTreeMap<&'static str, Vec<Synthesizer>>>,
}

impl PicoEngine {
    /// The name scripts choose it by.
    pub const NAME: &'static str = "pico";

    /// An engine with no voice loaded yet.
    pub fn new() -> PicoEngine {
        PicoEngine::default()
    }

    /// A loaded voice that nobody else is using.
    fn take(&self, voice: &'static Lingware) -> Result<Synthesizer, SpeechError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        match idle.get_mut(voice.language.tag).and_then(Vec::pop) {
            Some(synthesizer) => Ok(synthesizer),
            None => {
                drop(idle);
                voice.load().map_err(SpeechError::Engine)
            }
        }
    }

    /// Gives a voice back for the next one who wants it.
    fn put(&self, voice: &'static Lingware, synthesizer: Synthesizer) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.entry(voice.language.tag).or_default().push(synthesizer);
    }

    /// Does something with a loaded voice.
    fn with<T>(
        &self,
        voice: &'static Lingware,
        work: impl FnOnce(&mut Synthesizer) -> Result<T, String>,
    ) -> Result<T, SpeechError> {
        let mut synthesizer = self.take(voice)?;
        // A voice that failed is not used again.
        let done = work(&mut synthesizer).map_err(SpeechError::Engine)?;
        self.put(voice, synthesizer);
        Ok(done)
    }
}

impl Engine for PicoEngine {
    fn name(&self) -> &'static str {
        PicoEngine::NAME
    }

    /// The crate's version stands for Pico and its voices, the number after it for this module.
    fn version(&self) -> &'static str {
        "ttspico-sys 0.1.5, 4"
    }

    fn languages(&self) -> &'static [Language] {
        &LANGUAGES
    }

    fn accept(&self, text: &str, lang: &str) -> Result<(), SpeechError> {
        phrase(text, lang).map(|_| ())
    }

    /// A cue is the first frame of the word after it; of the word it stands in, where it stands in one; the end of
    /// the sound, where no word follows. Cues at one word have the same time. Where Pico reads several words as one
    /// (`10:45 p.m.`, letters that are spelled), a cue between them is the first of them.
    fn speak(&self, utterance: &Utterance, voice: &Voice) -> Result<Speech, SpeechError> {
        let (lingware, phrase) = phrase(&utterance.text, &voice.lang)?;
        let spoken = self.with(lingware, |synthesizer| {
            let (manner, words, stressed) = asked(utterance, voice, &phrase);
            render::render(synthesizer, &phrase, manner, &words, &stressed)
        });
        let (samples, cues) = spoken?;
        Ok(speech(samples, cues, lingware, voice))
    }

    /// To about 10 ms, and to where a word begins as one hears it (see [`words`]). `None` where Pico reads words
    /// together, or not at all.
    fn speak_by_word(
        &self,
        utterance: &Utterance,
        voice: &Voice,
        words: &[usize],
    ) -> Result<Option<Speech>, SpeechError> {
        let (lingware, phrase) = phrase(&utterance.text, &voice.lang)?;
        let spoken = self.with(lingware, |synthesizer| {
            let (manner, cued, stressed) = asked(utterance, voice, &phrase);
            let tagged = render::tagged(&phrase, &cued, &stressed);
            let plain = render::input(&phrase, manner, (&tagged, &stressed), |_| render::LEVEL);
            let heard = render::said(synthesizer, &plain)?;
            let starts = words::words(synthesizer, &phrase, manner, &stressed, &heard)?;
            Ok((heard, starts))
        });
        let (heard, Some(starts)) = spoken? else { return Ok(None) };
        let start = |&word: &usize| starts.get(word_at(&phrase, word)).copied().unwrap_or(heard.len());
        let starts = words.iter().map(start).collect();
        Ok(Some(speech(heard, starts, lingware, voice)))
    }
}

/// How an utterance is to be said, in Pico's terms; which words are cued, and which stressed.
fn asked(
    utterance: &Utterance,
    voice: &Voice,
    phrase: &Phrase,
) -> (render::Manner, Vec<usize>, Vec<Range<usize>>) {
    let factor = |value: f32| f64::from(value).clamp(*Voice::FACTORS.start(), *Voice::FACTORS.end());
    let manner = render::Manner {
        speed: whole(100.0 * factor(voice.rate) / timbre(voice)),
        pitch: whole(100.0 * factor(voice.pitch)),
    };
    let words = utterance.cues.iter().map(|&cue| word_at(phrase, cue)).collect();
    let stressed = utterance.stresses.iter().map(|range| words_in(phrase, range));
    (manner, words, stressed.filter(|range| !range.is_empty()).collect())
}

fn timbre(voice: &Voice) -> f64 {
    f64::from(voice.timbre).clamp(*Voice::TIMBRES.start(), *Voice::TIMBRES.end())
}

/// What Pico said, mended, at the rate at which it has the voice's timbre.
fn speech(mut samples: Vec<i16>, cues: Vec<usize>, lingware: &Lingware, voice: &Voice) -> Speech {
    unwrap::unwrap(&mut samples, lingware.factors);
    let rate = SampleRate::new(whole(f64::from(render::RATE) * timbre(voice))).unwrap_or(SampleRate::DEFAULT);
    let mut samples: Vec<f32> = samples.into_iter().map(|sample| f32::from(sample) / 32_768.0).collect();
    tone::correct(&mut samples, lingware.language.tag);
    let cues = cues.into_iter().map(|sample| FrameCount::new(sample as u64)).collect();
    Speech { audio: AudioBuffer::new(samples, Channels::Mono, rate), cues }
}

/// The voice of a language, and the text as it is to say it.
fn phrase(text: &str, lang: &str) -> Result<(&'static Lingware, Phrase), SpeechError> {
    let voice = Lingware::find(lang).ok_or_else(|| SpeechError::UnknownLanguage(lang.to_owned()))?;
    Ok((voice, text::phrase(text, voice.spelling)?))
}

/// The word a cue belongs to: the first that does not end before it, or one past the last word.
fn word_at(phrase: &Phrase, cue: usize) -> usize {
    phrase.words.partition_point(|word| word.source.end <= cue)
}

/// The words that a stretch of the text touches.
fn words_in(phrase: &Phrase, bytes: &Range<usize>) -> Range<usize> {
    word_at(phrase, bytes.start)..phrase.words.partition_point(|word| word.source.start < bytes.end)
}

/// To the nearest whole number; what [`f64::clamp`] let through as NaN gives 0, which Pico raises to its least.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and held within u32")]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

#[cfg(test)]
mod tests {
    use super::{PicoEngine, phrase, render, unwrap};

    #[test]
    fn no_sample_clips_or_wraps() {
        let engine = PicoEngine::new();
        for lang in ["en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT"] {
            let text = "Oh no, Anna, I am all alone. Who are you? I don't know. I'm the dead one, Ewan.";
            let (voice, phrase) = phrase(text, lang).expect("a text that can be said");
            let mut synthesizer = engine.take(voice).expect("a voice");
            for (speed, pitch) in [(110, 50), (110, 52), (60, 50), (110, 70), (100, 100), (100, 200)] {
                let words = 0..phrase.words.len();
                for stressed in [0..0, words] {
                    let manner = render::Manner { speed, pitch };
                    let stressed = std::slice::from_ref(&stressed);
                    let said = render::render(&mut synthesizer, &phrase, manner, &[], stressed);
                    let mut said = said.expect("speech").0;
                    unwrap::unwrap(&mut said, voice.factors);
                    let peak = said.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
                    assert!(peak < 20_000, "{lang} at speed {speed}, pitch {pitch} reaches {peak}");
                    let jump = said.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap_or(0);
                    assert!(
                        jump < peak / 2,
                        "{lang} at speed {speed}, pitch {pitch} jumps by {jump} of {peak}"
                    );
                }
            }
        }
    }
}
