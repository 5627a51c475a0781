//! A region while it sounds.

use crate::audio::buffer::Channels;
use crate::audio::samples::Reader;
use crate::dsp::fade::rise;
use crate::dsp::side_by_side::add_scaled;
use crate::mix::block::{Block, FRAMES, Stereo};
use crate::mix::error::Error;
use crate::mix::placed::{Factors, Placed, STEP};
use crate::mix::plan::Plan;
use crate::mix::treatment::Chain;
use crate::mix::turns::Scratch;
use crate::units::time::FrameCount;

/// So many voices at once keep the files they read open: each thread has its own, and a program may have few.
const FEW: usize = 32;

/// What a region that sounds has to remember: its filters; and what was read ahead.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    region: usize,
    readers: [Reader; 2],
    filters: Option<Filters>,
}

#[derive(Clone, Debug)]
struct Filters {
    /// Index of their like at rest in the plan.
    chain: usize,
    between: Option<[Chain; 2]>,
    away: Option<[Chain; 2]>,
    /// The region's frame they come to next.
    next: u64,
}

impl Voice {
    /// The voice of a plan's region, by index.
    pub(super) fn new(plan: &Plan, region: usize) -> Voice {
        let filters = plan.regions[region].chain.map(|chain| {
            let at_rest = &plan.chains[chain];
            let both = |chain: &Option<Chain>| chain.as_ref().map(|chain| [chain.clone(), chain.clone()]);
            Filters { chain, between: both(&at_rest.between), away: both(&at_rest.away), next: 0 }
        });
        let samples = &plan.clips[plan.regions[region].clip].samples;
        let reader = || if plan.most_at_once <= FEW { samples.reader() } else { samples.reader_among_many() };
        Voice { region, readers: [reader(), reader()], filters }
    }

    /// Index of its region in the plan.
    pub(super) fn region(&self) -> usize {
        self.region
    }

    /// Adds what the region sounds like in the block from the episode's frame `first` on to `track`, and what it
    /// sends to its room to `block`.
    pub(super) fn add_to(
        &mut self,
        track: &mut Stereo,
        block: &mut Block,
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
                filters.arrive((region, &mut self.readers), plan, at, scratch)?;
            }
            read((region, &mut self.readers), plan, at, frames, scratch)?;
            match &mut self.filters {
                Some(filters) => filters.process(region, plan, scratch, frames),
                None => keep_sent(region, plan, scratch, frames),
            }
            fade(region, plan, at, frames, scratch);
            let offset = FrameCount::new(region.start + at - first).index();
            let stereo = is_stereo(region, plan);
            let Scratch { left, right, sent: [sent_left, sent_right], .. } = &*scratch;
            let pick = |left, right| (left, if stereo { right } else { left });
            let direct = pick(&left[..frames], &right[..frames]);
            place(region, at, track.channels_from(offset), direct, |factors| factors.direct);
            if let Some(send) = region.send {
                let sent = pick(&sent_left[..frames], &sent_right[..frames]);
                let out = block.send_mut(send).channels_from(offset);
                place(region, at, out, sent, |factors| factors.sent);
            }
            at = to;
        }
        Ok(())
    }
}

impl Filters {
    /// Brings the filters to the region's frame `at`: they go on where they are there already, and otherwise run up
    /// from the settling time before the start of the segment `at` lies in. The start of a segment always counts as
    /// otherwise, so that it makes no difference where playing started.
    fn arrive(
        &mut self,
        (region, readers): (&Placed, &mut [Reader; 2]),
        plan: &Plan,
        at: u64,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let segment = at / plan.segment * plan.segment;
        if self.next == at && at != segment {
            return Ok(());
        }
        let at_rest = &plan.chains[self.chain];
        for (own, at_rest) in [(&mut self.between, &at_rest.between), (&mut self.away, &at_rest.away)] {
            if let (Some(own), Some(at_rest)) = (own, at_rest) {
                own.iter_mut().for_each(|chain| chain.clone_from(at_rest));
            }
        }
        self.next = segment.saturating_sub(plan.settle);
        while self.next < at {
            let frames = FrameCount::new(at - self.next).index().min(FRAMES);
            read((region, readers), plan, self.next, frames, scratch)?;
            self.process(region, plan, scratch, frames);
        }
        Ok(())
    }

    /// Filters the next frames, and keeps a copy of what goes to the room.
    fn process(&mut self, region: &Placed, plan: &Plan, scratch: &mut Scratch, frames: usize) {
        let count = if is_stereo(region, plan) { 2 } else { 1 };
        let noise = |channel: usize| region.seed.wrapping_mul(2).wrapping_add(channel as u64);
        let run = |chains: &mut Option<[Chain; 2]>, scratch: &mut Scratch| {
            let samples = [&mut scratch.left, &mut scratch.right];
            let chains = chains.iter_mut().flatten().zip(samples).take(count);
            for (channel, (chain, samples)) in chains.enumerate() {
                chain.process(&mut samples[..frames], noise(channel), self.next);
            }
        };
        run(&mut self.between, scratch);
        keep_sent(region, plan, scratch, frames);
        run(&mut self.away, scratch);
        self.next += frames as u64;
    }
}

fn is_stereo(region: &Placed, plan: &Plan) -> bool {
    plan.clips[region.clip].samples.channels() == Channels::Stereo
}

/// Copies the channels for the room, where the region is in one.
fn keep_sent(region: &Placed, plan: &Plan, scratch: &mut Scratch, frames: usize) {
    if region.send.is_none() {
        return;
    }
    let Scratch { left, right, sent: [sent_left, sent_right], .. } = scratch;
    sent_left[..frames].copy_from_slice(&left[..frames]);
    if is_stereo(region, plan) {
        sent_right[..frames].copy_from_slice(&right[..frames]);
    }
}

fn read(
    (region, readers): (&Placed, &mut [Reader; 2]),
    plan: &Plan,
    at: u64,
    frames: usize,
    scratch: &mut Scratch,
) -> Result<(), Error> {
    let failed = |source| Error::Read { clip: plan.clips[region.clip].name.clone(), source };
    scratch.read(region, readers, at, frames).map_err(failed)
}

/// Multiplies by the fades where the region's frames from `at` on lie in them, and nowhere else.
fn fade(region: &Placed, plan: &Plan, at: u64, frames: usize, scratch: &mut Scratch) {
    let last = region.length.saturating_sub(1);
    let falls = region.length.saturating_sub(region.fade_out);
    let (stereo, sends) = (is_stereo(region, plan), region.send.is_some());
    let Scratch { left, right, sent: [sent_left, sent_right], .. } = scratch;
    let right = [Some(right), sends.then_some(sent_right)].into_iter().filter(|_| stereo);
    let channels = [Some(left), sends.then_some(sent_left)].into_iter().chain(right);
    for channel in channels.flatten() {
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

/// Adds a region's frames from `at` on to `out`, each channel by its factor.
fn place(
    region: &Placed,
    at: u64,
    out: (&mut [f32], &mut [f32]),
    samples: (&[f32], &[f32]),
    pick: impl Fn(Factors) -> (f32, f32),
) {
    if let Some(still) = region.levels.still() {
        let factors = pick(still);
        for (out, samples, factor) in [(out.0, samples.0, factors.0), (out.1, samples.1, factors.1)] {
            add_scaled(out, samples, factor);
        }
        return;
    }
    let mut done = 0;
    while done < samples.0.len() {
        let frame = at + done as u64;
        let begin = frame / STEP * STEP;
        let run = FrameCount::new(begin + STEP - frame).index().min(samples.0.len() - done);
        let (from, to) = (pick(region.levels.at(begin)), pick(region.levels.at(begin + STEP)));
        for index in done..done + run {
            #[expect(clippy::cast_precision_loss, reason = "below 64")]
            let share = (at + index as u64 - begin) as f32 / STEP as f32;
            out.0[index] += samples.0[index] * (from.0 + (to.0 - from.0) * share);
            out.1[index] += samples.1[index] * (from.1 + (to.1 - from.1) * share);
        }
        done += run;
    }
}
