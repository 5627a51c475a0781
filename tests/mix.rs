//! The mixer and the master, from a timeline made by hand to samples.

#![expect(clippy::float_cmp, reason = "where these tests compare exactly, exactness is the claim")]

mod buses;
mod desk;
mod determinism;
mod ducking;
mod loops;
mod master;
mod regions;
mod rooms;
mod speed;
mod treatments;

use std::sync::Arc;

use radioplay::audio::buffer::{AudioBuffer, Channels};
use radioplay::audio::samples::Samples;
use radioplay::dsp::noise::Random;
use radioplay::mix::Mixer;
use radioplay::mix::block::{Block, FRAMES, View};
use radioplay::mix::error::Error;
use radioplay::mix::plan::Plan;
use radioplay::routing::{Bus, Duck, Track};
use radioplay::staging::Perspective;
use radioplay::timeline::{ClipShape, Region, Timeline};
use radioplay::units::distance::Metres;
use radioplay::units::level::Gain;
use radioplay::units::pan::Pan;
use radioplay::units::time::{FrameCount, FramePos, SampleRate};

/// A timeline under construction, with its clips' samples: one track for each bus unless more are asked for.
struct Show {
    timeline: Timeline,
    samples: Vec<Samples>,
}

impl Show {
    fn new(hz: u32, frames: u64, buses: usize) -> Show {
        let bus = |index| Bus::new(format!("bus {index}"));
        let timeline = Timeline {
            rate: SampleRate::new(hz).expect("a rate"),
            length: FrameCount::new(frames),
            scenes: Vec::new(),
            entries: Vec::new(),
            clips: Vec::new(),
            tracks: (0..buses).map(|bus| Track { name: format!("track {bus}"), bus }).collect(),
            buses: (0..buses).map(bus).collect(),
            rooms: Vec::new(),
            regions: Vec::new(),
        };
        Show { timeline, samples: Vec::new() }
    }

    fn clip(&mut self, channels: Channels, samples: Vec<f32>) -> usize {
        let samples = Samples::in_memory(AudioBuffer::new(samples, channels, self.timeline.rate));
        self.timeline.clips.push(ClipShape {
            name: format!("clip {}", self.samples.len()),
            channels,
            frames: samples.frames(),
        });
        self.samples.push(samples);
        self.samples.len() - 1
    }

    fn mono(&mut self, samples: Vec<f32>) -> usize {
        self.clip(Channels::Mono, samples)
    }

    fn stereo(&mut self, samples: Vec<f32>) -> usize {
        self.clip(Channels::Stereo, samples)
    }

    /// A region that plays all of a clip as it is, hard left, so that the left channel is the clip; to be changed.
    fn play(&mut self, clip: usize, track: usize, start: u64) -> &mut Region {
        let length = self.timeline.clips[clip].frames;
        self.timeline.regions.push(Region {
            entry: None,
            track,
            clip,
            source_start: FrameCount::ZERO,
            source_length: length,
            start: at(start),
            length,
            gain: Gain::UNITY,
            pan: Pan::new(-1.0).expect("a pan"),
            pan_to: None,
            fade_in: FrameCount::ZERO,
            fade_out: FrameCount::ZERO,
            loop_crossfade: None,
            perspective: Perspective::Room,
            through: None,
            distance: Metres::ONE,
            distance_to: None,
            room: None,
            cut: false,
        });
        self.timeline.regions.last_mut().expect("just pushed")
    }

    fn duck(&mut self, bus: usize, under: usize, by: f32, times: [u64; 3]) {
        let [attack, hold, release] = times.map(FrameCount::new);
        self.timeline.buses[bus].ducks.push(Duck { under: vec![under], by: gain(by), attack, hold, release });
    }

    fn plan(&self) -> Result<Arc<Plan>, Error> {
        Plan::new(&self.timeline, &self.samples).map(Arc::new)
    }

    /// Everything, from the first block to the last.
    fn mixed(&self) -> Mixed {
        let plan = self.plan().expect("a consistent timeline");
        let mut mixer = Mixer::new(Arc::clone(&plan));
        Mixed::of(&mut mixer, plan.blocks())
    }
}

/// Blocks put together again.
#[derive(Debug, Default, PartialEq)]
struct Mixed {
    sum: Track2,
    buses: Vec<Track2>,
}

/// The bits of a left and a right channel: equal only where every bit is.
#[derive(Debug, Default, PartialEq)]
struct Track2 {
    left: Vec<u32>,
    right: Vec<u32>,
}

impl Track2 {
    fn push(&mut self, view: View<'_>) {
        self.left.extend(view.left.iter().map(|x| x.to_bits()));
        self.right.extend(view.right.iter().map(|x| x.to_bits()));
    }

    fn left(&self) -> Vec<f32> {
        self.left.iter().map(|x| f32::from_bits(*x)).collect()
    }

    fn right(&self) -> Vec<f32> {
        self.right.iter().map(|x| f32::from_bits(*x)).collect()
    }
}

impl Mixed {
    fn of(mixer: &mut Mixer, blocks: u64) -> Mixed {
        let mut block = Block::new(mixer.plan().buses());
        let mut mixed = Mixed::default();
        for _ in 0..blocks {
            mixer.render(&mut block).expect("clips in memory can be read");
            mixed.push(&block);
        }
        mixed
    }

    fn push(&mut self, block: &Block) {
        self.sum.push(block.sum());
        self.buses.resize_with(block.buses().count(), Track2::default);
        for (all, bus) in self.buses.iter_mut().zip(block.buses()) {
            all.push(bus);
        }
    }
}

/// Goes through a plan backwards, every so many blocks, and has its buses warmed up apart: what follows has to be what was
/// played from the beginning.
fn check_warmed_up(plan: &Arc<Plan>, step: usize) {
    let played = Mixed::of(&mut Mixer::new(Arc::clone(plan)), plan.blocks());
    let mut mixer = Mixer::new(Arc::clone(plan));
    for block in (0..plan.blocks()).rev().step_by(step) {
        mixer.seek(block);
        mixer.warm_up().expect("clips in memory can be read");
        let found = Mixed::of(&mut mixer, 3.min(plan.blocks() - block));
        let from = usize::try_from(block).expect("small") * FRAMES;
        let pairs = found.buses.iter().chain([&found.sum]).zip(played.buses.iter().chain([&played.sum]));
        for (bus, (found, played)) in pairs.enumerate() {
            assert!(found.left == played.left[from..][..found.left.len()], "block {block}, bus {bus}");
            assert!(found.right == played.right[from..][..found.right.len()], "block {block}, bus {bus}");
        }
    }
}

fn frame_rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("a rate")
}

fn frames(count: u64) -> FrameCount {
    FrameCount::new(count)
}

fn at(frame: u64) -> FramePos {
    FramePos::ZERO.after(FrameCount::new(frame))
}

fn gain(db: f32) -> Gain {
    Gain::new(db).expect("a gain")
}

fn db(amplitude: f64) -> f64 {
    20.0 * libm::log10(amplitude)
}

fn rms(samples: &[f32]) -> f64 {
    let power: f64 = samples.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    libm::sqrt(power / samples.len() as f64)
}

#[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
fn sine(hz: f64, rate: f64, length: usize) -> Vec<f32> {
    let step = 2.0 * std::f64::consts::PI * hz / rate;
    (0..length).map(|frame| libm::sin(step * frame as f64) as f32).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit")]
pub(crate) fn noise(seed: u64, length: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..length).map(|_| random.bipolar() as f32).collect()
}

/// Distinct numbers in a row: what comes out says where it came from.
fn ramp(length: u16) -> Vec<f32> {
    (0..length).map(|frame| f32::from(frame) + 1.0).collect()
}

#[track_caller]
fn check_near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within, "found {found}, wanted {wanted} ± {within}");
}
