//! Live preview: the episode heard while it is still being made.
//!
//! # How it hangs together
//!
//! [`prepare`]'s threads make clips, those needed first before the others. [`director`] keeps the [`score::Score`]: the
//! script with its names bound, the clips that are made, and guesses for those that are not. Whenever more is known
//! it works out a [`performance::Performance`]: a plan for the mixer, and up to which frame it will not change any
//! more. [`renderer`] plays that, on a thread of its own, up to there: the same [`crate::mix::Mixer`] and
//! [`crate::master::Master`] that render, block by block, into a [`ring`]. The audio callback takes frames out of the
//! ring and does nothing else: it allocates nothing, locks nothing, reads nothing, waits for nobody. [`device`] opens
//! what calls it; [`watch`] says when a file of the show has changed.
//!
//! # One way to change anything
//!
//! A longer part prepared, a saved script, a muted bus, another gain: each is a new performance, and the renderer
//! goes over to it in mid-play: a second [`player::Player`] is started at the same place of the same entry, both are heard
//! for 10 ms, one as `a + (b - a)·t`. Where the two agree, which they do in all that has not changed, that is `a`
//! to the last bit: since a frame of the mix depends on its place alone, and on nobody's past, what is
//! heard is what is rendered, however often the performance was exchanged.
//!
//! # What is only estimated
//!
//! Lengths of clips that are not made yet move everything after them, so a place that was asked for is held by an
//! entry, not by a frame. [`score`] schedules the episode three times, with short, likely and long guesses: what is
//! the same in all three is settled. The one gain of the master needs the whole mix measured: until then it is
//! the one measured last ([`gain`]), or an estimate, and the transport says which.

pub mod board;
pub mod device;
pub mod director;
pub mod gain;
pub mod meters;
pub mod offline;
pub mod performance;
pub mod player;
pub mod prepare;

mod priority;

pub mod renderer;
pub mod ring;
pub mod score;
pub mod watch;
