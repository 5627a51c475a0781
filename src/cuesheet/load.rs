//! Sounds: clips from files, patches from their tables.

use std::collections::BTreeMap;

use crate::audio::buffer::AudioBuffer;
use crate::audio::decode::error::DecodeError;
use crate::cuesheet::bind::{Tools, scaled};
use crate::cuesheet::{Clip, Cues, Origin, Request, SoundRequest};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::dsp::resample::resample;
use crate::host::Show;
use crate::script::load::{read_file, refusal};
use crate::sound::clip::{self, ClipError, at_speed};
use crate::sound::patch::{Patch, parse, render};
use crate::source::{Sources, Span};
use crate::spool::SpoolError;
use crate::units::time::SampleRate;

/// The patches of an episode, by file.
#[derive(Debug)]
pub struct Patches {
    by_file: BTreeMap<String, Patch>,
}

impl Patches {
    /// Reads every patch that is asked for, once. A broken one is reported, and is not there.
    pub fn read(cues: &Cues, show: &Show, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Patches {
        let mut asked: BTreeMap<&str, Span> = BTreeMap::new();
        for request in &cues.requests {
            if let Request::Sound(sound) = request
                && is_patch(&sound.file)
            {
                asked.entry(&sound.file).or_insert(sound.span);
            }
        }
        let mut by_file = BTreeMap::new();
        for (file, span) in asked {
            let Some((id, source)) = read_file(show, file, Some(span), sources, diagnostics) else {
                continue;
            };
            let table = crate::document::parse(id, &source, diagnostics);
            by_file.insert(file.to_owned(), parse(&table, diagnostics));
        }
        Patches { by_file }
    }
}

/// Whether a file is a patch rather than a clip.
pub(super) fn is_patch(file: &str) -> bool {
    file.ends_with(".toml")
}

/// A sound's clip; `None` where it cannot be had, which has then been reported.
pub(super) fn sound(
    request: &SoundRequest,
    patches: &Patches,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Clip> {
    if is_patch(&request.file) {
        return patch(request, patches.by_file.get(&request.file)?, tools, rate, diagnostics);
    }
    let samples = recorded(&request.file, request.span, request.speed, tools, rate, diagnostics)?;
    let name = request.file.clone();
    Some(Clip { name, origin: Origin::File, samples, hit: None, seamless: false, cues: Vec::new() })
}

fn patch(
    request: &SoundRequest,
    patch: &Patch,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Clip> {
    let rendered = render(patch, rate, request.variant % patch.variants());
    let mut audio = rendered.audio;
    if (request.speed - 1.0).abs() > f64::EPSILON {
        let from = at_speed(rate, request.speed)?;
        let channels = audio.channels();
        audio = resample(&AudioBuffer::new(audio.into_samples(), channels, from), rate);
    }
    let samples = spooled(tools.spool.append(audio), request.span, diagnostics)?;
    Some(Clip {
        name: request.file.clone(),
        origin: Origin::Patch,
        samples,
        hit: Some(scaled(rendered.hit, 1.0 / request.speed)),
        seamless: rendered.looped,
        cues: Vec::new(),
    })
}

/// A file of the show, decoded at the project rate; `None` where it cannot be, which has then been reported.
pub(super) fn recorded(
    path: &str,
    span: Span,
    speed: f64,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<crate::audio::samples::Samples> {
    let file = match tools.show.open_file(path) {
        Ok(file) => file,
        Err(error) => {
            diagnostics.push(refusal(tools.show, path, Some(span), &error));
            return None;
        }
    };
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    match clip::load(file, extension, tools.limits, speed, rate, tools.spool) {
        Ok(samples) => Some(samples),
        Err(error) => {
            let code = match &error {
                ClipError::Decode(DecodeError::TooLong { .. }) => Code::TooLong,
                ClipError::Spool(_) => Code::UnreadableFile,
                _ => Code::BadAudio,
            };
            let report = Diagnostic::error(code, format!("`{path}` {error}")).at(span, "");
            diagnostics.push(match code {
                Code::TooLong => report.help("`--longest-clip MINUTES` allows more"),
                _ => report,
            });
            None
        }
    }
}

/// The samples, or a report that the scratch file could not be written.
pub(super) fn spooled(
    appended: Result<crate::audio::samples::Samples, SpoolError>,
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Option<crate::audio::samples::Samples> {
    match appended {
        Ok(samples) => Some(samples),
        Err(error) => {
            diagnostics.push(Diagnostic::error(Code::UnreadableFile, error.to_string()).at(span, ""));
            None
        }
    }
}
