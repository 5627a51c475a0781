//! Runs the stages one after the other, script to timeline.

use crate::audio::decode::Limits;
use crate::audio::samples::Samples;
use crate::cache::Cache;
use crate::cuesheet::bind::bind;
use crate::cuesheet::resolve::resolve;
use crate::cuesheet::takes::Takes;
use crate::cuesheet::tools::{Reading, Tools};
use crate::cuesheet::{CueSheet, Cues, Origin};
use crate::diag::Diagnostics;
use crate::diag::code::Code;
use crate::host::Show;
use crate::progress::Progress;
use crate::script::Script;
use crate::script::load::load;
use crate::sound::patch::hands::Hands;
use crate::source::Sources;
use crate::speech::Engines;
use crate::spool::{Spool, SpoolError};
use crate::timeline::Timeline;
use crate::timeline::schedule::schedule;
use crate::units::time::SampleRate;

/// What an episode is built with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The project rate. Default: 48 kHz.
    pub rate: SampleRate,
    /// How long a clip may be. Default: two hours.
    pub limits: Limits,
    /// Where recordings are read from. Default: from copies.
    pub reading: Reading,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { rate: SampleRate::DEFAULT, limits: Limits::default(), reading: Reading::default() }
    }
}

/// An episode, ready to be mixed; and everything there is to be said about it.
#[derive(Debug)]
pub struct Build {
    /// Every text file that was read.
    pub sources: Sources,
    /// What is wrong with them, sorted.
    pub diagnostics: Diagnostics,
    /// As written.
    pub script: Script,
    /// Names bound, clips at hand.
    pub sheet: CueSheet,
    /// Times solved.
    pub timeline: Timeline,
}

impl Build {
    /// What the timeline's regions play, by clip index.
    pub fn samples(&self) -> Vec<Samples> {
        self.sheet.clips.iter().map(|clip| clip.samples.clone()).collect()
    }
}

/// Builds the episode `path`, from the show's folder. Every stage runs whatever the one before found, so that one
/// build reports everything; with errors among the diagnostics, what cannot be had is silence. Takes and sounds that
/// `cache` has are not made again, and not read before they are heard.
///
/// # Errors
/// Where no scratch file can be made.
pub fn build(
    show: &Show,
    path: &str,
    settings: Settings,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Build, SpoolError> {
    Ok(assemble(show, path, settings, (cache, true), progress)?.0)
}

/// What [`build`] would come to, without making anything: what `cache` does not have stands as silence of a plausible
/// length, so that times are a guess where anything is missing. Then what is wrong with times is not reported.
///
/// # Errors
/// Where no scratch file can be made.
pub fn foresee(
    show: &Show,
    path: &str,
    settings: Settings,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Build, SpoolError> {
    let (build, before) = assemble(show, path, settings, (cache, false), progress)?;
    let guessed = build.sheet.clips.iter().any(|clip| clip.origin == Origin::Missing);
    Ok(if guessed { Build { diagnostics: before, ..build } } else { build })
}

/// The build, and what was wrong before times were solved.
fn assemble(
    show: &Show,
    path: &str,
    settings: Settings,
    (cache, make): (&Cache, bool),
    progress: &dyn Progress,
) -> Result<(Build, Diagnostics), SpoolError> {
    let spool = Spool::new()?;
    let engines = Engines::new();
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let (script, cues) = read(show, path, settings, &mut sources, &mut diagnostics);
    let tools = Tools {
        show,
        engines: &engines,
        spool: &spool,
        cache,
        make,
        limits: settings.limits,
        reading: settings.reading,
        hands: Hands::One,
        progress,
    };
    let sheet = bind(cues, tools, &mut sources, &mut diagnostics);
    let mut before = diagnostics.clone();
    before.sort();
    let timeline = schedule(&sheet, &mut diagnostics);
    diagnostics.sort();
    Ok((Build { sources, diagnostics, script, sheet, timeline }, before))
}

/// The first half of [`build`]: the episode as written, and with its names bound, before anything is made.
pub fn read(
    show: &Show,
    path: &str,
    settings: Settings,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> (Script, Cues) {
    let script = load(show, path, sources, diagnostics);
    // What follows from half a file would only hide what is wrong with it.
    let broken = diagnostics.iter().any(|diagnostic| diagnostic.code == Code::TomlSyntax);
    let nothing = Script::default();
    let readable = if broken { &nothing } else { &script };
    let takes = Takes::find_all(show, readable, diagnostics);
    let cues = resolve(readable, &takes, settings.rate, diagnostics);
    takes.warn_unused(&cues, diagnostics);
    (script, cues)
}
