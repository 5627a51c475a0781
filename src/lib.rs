//! radioplay turns a written script into a finished radio play: the architecture.
//!
//! # What it is for
//!
//! A TOML script marks up lines, pauses and sound cues. Voices are recorded takes or synthesized speech, sounds are
//! recorded clips or synthesized patches. Everything is placed to the frame by anchors, mixed, mastered and written.
//! The script's reference is `script/README.md`; what a person types is in [`cli`].
//!
//! It is no workstation (nothing is edited by ear on a timeline), no sampler or live instrument, and no speech
//! research: engines sit behind [`speech::engine::Engine`] and can be exchanged.
//!
//! # How data flows
//!
//! One way, through plain data, each stage a module named for what it produces:
//!
//! | stage | from | to | how |
//! |---|---|---|---|
//! | [`script`] | text files | [`script::Script`]: as written, every value with its place | [`script::load`] |
//! | [`cuesheet`] | a script | [`cuesheet::Cues`]: every name bound; then [`cuesheet::CueSheet`]: every clip at hand | [`cuesheet::resolve`], [`cuesheet::bind`] |
//! | [`timeline`] | a cue sheet | [`timeline::Timeline`]: regions at absolute frames on tracks | [`timeline::schedule`] |
//! | [`mix`] | a timeline and its samples | blocks of stereo, a stem for each bus | [`mix::Mixer`] |
//! | [`master`] | the mix | what is heard, portion by portion | [`master::measure`], [`master::limit`], [`master::perform`] |
//! | [`export`] | the master | files, whole or absent | [`export::episode`], [`export::deliver`] |
//!
//! [`play`] is the same flow for who listens while it is made: clips prepared ahead of the playhead, the same mixer and
//! master, a loudspeaker. [`pipeline`] runs the stages up to the timeline. [`speech`] and [`sound`] are the two
//! workshops the cue sheet calls on, [`spool`] is where they put what they made, [`cache`] keeps it for the next run,
//! [`host`] is the only door to the show's files.
//!
//! # Invariants
//!
//! - *Parsing never fails.* Every stage up to the timeline returns a value and pushes [`diag::Diagnostic`]s; what
//!   cannot be had is silence of a plausible length ([`cuesheet::Origin::Missing`]). One run reports everything, and
//!   no exporter writes while there are errors.
//! - *Time is whole frames* at the project rate once [`units::time::Seconds`] have been converted, once, where the
//!   script is resolved.
//! - *Same inputs, same bytes*, on any number of threads and on any machine: transcendental functions are `libm`'s,
//!   random numbers are seeded ([`dsp::noise`]), sums have a fixed order (which is why [`dsp::resample`] is our own), and
//!   nothing depends on a clock or a hash map's order. A processor with wider vectors uses them, for the same sums in the
//!   same order; nothing is fused. Lossy encoders ([`export::opus`]) and decoders ([`audio::decode`]) are the exceptions.
//! - *Memory does not grow with the episode*: finished audio lies in a scratch file ([`spool`]) or where it was recorded
//!   ([`host::still`]), and the mixer keeps state only for what sounds.
//! - *What is kept changes nothing*: with a cache ([`cache`]), warm or cold, damaged or shared, the bytes are those of a
//!   run without.
//! - *A script is data.* It opens regular files inside its show and nothing else ([`host`]); its text never reaches a
//!   terminal raw ([`diag::render::human`]) nor an engine as markup ([`speech::pico`]).
//! - *Files are whole or absent* ([`host::whole`]).
//!
//! # What may know what
//!
//! Lower modules know nothing of higher ones, and equals do not know each other: `tests/layering.rs` holds the table,
//! and the modules below stand in its order. Paths are written `crate::…` and nothing is re-exported, so that the
//! table can be checked by reading.
//!
//! # Where to start
//!
//! Follow one line of the demo: [`script::Line`], [`cuesheet::LineRequest`], [`speech::perform::perform`],
//! [`cuesheet::Clip`], [`timeline::Region`], [`mix::Mixer::render`].

pub mod units;

pub mod progress;
pub mod routing;
pub mod source;
pub mod staging;

pub mod audio;
pub mod diag;

pub mod document;
pub mod dsp;
pub mod host;

pub mod script;
pub mod spool;

pub mod cache;

pub mod sound;
pub mod speech;

pub mod cuesheet;

pub mod timeline;

pub mod mix;

pub mod master;

pub mod export;

pub mod pipeline;

pub mod play;

pub mod cli;
