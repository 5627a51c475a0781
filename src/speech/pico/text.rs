//! A line's text becomes words Pico can say, and nothing else.
//!
//! Pico reads markup in its input, and some of it writes files. What leaves this module has none: the characters
//! that could begin it are dropped, so any text is safe to be said. Typographic characters become the plain ones
//! that Pico phrases well, pauses (dashes, ellipses, parentheses) become commas, and what cannot be said is an
//! error with its place. Every word remembers where in the text it came from.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::speech::engine::SpeechError;
use crate::speech::pico::script;

/// The longest text said at once: about twenty minutes of sound, which has to be held in memory.
pub(crate) const MAX_TEXT: usize = 20_000;
/// The longest word. Pico cuts words at 255 bytes, drops parts of shorter ones, and never returns when a cut falls
/// inside a character.
const MAX_WORD: usize = 80;
/// The longest number. Pico says nothing at all from about fifty digits on.
const MAX_DIGITS: usize = 40;

/// A text as Pico is to say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// The words with punctuation and single spaces between; no markup.
    pub(crate) text: String,
    /// Where each word stands.
    pub(crate) words: Vec<Word>,
}

/// One word of a [`Phrase`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its first byte in [`Phrase::text`].
    pub(crate) start: usize,
    /// Its bytes in the text as written.
    pub(crate) source: Range<usize>,
}

/// What the voices spell differently.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelling {
    /// The word for `&`.
    pub(crate) and: &'static str,
    /// Letters this voice knows and others do not.
    pub(crate) letters: &'static str,
}

/// Makes the phrase of a text.
///
/// # Errors
/// [`SpeechError::Silent`], [`SpeechError::Foreign`] or [`SpeechError::TooLong`], never another.
pub(crate) fn phrase(text: &str, spelling: Spelling) -> Result<Phrase, SpeechError> {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        return Err(SpeechError::TooLong { range: end..text.len(), limit: MAX_TEXT });
    }
    let mut reader = Reader { text, spelling, phrase: Phrase::default(), gap: Gap::default(), digits: 0 };
    let mut at = 0;
    while at < text.len() {
        let end = cluster_end(text, at);
        reader.cluster(at..end)?;
        at = end;
    }
    reader.finish()
}

/// Where the character at `at` ends, the marks on it included.
fn cluster_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    rest.char_indices().skip(1).find(|&(_, c)| !is_combining_mark(c)).map_or(text.len(), |(i, _)| at + i)
}

/// What stands between two words.
#[derive(Clone, Copy, Debug, Default)]
struct Gap {
    /// Whether they are apart at all.
    apart: bool,
    /// Punctuation, the strongest there was.
    mark: Option<char>,
}

impl Gap {
    /// Takes in more punctuation: a question stays one whatever follows, a sentence's end outweighs a comma.
    fn mark(&mut self, mark: char) {
        let strength = |mark: char| ",;:.!?".find(mark);
        if self.mark.is_none_or(|old| strength(old) < strength(mark)) {
            self.mark = Some(mark);
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    spelling: Spelling,
    phrase: Phrase,
    gap: Gap,
    /// How many digits the text so far ends with.
    digits: usize,
}

impl Reader<'_> {
    /// Reads one character with the marks on it.
    fn cluster(&mut self, source: Range<usize>) -> Result<(), SpeechError> {
        let written = &self.text[source.clone()];
        let Some(first) = written.chars().next() else { return Ok(()) };
        let ends_word = |c: char| !c.is_alphanumeric();
        let next = self.text[source.end..].chars().next().unwrap_or(' ');
        let previous = self.text[..source.start].chars().next_back().unwrap_or(' ');
        match first {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {}
            _ if first.is_whitespace() || first.is_control() => self.gap.apart = true,
            '&' => {
                self.gap.apart = true;
                for c in self.spelling.and.chars() {
                    self.spoken(c, &source)?;
                }
                self.gap.apart = true;
            }
            '\'' | '’' | '‘' | 'ʼ' | '´' | '`' | '′' | '＇' => {
                if previous.is_alphanumeric() && next.is_alphanumeric() {
                    self.spoken('\'', &source)?;
                }
            }
            '-' | '\u{2010}' | '\u{2011}' | '\u{2212}' | '–' => {
                let number = next.is_ascii_digit() && first != '–' && !previous.is_alphanumeric();
                let inside = previous.is_alphanumeric() && next.is_alphanumeric();
                let range = inside && next.is_ascii_digit() && previous.is_ascii_digit();
                if number || range || (inside && first != '–') {
                    self.spoken('-', &source)?;
                } else {
                    self.pause();
                }
            }
            '—' | '―' | '‒' | '⸺' | '⸻' | '(' | ')' | '[' | ']' | '{' | '}' | '…' => self.pause(),
            ',' | ':' if previous.is_ascii_digit() && next.is_ascii_digit() => self.spoken(first, &source)?,
            '.' if next == '.' || previous == '.' => self.pause(),
            '.' if !ends_word(previous) && !ends_word(next) => self.spoken('.', &source)?,
            '.' | ',' | ':' | ';' | '!' | '?' => {
                self.gap.mark(first);
                self.gap.apart = true;
            }
            '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '‚' | '‛' => {
                self.gap.apart = true
            }
            '<' | '>' | '\\' | '|' | '*' | '_' | '~' | '^' | '¡' | '¿' => self.gap.apart = true,
            _ if written.len() == first.len_utf8() && (first.is_ascii_graphic() || is_said_alone(first)) => {
                self.spoken(first, &source)?;
            }
            _ => self.letters(written, &source)?,
        }
        if !first.is_ascii_digit() {
            self.digits = 0;
        }
        Ok(())
    }

    /// A character outside ASCII: as it is where Pico knows it, else by its plain letters, else an error. Symbols
    /// (emoji, arrows) are passed over.
    fn letters(&mut self, written: &str, source: &Range<usize>) -> Result<(), SpeechError> {
        let composed: String = written.nfc().collect();
        let mut chars = composed.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) if is_known(c) || self.spelling.letters.contains(c) => {
                return self.spoken(c, source);
            }
            (Some(c), _) if !script::is_letter(c) => {
                self.gap.apart = true;
                return Ok(());
            }
            _ => {}
        }
        for c in written.nfkd().filter(|&c| !is_combining_mark(c)) {
            if c.is_ascii_alphanumeric() || is_known(c) {
                self.spoken(c, source)?;
            } else if let Some(plain) = script::plain(c) {
                plain.chars().try_for_each(|c| self.spoken(c, source))?;
            } else {
                return Err(self.foreign(source.start));
            }
        }
        Ok(())
    }

    /// The error for the run of foreign letters that begins at `start`.
    fn foreign(&self, start: usize) -> SpeechError {
        let what = |c: char| (!c.is_ascii() && script::is_letter(c)).then(|| script::describe(c));
        let rest = &self.text[start..];
        let first = rest.chars().next().and_then(what).unwrap_or_default();
        let end = rest
            .char_indices()
            .find(|&(_, c)| !is_combining_mark(c) && what(c).as_ref() != Some(&first))
            .map_or(rest.len(), |(i, _)| i);
        SpeechError::Foreign { range: start..start + end, what: first }
    }

    /// A pause inside a sentence.
    fn pause(&mut self) {
        self.gap.mark(',');
        self.gap.apart = true;
    }

    /// A character that is said. It begins a word where a gap precedes it.
    fn spoken(&mut self, c: char, source: &Range<usize>) -> Result<(), SpeechError> {
        let gap = std::mem::take(&mut self.gap);
        let phrase = &mut self.phrase;
        if gap.apart || phrase.words.is_empty() {
            if !phrase.words.is_empty() {
                phrase.text.extend(gap.mark);
                phrase.text.push(' ');
            }
            phrase.words.push(Word { start: phrase.text.len(), source: source.clone() });
            self.digits = 0;
        }
        phrase.text.push(c);
        self.digits = if c.is_ascii_digit() { self.digits + 1 } else { 0 };
        if let Some(word) = phrase.words.last_mut() {
            word.source.end = source.end;
            let long = phrase.text.len() - word.start > MAX_WORD
                && phrase.text[word.start..].chars().count() > MAX_WORD;
            if long || self.digits > MAX_DIGITS {
                let limit = if long { MAX_WORD } else { MAX_DIGITS };
                let start = word.source.start;
                let end = self.text[start..].find(char::is_whitespace).map_or(self.text.len(), |i| start + i);
                return Err(SpeechError::TooLong { range: start..end, limit });
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Phrase, SpeechError> {
        if !self.phrase.text.contains(char::is_alphanumeric) && !self.phrase.text.contains(is_said_alone) {
            return Err(SpeechError::Silent);
        }
        // A sentence that breaks off (a dash, an ellipsis, a comma) is left open, so that its voice does not fall.
        self.phrase.text.extend(self.gap.mark.filter(|mark| ".!?".contains(*mark)));
        Ok(self.phrase)
    }
}

/// Symbols that every voice says by name.
fn is_said_alone(c: char) -> bool {
    "%+=@$£€¥§°±×÷".contains(c)
}

/// Whether all six voices have a sound for a letter or a sign outside ASCII: those of Windows' code page 1252,
/// tried one by one.
fn is_known(c: char) -> bool {
    matches!(c, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ' | 'Š' | 'š' | 'Ž' | 'ž' | 'ª' | 'º' | '²' | '³' | '½' | '¼' | '¾' | 'µ')
}

#[cfg(test)]
mod tests {
    use super::{Spelling, phrase};

    fn check(written: &str, said: &str) {
        let phrase = phrase(written, Spelling { and: "and", letters: "" }).expect("a text that can be said");
        assert_eq!(phrase.text, said, "{written}");
        for word in &phrase.words {
            assert!(
                written.get(word.source.clone()).is_some() && !phrase.text[word.start..].starts_with(' ')
            );
        }
    }

    #[test]
    fn punctuation_becomes_what_pico_phrases_well() {
        check("A year, almost", "A year, almost");
        check("Wait… what?!", "Wait, what?");
        check("Wait... what?!?!", "Wait, what?");
        check("No — never", "No, never");
        check("No—never", "No, never");
        check("No -- never - ever", "No, never, ever");
        check("But you said—", "But you said");
        check("(Aside) she left. . . ", "Aside, she left.");
        check("« Quoi ? » dit-il", "Quoi? dit-il");
        check("“Don’t,” she said", "Don't, she said");
        check("'tis the dogs' own", "tis the dogs own");
        check("1914–1918, 10:45, 3.14, 1,234, -5", "1914-1918, 10:45, 3.14, 1,234, -5");
        check("e.g. the U.S.A.", "e.g. the U.S.A.");
        check("re-entry, re‑entry", "re-entry, re-entry");
    }

    #[test]
    fn no_character_is_left_that_could_be_markup() {
        check("<break time=\"9s\"/>", "break time= 9s /");
        check("rock & roll, AT&T, &lt;b&gt;", "rock and roll, AT and T, and lt; b and gt");
        check("a\0b\\c", "a b c");
    }

    #[test]
    fn letters_become_ones_pico_knows() {
        check("cafe\u{301} Łódź ﬁne ½ ｆｕｌｌ", "café Lódz fine ½ full");
        check("soft\u{ad}hyphen zero\u{200b}width no\u{a0}break", "softhyphen zerowidth no break");
        check("so 😀 so ™ so", "so so so");
        check("Straße naïve ÿ", "Straße naïve ÿ");
        check("cœur", "coeur");
        let french = phrase("cœur", Spelling { and: "et", letters: "œŒ" }).expect("a text that can be said");
        assert_eq!(french.text, "cœur");
    }
}
