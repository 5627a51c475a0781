//! The master handed out: the episode and its scenes, each in every format, from one performance.
//!
//! Scenes are cut from the master after its words have been shortened, so that joined end to end they are the
//! episode, bit by bit. Or each is mastered by itself, where it is to be a work by itself.

use rayon::prelude::{IntoParallelRefMutIterator, ParallelIterator};

use crate::cache::Cache;
use crate::cache::checksum::Checksum;
use crate::cache::key::Key;
use crate::dsp::loudness::Meter;
use crate::dsp::loudness::profile::{Measures, Profile};
use crate::export::delivery::{Delivery, Part, Written};
use crate::export::encode::{Format, Lossless};
use crate::export::episode::EpisodeError;
use crate::export::lossy;
use crate::export::pages::{self, AtHand, Binding, Pages};
use crate::export::shape::Shape;
use crate::export::wav::WavFormat;
use crate::export::wav::packed::Packed;
use crate::master::limit::{Decision, decide_and_measure_portions};
use crate::master::measure::{self, Heard, Portions};
use crate::master::mixture::Mixture;
use crate::master::perform::{self, At, Deeds, Portion};
use crate::progress::Stage;
use crate::units::time::FrameCount;

/// Writes parts of a master: of the mix as it was `heard`, of what was decided on it, and of what that is like.
///
/// # Errors
/// See [`EpisodeError`]. What has been completed stays.
pub fn deliver(
    delivery: &Delivery<'_>,
    (heard, decision, mastered): (&Heard, &Decision, &Portions),
    parts: &[Part],
) -> Result<Vec<Written>, EpisodeError> {
    let (Some(start), Some(end)) =
        (parts.iter().map(|part| part.range.start).min(), parts.iter().map(|part| part.range.end).max())
    else {
        return Ok(Vec::new());
    };
    let Delivery { specification, depth, progress, cache } = *delivery;
    let (channels, mixture) = (specification.channels, &heard.mixture);
    let rate = mixture.plan().rate();
    let shape_of = |part: &Part| Shape {
        rate,
        channels,
        depth,
        frames: part.silence[0]
            .plus(FrameCount::new(part.range.end - part.range.start))
            .plus(part.silence[1]),
    };
    let format = WavFormat { rate, channels, depth };
    let kept = |part: &&Part| part.targets.iter().any(|(format, _)| !format.is_lossy());
    let sink = |part| Sink::new(part, shape_of(part), measures(mastered, part, shape_of(part)), cache);
    let mut sinks: Vec<Sink<'_>> = parts.iter().filter(kept).map(sink).collect();
    // What cannot be written is known before any work is done.
    sinks.iter_mut().filter(|sink| sink.part.range.start == start).try_for_each(Sink::open)?;
    progress.begin(Stage::Write, end - start);
    // Nothing is performed for nobody.
    let range = if sinks.is_empty() { start..start } else { start..end };
    let wavs = parts.iter().flat_map(|part| &part.targets).filter(|(format, _)| *format == Format::Wav);
    let at_hand = AtHand::new(cache, format, wavs.map(|(_, path)| path.as_path()));
    let shape =
        |packed: &mut Packed, at: At, frames: &[f32]| format.pack_dithered(frames, at.in_scene, packed);
    let take = |portion: Portion<Packed>| {
        if progress.stopped() {
            return Err(EpisodeError::Stopped);
        }
        sinks.par_iter_mut().try_for_each(|sink| sink.take(format, &portion))?;
        progress.advance(Stage::Write, portion.range.end - portion.range.start);
        Ok(())
    };
    let known = |key: &Key, _: &_| at_hand.find(key);
    let performed =
        perform::perform((mixture, &heard.portions.bounds()), decision.settings, &range, known, shape, take);
    progress.end(Stage::Write);
    let performed = performed?;
    let mut written = Vec::new();
    for mut sink in sinks {
        sink.finish()?;
        let Sink { part, shape, measures, mut pages, .. } = sink;
        for (target, path) in part.targets.iter().filter(|(format, _)| !format.is_lossy()) {
            let pages = pages.take_if(|_| *target == Format::Wav);
            if let Some(pages) = &pages {
                let made = (specification, &decision.settings);
                pages::enter(cache, format, path, pages.clone(), made);
            }
            written.push(Written {
                path: path.clone(),
                frames: shape.frames,
                gain: decision.settings.gain,
                limiter: performed.limiter.deepest,
                shortfall: decision.shortfall,
                measures,
                pages,
            });
        }
    }
    for part in parts {
        for (format, path) in part.targets.iter().filter(|(format, _)| format.is_lossy()) {
            written.push(lossy::write(delivery, heard, decision, part, (*format, path), shape_of(part))?);
        }
    }
    Ok(written)
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
    let Delivery { specification, progress, .. } = delivery;
    let mut written = Vec::new();
    for part in parts {
        let heard = measure::measure_mix(mixture.part(&part.range), specification.channels, *progress)?;
        let (decision, mastered) = decide_and_measure_portions(&heard, specification, *progress)?;
        let alone = Part { range: 0..part.range.end - part.range.start, ..part.clone() };
        written.extend(deliver(delivery, (&heard, &decision, &mastered), &[alone])?);
    }
    Ok(written)
}

/// What a part of the master is like, with its silence.
fn measures(mastered: &Portions, part: &Part, shape: Shape) -> Measures {
    let mut profile = Profile::empty(shape.rate);
    let silence = |length: FrameCount| {
        let mut meter = Meter::new(shape.channels, shape.rate, FrameCount::ZERO);
        meter.push(&vec![0.0; length.index() * shape.channels.count()]);
        meter.leave()
    };
    profile.append(&silence(part.silence[0]));
    mastered.add_to(&mut profile, &part.range);
    profile.append(&silence(part.silence[1]));
    profile.measures()
}

/// A part on its way into its files.
struct Sink<'a> {
    part: &'a Part,
    shape: Shape,
    /// What will come of it.
    measures: Measures,
    encoders: Vec<Lossless>,
    is_open: bool,
    /// Of the WAV, if there is one and its pages are wanted.
    binding: Option<Binding>,
    pages: Option<Pages>,
}

impl<'a> Sink<'a> {
    fn new(part: &'a Part, shape: Shape, measures: Measures, cache: &Cache) -> Sink<'a> {
        let is_wav = part.targets.iter().any(|(format, _)| *format == Format::Wav);
        let binding = Binding::new(cache).filter(|_| is_wav);
        Sink { part, shape, measures, encoders: Vec::new(), is_open: false, binding, pages: None }
    }

    fn open(&mut self) -> Result<(), EpisodeError> {
        for (format, path) in &self.part.targets {
            self.encoders.extend(Lossless::create(*format, path, self.shape, &self.part.tags)?);
        }
        self.is_open = true;
        self.be_silent(self.part.silence[0])
    }

    fn be_silent(&mut self, length: FrameCount) -> Result<(), EpisodeError> {
        if length == FrameCount::ZERO {
            return Ok(());
        }
        let Shape { rate, channels, depth, .. } = self.shape;
        let format = WavFormat { rate, channels, depth };
        let mut silence = Packed::default();
        format.pack(&vec![0.0; length.index() * channels.count()], &mut silence);
        self.write(&silence, None)
    }

    fn write(&mut self, packed: &Packed, made: Option<(&Key, &Deeds)>) -> Result<(), EpisodeError> {
        if let Some(binding) = &mut self.binding {
            let checksum = packed.checksum().unwrap_or_else(|| Checksum::of(packed.bytes()));
            binding.add(packed.bytes().len() as u64, &checksum, made);
        }
        self.encoders.iter_mut().try_for_each(|encoder| encoder.write(packed))
    }

    /// Takes what lies in its range of a portion of the master.
    fn take(&mut self, format: WavFormat, portion: &Portion<Packed>) -> Result<(), EpisodeError> {
        let (own, range) = (&self.part.range, &portion.range);
        let inside = own.start.max(range.start)..own.end.min(range.end);
        if inside.is_empty() {
            return Ok(());
        }
        let last = inside.end == own.end;
        if !self.is_open {
            self.open()?;
        }
        if inside == *range {
            let made = portion.key.as_ref().map(|key| (key, &portion.deeds));
            self.write(&portion.piece, made)?;
        } else {
            let frames = inside.start - range.start..inside.end - range.start;
            self.write(&format.slice(&portion.piece, frames), None)?;
        }
        if last { self.close() } else { Ok(()) }
    }

    /// Completes the files: as soon as they are whole, so that an episode of many scenes has few files open.
    fn close(&mut self) -> Result<(), EpisodeError> {
        self.be_silent(self.part.silence[1])?;
        let measures = self.measures;
        for mut encoder in self.encoders.drain(..) {
            encoder.tell(&measures)?;
            let (whole, start) = encoder.finish()?;
            let target = whole.target().to_owned();
            whole.commit().map_err(EpisodeError::File)?;
            if let Some((start, binding)) = start.zip(self.binding.take()) {
                self.pages = binding.finish(&target, start).ok();
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), EpisodeError> {
        if !self.is_open {
            // A part of no length.
            self.open()?;
            self.close()?;
        }
        Ok(())
    }
}
