//! Files as they were written, page by page: so that one which is already what it should be is left alone, and so that
//! what has not changed of another is taken from the file itself when it is written again.
//!
//! A file is known by the checksums of its bytes, not by its date. A page of a WAV is a portion of the master, with what decides
//! on it; the pages of other files are of equal length. What is taken over is checked by its checksum while it is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::cache::checksum::Checksum;
use crate::cache::key::{Key, MASTER, Parts};
use crate::cache::{Cache, Kind};
use crate::export::wav::WavFormat;
use crate::export::wav::packed::Packed;
use crate::export::wav::placed::{Placed, Placing};
use crate::host::whole::open_written;
use crate::master::perform::Deeds;
use crate::master::preset::Specification;
use crate::master::{Settings, limit};
use crate::units::level::{Gain, Level};

/// How long pages are where nothing else cuts them.
const PLAIN: u64 = 8 << 20;

/// Every byte of a file, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages(Vec<Page>);

/// Some bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    length: u64,
    checksum: String,
    /// Of a portion of the master: what decides on it, and what the limiter did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made: Option<Made>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    key: String,
    /// Gains by their bits: no text has all of them.
    deepest: Vec<(u32, u64)>,
    not_finite: u64,
    clamped: u64,
}

impl Made {
    fn new(key: &Key, deeds: &Deeds) -> Made {
        let deepest = deeds.deepest.iter().map(|(gain, at)| (gain.db().to_bits(), *at)).collect();
        Made { key: key.to_string(), deepest, not_finite: deeds.not_finite, clamped: deeds.clamped }
    }

    fn deeds(&self) -> Option<Deeds> {
        let deepest = self.deepest.iter().map(|(bits, at)| Some((Gain::new(f32::from_bits(*bits))?, *at)));
        Some(Deeds {
            deepest: deepest.collect::<Option<_>>()?,
            not_finite: self.not_finite,
            clamped: self.clamped,
        })
    }
}

impl Pages {
    /// Those of a file that was not written page by page.
    ///
    /// # Errors
    /// Where there is no such file, or it cannot be read.
    pub fn read(path: &Path) -> io::Result<Pages> {
        let length = open_written(path)?.metadata()?.len();
        let page = |index: u64| {
            let start = index * PLAIN;
            page(path, &(start..length.min(start + PLAIN)))
        };
        (0..length.div_ceil(PLAIN)).into_par_iter().map(page).collect::<io::Result<_>>().map(Pages)
    }

    /// The same, without what each was made of.
    #[must_use]
    pub fn bare(self) -> Pages {
        Pages(self.0.into_iter().map(|page| Page { made: None, ..page }).collect())
    }

    /// Whether these are the pages of the file that is there now.
    pub fn are_of(&self, path: &Path) -> bool {
        let length = open_written(path).and_then(|file| file.metadata()).map(|it| it.len());
        let ranges: Vec<(&Page, Range<u64>)> = self.ranges().collect();
        length.is_ok_and(|length| length == ranges.last().map_or(0, |(_, range)| range.end))
            && ranges.par_iter().all(|(page, range)| {
                self::page(path, range).is_ok_and(|found| found.checksum == page.checksum)
            })
    }

    /// Every page, and where it lies.
    fn ranges(&self) -> impl Iterator<Item = (&Page, Range<u64>)> {
        self.0.iter().scan(0_u64, |at, page| {
            let start = *at;
            *at = start.saturating_add(page.length);
            Some((page, start..*at))
        })
    }
}

fn read(path: &Path, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let mut file: File = open_written(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let length = range.end - range.start;
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
    if file.take(length).read_to_end(&mut bytes)? as u64 == length {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn page(path: &Path, range: &Range<u64>) -> io::Result<Page> {
    let checksum = Checksum::of(&read(path, range)?).to_string();
    Ok(Page { length: range.end - range.start, checksum, made: None })
}

/// The pages of a WAV while it is written: first its sound, then what is around that.
#[derive(Debug, Default)]
pub struct Binding {
    pages: Vec<Page>,
}

impl Binding {
    /// None where `cache` keeps nothing: nobody would ask for the pages, and checksums take time.
    pub fn new(cache: &Cache) -> Option<Binding> {
        cache.keeps().then(Binding::default)
    }

    /// Adds bytes that are written next, of this checksum: a portion of the master, or anything else.
    pub fn add(&mut self, length: u64, checksum: &Checksum, made: Option<(&Key, &Deeds)>) {
        self.pages.push(Page {
            length,
            checksum: checksum.to_string(),
            made: made.map(|(key, deeds)| Made::new(key, deeds)),
        });
    }

    /// The pages of the file at `path`, now that it is complete, whose sound begins at byte `start`.
    ///
    /// # Errors
    /// Where it cannot be read again.
    pub fn finish(self, path: &Path, start: u64) -> io::Result<Pages> {
        let end = self.pages.iter().fold(start, |end, page| end + page.length);
        let length = open_written(path)?.metadata()?.len();
        let mut pages = vec![page(path, &(0..start))?];
        pages.extend(self.pages);
        pages.push(page(path, &(end..length))?);
        Ok(Pages(pages))
    }
}

/// What a WAV holds, what it was mastered for, and with what: gain and ceiling by their bits.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    pages: Pages,
    specification: String,
    gain: u32,
    ceiling: u32,
}

/// Enters in `cache` what the WAV of this format at `path` holds, what it was mastered for, and with which settings.
pub fn enter(
    cache: &Cache,
    format: WavFormat,
    path: &Path,
    pages: Pages,
    (specification, settings): (&Specification, &Settings),
) {
    let (gain, ceiling) = (settings.gain.db().to_bits(), settings.ceiling.dbfs().to_bits());
    let held = Held { pages, specification: format!("{specification:?}"), gain, ceiling };
    cache.keep_fact(Kind::Fact, &self::held(format, path), &held, &[]);
}

fn held(format: WavFormat, path: &Path) -> Key {
    Parts::new("held", MASTER).data(&format).place(path).key_of_all()
}

/// Portions of the master that files hold which are there already.
#[derive(Debug)]
pub struct AtHand {
    format: WavFormat,
    portions: BTreeMap<String, (PathBuf, Range<u64>, Page)>,
    /// What the last of them was mastered for, and with what.
    made_with: Option<(String, Gain, Level)>,
}

impl AtHand {
    /// What the WAVs of this format at `paths` hold, as far as it is entered in `cache`.
    pub fn new<'p>(cache: &Cache, format: WavFormat, paths: impl IntoIterator<Item = &'p Path>) -> AtHand {
        let (mut portions, mut made_with) = (BTreeMap::new(), None);
        for path in paths {
            let Some((held, _)) = cache.fact::<Held>(Kind::Fact, &held(format, path)) else { continue };
            let [gain, ceiling] = [held.gain, held.ceiling].map(f32::from_bits);
            made_with = Gain::new(gain)
                .zip(Level::new(ceiling))
                .map(|(gain, ceiling)| (held.specification, gain, ceiling));
            for (page, range) in held.pages.ranges() {
                if let Some(made) = &page.made {
                    portions.insert(made.key.clone(), (path.to_owned(), range, page.clone()));
                }
            }
        }
        AtHand { format, portions, made_with }
    }

    /// What a master will likely be run with: what the last of the files was made with, if that was for the same.
    pub fn settings(&self, specification: &Specification) -> Option<Settings> {
        let (made_for, gain, ceiling) = self.made_with.as_ref()?;
        let settings = limit::as_mixed(specification).settings;
        (*made_for == format!("{specification:?}")).then_some(Settings {
            gain: *gain,
            ceiling: *ceiling,
            ..settings
        })
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.portions.is_empty()
    }

    /// The portion that is known by `key`, and what the limiter did in it, if a file still holds it.
    pub fn find(&self, key: &Key) -> Option<(Packed, Deeds)> {
        let (path, range, page, deeds) = self.entry(key)?;
        let bytes = read(path, range).ok()?;
        let checksum = Checksum::of(&bytes);
        (checksum.to_string() == page.checksum).then(|| (self.format.packed(bytes, checksum), deeds))
    }

    /// The same, put to its place in a file that is being written, from its frame `frame` on.
    pub fn place(&self, key: &Key, placing: &Placing, frame: u64) -> Option<(Placed, Deeds)> {
        let (path, range, page, deeds) = self.entry(key)?;
        let file = open_written(path).ok()?;
        let (placed, checksum) = placing.copy(frame, &file, range.start, range.end - range.start).ok()?;
        (checksum.to_string() == page.checksum).then_some((placed, deeds))
    }

    /// Where it should be, and what the limiter did in it.
    fn entry(&self, key: &Key) -> Option<(&Path, &Range<u64>, &Page, Deeds)> {
        let (path, range, page) = self.portions.get(&key.to_string())?;
        Some((path, range, page, page.made.as_ref()?.deeds()?))
    }
}
