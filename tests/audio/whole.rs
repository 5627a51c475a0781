//! An output file is whole or absent.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use radioplay::host::whole::WholeFile;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_when_committed_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new/deeper/episode.wav");
    let mut whole = WholeFile::create(&target).unwrap();
    whole.write_all(b"whole").unwrap();
    assert!(!target.exists());
    let temporary = names(target.parent().unwrap());
    assert!(
        temporary[0].starts_with(".episode.wav.radioplay-") && temporary[0].ends_with(".tmp"),
        "{temporary:?}"
    );
    whole.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"whole");
    assert_eq!(names(target.parent().unwrap()), ["episode.wav"]);
}

#[test]
fn the_old_file_stays_when_the_new_one_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("episode.wav");
    fs::write(&target, "old").unwrap();
    let mut whole = WholeFile::create(&target).unwrap();
    whole.write_all(b"half of the ne").unwrap();
    drop(whole);
    assert_eq!(fs::read(&target).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["episode.wav"]);
    let mut whole = WholeFile::create(&target).unwrap();
    whole.write_all(b"new").unwrap();
    whole.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"new");
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_any_new_file_or_of_the_old_one() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    let (plain, target) = (folder.path().join("plain"), folder.path().join("episode.wav"));
    File::create(&plain).unwrap();
    WholeFile::create(&target).unwrap().commit().unwrap();
    assert_eq!(mode(&target), mode(&plain));
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    WholeFile::create(&target).unwrap().commit().unwrap();
    assert_eq!(mode(&target), 0o640);
}

#[cfg(unix)]
#[test]
fn a_link_is_replaced_and_its_target_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (target, precious) = (folder.path().join("episode.wav"), folder.path().join("precious"));
    fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, &target).unwrap();
    let mut whole = WholeFile::create(&target).unwrap();
    whole.write_all(b"new").unwrap();
    whole.commit().unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert_eq!(fs::read(&target).unwrap(), b"new");
}

#[test]
fn leftovers_of_the_same_file_go_unless_somebody_is_writing_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut in_progress = Vec::new();
    for (name, written) in [
        (".episode.wav.radioplay-aaaaaa.tmp", false),
        (".episode.wav.radioplay-bbbbbb.tmp", true),
        (".other.wav.radioplay-cccccc.tmp", false),
        (".episode.wav.backup.tmp", false),
    ] {
        let file = File::create(folder.path().join(name)).unwrap();
        if written {
            file.lock().unwrap();
            in_progress.push(file);
        }
    }
    WholeFile::create(folder.path().join("episode.wav")).unwrap().commit().unwrap();
    assert_eq!(
        names(folder.path()),
        [
            ".episode.wav.backup.tmp",
            ".episode.wav.radioplay-bbbbbb.tmp",
            ".other.wav.radioplay-cccccc.tmp",
            "episode.wav"
        ]
    );
}

#[test]
fn what_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let check = |target: &Path, what: &str| {
        let error = WholeFile::create(target).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{}` {what}", target.display())), "{error}");
    };
    check(folder.path(), "cannot be replaced");
    check(&folder.path().join("file/episode.wav"), "cannot be given a folder");
    check(Path::new("/"), "has no file name");
    // A long name leaves no room for a longer temporary one.
    let long = folder.path().join(format!("{}.wav", "é".repeat(120)));
    WholeFile::create(&long).unwrap().commit().unwrap();
    assert!(long.exists());
    #[cfg(target_os = "linux")]
    check(Path::new("/dev/full"), "cannot be replaced");
}
