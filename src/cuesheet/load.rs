//! Sounds: clips from files, patches from their tables.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::audio::buffer::AudioBuffer;
use crate::audio::decode::error::DecodeError;
use crate::audio::decode::plain::{Plain, plain};
use crate::audio::decode::{Format, LOUDEST};
use crate::audio::samples::{Samples, Word};
use crate::cache::Kind;
use crate::cache::key::{Key, Parts, SOUND};
use crate::cuesheet::tools::{Reading, Tools, scaled};
use crate::cuesheet::{Clip, Cues, Origin, Request, SoundRequest};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::dsp::resample::{resample, resampled_length};
use crate::dsp::true_peak::peak;
use crate::host::Show;
use crate::host::still::StillFile;
use crate::script::load::read_file;
use crate::script::refusal::refusal;
use crate::sound::clip::{self, ClipError, at_speed};
use crate::sound::patch::{Patch, parse, perform};
use crate::source::{Sources, Span};
use crate::spool::{SHORT, SpoolError};
use crate::units::time::{FrameCount, SampleRate};

/// Below this against the take's peak, a recording's beginning and end are not speech: −40 dB.
const EDGE: f32 = 0.01;
/// Frames looked at together when a take's speech is searched for.
const WINDOW: usize = 512;

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
        let read = |(file, span): (&str, Span)| {
            let (id, source) = read_file(show, file, Some(span), sources, diagnostics)?;
            Some((file.to_owned(), id, source))
        };
        let texts: Vec<_> = asked.into_iter().filter_map(read).collect();
        let parsed: Vec<_> = texts
            .into_par_iter()
            .map(|(file, id, source)| {
                let mut found = Diagnostics::new();
                let table = crate::document::parse(id, &source, &mut found);
                ((file, parse(&table, &mut found)), found)
            })
            .collect();
        let mut by_file = BTreeMap::new();
        for ((file, patch), found) in parsed {
            by_file.insert(file, patch);
            diagnostics.extend(found);
        }
        Patches { by_file }
    }

    /// What is known of a patch's clip before it is made; `None` where it cannot be made.
    pub(super) fn written(&self, request: &SoundRequest, rate: SampleRate) -> Option<Written> {
        let patch = self.by_file.get(&request.file)?;
        let from = at_speed(rate, request.speed)?;
        Some(Written {
            frames: resampled_length(patch.frames(rate), from, rate),
            hit: patch.hit(rate).map(|hit| scaled(hit, 1.0 / request.speed)),
            looped: patch.looped(),
        })
    }
}

/// What a patch says of its clip.
pub(super) struct Written {
    /// How long it is.
    pub(super) frames: FrameCount,
    /// Where it lands, unless it has to be heard where that is.
    pub(super) hit: Option<FrameCount>,
    /// Whether its end runs on into its beginning.
    pub(super) looped: bool,
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
    let recording =
        Recording { path: &request.file, span: request.span, speed: request.speed, used: Use::Clip };
    let samples = recorded(&recording, tools, rate, diagnostics)?.samples;
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
    let variant = request.variant % patch.variants();
    let key = Parts::new("patch", SOUND)
        .data(patch)
        .number(variant.into())
        .data(&request.speed)
        .data(&rate)
        .key_of_all();
    let (facts, samples) = match tools.cache.sound::<PatchFacts>(Kind::Patch, &key, tools.spool) {
        Some(kept) => kept,
        None if !tools.make => return None,
        None => {
            let performed = perform(patch, rate, variant, tools.hands);
            let hit = scaled(performed.hit, 1.0 / request.speed).get();
            let facts = PatchFacts { hit, seamless: performed.looped };
            let stored = if (request.speed - 1.0).abs() > f64::EPSILON {
                let from = at_speed(rate, request.speed)?;
                let audio = performed.rendered().audio;
                let channels = audio.channels();
                let faster = resample(&AudioBuffer::new(audio.into_samples(), channels, from), rate);
                tools.spool.append(&faster)
            } else {
                let mut writer = tools.spool.writer(performed.channels());
                let written = performed.pieces(|piece| writer.write(piece));
                // The next one's memory, before this one is kept.
                drop(performed);
                written.and_then(|()| writer.finish())
            };
            let samples = spooled(stored, request.span, diagnostics)?;
            let samples = tools.cache.keep_sound(Kind::Patch, &key, &facts, samples);
            (facts, samples)
        }
    };
    Some(Clip {
        name: request.file.clone(),
        origin: Origin::Patch,
        samples,
        hit: Some(FrameCount::new(facts.hit)),
        seamless: facts.seamless,
        cues: Vec::new(),
    })
}

/// What is kept of a patch besides its sound.
#[derive(Debug, Serialize, Deserialize)]
struct PatchFacts {
    hit: u64,
    seamless: bool,
}

/// What is kept of a recording besides its sound.
#[derive(Debug, Serialize, Deserialize)]
struct RecordedFacts {
    /// The frames between which there is speech, of a take.
    speech: Option<(u64, u64)>,
}

/// A recording at the project rate.
pub(super) struct Recorded {
    pub(super) samples: Samples,
    /// Its first frame that is not silence, and the one after the last; of a take only, and where it was listened to.
    pub(super) speech: Option<(FrameCount, FrameCount)>,
}

/// What a recording is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// As it is.
    Clip,
    /// As a line: where its speech begins and ends may be asked for.
    Take,
}

/// A recording that is asked for.
pub(super) struct Recording<'a> {
    pub(super) path: &'a str,
    pub(super) span: Span,
    pub(super) speed: f64,
    pub(super) used: Use,
}

/// A file of the show, decoded at the project rate; `None` where it cannot be, which has then been reported.
pub(super) fn recorded(
    recording: &Recording<'_>,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Recorded> {
    let Recording { path, span, .. } = *recording;
    let (file, still) = match tools.show.open_still(path) {
        Ok(opened) => opened,
        Err(error) => {
            diagnostics.push(refusal(tools.show, path, Some(span), &error));
            return None;
        }
    };
    // What cannot be read now cannot be decoded either, and is reported then.
    let key = tools.cache.keeps().then(|| key(&file, recording, tools, rate).ok()).flatten();
    let still = still.filter(|_| tools.reading == Reading::InPlace);
    if let Some(samples) = still.and_then(|still| in_place(&file, still, recording, tools, rate)) {
        let samples = match &key {
            Some(key) => samples.identified(key.identity()),
            None => samples,
        };
        return Some(Recorded { samples, speech: None });
    }
    let kept = key.and_then(|key| tools.cache.sound::<RecordedFacts>(Kind::Sound, &key, tools.spool));
    if let Some((facts, samples)) = kept {
        let speech = facts.speech.map(|(first, last)| (FrameCount::new(first), FrameCount::new(last)));
        return Some(Recorded { samples, speech });
    }
    if !tools.make {
        return None;
    }
    let samples = decoded(file, recording, tools, rate, diagnostics)?;
    // It has just been written, and is kept with what it takes not to read it again.
    let speech = match recording.used {
        Use::Clip => Ok(None),
        Use::Take => speech_within(&samples).map(Some),
    };
    let Ok(speech) = speech else {
        let message = "the scratch file cannot be read";
        diagnostics.push(Diagnostic::error(Code::UnreadableFile, message).at(span, ""));
        return None;
    };
    let facts = RecordedFacts { speech: speech.map(|(first, last)| (first.get(), last.get())) };
    let samples = match key {
        Some(key) => tools.cache.keep_sound(Kind::Sound, &key, &facts, samples),
        None => samples,
    };
    Some(Recorded { samples, speech })
}

/// A recording that is read where it lies, where it needs neither decoding nor resampling. Nothing of it is kept: it is
/// there already. `None` where it has to be decoded, or where it is to be seen then what is wrong with it.
fn in_place(
    mut file: &File,
    still: StillFile,
    recording: &Recording<'_>,
    tools: Tools<'_>,
    rate: SampleRate,
) -> Option<Samples> {
    let is_wav = |it: &str| it.eq_ignore_ascii_case("wav") || it.eq_ignore_ascii_case("wave");
    extension(recording.path).filter(|it| is_wav(it))?;
    let found = plain(&mut file);
    file.rewind().ok()?;
    let Plain { format, word, offset, frames } = found.ok()??;
    let is_short = frames <= tools.limits.longest.to_count(format.rate);
    if at_speed(format.rate, recording.speed) != Some(rate) || !is_short {
        return None;
    }
    let samples = Samples::in_place(Box::new(still), (offset, word), format.channels, frames);
    if word == Word::Float && !are_numbers(&samples).ok()? {
        return None;
    }
    let count = frames.index().saturating_mul(format.channels.count());
    if count < SHORT { in_memory(&samples, format).ok() } else { Some(samples) }
}

/// A short sound, which is heard often and at once, as a rule: opening its file each time would take longer.
fn in_memory(samples: &Samples, format: Format) -> io::Result<Samples> {
    let mut all = vec![0.0; samples.frames().index() * format.channels.count()];
    samples.read(FrameCount::ZERO, &mut all)?;
    Ok(Samples::in_memory(AudioBuffer::new(all, format.channels, format.rate)))
}

/// Whether all samples are what the decoder lets pass.
fn are_numbers(samples: &Samples) -> io::Result<bool> {
    let (mut reader, mut block) = (samples.reader(), [0.0; WINDOW]);
    let frames = FrameCount::new((WINDOW / samples.channels().count()) as u64);
    let mut at = FrameCount::ZERO;
    while at < samples.frames() {
        reader.read(at, &mut block)?;
        if !block.iter().fold(true, |all, sample| all & (sample.abs() <= LOUDEST)) {
            return Ok(false);
        }
        at = at.plus(frames);
    }
    Ok(true)
}

/// By a recording's bytes, not by its name or date: what is renamed or touched is the same sound.
fn key(mut file: &File, recording: &Recording<'_>, tools: Tools<'_>, rate: SampleRate) -> io::Result<Key> {
    let bytes = Key::of_reader(file)?;
    file.rewind()?;
    let parts =
        Parts::new("sound", SOUND).key(&bytes).data(&extension(recording.path)).data(&recording.speed);
    Ok(parts.data(&tools.limits).data(&rate).data(&recording.used).key_of_all())
}

fn extension(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, extension)| extension)
}

fn decoded(
    file: File,
    recording: &Recording<'_>,
    tools: Tools<'_>,
    rate: SampleRate,
    diagnostics: &mut Diagnostics,
) -> Option<Samples> {
    let Recording { path, span, speed, .. } = *recording;
    match clip::load(file, extension(path), tools.limits, speed, rate, tools.spool) {
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

/// The first frame of a take that is not silence, and the one after the last.
pub(super) fn speech_within(samples: &Samples) -> io::Result<(FrameCount, FrameCount)> {
    let width = samples.channels().count();
    let (mut reader, mut block) = (samples.reader(), vec![0.0; WINDOW * width]);
    let mut peaks = Vec::new();
    let mut at = 0;
    while at < samples.frames().get() {
        reader.read(FrameCount::new(at), &mut block)?;
        peaks.push(peak(&block));
        at += WINDOW as u64;
    }
    let loudest = peaks.iter().copied().fold(0.0, f32::max);
    let heard = |peak: &f32| *peak > loudest * EDGE;
    let first = peaks.iter().position(heard).unwrap_or(0);
    let last = peaks.iter().rposition(heard).map_or(peaks.len(), |last| last + 1);
    let frames = |windows: usize| FrameCount::new((windows * WINDOW) as u64).min(samples.frames());
    Ok((frames(first), frames(last)))
}

/// The samples, or a report that the scratch file could not be written.
pub(super) fn spooled(
    appended: Result<crate::audio::samples::Samples, SpoolError>,
    span: Span,
    diagnostics: &mut Diagnostics,
) -> Option<Samples> {
    match appended {
        Ok(samples) => Some(samples),
        Err(error) => {
            diagnostics.push(Diagnostic::error(Code::UnreadableFile, error.to_string()).at(span, ""));
            None
        }
    }
}
