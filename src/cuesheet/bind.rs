//! Requests become clips: lines spoken or read from their takes, sounds decoded or synthesized, all in parallel.

use std::cmp::Ordering;
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::audio::buffer::Channels;
use crate::audio::samples::Samples;
use crate::cuesheet::load::{Patches, is_patch, sound};
use crate::cuesheet::speak::line;
use crate::cuesheet::tools::Tools;
use crate::cuesheet::{Clip, CuePoint, CueSheet, CueTime, Cues, LineRequest, Origin, Request};
use crate::diag::Diagnostics;
use crate::progress::Stage;
use crate::sound::patch;
use crate::source::Sources;
use crate::units::time::{FrameCount, SampleRate, Seconds};

pub use crate::cuesheet::speak::{Begun, Said};

/// How long a word is taken to last where nothing can be heard, seconds.
const WORD: f64 = 0.35;
/// How long a sound is taken to last where it cannot be had, seconds.
const SOUND: f64 = 1.0;

/// Makes every clip that `cues` asks for. What cannot be had is reported, and stands as silence.
pub fn bind(cues: Cues, tools: Tools<'_>, sources: &mut Sources, diagnostics: &mut Diagnostics) -> CueSheet {
    let patches = Patches::read(&cues, tools.show, sources, diagnostics);
    let lines = cues.requests.iter().filter(|request| matches!(request, Request::Line(_))).count() as u64;
    tools.progress.begin(Stage::Speech, lines);
    tools.progress.begin(Stage::Sounds, cues.requests.len() as u64 - lines);
    let memory = patch::Memory::hold();
    let made: Vec<(Clip, Diagnostics)> = cues
        .requests
        .par_iter()
        .with_max_len(1)
        .map(|request| {
            let mut found = Diagnostics::new();
            let clip = make(request, &patches, tools, cues.rate, &mut found);
            let stage = if matches!(request, Request::Line(_)) { Stage::Speech } else { Stage::Sounds };
            tools.progress.advance(stage, 1);
            (clip, found)
        })
        .collect();
    drop(memory);
    tools.progress.end(Stage::Speech);
    tools.progress.end(Stage::Sounds);
    let mut clips = Vec::with_capacity(made.len());
    for (clip, found) in made {
        clips.push(clip);
        diagnostics.extend(found);
    }
    CueSheet { cues: Arc::new(cues), clips }
}

/// Makes one of the clips that `cues` asked for, as [`bind`] makes all of them.
pub fn make(
    request: &Request,
    patches: &Patches,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Clip {
    match begin(request, patches, tools, rate, diagnostics) {
        Begun::Clip(clip) => clip,
        Begun::Line(said) => finish(said, request, tools, rate, diagnostics),
    }
}

/// The same, but that a line which has to be spoken is only said: its times are known then. [`finish`] does the rest.
pub fn begin(
    request: &Request,
    patches: &Patches,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Begun {
    let begun = match request {
        _ if tools.progress.stopped() => None,
        Request::Line(request) => line(request, tools, rate, diagnostics),
        Request::Sound(request) => sound(request, patches, tools, rate, diagnostics).map(Begun::Clip),
    };
    begun.unwrap_or_else(|| Begun::Clip(silence(request, rate, 1.0)))
}

/// Makes the clip of a line that was said for this `request`.
pub fn finish(
    said: Said,
    request: &Request,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Clip {
    let made = if let Request::Line(line) = request { said.finish(line, tools, diagnostics) } else { None };
    made.unwrap_or_else(|| silence(request, rate, 1.0))
}

/// Silence in place of what is not there yet, `factor` times as long as is likely. Whatever can be asked of the clip
/// itself, where it lands for one, can be asked of this.
///
/// How long a patch is says the patch, and often where it lands. Where it does not, that is anywhere in it: at its
/// beginning for a factor below 1, at its end for one above, and in the middle for 1.
pub fn placeholder(request: &Request, patches: &Patches, rate: SampleRate, factor: f64) -> Clip {
    let mut clip = silence(request, rate, factor);
    if let Request::Sound(sound) = request
        && is_patch(&sound.file)
    {
        let written = patches.written(sound, rate);
        if let Some(written) = &written {
            clip.samples = Samples::silent(Channels::Mono, written.frames);
            clip.seamless = written.looped;
        }
        let last = clip.samples.frames().get().saturating_sub(1);
        let somewhere = match factor.total_cmp(&1.0) {
            Ordering::Less => 0,
            Ordering::Equal => last / 2,
            Ordering::Greater => last,
        };
        clip.hit = written.and_then(|written| written.hit).or(Some(FrameCount::new(somewhere)));
    }
    clip
}

/// Silence in place of what cannot be had, `factor` times as long as would be likely.
fn silence(request: &Request, rate: SampleRate, factor: f64) -> Clip {
    let (name, seconds, cues) = match request {
        Request::Line(line) => {
            let words = line.text.words().len().max(1) as f64;
            let seconds = WORD * words * factor + silent(line, usize::MAX, factor);
            (line.id.clone(), seconds, estimate(line, rate, factor))
        }
        Request::Sound(sound) => (sound.file.clone(), SOUND * factor, Vec::new()),
    };
    let frames = Seconds::new(seconds).unwrap_or_default().to_count(rate);
    Clip {
        name,
        origin: Origin::Missing,
        samples: Samples::silent(Channels::Mono, frames),
        hit: None,
        seamless: false,
        cues,
    }
}

/// How many seconds of a line are silence up to this byte of its text, at least: a voice keeps pauses as they are written, to a
/// frame or two, which a hundredth is enough for; how a take keeps them is not known.
fn silent(line: &LineRequest, byte: usize, factor: f64) -> f64 {
    if line.take.is_some() {
        return 0.0;
    }
    let before = line.text.pauses().take_while(|(at, _)| *at <= byte);
    before.map(|(_, length)| length.get().max(0.0)).sum::<f64>() / line.speed * factor.clamp(0.99, 1.01)
}

/// The cues of a line that was never heard, one word's length after the other.
fn estimate(line: &LineRequest, rate: SampleRate, factor: f64) -> Vec<CueTime> {
    if line.cues.is_empty() {
        return Vec::new();
    }
    let words = line.text.words();
    let after = |byte: usize| words.partition_point(|&word| word < byte) as f64;
    let seconds = |byte| WORD * factor * after(byte) + silent(line, byte, factor);
    let at = |byte| Seconds::new(seconds(byte)).unwrap_or_default().to_count(rate);
    let cue =
        |cue: &CuePoint| CueTime { byte: cue.at, name: cue.name.clone(), at: at(cue.at), estimated: true };
    line.cues.iter().map(cue).collect()
}
