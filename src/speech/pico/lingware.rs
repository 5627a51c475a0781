//! The six voices, embedded in the program, and how Pico gets to read them.
//!
//! Pico loads a voice from files only. So loading writes the voice's two files into a private temporary directory
//! and removes it before it returns: nothing stays behind, and a program killed in those few milliseconds leaves
//! a directory of about a megabyte where the system cleans up. [`crate::speech::pico::binding::Synthesizer`] keeps
//! what was loaded.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::speech::engine::Language;
use crate::speech::pico::binding::Synthesizer;
use crate::speech::pico::text::Spelling;

/// A voice: whom one hears, and what Pico loads.
pub(crate) struct Lingware {
    /// The language, as scripts name it.
    pub(crate) language: Language,
    /// What it spells its own way.
    pub(crate) spelling: Spelling,
    /// The whole number that Pico multiplies its samples by at the loudness of `render`, and at that of stress: read off the
    /// steps that lie between the samples it gives.
    pub(crate) factors: [i32; 2],
    /// Text analysis, then signal generation.
    files: [&'static [u8]; 2],
}

macro_rules! voice_file {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

/// Every voice, the default first.
pub(crate) static VOICES: [Lingware; 6] = [
    Lingware {
        language: Language { tag: "en-GB", description: "a British woman" },
        spelling: Spelling { and: "and", letters: "" },
        factors: [36, 47],
        files: [voice_file!("en-GB_ta.bin"), voice_file!("en-GB_kh0_sg.bin")],
    },
    Lingware {
        language: Language { tag: "en-US", description: "an American woman" },
        spelling: Spelling { and: "and", letters: "" },
        factors: [36, 47],
        files: [voice_file!("en-US_ta.bin"), voice_file!("en-US_lh0_sg.bin")],
    },
    Lingware {
        language: Language { tag: "de-DE", description: "a German woman" },
        spelling: Spelling { and: "und", letters: "" },
        factors: [57, 73],
        files: [voice_file!("de-DE_ta.bin"), voice_file!("de-DE_gl0_sg.bin")],
    },
    Lingware {
        language: Language { tag: "es-ES", description: "a Spanish woman" },
        spelling: Spelling { and: "y", letters: "" },
        factors: [52, 67],
        files: [voice_file!("es-ES_ta.bin"), voice_file!("es-ES_zl0_sg.bin")],
    },
    Lingware {
        language: Language { tag: "fr-FR", description: "a French woman" },
        spelling: Spelling { and: "et", letters: "œŒ" },
        factors: [36, 47],
        files: [voice_file!("fr-FR_ta.bin"), voice_file!("fr-FR_nk0_sg.bin")],
    },
    Lingware {
        language: Language { tag: "it-IT", description: "an Italian woman" },
        spelling: Spelling { and: "e", letters: "" },
        factors: [49, 63],
        files: [voice_file!("it-IT_ta.bin"), voice_file!("it-IT_cm0_sg.bin")],
    },
];

/// [`VOICES`] as scripts see them.
pub(crate) static LANGUAGES: [Language; 6] = [
    VOICES[0].language,
    VOICES[1].language,
    VOICES[2].language,
    VOICES[3].language,
    VOICES[4].language,
    VOICES[5].language,
];

impl Lingware {
    /// The voice for a BCP 47 tag, whatever the case of its letters.
    pub(crate) fn find(tag: &str) -> Option<&'static Lingware> {
        VOICES.iter().find(|voice| voice.language.tag.eq_ignore_ascii_case(tag))
    }

    /// Loads the voice.
    ///
    /// # Errors
    /// Where no temporary directory can be written, or Pico cannot read it.
    pub(crate) fn load(&self) -> Result<Synthesizer, String> {
        let directory = scratch().map_err(|e| format!("no temporary directory for the voice: {e}"))?;
        let names = ["ta.bin", "sg.bin"].map(|name| directory.path().join(name));
        for (name, bytes) in names.iter().zip(self.files) {
            fs::write(name, bytes).map_err(|e| format!("`{}` cannot be written: {e}", name.display()))?;
        }
        let loaded = Synthesizer::load([&names[0], &names[1]]);
        directory.close().map_err(|e| format!("the voice's temporary directory stays behind: {e}"))?;
        loaded
    }
}

/// A directory of our own whose path Pico can open: the system's, or where that name has letters which Windows
/// would not pass on, the working directory.
fn scratch() -> std::io::Result<TempDir> {
    let system = std::env::temp_dir();
    let parent =
        if cfg!(unix) || system.to_str().is_some_and(str::is_ascii) { system } else { PathBuf::from(".") };
    tempfile::Builder::new().prefix("radioplay-voice-").tempdir_in(parent)
}
