//! When everything is heard: of a cue sheet's entries and sounds the frames and the regions, without any names.

use crate::cuesheet::{self, Body, Extent, Origin, Sounding};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::dsp::equalizer::Equalizer;
use crate::dsp::room::{LONGEST_IMPULSE, shape};
use crate::routing::Bus;
use crate::timeline::Region;
use crate::timeline::sheet::Sheet;
use crate::timeline::solve::{Solution, solve, source_length, source_start};
use crate::units::distance::Metres;
use crate::units::pan::Pan;
use crate::units::time::{FrameCount, FramePos, SampleRate, Seconds};

/// How long the edge of a sound that is cut fades, so that it does not click.
const DECLICK: f64 = 0.002;
/// The crossfade of a looped clip where the script says nothing: at most this, and at most a quarter of the clip.
const CROSSFADE: f64 = 1.0;
/// How long a place's tone takes to come and go.
const TONE_FADE: f64 = 0.4;

/// The times of an episode.
#[derive(Clone, Debug)]
pub struct Layout {
    /// First frame of each entry, and the one after its last.
    pub entries: Vec<(FramePos, FramePos)>,
    /// The same of each scene, and where the next one begins, or all ends.
    pub scenes: Vec<(FramePos, FramePos, FramePos)>,
    /// How long it is.
    pub length: FrameCount,
    /// What is heard, in order.
    pub regions: Vec<Region>,
}

/// Works out the times, and reports what [`crate::timeline::schedule::schedule`] does, but that an episode is too long.
pub fn lay_out(sheet: &Sheet<'_>, diagnostics: &mut Diagnostics) -> Layout {
    let cues = sheet.cues;
    let solution = solve(sheet, diagnostics);
    let mut regions = Vec::with_capacity(sheet.clips.len());
    for (index, entry) in cues.entries.iter().enumerate() {
        if let Body::Sounding(sounding) = &entry.body {
            regions.extend(region(index, sounding, sheet, &solution, diagnostics));
        }
    }
    let scene_end = solution.scenes.last().map_or(FramePos::ZERO, |scene| scene.1);
    let tails = tails(sheet, diagnostics);
    let after = rings(&cues.buses, &tails, cues.rate);
    // What is heard of a region: itself, its room, and what its bus and others make of it.
    let heard = |region: &Region| {
        let end = region.start.after(region.length);
        if region.cut {
            return end;
        }
        let tail = region.room.map_or(FrameCount::ZERO, |room| tails[room]);
        end.after(tail).after(after[cues.tracks[region.track].bus])
    };
    let last = regions.iter().map(heard).max().unwrap_or(FramePos::ZERO);
    let end = scene_end.max(last);
    let next = |index: usize| solution.scenes.get(index + 1).map_or(end, |scene| scene.0);
    let scenes: Vec<(FramePos, FramePos, FramePos)> =
        solution.scenes.iter().enumerate().map(|(index, (start, end))| (*start, *end, next(index))).collect();
    regions.extend(tones(sheet, &scenes));
    regions.sort_by_key(|region| (region.start, region.entry));
    let entries = (0..cues.entries.len()).map(|index| solution.entry(index)).collect();
    Layout { entries, scenes, length: end.from_start().unwrap_or_default(), regions }
}

/// How long each room is heard after the last sound in it.
fn tails(sheet: &Sheet<'_>, diagnostics: &mut Diagnostics) -> Vec<FrameCount> {
    let rate = sheet.cues.rate;
    let mut tail = |room: &cuesheet::Room| match room {
        cuesheet::Room::Named(room) => shape(*room).map_or(FrameCount::ZERO, |shape| shape.tail(rate)),
        cuesheet::Room::Recorded { clip, span } => {
            let longest = Seconds::new(LONGEST_IMPULSE).unwrap_or_default().to_count(rate);
            let frames = sheet.clips[*clip].samples.frames();
            if frames > longest {
                let message = format!(
                    "an impulse response lasts at most {} s, and `{}` lasts {:.1} s",
                    LONGEST_IMPULSE,
                    sheet.clips[*clip].name,
                    frames.seconds(rate)
                );
                diagnostics.push(Diagnostic::error(Code::TooLong, message).at(*span, ""));
            }
            frames.min(longest)
        }
    };
    sheet.cues.rooms.iter().map(&mut tail).collect()
}

/// How long each bus is heard after what comes into it, by way of others as well.
fn rings(buses: &[Bus], tails: &[FrameCount], rate: SampleRate) -> Vec<FrameCount> {
    let own = |bus: &Bus| {
        let room = bus.room.map_or(FrameCount::ZERO, |room| tails[room]);
        room.plus(Equalizer::new(&bus.eq, rate).settle())
    };
    let mut rings: Vec<FrameCount> = buses.iter().map(own).collect();
    // No bus sends to itself by way of others, so that as many rounds as there are buses would do. Most need two.
    for _ in 0..buses.len() {
        let mut settled = true;
        for (index, bus) in buses.iter().enumerate() {
            let longest = bus.sends.iter().map(|send| rings[send.to]).max().unwrap_or(FrameCount::ZERO);
            let ring = own(bus).plus(longest);
            settled &= ring == rings[index];
            rings[index] = ring;
        }
        if settled {
            break;
        }
    }
    rings
}

/// The region of an entry that is heard, or a report of why it cannot be.
fn region(
    index: usize,
    sounding: &Sounding,
    sheet: &Sheet<'_>,
    solution: &Solution,
    diagnostics: &mut Diagnostics,
) -> Option<Region> {
    if solution.is_poisoned(index) {
        return None;
    }
    let cues = &sheet.cues;
    let entry = &cues.entries[index];
    let clip = &sheet.clips[sounding.clip];
    let missing = clip.origin == Origin::Missing;
    let (start, end) = solution.entry(index);
    let length = end.span_since(start);
    let source_start = source_start(sounding, sheet);
    let source_length = source_length(sounding, sheet);
    if length == FrameCount::ZERO {
        if !missing {
            diagnostics.push(empty(index, sounding, sheet, start, end));
        }
        return None;
    }
    let looped = matches!(sounding.extent, Extent::Loop { .. });
    let played = if looped { source_length } else { source_length.min(length) };
    let short = |time: f64| Seconds::new(time).unwrap_or_default().to_count(cues.rate);
    // An edge inside the clip, where nothing says how it fades, gets just enough not to click.
    let declick = short(DECLICK).min(FrameCount::new(length.get() / 2));
    // What repeats, and a clip whose end meets its beginning, is in full sound at both.
    let always = looped || clip.seamless;
    let cut_start = always || source_start > FrameCount::ZERO;
    let cut_end = always || sounding.cut || source_start.plus(played) < clip.samples.frames();
    let edge = |cut: bool| if cut { declick } else { FrameCount::ZERO };
    let [fade_in, fade_out] = match &sounding.fade {
        Some(fade) if fade.value[0].plus(fade.value[1]) > length && !missing => {
            let seconds = |frames: FrameCount| frames.seconds(cues.rate);
            let message = format!(
                "fades of {:.3} s and {:.3} s do not fit into {:.3} s",
                seconds(fade.value[0]),
                seconds(fade.value[1]),
                seconds(length)
            );
            diagnostics.push(Diagnostic::error(Code::FadeTooLong, message).at(fade.span, ""));
            [FrameCount::ZERO; 2]
        }
        Some(fade) => {
            let [rise, fall] = fade.value;
            [
                if rise == FrameCount::ZERO { edge(cut_start) } else { rise },
                if fall == FrameCount::ZERO { edge(cut_end) } else { fall },
            ]
        }
        None => [edge(cut_start), edge(cut_end)],
    };
    let loop_crossfade = match sounding.extent {
        Extent::Clip { .. } => None,
        Extent::Loop { crossfade: Some(asked), .. } if asked.plus(asked) >= source_length => {
            let message = format!(
                "a crossfade of {:.3} s does not fit into a loop of {:.3} s",
                asked.seconds(cues.rate),
                source_length.seconds(cues.rate)
            );
            let help = "it must be shorter than half of what is looped";
            if !missing {
                diagnostics.push(Diagnostic::error(Code::FadeTooLong, message).at(entry.span, "").help(help));
            }
            Some(FrameCount::ZERO)
        }
        Extent::Loop { crossfade: Some(asked), .. } => Some(asked),
        Extent::Loop { crossfade: None, .. } if clip.seamless && played == clip.samples.frames() => {
            Some(FrameCount::ZERO)
        }
        Extent::Loop { crossfade: None, .. } => {
            Some(short(CROSSFADE).min(FrameCount::new(source_length.get() / 4)))
        }
    };
    Some(Region {
        entry: Some(index),
        track: sounding.track,
        clip: sounding.clip,
        source_start,
        source_length: played,
        start,
        length,
        gain: sounding.gain,
        pan: sounding.pan[0],
        pan_to: Some(sounding.pan[1]).filter(|to| *to != sounding.pan[0]),
        fade_in: fade_in.min(length),
        fade_out: fade_out.min(length.minus(fade_in)),
        loop_crossfade,
        perspective: sounding.perspective,
        through: sounding.through,
        distance: sounding.distance[0],
        distance_to: Some(sounding.distance[1]).filter(|to| *to != sounding.distance[0]),
        room: sounding.room,
        cut: sounding.cut,
    })
}

/// The report that nothing of a sound is left to be heard.
fn empty(index: usize, sounding: &Sounding, sheet: &Sheet<'_>, start: FramePos, end: FramePos) -> Diagnostic {
    let cues = &sheet.cues;
    let entry = &cues.entries[index];
    let source = sheet.clips[sounding.clip].samples.frames();
    if source == FrameCount::ZERO {
        let message = format!("`{}` has no sound in it", sheet.clips[sounding.clip].name);
        return Diagnostic::error(Code::EmptySpan, message).at(entry.span, "");
    }
    let to = match &sounding.extent {
        Extent::Clip { to } => to.as_ref(),
        Extent::Loop { to, .. } => Some(to),
    };
    let seconds = |at: FramePos| at.get() as f64 / f64::from(cues.rate.hz());
    let message =
        format!("`{}` would end at {:.3} s but starts at {:.3} s", entry.id, seconds(end), seconds(start));
    let report = Diagnostic::error(Code::EmptySpan, message).at(to.map_or(entry.span, |to| to.span), "");
    match to {
        // Nobody wrote where it ends.
        Some(to) if to.span == entry.span => report.help("a bed without `to` ends with its own scene"),
        _ => report,
    }
}

/// The tones of places: one region for each run of scenes with the same tone, so that it never restarts.
fn tones(sheet: &Sheet<'_>, scenes: &[(FramePos, FramePos, FramePos)]) -> Vec<Region> {
    let cues = sheet.cues;
    let mut regions: Vec<Region> = Vec::new();
    let mut before = None;
    for (scene, &(start, _, boundary)) in cues.scenes.iter().zip(scenes) {
        let tone = scene
            .tone
            .as_ref()
            .filter(|tone| sheet.clips[tone.clip].samples.frames() > FrameCount::ZERO && boundary > start);
        if let (Some(tone), Some(last)) = (tone, regions.last_mut())
            && before == Some(tone)
        {
            last.length = boundary.span_since(last.start);
        } else if let Some(tone) = tone {
            let clip = &sheet.clips[tone.clip];
            let frames = clip.samples.frames();
            let length = boundary.span_since(start);
            let short = |time: f64| Seconds::new(time).unwrap_or_default().to_count(cues.rate);
            let fade = short(TONE_FADE).min(FrameCount::new(length.get() / 2));
            let crossfade = short(CROSSFADE).min(FrameCount::new(frames.get() / 4));
            regions.push(Region {
                entry: None,
                track: tone.track,
                clip: tone.clip,
                source_start: FrameCount::ZERO,
                source_length: frames,
                start,
                length,
                gain: tone.gain,
                pan: Pan::CENTER,
                pan_to: None,
                fade_in: fade,
                fade_out: fade,
                loop_crossfade: Some(if clip.seamless { FrameCount::ZERO } else { crossfade }),
                perspective: crate::staging::Perspective::Room,
                through: None,
                distance: Metres::ONE,
                distance_to: None,
                room: None,
                cut: false,
            });
        }
        before = tone;
    }
    regions
}
