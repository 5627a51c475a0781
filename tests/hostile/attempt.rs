//! A script taken through every stage short of sound, and what must be true of it whatever it is.

use std::path::Path;
use std::time::Instant;

use radioplay::audio::buffer::{AudioBuffer, Channels};
use radioplay::audio::samples::Samples;
use radioplay::cuesheet::resolve::resolve;
use radioplay::cuesheet::takes::Takes;
use radioplay::cuesheet::{Clip, CueSheet, CueTime, Cues, Origin, Request, dump as cuesheet_dump};
use radioplay::diag::Diagnostics;
use radioplay::diag::code::Code;
use radioplay::diag::render::{human, json};
use radioplay::host::Show;
use radioplay::script::load::load;
use radioplay::script::{Script, dump as script_dump};
use radioplay::source::Sources;
use radioplay::timeline::schedule::schedule;
use radioplay::timeline::{Timeline, dump as timeline_dump};
use radioplay::units::time::{FrameCount, FramePos, SampleRate};

/// Frames per second; low, so that clips of seconds are small.
pub(crate) const RATE: u32 = 100;
/// How long a letter of a line lasts, in frames.
const LETTER: usize = 6;
/// The longest clip that is made up, in frames.
const LONGEST: usize = 3000;

/// What came out.
pub(crate) struct Attempt {
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) script: Script,
    pub(crate) sheet: CueSheet,
    pub(crate) timeline: Timeline,
    /// How long the stages took.
    pub(crate) took: String,
}

/// Takes `script/test.toml` of a show through the stages, with clips of made-up lengths.
pub(crate) fn attempt(root: &Path) -> Attempt {
    let started = Instant::now();
    let show = Show::open(root, Vec::new()).expect("the show is a folder");
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let script = load(&show, "script/test.toml", &mut sources, &mut diagnostics);
    let loaded = started.elapsed();
    let broken = diagnostics.iter().any(|diagnostic| diagnostic.code == Code::TomlSyntax);
    let nothing = Script::default();
    let readable = if broken { &nothing } else { &script };
    let takes = Takes::find_all(&show, readable, &mut diagnostics);
    let rate = SampleRate::new(RATE).expect("a rate");
    let cues = resolve(readable, &takes, rate, &mut diagnostics);
    takes.warn_unused(&cues, &mut diagnostics);
    let resolved = started.elapsed();
    let sheet = with_clips(cues);
    let begun = started.elapsed();
    let timeline = schedule(&sheet, &mut diagnostics);
    let solved = started.elapsed() - begun;
    diagnostics.sort();
    let took = format!("load {loaded:.0?}, resolve {:.0?}, schedule {solved:.0?}", resolved - loaded);
    Attempt { sources, diagnostics, script, sheet, timeline, took }
}

/// A clip for every request: as long as its text or its name, so that the same script gives the same clips.
pub(crate) fn with_clips(cues: Cues) -> CueSheet {
    let clips = cues.requests.iter().map(|request| made_up(request, cues.rate)).collect();
    CueSheet { cues: cues.into(), clips }
}

fn made_up(request: &Request, rate: SampleRate) -> Clip {
    let (name, origin, frames, cues) = match request {
        Request::Line(line) => {
            let cue = |cue: &radioplay::cuesheet::CuePoint| CueTime {
                byte: cue.at,
                name: cue.name.clone(),
                at: FrameCount::new((cue.at * LETTER).min(LONGEST) as u64),
                estimated: false,
            };
            let cues = line.cues.iter().map(cue).collect();
            (line.id.clone(), Origin::Synthesized, line.text.plain.len() * LETTER, cues)
        }
        Request::Sound(sound) if sound.file.contains("gone") => {
            (sound.file.clone(), Origin::Missing, 1, Vec::new())
        }
        Request::Sound(sound) => (sound.file.clone(), Origin::Patch, sound.file.len() * 20, Vec::new()),
    };
    let samples = vec![0.0; frames.min(LONGEST)];
    let samples = Samples::in_memory(AudioBuffer::new(samples, Channels::Mono, rate));
    let hit = (name.len() % 2 == 0).then(|| FrameCount::new(name.len() as u64));
    let hit = hit.filter(|_| origin == Origin::Patch);
    Clip { name, origin, samples, hit, seamless: frames % 3 == 0, cues }
}

impl Attempt {
    /// Everything that can be printed, in one text.
    pub(crate) fn printed(&self) -> String {
        let problems = json::render(&self.diagnostics, &self.sources);
        let all = (
            problems,
            script_dump::dump(&self.script, &self.sources),
            cuesheet_dump::dump(&self.sheet),
            timeline_dump::dump(&self.timeline),
        );
        let text = serde_json::to_string(&all).expect("everything can be written as JSON");
        format!("{}\n{text}", self.shown())
    }

    /// The diagnostics as a person reads them.
    pub(crate) fn shown(&self) -> String {
        human::render(&self.diagnostics, &self.sources, false)
    }

    /// The codes of the errors, in order.
    pub(crate) fn errors(&self) -> Vec<&'static str> {
        let errors = self.diagnostics.iter().filter(|d| d.severity == radioplay::diag::Severity::Error);
        errors.map(|d| d.code.name()).collect()
    }

    /// What must be true whatever was written.
    pub(crate) fn check(&self) {
        for diagnostic in self.diagnostics.iter() {
            for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
                let file = self.sources.get(label.span.file).expect("a span lies in a file that was read");
                let there = file.text().get(label.span.range());
                assert!(there.is_some(), "{diagnostic:?} lies outside its file, or inside a character");
            }
        }
        let control = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2028}".contains(c);
        assert!(!self.shown().contains(control), "control characters reach the terminal");
        let timeline = &self.timeline;
        for (index, region) in timeline.regions.iter().enumerate() {
            let clip = timeline.clips[region.clip].frames;
            assert!(region.length > FrameCount::ZERO, "region {index} has no length: {region:?}");
            assert!(region.fade_in.plus(region.fade_out) <= region.length, "{region:?}");
            assert!(region.source_start.plus(region.source_length) <= clip, "{region:?}");
            assert!(region.loop_crossfade.is_some() || region.length <= region.source_length, "{region:?}");
            if let Some(crossfade) = region.loop_crossfade {
                assert!(crossfade.plus(crossfade) < region.source_length || crossfade == FrameCount::ZERO);
            }
            if !self.diagnostics.has_errors() {
                assert!(region.start >= FramePos::ZERO, "{region:?}");
                let end = region.start.after(region.length).from_start().expect("it starts after zero");
                assert!(end <= timeline.length, "{region:?}");
            }
        }
        if !self.diagnostics.has_errors() {
            let ids: std::collections::BTreeSet<&str> =
                timeline.entries.iter().map(|entry| entry.id.as_str()).collect();
            assert_eq!(ids.len(), timeline.entries.len(), "two entries of one id");
            assert!(
                timeline.scenes.iter().all(|scene| scene.start <= scene.end && scene.end <= scene.boundary)
            );
        }
    }
}
