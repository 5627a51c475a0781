//! When every word of a phrase begins, in the sound that is heard.
//!
//! One cue is found exactly ([`crate::speech::pico::render`]), but its tag makes a slight break, and a tag before every
//! word would change how the phrase is said. So the phrase is said twice more with tags before all words: once as
//! loud as it is heard, once with every other word much louder. Where these two differ, a word that is louder is said;
//! where they are the same and not silent, one that is not. That tells when each word begins there, to the sample; and
//! [`crate::speech::pico::align`] finds the same places in what is heard.

use std::ops::Range;

use crate::speech::pico::align::align;
use crate::speech::pico::binding::Synthesizer;
use crate::speech::pico::render::{LEVEL, MARKED, Manner, input, said, tagged};
use crate::speech::pico::text::Phrase;

/// Samples no louder than this tell nothing where both renderings have them.
const QUIET: u16 = 2;

/// Where the words of the phrase begin in `heard`, which is the phrase with tags at `cued` words: a sample for each
/// word. `None` where not every word can be told from its neighbours, because Pico reads several as one, or one not at
/// all.
///
/// # Errors
/// What Pico had against it.
pub(super) fn words(
    synthesizer: &mut Synthesizer,
    phrase: &Phrase,
    manner: Manner,
    stressed: &[Range<usize>],
    heard: &[i16],
) -> Result<Option<Vec<usize>>, String> {
    let all: Vec<usize> = (0..phrase.words.len()).collect();
    let tagged = tagged(phrase, &all, stressed);
    let even = said(synthesizer, &input(phrase, manner, (&tagged, stressed), |_| LEVEL))?;
    let louder = |word: usize| if word % 2 == 1 { MARKED } else { LEVEL };
    let uneven = said(synthesizer, &input(phrase, manner, (&tagged, stressed), louder))?;
    let Some(starts) = boundaries(&even, &uneven).filter(|starts| starts.len() == all.len()) else {
        return Ok(None);
    };
    Ok(Some(align(&even, heard, &starts)))
}

/// Where words begin, if every other one of them is louder in the second rendering, from the second word on.
fn boundaries(even: &[i16], uneven: &[i16]) -> Option<Vec<usize>> {
    if even.len() != uneven.len() {
        return None;
    }
    let mut starts = Vec::new();
    let mut louder = true;
    for (at, (a, b)) in even.iter().zip(uneven).enumerate() {
        let differs = a != b;
        if differs != louder && (differs || a.unsigned_abs() > QUIET) {
            louder = differs;
            starts.push(at);
        }
    }
    Some(starts)
}
