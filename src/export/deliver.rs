//! The master handed out: the episode and its scenes, each in every format, from one performance.
//!
//! Scenes are cut from the master after its words have been shortened, so that joined end to end they are the
//! episode, bit by bit. Or each is mastered by itself, where it is to be a work by itself.

use std::ops::Range;
use std::path::PathBuf;

use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::Measures;
use crate::export::delivery::{Delivery, Part, Written};
use crate::export::encode::{Encoder, Format};
use crate::export::episode::EpisodeError;
use crate::export::lossy;
use crate::export::shape::Shape;
use crate::master::dither::Dither;
use crate::master::limit::{Decision, decide_and_measure};
use crate::master::measure::{self, Heard};
use crate::master::mixture::Mixture;
use crate::master::perform;
use crate::progress::Stage;
use crate::units::time::FrameCount;

/// Masters the whole mix and writes `parts` of it.
///
/// # Errors
/// See [`EpisodeError`]. What has been completed stays.
pub fn deliver(delivery: &Delivery<'_>, heard: &Heard, parts: &[Part]) -> Result<Vec<Written>, EpisodeError> {
    let (decision, mastered) = decide_and_measure(heard, delivery.specification, delivery.progress)?;
    write(delivery, heard, &decision, &mastered.measures(), parts)
}

/// Masters each part by itself, as if there were nothing else, and writes it.
///
/// # Errors
/// See [`EpisodeError`]. What has been completed stays.
pub fn deliver_apart(
    delivery: &Delivery<'_>,
    mixture: &Mixture,
    parts: &[Part],
) -> Result<Vec<Written>, EpisodeError> {
    let mut written = Vec::new();
    for part in parts {
        let channels = delivery.specification.channels;
        let heard = measure::measure_mix(mixture.part(&part.range), channels, delivery.progress)?;
        let alone = Part { range: 0..part.range.end - part.range.start, ..part.clone() };
        written.extend(deliver(delivery, &heard, &[alone])?);
    }
    Ok(written)
}

fn write(
    delivery: &Delivery<'_>,
    heard: &Heard,
    decision: &Decision,
    whole: &Measures,
    parts: &[Part],
) -> Result<Vec<Written>, EpisodeError> {
    let (Some(start), Some(end)) =
        (parts.iter().map(|part| part.range.start).min(), parts.iter().map(|part| part.range.end).max())
    else {
        return Ok(Vec::new());
    };
    let Delivery { specification, depth, progress } = *delivery;
    let (channels, mixture) = (specification.channels, &heard.mixture);
    let shape_of = |part: &Part| Shape {
        rate: mixture.plan().rate(),
        channels,
        depth,
        frames: part.silence[0]
            .plus(FrameCount::new(part.range.end - part.range.start))
            .plus(part.silence[1]),
    };
    // What the whole is like was found with its gain.
    let all = 0..mixture.length().get();
    let known = |part: &Part| {
        let bare = part.range == all && part.silence == [FrameCount::ZERO; 2];
        bare.then_some(*whole)
    };
    let kept = |part: &&Part| part.targets.iter().any(|(format, _)| !format.is_lossy());
    let mut sinks: Vec<Sink<'_>> =
        parts.iter().filter(kept).map(|part| Sink::new(part, shape_of(part), known(part))).collect();
    let measured = sinks.iter().any(|sink| sink.meter.is_some());
    // What cannot be written is known before any work is done.
    sinks.iter_mut().filter(|sink| sink.part.range.start == start).try_for_each(Sink::open)?;
    progress.begin(Stage::Write, end - start);
    // Nothing is performed for nobody.
    let range = if sinks.is_empty() { start..start } else { start..end };
    let shape = |piece: &mut Piece, first, frames: &[f32]| {
        piece.first.get_or_insert(first);
        if measured {
            piece.heard.extend_from_slice(frames);
        }
        let before = piece.written.len();
        piece.written.extend_from_slice(frames);
        Dither::new(depth, channels, first).process(&mut piece.written[before..]);
    };
    let take = |piece: Piece| {
        if progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        let Piece { first: Some(first), heard, written } = piece else { return Ok(()) };
        sinks.par_iter_mut().try_for_each(|sink| sink.take(first, &heard, &written))?;
        progress.advance(Stage::Write, (written.len() / channels.count()) as u64);
        Ok(())
    };
    let performed = perform::perform(mixture, decision.settings, &heard.profile, &range, shape, take);
    progress.end(Stage::Write);
    let performed = performed?;
    let mut written = Vec::new();
    for mut sink in sinks {
        let frames = sink.shape.frames;
        let targets = sink.lossless();
        let measures = sink.finish()?;
        written.extend(targets.into_iter().map(|(_, path)| Written {
            path: path.clone(),
            frames,
            gain: decision.settings.gain,
            limiter: performed.limiter.deepest,
            shortfall: decision.shortfall,
            measures,
        }));
    }
    for part in parts {
        for (format, path) in part.targets.iter().filter(|(format, _)| format.is_lossy()) {
            written.push(lossy::write(delivery, heard, decision, part, (*format, path), shape_of(part))?);
        }
    }
    Ok(written)
}

/// Frames of the master on their way into files.
#[derive(Default)]
struct Piece {
    /// The first of them.
    first: Option<u64>,
    /// As they are heard, where that is to be measured.
    heard: Vec<f32>,
    /// As they are written.
    written: Vec<f32>,
}

/// A part on its way into its files.
struct Sink<'a> {
    part: &'a Part,
    shape: Shape,
    /// Where it is not known what comes of it.
    meter: Option<Meter>,
    encoders: Vec<Encoder>,
    is_open: bool,
    measures: Option<Measures>,
}

impl<'a> Sink<'a> {
    fn new(part: &'a Part, shape: Shape, measures: Option<Measures>) -> Sink<'a> {
        let meter = measures.is_none().then(|| Meter::new(shape.channels, shape.rate, FrameCount::ZERO));
        Sink { part, shape, meter, encoders: Vec::new(), is_open: false, measures }
    }

    fn lossless(&self) -> Vec<&'a (Format, PathBuf)> {
        self.part.targets.iter().filter(|(format, _)| !format.is_lossy()).collect()
    }

    fn open(&mut self) -> Result<(), EpisodeError> {
        for (format, path) in self.lossless() {
            self.encoders.push(Encoder::create(*format, path, self.shape, &self.part.tags)?);
        }
        self.is_open = true;
        self.be_silent(self.part.silence[0])
    }

    fn be_silent(&mut self, length: FrameCount) -> Result<(), EpisodeError> {
        let silence = vec![0.0; length.index() * self.shape.channels.count()];
        if let Some(meter) = &mut self.meter {
            meter.push(&silence);
        }
        self.encoders.iter_mut().try_for_each(|encoder| encoder.write(&silence))
    }

    /// Takes what lies in its range of frames from `at` on: as they are heard, and as they are written.
    fn take(&mut self, at: u64, heard: &[f32], written: &[f32]) -> Result<(), EpisodeError> {
        let width = self.shape.channels.count();
        let end = at + (written.len() / width) as u64;
        let Range { start, end: last } = self.part.range;
        let (from, to) = (start.max(at), last.min(end));
        if from >= to {
            return Ok(());
        }
        if !self.is_open {
            self.open()?;
        }
        let sample = |frame: u64| FrameCount::new(frame - at).index() * width;
        if let Some(meter) = &mut self.meter {
            meter.push(&heard[sample(from)..sample(to)]);
        }
        let frames = &written[sample(from)..sample(to)];
        self.encoders.iter_mut().try_for_each(|encoder| encoder.write(frames))?;
        if to == last { self.close() } else { Ok(()) }
    }

    /// Completes the files: as soon as they are whole, so that an episode of many scenes has few files open.
    fn close(&mut self) -> Result<(), EpisodeError> {
        self.be_silent(self.part.silence[1])?;
        let measures = self.measured();
        for mut encoder in self.encoders.drain(..) {
            encoder.tell(&measures)?;
            encoder.finish()?.commit().map_err(EpisodeError::File)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Measures, EpisodeError> {
        if !self.is_open {
            // A part of no length.
            self.open()?;
            self.close()?;
        }
        Ok(self.measured())
    }

    /// What came of it, once all of it is there.
    fn measured(&mut self) -> Measures {
        let Sink { meter, shape, measures, .. } = self;
        *measures.get_or_insert_with(|| {
            let nothing = || Meter::new(shape.channels, shape.rate, FrameCount::ZERO);
            meter.take().unwrap_or_else(nothing).finish().measures()
        })
    }
}
