//! The stable names of everything that can be wrong with a person's files.
//!
//! A code never changes its meaning and is never used again once retired. `tests/diagnostics/` holds a case for
//! each.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident => $name:literal,)+) => {
        /// What kind of problem a diagnostic reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// The name as it is printed, in kebab case.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }
        }
    };
}

codes! {
    /// The file is not valid TOML.
    TomlSyntax => "toml-syntax",
    /// The file is not UTF-8.
    NotUtf8 => "not-utf8",
    /// A key that nothing reads.
    UnknownKey => "unknown-key",
    /// A key that must be there.
    MissingKey => "missing-key",
    /// A value of the wrong type.
    WrongType => "wrong-type",
    /// A number outside its range, or not a number.
    OutOfRange => "out-of-range",
    /// A word that is none of those allowed here.
    UnknownWord => "unknown-word",
    /// A `format` this program does not read.
    UnknownFormat => "unknown-format",
    /// Two keys that exclude each other.
    Conflict => "conflict",
    /// An entry with no kind key, or with more than one.
    EntryKind => "entry-kind",
    /// An id, name or mark that is malformed.
    BadName => "bad-name",
    /// An id given twice.
    DuplicateId => "duplicate-id",
    /// A role that `cast` does not define.
    UnknownRole => "unknown-role",
    /// A sound that `sound` does not define.
    UnknownSound => "unknown-sound",
    /// A place that `place` does not define.
    UnknownPlace => "unknown-place",
    /// A room that has no such name.
    UnknownRoom => "unknown-room",
    /// A bus that does not exist.
    UnknownBus => "unknown-bus",
    /// Buses that send to each other in a circle.
    SendCycle => "send-cycle",
    /// A line with nothing to say.
    EmptyLine => "empty-line",
    /// Braces in a line's text that are neither a mark, a pause nor `{{`.
    BadMarkup => "bad-markup",
    /// A time that does not follow the grammar of anchors.
    BadAnchor => "bad-anchor",
    /// An anchor to an entry or scene that does not exist.
    UnknownAnchor => "unknown-anchor",
    /// An anchor to a mark that stands in no text, or to a word beyond the last.
    UnknownMark => "unknown-mark",
    /// Anchors that depend on each other in a circle.
    AnchorCycle => "anchor-cycle",
    /// An entry that would start before its scene.
    BeforeScene => "before-scene",
    /// A bed or a sound that would end before it starts, or has nothing in it.
    EmptySpan => "empty-span",
    /// Fades longer than what they fade.
    FadeTooLong => "fade-too-long",
    /// A mark whose time is an estimate.
    EstimatedMark => "estimated-mark",
    /// A file that is not there.
    MissingFile => "missing-file",
    /// A file that is there but cannot be read.
    UnreadableFile => "unreadable-file",
    /// A path that leads out of the show.
    OutsideShow => "outside-show",
    /// Something that is no regular file: a folder, a pipe, a device.
    NotAFile => "not-a-file",
    /// Includes that include each other in a circle, or too deep.
    IncludeCycle => "include-cycle",
    /// A clip whose samples cannot be decoded.
    BadAudio => "bad-audio",
    /// A clip, or an episode, longer than allowed.
    TooLong => "too-long",
    /// A voice engine or language that does not exist.
    UnknownVoice => "unknown-voice",
    /// Text that the voice cannot speak.
    Unspeakable => "unspeakable",
    /// A recorded take whose line is nowhere in the episode.
    UnusedTake => "unused-take",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
