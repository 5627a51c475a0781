//! How high each bus goes, tenth of a second by tenth of a second: for drawing.

use std::ops::Range;
use std::sync::Arc;

use crate::dsp::loudness::Meter;
use crate::dsp::true_peak::peak;
use crate::master::blocks::Blocks;
use crate::master::in_order::{FAR, in_order};
use crate::master::measure::MasterError;
use crate::master::mixture::Mixture;
use crate::mix::block::Block;
use crate::mix::plan::Plan;
use crate::progress::{Progress, Stage};
use crate::units::time::{FrameCount, SampleRate};

/// For each bus of a plan, the highest sample of each tenth of a second, as hops have them.
///
/// # Errors
/// See [`MasterError`].
pub fn envelopes(plan: &Arc<Plan>, progress: &dyn Progress) -> Result<Vec<Vec<f32>>, MasterError> {
    let (portions, blocks) = (Mixture::new(Arc::clone(plan)).portions(), Blocks::new(Arc::clone(plan)));
    let mut all = vec![Vec::new(); plan.buses()];
    progress.begin(Stage::Mix, plan.length().get());
    let drawn = in_order(
        portions.len(),
        FAR,
        |index| envelopes_of(plan, &blocks, &portions[index], progress),
        |buses| {
            all.iter_mut().zip(buses).for_each(|(all, bus)| all.extend(bus));
            Ok(())
        },
    );
    progress.end(Stage::Mix);
    drawn.map(|()| all)
}

/// The hops that begin in a portion.
fn envelopes_of(
    plan: &Plan,
    blocks: &Blocks,
    portion: &Range<u64>,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f32>>, MasterError> {
    let rate = plan.rate();
    let hops = Meter::hop_from(portion.start, rate)..Meter::hop_from(portion.end, rate);
    let [start, end] = [hops.start, hops.end].map(|hop| Meter::hop_start(hop, rate).get());
    let mut buses = vec![vec![0.0; FrameCount::new(hops.end - hops.start).index()]; plan.buses()];
    blocks.each(&(start..end.min(plan.length().get())), |block| {
        if progress.stopped() {
            return Err(MasterError::Stopped);
        }
        take(block, &hops, rate, &mut buses);
        progress.advance(Stage::Mix, block.frames().get());
        Ok(())
    })?;
    Ok(buses)
}

fn take(block: &Block, hops: &Range<u64>, rate: SampleRate, buses: &mut [Vec<f32>]) {
    let first = block.start().from_start().unwrap_or_default().get();
    let frames = first..first + block.frames().get();
    let mut hop = Meter::hop_from(first + 1, rate).saturating_sub(1).max(hops.start);
    while hop < hops.end && Meter::hop_start(hop, rate).get() < frames.end {
        let [from, to] = [hop, hop + 1].map(|hop| Meter::hop_start(hop, rate).get().clamp(first, frames.end));
        let part = FrameCount::new(from - first).index()..FrameCount::new(to - first).index();
        for (envelope, bus) in buses.iter_mut().zip(block.buses()) {
            let highest = &mut envelope[FrameCount::new(hop - hops.start).index()];
            *highest = highest.max(peak(&bus.left[part.clone()])).max(peak(&bus.right[part.clone()]));
        }
        hop += 1;
    }
}
