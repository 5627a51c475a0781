//! The mix as the master hears it, several times over: mixed once and kept, or mixed again each time.
//!
//! With a cache every stretch that is mixed is kept there, for this run and for the next. Without one:
//!
//! Keeping is faster, once there are rooms several times so, but ten hours of it are 14 GB, and the folder for
//! temporary files may be memory. So no more than [`MOST`] bytes are kept; longer episodes are mixed again. The samples are the same in
//! either case, bit by bit.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::audio::buffer::Channels;
use crate::audio::samples::{SAMPLE_BYTES, Samples};
use crate::cache::Cache;
use crate::master::blocks::{Blocks, inside};
use crate::master::kept::Kept;
use crate::master::portions::{Contents, portions};
use crate::mix::block::FRAMES;
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::mix::stretch::Stretch;
use crate::spool::{Spool, Staged};
use crate::units::time::FrameCount;

/// The most that is kept, in bytes: 46 minutes at 48 kHz.
const MOST: u64 = 1 << 30;

/// A mix that can be heard again: all of it, or a part that counts its frames from its own first.
#[derive(Clone, Debug)]
pub struct Mixture {
    plan: Arc<Plan>,
    blocks: Arc<Blocks>,
    kept: Option<Samples>,
    stretches: Option<Arc<Kept>>,
    /// Which frames of the plan these are.
    window: Range<u64>,
}

impl Mixture {
    /// The mix of `plan`, none of it kept.
    pub fn new(plan: Arc<Plan>) -> Mixture {
        let blocks = Arc::new(Blocks::new(Arc::clone(&plan)));
        Mixture { window: 0..plan.length().get(), plan, blocks, kept: None, stretches: None }
    }

    /// The mix of `plan`, kept in `cache` stretch by stretch, if that keeps anything.
    pub fn cached(plan: Arc<Plan>, cache: &Cache) -> Mixture {
        Mixture::with(plan, cache, true)
    }

    /// The same, but that nothing more of it is kept than what is found out about it: for who hears it beside other work.
    pub fn recalled(plan: Arc<Plan>, cache: &Cache) -> Mixture {
        Mixture::with(plan, cache, false)
    }

    fn with(plan: Arc<Plan>, cache: &Cache, keeps: bool) -> Mixture {
        let mixture = Mixture::new(plan);
        let kept = || Arc::new(Kept::new(&mixture.plan, Arc::clone(&mixture.blocks), cache.clone(), keeps));
        Mixture { stretches: cache.keeps().then(kept), ..mixture }
    }

    /// The stretches of a mix that is kept in a cache.
    pub fn stretches(&self) -> Option<&[Stretch]> {
        self.stretches.as_ref().map(|kept| kept.stretches())
    }

    /// A part of it, as a mix by itself. What of `range` there is not is left out.
    #[must_use]
    pub fn part(&self, range: &Range<u64>) -> Mixture {
        Mixture { window: self.of_plan(range), ..self.clone() }
    }

    /// How long it is.
    pub fn length(&self) -> FrameCount {
        FrameCount::new(self.window.end - self.window.start)
    }

    /// Frames of this mix as frames of the plan.
    fn of_plan(&self, range: &Range<u64>) -> Range<u64> {
        let inside = |frame: u64| self.window.start.saturating_add(frame).min(self.window.end);
        inside(range.start)..inside(range.end)
    }

    /// What is mixed.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The portions of it that are best worked on apart.
    pub(super) fn portions(&self) -> Vec<Range<u64>> {
        portions(&self.plan, &self.window)
    }

    /// What they are known by; `None` where nothing is kept.
    pub(super) fn contents(&self, portions: &[Range<u64>]) -> Option<Contents> {
        let kept = self.stretches.as_ref()?;
        Some(Contents::new(portions.to_vec(), Arc::clone(kept), self.window.start))
    }

    /// The scene of a frame: its first frame, as far as it belongs to this mix.
    pub fn scene_of(&self, frame: u64) -> u64 {
        self.plan.scene_of(self.window.start.saturating_add(frame)).saturating_sub(self.window.start)
    }

    /// Hands the frames of `range` to `sink`, in order, interleaved stereo, a block's worth at most at once. Any number
    /// of threads may hear different parts at the same time; what a cache is missing of it is kept there.
    ///
    /// # Errors
    /// The first error of the mixer or of `sink`.
    pub fn hear<E: From<MixError>>(
        &self,
        range: &Range<u64>,
        mut sink: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let range = &self.of_plan(range);
        if let Some(kept) = &self.kept {
            return read(kept, range, sink);
        }
        if let Some(kept) = &self.stretches {
            return kept.hear(range, sink);
        }
        let mut mix = Vec::new();
        self.blocks.each(range, |block| sink(inside(block, range, &mut mix)))
    }

    /// Gives the memory of its mixers back: no more is mixed for now, or little.
    pub(super) fn rest(&self) {
        self.blocks.rest();
    }

    /// The same mix, of which the keeper has what is to be heard again.
    pub(super) fn kept_by(self, keeper: Option<Keeper>) -> Mixture {
        self.rest();
        Mixture { kept: keeper.and_then(Keeper::finish), ..self }
    }
}

/// Hands over what was kept, cut as blocks are.
fn read<E: From<MixError>>(
    kept: &Samples,
    range: &Range<u64>,
    mut sink: impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<(), E> {
    let end = range.end.min(kept.frames().get());
    let mut at = range.start;
    let mut mix = [0.0; FRAMES * 2];
    while at < end {
        let until = ((at / FRAMES as u64 + 1) * FRAMES as u64).min(end);
        let mix = &mut mix[..FrameCount::new(until - at).index() * 2];
        let failed = |source| MixError::Read { clip: "the mix".to_owned(), source };
        kept.read(FrameCount::new(at), mix).map_err(failed)?;
        sink(mix)?;
        at = until;
    }
    Ok(())
}

/// Keeps a mix while it is heard for the first time, by any number of threads.
pub(super) struct Keeper {
    staged: Staged,
    failed: AtomicBool,
}

impl Keeper {
    /// `None` where there is nothing to be gained, it is too long to be kept, or there is no room for it: then it is mixed
    /// again.
    pub(super) fn new(mixture: &Mixture) -> Option<Keeper> {
        let known = mixture.kept.is_some() || mixture.stretches.is_some();
        let whole = mixture.window == (0..mixture.plan.length().get());
        let bytes = mixture.plan.length().get().saturating_mul(2 * SAMPLE_BYTES as u64);
        let spool = (!known && whole && bytes <= MOST).then(Spool::new).and_then(Result::ok)?;
        let staged = spool.stage(Channels::Stereo, mixture.plan.length());
        Some(Keeper { staged, failed: AtomicBool::new(false) })
    }

    /// Takes the frames from `first` on.
    pub(super) fn keep(&self, first: u64, mix: &[f32]) {
        if self.staged.write(FrameCount::new(first), mix).is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    /// Everything, if all of it was taken.
    fn finish(self) -> Option<Samples> {
        (!self.failed.into_inner()).then(|| self.staged.finish())
    }
}
