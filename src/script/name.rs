//! Names: which are allowed, and how an entry without one gets one from what it says.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Span;

/// Names that mean something in anchors.
pub const RESERVED: [&str; 3] = ["prev", "scene", "episode"];
/// The longest name, in bytes: names become names of files.
pub const MAX_BYTES: usize = 80;
/// How much of a line's text its derived id keeps, in bytes.
const SLUG_BYTES: usize = 48;

/// Whether `name` is made of ASCII letters, digits, `-` and `_`, begins with a letter or digit, and is neither
/// reserved nor too long.
pub fn is_valid(name: &str) -> bool {
    name.len() <= MAX_BYTES && may_be_derived(name)
}

/// The same for a name of any length: one that is derived from a role's and a text may be longer than may be given.
pub fn may_be_derived(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && name.bytes().all(inside)
        && !RESERVED.contains(&name)
}

/// Reports a name that is not allowed; `what` says what it names.
pub fn check(name: &str, what: &str, span: Span, diagnostics: &mut Diagnostics) -> bool {
    if is_valid(name) {
        return true;
    }
    let help = if RESERVED.contains(&name) {
        format!("`{name}` has a meaning of its own in anchors")
    } else {
        format!(
            "names are ASCII letters, digits, `-` and `_`, begin with a letter or digit, and have at most {MAX_BYTES} characters"
        )
    };
    diagnostics.push(
        Diagnostic::error(Code::BadName, format!("`{name}` cannot name {what}")).at(span, "").help(help),
    );
    false
}

/// A text as a name: lower case, words joined by `-`. Long texts, and those whose letters are not ASCII, are told
/// apart by four hexadecimal digits of a hash (FNV-1a) of the normalised text. Punctuation does not count, so that
/// a comma more or less keeps the recorded take.
pub fn slug(text: &str) -> String {
    // Editors and systems differ in how they write an accent; the line is the same.
    let composed: Cow<'_, str> =
        if text.is_ascii() { text.into() } else { text.nfc().collect::<String>().into() };
    let words: Vec<String> = composed
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .map(|word| {
            word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect();
    let whole = words.join("-");
    let mut short = String::new();
    for word in &words {
        let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        if short.len() + word.len() > SLUG_BYTES {
            break;
        }
        if !short.is_empty() && !word.is_empty() {
            short.push('-');
        }
        short.push_str(&word);
    }
    if short == whole {
        return short;
    }
    let hash = whole.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let digits = format!("{:04x}", hash & 0xffff);
    if short.is_empty() { digits } else { format!("{short}-{digits}") }
}

#[cfg(test)]
mod tests {
    use super::{is_valid, slug};

    #[test]
    fn a_slug_keeps_its_take_through_punctuation_but_not_through_words() {
        assert_eq!(slug("Can I come in?"), "can-i-come-in");
        assert_eq!(slug("Can I come in —"), "can-i-come-in");
        assert_eq!(slug("It's nothing."), "its-nothing");
        assert_eq!(slug("caf\u{e9}"), slug("cafe\u{301}"));
        assert_ne!(slug("Привет"), slug("Пока"));
        let long = "one two three four five six seven eight nine ten eleven";
        assert_ne!(slug(long), slug(&format!("{long} twelve")));
        assert!(is_valid(&slug(long)) && is_valid(&slug("Привет")));
    }
}
