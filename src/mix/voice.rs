//! A region while it sounds.

use crate::audio::buffer::Channels;
use crate::dsp::fade::rise;
use crate::mix::block::{FRAMES, Stereo};
use crate::mix::error::Error;
use crate::mix::plan::{Placed, Plan};
use crate::mix::treatment::Chain;
use crate::mix::turns::Scratch;
use crate::units::time::FrameCount;

/// What a region that sounds has to remember: nothing but its filters.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    region: usize,
    filters: Option<Filters>,
}

#[derive(Clone, Debug)]
struct Filters {
    /// Index of their like at rest in the plan.
    chain: usize,
    left: Chain,
    right: Chain,
    /// The region's frame they come to next.
    next: u64,
}

impl Voice {
    /// The voice of a plan's region, by index.
    pub(super) fn new(plan: &Plan, region: usize) -> Voice {
        let filters = plan.regions[region].chain.map(|chain| {
            let at_rest = &plan.chains[chain];
            Filters { chain, left: at_rest.clone(), right: at_rest.clone(), next: 0 }
        });
        Voice { region, filters }
    }

    /// Index of its region in the plan.
    pub(super) fn region(&self) -> usize {
        self.region
    }

    /// Adds what the region sounds like in the block from the episode's frame `first` on to `out`.
    pub(super) fn add_to(
        &mut self,
        out: &mut Stereo,
        plan: &Plan,
        first: u64,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let region = &plan.regions[self.region];
        let mut at = first.saturating_sub(region.start);
        let end = (first + FRAMES as u64).min(region.end()).saturating_sub(region.start);
        while at < end {
            // A piece ends where the filters have to start afresh.
            let to =
                if self.filters.is_some() { end.min((at / plan.segment + 1) * plan.segment) } else { end };
            let frames = FrameCount::new(to - at).index();
            if let Some(filters) = &mut self.filters {
                filters.arrive(region, plan, at, scratch)?;
            }
            read(region, plan, at, frames, scratch)?;
            if let Some(filters) = &mut self.filters {
                filters.process(region, plan, scratch, frames);
            }
            fade(region, plan, at, frames, scratch);
            let offset = FrameCount::new(region.start + at - first).index();
            place(
                region,
                plan,
                out.channels_from(offset),
                (&scratch.left[..frames], &scratch.right[..frames]),
            );
            at = to;
        }
        Ok(())
    }
}

impl Filters {
    /// Brings the filters to the region's frame `at`: they go on where they are there already, and otherwise run up
    /// from the settling time before the start of the segment `at` lies in. The start of a segment always counts as
    /// otherwise, so that it makes no difference where playing started.
    fn arrive(&mut self, region: &Placed, plan: &Plan, at: u64, scratch: &mut Scratch) -> Result<(), Error> {
        let segment = at / plan.segment * plan.segment;
        if self.next == at && at != segment {
            return Ok(());
        }
        let at_rest = &plan.chains[self.chain];
        self.left.clone_from(at_rest);
        self.right.clone_from(at_rest);
        self.next = segment.saturating_sub(plan.settle);
        while self.next < at {
            let frames = FrameCount::new(at - self.next).index().min(FRAMES);
            read(region, plan, self.next, frames, scratch)?;
            self.process(region, plan, scratch, frames);
        }
        Ok(())
    }

    fn process(&mut self, region: &Placed, plan: &Plan, scratch: &mut Scratch, frames: usize) {
        self.left.process(&mut scratch.left[..frames]);
        if plan.clips[region.clip].samples.channels() == Channels::Stereo {
            self.right.process(&mut scratch.right[..frames]);
        }
        self.next += frames as u64;
    }
}

fn read(region: &Placed, plan: &Plan, at: u64, frames: usize, scratch: &mut Scratch) -> Result<(), Error> {
    let clip = &plan.clips[region.clip];
    scratch
        .read(region, &clip.samples, at, frames)
        .map_err(|source| Error::Read { clip: clip.name.clone(), source })
}

/// Multiplies by the fades where the region's frames from `at` on lie in them, and nowhere else.
fn fade(region: &Placed, plan: &Plan, at: u64, frames: usize, scratch: &mut Scratch) {
    let last = region.length.saturating_sub(1);
    let falls = region.length.saturating_sub(region.fade_out);
    let stereo = plan.clips[region.clip].samples.channels() == Channels::Stereo;
    let channels = [Some(&mut scratch.left), stereo.then_some(&mut scratch.right)];
    for channel in channels.into_iter().flatten() {
        let channel = &mut channel[..frames];
        multiply(channel, at, (0, region.fade_in), |frame| rise(frame, region.fade_in));
        multiply(channel, at, (falls, region.length), |frame| rise(last - frame, region.fade_out));
    }
}

/// Multiplies those of `samples`, the region's from its frame `at` on, that lie in the frames `over`.
fn multiply(samples: &mut [f32], at: u64, over: (u64, u64), gain_at: impl Fn(u64) -> f32) {
    let index = |frame: u64| FrameCount::new(frame.saturating_sub(at)).index().min(samples.len());
    let (from, to) = (index(over.0), index(over.1));
    for (frame, sample) in (over.0.max(at)..).zip(&mut samples[from..to]) {
        *sample *= gain_at(frame);
    }
}

/// Adds a region's frames to a track, each channel by its factor.
fn place(region: &Placed, plan: &Plan, out: (&mut [f32], &mut [f32]), samples: (&[f32], &[f32])) {
    let right = match plan.clips[region.clip].samples.channels() {
        Channels::Mono => samples.0,
        Channels::Stereo => samples.1,
    };
    for (sum, sample) in out.0.iter_mut().zip(samples.0) {
        *sum += sample * region.factors.0;
    }
    for (sum, sample) in out.1.iter_mut().zip(right) {
        *sum += sample * region.factors.1;
    }
}
