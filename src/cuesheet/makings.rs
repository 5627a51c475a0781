//! What the clips of an episode were made of, kept for the next run: so that it can be said which are made again, and
//! why.
//!
//! Whether a clip has to be made is decided by the cache alone. What is kept here only explains it, and where it
//! explains nothing the reason is that the cache does not have the clip.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cache::key::{Key, Parts, SOUND, SPEECH};
use crate::cache::{Cache, Kind};
use crate::cuesheet::speak::pieces;
use crate::cuesheet::{Clip, CueSheet, Request};
use crate::units::time::SampleRate;

/// A clip that has to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Index of its request.
    pub clip: usize,
    /// Whether it is spoken; else it is decoded or synthesized.
    pub spoken: bool,
    /// Who says it, for a line.
    pub role: Option<String>,
    /// The line's id, or the sound's file.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// Why a clip has to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing is kept between runs.
    NothingKept,
    /// The episode had no such line or sound the last time.
    New,
    /// These of its makings are others than the last time.
    Changed(Vec<&'static str>),
    /// Its file has other bytes than the last time.
    File,
    /// The last time another version of this program made it.
    Program,
    /// It was made, but it is not kept any more.
    Gone,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NothingKept => f.write_str("nothing is kept between runs"),
            Why::New => f.write_str("new, or not made before"),
            Why::Changed(what) => write!(f, "another {} than before", what.join(" and ")),
            Why::File => f.write_str("its file has changed"),
            Why::Program => f.write_str("made by another version of radioplay"),
            Why::Gone => f.write_str("not in the cache any more"),
        }
    }
}

/// What a clip was made of: digests of its makings by their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Making {
    /// What it is kept by.
    identity: Option<[u8; 32]>,
    program: String,
    parts: BTreeMap<String, u64>,
}

/// Keeps what the clips of the episode in this file were made of, in place of what was kept before.
pub fn remember(cache: &Cache, episode: &Path, sheet: &CueSheet) {
    if cache.keeps() {
        cache.keep_fact(Kind::Fact, &key(episode), &makings(sheet), &[]);
    }
}

/// The clips that the cache does not have, of a sheet that was bound without making any.
pub fn lacks(cache: &Cache, episode: &Path, sheet: &CueSheet) -> Vec<Lack> {
    let before = cache.fact::<BTreeMap<String, Making>>(Kind::Fact, &key(episode));
    let before = before.map(|(before, _)| before).unwrap_or_default();
    let requests = sheet.cues.requests.iter().zip(&sheet.clips).enumerate();
    let missing = requests.filter(|(_, (_, clip))| clip.samples.identity().is_none());
    let lack = |(clip, (request, _)): (usize, (&Request, _))| {
        let now = making(request, None, sheet.cues.rate);
        let why = if cache.keeps() {
            before.get(&name(request)).map_or(Why::New, |before| why(cache, request, before, &now))
        } else {
            Why::NothingKept
        };
        let (role, name) = match request {
            Request::Line(line) => (Some(line.role.clone()), line.id.clone()),
            Request::Sound(sound) => (None, sound.file.clone()),
        };
        Lack { clip, spoken: request.is_spoken(), role, name, why }
    };
    missing.map(lack).collect()
}

fn why(cache: &Cache, request: &Request, before: &Making, now: &Making) -> Why {
    let changed: Vec<&'static str> =
        PARTS.into_iter().filter(|part| before.parts.get(*part) != now.parts.get(*part)).collect();
    let is_file = !request.is_spoken();
    let kept = || {
        before.identity.is_some_and(|identity| {
            Kind::ALL.into_iter().any(|kind| cache.has(kind, &Key::from_bytes(identity)))
        })
    };
    match changed.as_slice() {
        _ if before.program != now.program => Why::Program,
        [] if is_file && kept() => Why::File,
        [] => Why::Gone,
        _ => Why::Changed(changed),
    }
}

/// Everything a clip is made of, but for the bytes of files.
const PARTS: [&str; 5] = ["text", "voice", "take", "speed", "rate"];

fn makings(sheet: &CueSheet) -> BTreeMap<String, Making> {
    let making = |(request, clip): (&Request, &Clip)| {
        let identity = clip.samples.identity().map(|identity| *identity.bytes());
        (name(request), making(request, identity, sheet.cues.rate))
    };
    sheet.cues.requests.iter().zip(&sheet.clips).map(making).collect()
}

fn making(request: &Request, identity: Option<[u8; 32]>, rate: SampleRate) -> Making {
    let digest = |data: &dyn fmt::Debug| {
        let key = Parts::new("making", "1").text(&format!("{data:?}")).key_of_all();
        u64::from_le_bytes(std::array::from_fn(|index| key.bytes()[index]))
    };
    let mut parts = BTreeMap::from([("rate".to_owned(), digest(&rate))]);
    let mut part = |name: &str, data: &dyn fmt::Debug| {
        parts.insert(name.to_owned(), digest(data));
    };
    let program = match request {
        Request::Line(line) => {
            part("take", &line.take);
            part("speed", &line.speed);
            if line.take.is_none() {
                part("text", &pieces(line));
                part("voice", &line.voice);
                SPEECH
            } else {
                SOUND
            }
        }
        Request::Sound(_) => SOUND,
    };
    Making { identity, program: program.to_owned(), parts }
}

/// What tells requests apart from one run to the next.
fn name(request: &Request) -> String {
    match request {
        Request::Line(line) => format!("line {}", line.id),
        Request::Sound(sound) => format!("sound {} {} {}", sound.file, sound.variant, sound.speed),
    }
}

/// Episodes are known by where they lie.
fn key(episode: &Path) -> Key {
    Parts::new("makings", "1").place(episode).key_of_all()
}
