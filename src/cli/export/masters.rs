//! The masters of an episode, one for each preset: what was decided on each, and what came of it, once it is wanted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::cache::key::{Key, MASTER, Parts};
use crate::cache::{Cache, Kind};
use crate::cli::export::order::Order;
use crate::export::episode::EpisodeError;
use crate::master::limit::{Decision, decide_and_measure_portions};
use crate::master::measure::{Heard, Portions, measure_mix};
use crate::master::mixture::Mixture;
use crate::master::preset::specification;
use crate::mix::plan::Plan;
use crate::mix::stretch::content;
use crate::progress::Progress;
use crate::staging::Preset;

/// What was decided on each master, by digests. Files of parts of a master depend on that, and not on the rest of the mix.
pub(super) type Decided = BTreeMap<&'static str, Key>;

/// The masters of an episode.
pub(super) struct Masters<'a> {
    mixture: Mixture,
    /// What the whole mix is known by.
    mixed: Option<Key>,
    cache: &'a Cache,
    progress: &'a dyn Progress,
    /// By the number of channels: the mix is heard once for mono and once for stereo, however many presets there are.
    heard: BTreeMap<usize, Heard>,
    made: BTreeMap<&'static str, (Decision, Portions)>,
}

impl<'a> Masters<'a> {
    /// None of them made yet.
    ///
    /// # Errors
    /// Where a clip cannot be read.
    pub(super) fn new(order: &Order<'a>, progress: &'a dyn Progress) -> Result<Masters<'a>, EpisodeError> {
        let timeline = &order.built.timeline;
        let plan = Arc::new(Plan::new(timeline, &order.built.samples())?);
        let mixture = Mixture::cached(plan, order.cache);
        let whole = 0..timeline.length.get();
        let mixed = mixture.stretches().and_then(|stretches| content(stretches, &whole));
        let (heard, made) = (BTreeMap::new(), BTreeMap::new());
        Ok(Masters { mixture, mixed, cache: order.cache, progress, heard, made })
    }

    /// What is mastered.
    pub(super) fn mixture(&self) -> &Mixture {
        &self.mixture
    }

    /// Who is told.
    pub(super) fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// What was decided on the masters for these presets: as it is known already, or, if they may be made, as it
    /// comes to.
    ///
    /// # Errors
    /// See [`EpisodeError`].
    pub(super) fn decided(&mut self, presets: &[Preset], make: bool) -> Result<Decided, EpisodeError> {
        let mut decided = Decided::new();
        for preset in presets {
            let known = self.fact(*preset).and_then(|fact| self.cache.fact::<()>(Kind::Fact, &fact));
            let known = known.and_then(|(_, bytes)| <[u8; 32]>::try_from(bytes).ok()).map(Key::from_bytes);
            match known {
                Some(known) => drop(decided.insert(preset.word(), known)),
                None if make => {
                    let (_, decision, _) = self.master(*preset)?;
                    let key = Parts::new("decision", MASTER).data(decision).key_of_all();
                    decided.insert(preset.word(), key);
                    if let Some(fact) = self.fact(*preset) {
                        self.cache.keep_fact(Kind::Fact, &fact, &(), key.bytes());
                    }
                }
                None => {}
            }
        }
        Ok(decided)
    }

    /// Where it is kept what was decided for this mix.
    fn fact(&self, preset: Preset) -> Option<Key> {
        Some(
            Parts::new("decided", MASTER).key(self.mixed.as_ref()?).data(&specification(preset)).key_of_all(),
        )
    }

    /// The mix as it was heard, what was decided on its master, and what that is like.
    ///
    /// # Errors
    /// See [`EpisodeError`].
    pub(super) fn master(&mut self, preset: Preset) -> Result<(&Heard, &Decision, &Portions), EpisodeError> {
        let specification = specification(preset);
        let channels = specification.channels;
        let heard = match self.heard.entry(channels.count()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(measure_mix(self.mixture.clone(), channels, self.progress)?),
        };
        let (decision, portions) = match self.made.entry(preset.word()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(decide_and_measure_portions(heard, &specification, self.progress)?)
            }
        };
        Ok((heard, decision, portions))
    }
}
