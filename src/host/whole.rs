//! Output files that are whole or absent.
//!
//! A [`WholeFile`] is written under another name, `.NAME.radioplay-XXXXXX.tmp`, in the folder it is to stand in, and
//! takes its own name in one step when it is complete and on the disk. Until then a file that had the name before is
//! untouched; a `WholeFile` that is dropped leaves nothing behind.
//!
//! A program that is killed cannot tidy up. So whoever next writes the same file removes such leftovers of it that
//! nobody is writing: a file in progress is locked, and the system unlocks what a killed program had locked. Where
//! files cannot be locked, those go that nothing has written to for an hour; a render in progress writes more often.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::Builder;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// How long nothing has written to a leftover before it is removed, where files cannot be locked.
const STALE: Duration = Duration::from_secs(3600);
/// The most characters of the file's name that the temporary one repeats, as names have a longest length.
const NAME: usize = 50;
/// From how many bytes on a file is large: 64 MiB.
const LARGE: u64 = 64 << 20;
const MARK: &str = ".radioplay-";
const SUFFIX: &str = ".tmp";

/// A file being written. It appears under its name by [`WholeFile::commit`], or never.
#[derive(Debug)]
pub struct WholeFile {
    temporary: NamedTempFile,
    target: PathBuf,
}

impl WholeFile {
    /// Begins a file that will stand at `target`. Missing folders on the way are made. A link at `target` will be
    /// replaced, not followed.
    ///
    /// New files get the permissions the person's system gives new files; a file that replaces one keeps its.
    ///
    /// # Errors
    /// Where something that is no regular file stands at `target`, or the system refuses.
    pub fn create(target: impl Into<PathBuf>) -> Result<WholeFile, WholeError> {
        let target = target.into();
        let fail = |what, source| WholeError { path: target.clone(), what, source };
        let Some(name) = target.file_name().map(OsStr::to_owned) else {
            return Err(fail("has no file name", io::ErrorKind::InvalidInput.into()));
        };
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let before = fs::symlink_metadata(&target).ok();
        if before.as_ref().is_some_and(|it| !it.is_file() && !it.is_symlink()) {
            return Err(fail("cannot be replaced", io::Error::other("it is not a regular file")));
        }
        fs::create_dir_all(folder).map_err(|error| fail("cannot be given a folder", error))?;

        let prefix: String = name.to_string_lossy().chars().take(NAME).collect();
        let prefix = format!(".{prefix}{MARK}");
        remove_stale(folder, &prefix);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(SUFFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = locked(&builder, folder).map_err(|error| fail("cannot be created", error))?;
        if let Some(before) = before.filter(|it| it.is_file()) {
            keep_permissions(temporary.as_file(), before.permissions());
        }
        Ok(WholeFile { temporary, target })
    }

    /// Where the file will stand.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Another handle to the file being written, for writers that keep what they are given. It shares its position
    /// with this one.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn handle(&self) -> Result<File, WholeError> {
        self.temporary.as_file().try_clone().map_err(|error| self.fail("cannot be opened again", error))
    }

    /// Puts everything on the disk, then gives the file its name. Whatever happens, the name stands for the whole file
    /// or for what it stood for before; should the power fail at once, it may be the latter.
    ///
    /// # Errors
    /// Where the disk is full or the system refuses; then a file of that name is as it was before.
    pub fn commit(self) -> Result<(), WholeError> {
        self.temporary.as_file().sync_all().map_err(|error| self.fail("cannot be written", error))?;
        let WholeFile { temporary, target } = self;
        let before = replaced(&target);
        match temporary.persist(&target) {
            Ok(_) => {
                before.into_iter().for_each(let_go);
                Ok(())
            }
            Err(error) => {
                Err(WholeError { path: target, what: "cannot be given its name", source: error.error })
            }
        }
    }

    fn fail(&self, what: &'static str, source: io::Error) -> WholeError {
        WholeError { path: self.target.clone(), what, source }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

impl Seek for WholeFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.temporary.seek(to)
    }
}

/// Opens a file that was written before, to see what is in it.
///
/// # Errors
/// Where there is none, or it is no regular file: nothing else is ever opened.
pub fn open_written(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    File::open(path)
}

/// The file that is about to be replaced, if it is large; to be let go of afterwards. `None` also where a file that is open
/// cannot be replaced.
fn replaced(target: &Path) -> Option<File> {
    let before = open_written(target).ok().filter(|_| cfg!(unix))?;
    before.metadata().is_ok_and(|about| about.len() >= LARGE).then_some(before)
}

/// Closes a large file that has no name any more. Who closes it last waits until the system has thrown it away: a quarter of a
/// second for a gigabyte, twice that where each piece that is free is reported to the disk; and no process ends before all
/// of its threads have. So it is lent to one that waits until nobody else has it, and is not waited for.
fn let_go(file: File) {
    let own = file.try_clone();
    // By itself: in a `match`, the command would have the file as well until that is over.
    let last = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(file).spawn();
    match last {
        Ok(mut last) => {
            drop(own);
            // Closes what it reads from, so that it ends; nobody is left to be waited for, as long as this process goes on.
            drop(Builder::new().spawn(move || last.wait()));
        }
        // Where that cannot be had, by a thread; and where that cannot, here.
        Err(_) => drop(own.map(|own| Builder::new().spawn(move || drop(own)))),
    }
}

/// A new temporary file that others can tell is being written.
fn locked(builder: &tempfile::Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let temporary = builder.tempfile_in(folder)?;
        let _ = temporary.as_file().try_lock();
        // Between making and locking it, it looked like a leftover to others.
        if temporary.path().exists() {
            return Ok(temporary);
        }
    }
}

/// Whether nobody is writing a file.
fn is_left(path: &Path, modified: io::Result<SystemTime>) -> bool {
    let old = || modified.is_ok_and(|then| then.elapsed().is_ok_and(|age| age > STALE));
    match File::options().append(true).open(path).map(|file| file.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock)) => false,
        Ok(Err(TryLockError::Error(_))) | Err(_) => old(),
    }
}

/// Removes what was left of any file in a folder when the program that wrote it was killed: of one that nobody writes any
/// more too.
pub fn sweep(folder: &Path) {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    remove_stale(folder, ".");
}

/// Removes leftovers of a file whose temporary names begin with `prefix`. What fails is left for the next time: it
/// is in nobody's way.
fn remove_stale(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = |name: &str| name.starts_with(prefix) && name.contains(MARK) && name.ends_with(SUFFIX);
        let ours = name.to_str().is_some_and(is_ours);
        if ours && entry.metadata().is_ok_and(|it| it.is_file() && is_left(&entry.path(), it.modified())) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Gives the new file the old one's permissions; without them it is still a good file.
fn keep_permissions(file: &File, permissions: Permissions) {
    // A read-only file may be replaced, since its folder may be written; but not while it is being written, on
    // Windows.
    if !permissions.readonly() {
        let _ = file.set_permissions(permissions);
    }
}

/// Why a file was not written.
#[derive(Debug)]
pub struct WholeError {
    path: PathBuf,
    what: &'static str,
    source: io::Error,
}

impl WholeError {
    /// The error of writing to a file that is to stand at `target`.
    pub fn writing(target: &Path, source: io::Error) -> WholeError {
        WholeError { path: target.to_owned(), what: "cannot be written", source }
    }

    /// The file that was to be written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for WholeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}: {}", self.path.display(), self.what, self.source)
    }
}

impl Error for WholeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
