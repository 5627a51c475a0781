//! What a render came to, kept for the next one: so that a file which is already what it should be is left alone.
//!
//! A file is known by the checksums of its [`Pages`], not by its date: whoever changed it gets it written again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cache::key::{Key, MASTER, Parts};
use crate::cache::{Cache, Kind};
use crate::dsp::limiter::Report;
use crate::dsp::loudness::profile::Profile;
use crate::export::job::{Job, Summary};
use crate::export::pages::Pages;
use crate::master::limit::Shortfall;
use crate::master::mixture::Mixture;
use crate::master::perform::Effort;
use crate::mix::stretch::content;
use crate::units::level::{Gain, Level};
use crate::units::time::{FrameCount, FramePos, SampleRate};

/// A summary as it is kept. Floats are kept by their bits: no text has all of them.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    file: Pages,
    length: u64,
    peak: u32,
    gain: u32,
    shortfall: Option<u8>,
    deepest: u32,
    at: Option<i64>,
    not_finite: u64,
    clamped: u64,
    efforts: Vec<(i64, i64, u32, i64)>,
    rate: u32,
}

const SHORTFALLS: [Shortfall; 3] = [Shortfall::Unmeasurable, Shortfall::TooQuiet, Shortfall::TooPeaky];

/// What decides on a file's bytes; `None` where something in it is not known by anything.
pub(super) fn key(job: &Job<'_>, mixture: &Mixture, ranges: &[std::ops::Range<u64>]) -> Option<Key> {
    let mixed = content(mixture.stretches()?, &(0..job.timeline.length.get()))?;
    let parts = Parts::new("episode", MASTER).data(&job.timeline.rate).data(&job.specification);
    Some(parts.data(&job.depth).data(&ranges).key(&mixed).data(&mixture.plan().scenes()).key_of_all())
}

/// What the render came to that wrote `target`, if the file is still what it wrote.
pub(super) fn recall(cache: &Cache, key: &Key, target: &Path) -> Option<Summary> {
    let (facts, hops) = cache.fact::<Facts>(Kind::Fact, key)?;
    if !facts.file.are_of(target) {
        return None;
    }
    let gain = |bits: u32| Gain::new(f32::from_bits(bits));
    let efforts = facts.efforts.iter().map(|(start, end, deepest, at)| {
        let [start, end, at] = [*start, *end, *at].map(FramePos::new);
        Some(Effort { start, end, deepest: gain(*deepest)?, at })
    });
    let shortfall = facts.shortfall.map(|index| SHORTFALLS.get(usize::from(index)).copied());
    Some(Summary {
        length: FrameCount::new(facts.length),
        peak: Level::new(f32::from_bits(facts.peak))?,
        gain: gain(facts.gain)?,
        shortfall: if let Some(shortfall) = shortfall { Some(shortfall?) } else { None },
        limiter: Report {
            deepest: gain(facts.deepest)?,
            at: facts.at.map(FramePos::new),
            not_finite: facts.not_finite,
            clamped: facts.clamped,
        },
        efforts: efforts.collect::<Option<_>>()?,
        profile: Profile::from_bytes(SampleRate::new(facts.rate)?, &hops)?,
        buses: Vec::new(),
        unchanged: true,
    })
}

/// Keeps what the render came to that has just written these pages.
pub(super) fn remember(cache: &Cache, key: &Key, file: Pages, summary: &Summary) {
    let bits = |gain: Gain| gain.db().to_bits();
    let index = |shortfall| SHORTFALLS.iter().position(|it| *it == shortfall).unwrap_or(0);
    let facts = Facts {
        file,
        length: summary.length.get(),
        peak: summary.peak.dbfs().to_bits(),
        gain: bits(summary.gain),
        shortfall: summary.shortfall.map(|it| u8::try_from(index(it)).unwrap_or(0)),
        deepest: bits(summary.limiter.deepest),
        at: summary.limiter.at.map(FramePos::get),
        not_finite: summary.limiter.not_finite,
        clamped: summary.limiter.clamped,
        efforts: summary
            .efforts
            .iter()
            .map(|it| (it.start.get(), it.end.get(), bits(it.deepest), it.at.get()))
            .collect(),
        rate: summary.profile.rate().hz(),
    };
    cache.keep_fact(Kind::Fact, key, &facts, &summary.profile.to_bytes());
}
