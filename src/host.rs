//! The only door to the file system: what a script may read, and how files are written whole.
//!
//! A stranger's script is data (crate doc, "Invariants"). Every path a script names goes through a [`Show`], which
//! opens regular files inside the show's folder, or inside folders that the person running it allowed, and nothing
//! else: no path that leads out by `..`, from the root, or through a link; no pipe, device or socket, which are
//! never even opened, since opening one can block or act. What leads out is refused before anything is said about
//! whether it exists.
//!
//! Not defended against: another program that swaps files for links while we run. It needs no script for that.

pub mod error;
pub mod room;
pub mod settle;
pub mod still;
pub mod whole;

mod name;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::host::error::HostError;
use crate::host::still::StillFile;

/// The longest text file read, in bytes: 16 MiB.
pub const LONGEST_TEXT: u64 = 16 << 20;

/// A show's folder, and the door to it.
///
/// An empty root is the current folder.
///
/// Paths are as scripts write them: relative to the folder, with `/` between names, on every system.
#[derive(Clone, Debug)]
pub struct Show {
    /// As the person named it.
    root: PathBuf,
    /// Without links.
    real: PathBuf,
    /// Without links; folders, or single files.
    allowed: Vec<PathBuf>,
    /// The same as the person named them, made absolute: a script may name them so too.
    allowed_as_named: Vec<PathBuf>,
}

impl Show {
    /// The show in folder `root`, with what else the person allowed to be read.
    ///
    /// # Errors
    /// Where `root` is no folder, or an allowed path does not exist.
    pub fn open(root: impl Into<PathBuf>, allowed: Vec<PathBuf>) -> Result<Show, HostError> {
        let root =
            Some(root.into()).filter(|root| !root.as_os_str().is_empty()).unwrap_or_else(|| ".".into());
        let resolve = |path: &Path| path.canonicalize().map_err(|error| HostError::io(path, error));
        let real = resolve(&root)?;
        if !real.is_dir() {
            return Err(HostError::NotAFolder { path: root });
        }
        let absolute =
            |path: &PathBuf| std::path::absolute(path).ok().and_then(|path| name::without_dots(&path));
        let allowed_as_named = allowed.iter().filter_map(absolute).collect();
        let allowed = allowed.iter().map(|path| resolve(path)).collect::<Result<_, _>>()?;
        Ok(Show { root, real, allowed, allowed_as_named })
    }

    /// The show's folder, as the person named it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a script's `path` lies, as the person running the program would name it. Not checked in any way.
    pub fn locate(&self, path: &str) -> PathBuf {
        if self.root == Path::new(".") { PathBuf::from(path) } else { self.root.join(path) }
    }

    /// How a script would name the file at `path`: relative to the show where it lies inside, else in full; with
    /// `/` between names.
    pub fn name_of(&self, path: &Path) -> String {
        let real = path.canonicalize();
        let inside = real.as_deref().unwrap_or(path).strip_prefix(&self.real);
        let inside = inside.or_else(|_| path.strip_prefix(&self.root)).unwrap_or(path);
        inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
    }

    /// Reads a text file of at most [`LONGEST_TEXT`] bytes.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn read_text(&self, path: &str) -> Result<String, HostError> {
        let (file, metadata, _) = self.open_checked(path)?;
        let too_large = || HostError::TooLarge { path: self.locate(path), most: LONGEST_TEXT };
        if metadata.len() > LONGEST_TEXT {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        file.take(LONGEST_TEXT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| HostError::io(&self.locate(path), error))?;
        if bytes.len() as u64 > LONGEST_TEXT {
            return Err(too_large());
        }
        String::from_utf8(bytes).map_err(|error| HostError::NotUtf8 {
            path: self.locate(path),
            offset: error.utf8_error().valid_up_to() as u64,
            lossy: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// Reads a file of at most `most` bytes.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn read_bytes(&self, path: &str, most: u64) -> Result<Vec<u8>, HostError> {
        let (file, _, _) = self.open_checked(path)?;
        let mut bytes = Vec::new();
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| HostError::io(&self.locate(path), error))?;
        if bytes.len() as u64 > most {
            return Err(HostError::TooLarge { path: self.locate(path), most });
        }
        Ok(bytes)
    }

    /// Opens a file of any size, for reading: a recording, an impulse response.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn open_file(&self, path: &str) -> Result<File, HostError> {
        self.open_checked(path).map(|(file, _, _)| file)
    }

    /// The same for a recording that is to be read where it lies, later on too; without that where it cannot be told
    /// whether it changes.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn open_still(&self, path: &str) -> Result<(File, Option<StillFile>), HostError> {
        let (file, metadata, real) = self.open_checked(path)?;
        Ok((file, StillFile::new(real, &metadata)))
    }

    /// The names of the regular files in a folder, sorted; an empty path is the show's own folder. Links count as
    /// what they lead to, if a script may read it. Names that are not UTF-8 are left out, since no script can
    /// write them.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn list(&self, folder: &str) -> Result<Vec<String>, HostError> {
        let (real, mut names) = self.entries(folder)?;
        names.retain(|name| {
            let target = real.join(name).canonicalize();
            target.is_ok_and(|target| self.may_read(&target) && target.is_file())
        });
        Ok(names)
    }

    /// The same, and the names of what is no file or what no script may read: whoever opens it is told.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn list_all(&self, folder: &str) -> Result<Vec<String>, HostError> {
        self.entries(folder).map(|(_, names)| names)
    }

    /// Where `path` leads, without links: the same for every way to write it. `None` where a script may not read.
    pub fn real(&self, path: &str) -> Option<PathBuf> {
        self.resolve(path).ok()
    }

    fn entries(&self, folder: &str) -> Result<(PathBuf, Vec<String>), HostError> {
        let real = if folder.is_empty() { self.real.clone() } else { self.resolve(folder)? };
        let failed = |error| HostError::io(&self.locate(folder), error);
        if !real.metadata().map_err(failed)?.is_dir() {
            return Err(HostError::NotAFolder { path: self.locate(folder) });
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&real).map_err(failed)? {
            names.extend(entry.map_err(failed)?.file_name().into_string());
        }
        names.sort_unstable();
        Ok((real, names))
    }

    /// Resolves `path`, makes sure that it is a regular file, opens it, and makes sure again. With where it is, without
    /// links.
    fn open_checked(&self, path: &str) -> Result<(File, Metadata, PathBuf), HostError> {
        let real = self.resolve(path)?;
        let failed = |error| HostError::io(&self.locate(path), error);
        let regular = |metadata: &Metadata| match error::kind(metadata.file_type()) {
            None => Ok(()),
            Some(what) => Err(HostError::NotAFile { path: self.locate(path), what }),
        };
        regular(&real.metadata().map_err(failed)?)?;
        let file = read_only().open(&real).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        regular(&metadata)?;
        Ok((file, metadata, real))
    }

    /// Where `path` leads, without links, if a script may read there.
    fn resolve(&self, path: &str) -> Result<PathBuf, HostError> {
        if let Some(why) = name::refusal(path) {
            return Err(HostError::BadName { path: path.to_owned(), why });
        }
        let outside = || HostError::Outside { path: path.to_owned(), show: self.root.clone() };
        // First by the names alone, so that nothing outside is even asked for.
        let joined = name::without_dots(&self.real.join(path)).ok_or_else(outside)?;
        if !self.may_read(&joined) && !self.allowed_as_named.iter().any(|allowed| joined.starts_with(allowed))
        {
            return Err(outside());
        }
        // Then for real. `..` was worked out by the names, as Windows does, so it never climbs out of a link's target.
        match joined.canonicalize() {
            Ok(real) if self.may_read(&real) => Ok(real),
            Ok(_) => Err(outside()),
            Err(error) if absent(&error) => {
                // A folder on the way may be a link to the outside, where we do not say what exists.
                let there = joined.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
                match there {
                    Some(folder) if !self.may_read(&folder) => Err(outside()),
                    _ => Err(HostError::NotFound { path: self.locate(path) }),
                }
            }
            Err(error) => Err(HostError::io(&self.locate(path), error)),
        }
    }

    fn may_read(&self, real: &Path) -> bool {
        real.starts_with(&self.real) || self.allowed.iter().any(|allowed| real.starts_with(allowed))
    }
}

/// Whether an error says that there is no such file, or that a part of its path is no folder.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Options that open for reading, without waiting: should a pipe appear between the check and the opening, opening
/// returns at once, and the second check refuses it.
fn read_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}
