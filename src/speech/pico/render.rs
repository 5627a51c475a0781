//! A phrase becomes samples, with the sample at which each cued word begins.
//!
//! Pico reports no times. But its `volume` tag changes nothing except the loudness of what follows it, so two
//! renderings of one text with the tags at the same places differ first where the loudness does: at the beginning of
//! the word after the first tag whose level is another. One rendering with all levels alike is what is heard; one more for
//! each cue, louder from its word on, finds where that word begins, exactly and without guessing. A tag inside a
//! phrase makes Pico break the phrase there a little, which suits a word that something is to land on, and a word
//! that is stressed.

use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

use crate::speech::pico::binding::Synthesizer;
use crate::speech::pico::text::Phrase;
use crate::speech::pico::whole;

/// Pico's sample rate in Hz.
pub(crate) const RATE: u32 = 16_000;
/// The loudness at which no voice clips at any pitch, with room for what [`crate::speech::pico::unwrap`] takes back. Pico's
/// own is 100, and the lowest pitches clip at 50 still. [`crate::speech::pico::lingware::Lingware::factors`] follow from
/// it, and from [`STRESS`].
pub(super) const LEVEL: u32 = 14;
/// The loudness that shows where a word begins. Far above [`LEVEL`], so that even the faintest sample differs;
/// nobody hears it.
pub(super) const MARKED: u32 = 500;
/// What a stressed word's loudness, speed and pitch are multiplied by. In English a stressed word stands out by pitch
/// first, length next, loudness last (D. Fry, "Experiments in the perception of stress", Language and Speech 1, 1958,
/// who found length ahead for syllables). The loudness is 2 dB, which stays below where any voice clips.
const STRESS: [f64; 3] = [1.28, 0.82, 1.14];
/// The longest sound of one phrase, in samples: an hour. Pico has no limit of its own.
const MAX_SAMPLES: usize = 3600 * RATE as usize;

/// How it is said, in Pico's percents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Speed, 20 to 500.
    pub(crate) speed: u32,
    /// Pitch, 50 to 200.
    pub(crate) pitch: u32,
}

impl Manner {
    /// The three tags that set it, at a loudness.
    fn tags(self, level: u32, stressed: bool) -> String {
        let [louder, faster, higher] = if stressed { STRESS } else { [1.0; 3] };
        // What finds a word is not made louder, lest it exceed what Pico takes.
        let level = if level == MARKED { level } else { whole(f64::from(level) * louder) };
        let speed = whole(f64::from(self.speed) * faster).max(20);
        let pitch = whole(f64::from(self.pitch) * higher).min(200);
        format!(r#"<speed level="{speed}"><pitch level="{pitch}"><volume level="{level}">"#)
    }
}

/// Says the phrase, and finds where the words of these numbers begin. The numbers must not fall; one past the last
/// word stands for the end. The words of the `stressed` ranges are stressed.
///
/// # Errors
/// What Pico had against it.
pub(crate) fn render(
    synthesizer: &mut Synthesizer,
    phrase: &Phrase,
    manner: Manner,
    cued: &[usize],
    stressed: &[Range<usize>],
) -> Result<(Vec<i16>, Vec<usize>), String> {
    let tagged = tagged(phrase, cued, stressed);
    let input = |marked: Option<usize>| {
        let level = |word| if marked.is_some_and(|marked| word >= marked) { MARKED } else { LEVEL };
        input(phrase, manner, (&tagged, stressed), level)
    };
    let samples = said(synthesizer, &input(None))?;
    let mut found: Vec<(usize, usize)> = Vec::new();
    for &word in cued {
        if found.last().is_some_and(|last| last.0 == word) {
            continue;
        }
        let least = found.last().map_or(0, |last| last.1);
        let start = if word >= phrase.words.len() {
            samples.len()
        } else {
            first_difference(synthesizer, &input(Some(word)), &samples)?
        };
        found.push((word, start.max(least)));
    }
    let starts = cued.iter().map(|word| {
        let place = found.partition_point(|known| known.0 < *word);
        found.get(place).map_or(samples.len(), |known| known.1)
    });
    let starts = starts.collect();
    Ok((samples, starts))
}

/// The words that have a tag before them, rising: those that are wanted, and those where stress begins or ends.
pub(super) fn tagged(phrase: &Phrase, wanted: &[usize], stressed: &[Range<usize>]) -> Vec<usize> {
    let edges = stressed.iter().flat_map(|range| [range.start, range.end]);
    let mut tagged: Vec<usize> = wanted.iter().copied().chain(edges).collect();
    tagged.sort_unstable();
    tagged.dedup();
    // Before the first word there is a tag in any case, and after the last nothing is said.
    tagged.retain(|&word| word > 0 && word < phrase.words.len());
    tagged
}

/// What Pico makes of an input.
///
/// # Errors
/// What Pico had against it, and more sound than anybody waits for.
pub(super) fn said(synthesizer: &mut Synthesizer, input: &str) -> Result<Vec<i16>, String> {
    let mut samples = Vec::new();
    synthesizer.speak(input.as_bytes(), |piece| {
        samples.extend_from_slice(piece);
        if samples.len() > MAX_SAMPLES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if samples.len() > MAX_SAMPLES { Err("more than an hour of sound".to_owned()) } else { Ok(samples) }
}

/// What Pico is given: tags at the beginning and before each of the `tagged` words, and each word at a `level` of its
/// own.
pub(super) fn input(
    phrase: &Phrase,
    manner: Manner,
    (tagged, stressed): (&[usize], &[Range<usize>]),
    level: impl Fn(usize) -> u32,
) -> String {
    let is_stressed = |word: usize| stressed.iter().any(|range| range.contains(&word));
    let mut input = manner.tags(level(0), is_stressed(0));
    let (mut done, mut stress) = (0, is_stressed(0));
    for &word in tagged {
        let start = phrase.words[word].start;
        input.push_str(&phrase.text[done..start]);
        if stress || is_stressed(word) {
            stress = is_stressed(word);
            input.push_str(&manner.tags(level(word), stress));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(input, r#"<volume level="{}">"#, level(word));
        }
        done = start;
    }
    input.push_str(&phrase.text[done..]);
    input
}

/// The first sample in which what Pico makes of `input` differs from `samples`; their end where none does.
fn first_difference(synthesizer: &mut Synthesizer, input: &str, samples: &[i16]) -> Result<usize, String> {
    let mut same = 0;
    synthesizer.speak(input.as_bytes(), |piece| {
        let rest = samples.get(same..).unwrap_or_default();
        let equal = piece.iter().zip(rest).take_while(|(a, b)| a == b).count();
        same += equal;
        if equal < piece.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(same.min(samples.len()))
}
