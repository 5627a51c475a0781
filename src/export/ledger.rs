//! What was written, and of what: so that a file which is already what it should be is left alone, and so that it can
//! be said why another is written again.
//!
//! A file is known by the checksums of its [`Pages`], not by its date: whoever changed it gets it written again. What decides
//! its bytes is its [`Recipe`]. Two notes are kept of each: one by the recipe, that tells what the bytes were; and one by
//! the file's place, that tells by which recipe it was written last, to say what has changed. Only the first decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::cache::key::{Key, MASTER, Parts, SPEECH};
use crate::cache::{Cache, Kind};
use crate::export::pages::Pages;

/// The part of a recipe that stands for the program.
const PROGRAM: &str = "program";

/// The part of a recipe that stands for what was decided on a master.
pub const GAIN: &str = "gain";

/// What decides a file's bytes, by name: everything, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    parts: BTreeMap<&'static str, Key>,
    is_decided: bool,
}

impl Recipe {
    /// Followed by this version of the program, with these settings.
    pub fn new(settings: &Key) -> Recipe {
        let program = Parts::new(PROGRAM, MASTER).text(SPEECH).key_of_all();
        Recipe { parts: BTreeMap::from([(PROGRAM, program), ("settings", *settings)]), is_decided: true }
    }

    /// With one more part.
    #[must_use]
    pub fn with(mut self, name: &'static str, part: &Key) -> Recipe {
        self.parts.insert(name, *part);
        self
    }

    /// With a gain that nobody knows yet: no file is known to be made by it.
    #[must_use]
    pub fn undecided(mut self) -> Recipe {
        self.is_decided = false;
        self
    }

    fn key(&self) -> Key {
        let parts = Parts::new("recipe", "1").data(&self.is_decided);
        self.parts.iter().fold(parts, |parts, (name, part)| parts.text(name).key(part)).key_of_all()
    }
}

/// What is kept of a file that was written.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    file: Pages,
    /// Other files that belong to it, by their places from its folder on.
    with: Vec<(PathBuf, Pages)>,
    /// What it came to, as it is told as data.
    told: String,
}

/// How a file stands before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is what it should be; this is what it came to.
    Right(String),
    /// It has to be written.
    Wrong(Why),
}

/// Why a file has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not there.
    Absent,
    /// Nothing is known of how it came about.
    Unknown,
    /// Something of it has to be made first.
    Unmade,
    /// As far as can be told it is; but its gain is that of the whole episode, which is not known yet.
    Undecided,
    /// These parts of its recipe have changed since it was written.
    Changed(Vec<String>),
    /// It is made together with others that have to be written.
    Together,
    /// It is not what was written last, or not all that belongs to it is.
    Altered,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Absent => f.write_str("not there yet"),
            Why::Unknown => f.write_str("nothing is known of the one there"),
            Why::Unmade => f.write_str("what it is made of has changed"),
            Why::Undecided => f.write_str("if the gain of the whole comes out different"),
            Why::Changed(what) if what.iter().any(|part| part == PROGRAM) => {
                f.write_str("another version of radioplay wrote the one there")
            }
            Why::Changed(what) => write!(f, "another {} than the one there", what.join(" and another ")),
            Why::Together => f.write_str("made together with others"),
            Why::Altered => f.write_str("the one there is not what was written last"),
        }
    }
}

/// What was written. It looks at every file only once, so it is made anew after files have been written.
#[derive(Debug)]
pub struct Ledger<'a> {
    cache: &'a Cache,
    /// What each file should be that was looked at, and whether it is.
    looked_at: Mutex<BTreeMap<PathBuf, (Pages, bool)>>,
}

impl<'a> Ledger<'a> {
    /// What is entered in `cache`.
    pub fn new(cache: &'a Cache) -> Ledger<'a> {
        Ledger { cache, looked_at: Mutex::default() }
    }

    fn is(&self, path: &Path, wanted: &Pages) -> bool {
        let known = || self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, is)) = known().get(path).filter(|(pages, _)| pages == wanted) {
            return *is;
        }
        let is = wanted.are_of(path);
        known().insert(path.to_owned(), (wanted.clone(), is));
        is
    }

    /// Whether a file and all that belongs to it are what was written.
    fn is_whole(&self, target: &Path, entry: &Entry) -> bool {
        let mut others = entry.with.iter();
        self.is(target, &entry.file) && others.all(|(other, wanted)| self.is(&beside(target, other), wanted))
    }

    /// How the file at `target` stands that is to be made by `recipe`; `None` where something of it has to be made
    /// before it is known.
    pub fn standing(&self, target: &Path, recipe: Option<&Recipe>) -> Standing {
        let there = target.symlink_metadata().is_ok_and(|it| it.is_file());
        let entry = recipe.and_then(|recipe| self.cache.fact::<Entry>(Kind::Fact, &recipe.key()));
        let why = match (there, recipe, entry) {
            (false, ..) => Why::Absent,
            (true, _, Some((entry, _))) if self.is_whole(target, &entry) => {
                return Standing::Right(entry.told);
            }
            (true, _, Some(_)) => Why::Altered,
            (true, None, None) => Why::Unmade,
            (true, Some(recipe), None) => self.changed(target, recipe),
        };
        Standing::Wrong(why)
    }

    /// What has changed since the file was written.
    fn changed(&self, target: &Path, recipe: &Recipe) -> Why {
        let before = self.cache.fact::<BTreeMap<String, String>>(Kind::Fact, &place(target));
        let Some((before, _)) = before else { return Why::Unknown };
        let now: BTreeMap<String, String> = written_out(recipe);
        let parts: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let known = |part: &&String| recipe.is_decided || *part != GAIN;
        let changed = parts.into_iter().filter(known).filter(|part| before.get(*part) != now.get(*part));
        let changed: Vec<String> = changed.cloned().collect();
        match changed.is_empty() {
            true if !recipe.is_decided => Why::Undecided,
            true => Why::Unknown,
            false => Why::Changed(changed),
        }
    }

    /// Enters a file that was written, its pages if they are known, what it came to, and the files that belong to it, from
    /// its folder on.
    pub fn enter(
        &self,
        target: &Path,
        recipe: &Recipe,
        pages: Option<Pages>,
        told: String,
        with: &[PathBuf],
    ) {
        if !self.cache.keeps() {
            return;
        }
        let Some(file) = pages.or_else(|| Pages::read(target).ok()) else { return };
        let with = with.iter().map(|other| Some((other.clone(), Pages::read(&beside(target, other)).ok()?)));
        let Some(with) = with.collect() else { return };
        let entry = Entry { file, with, told };
        self.cache.keep_fact(Kind::Fact, &recipe.key(), &entry, &[]);
        self.cache.keep_fact(Kind::Fact, &place(target), &written_out(recipe), &[]);
    }
}

fn beside(target: &Path, other: &Path) -> PathBuf {
    target.parent().unwrap_or(Path::new("")).join(other)
}

fn written_out(recipe: &Recipe) -> BTreeMap<String, String> {
    recipe.parts.iter().map(|(name, part)| ((*name).to_owned(), part.to_string())).collect()
}

/// By where a file lies.
fn place(target: &Path) -> Key {
    Parts::new("place", "1").place(target).key_of_all()
}
