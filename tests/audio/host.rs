//! What a script may read: its show, what was allowed, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use radioplay::host::error::HostError;
use radioplay::host::{LONGEST_TEXT, Show};

/// A show in `show/`, a stranger's folder in `secret/`, an allowed one in `library/`.
fn house() -> tempfile::TempDir {
    let house = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("show/script/one.toml", "format = 1\n"),
        ("show/sfx/knock.wav", "knock"),
        ("show/sfx/Ärger.wav", "grr"),
        ("secret/key.txt", "key"),
        ("library/rain.wav", "rain"),
    ] {
        let path = house.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    house
}

fn show(house: &tempfile::TempDir) -> Show {
    Show::open(house.path().join("show"), Vec::new()).unwrap()
}

fn allowing(house: &tempfile::TempDir, allowed: &str) -> Show {
    Show::open(house.path().join("show"), vec![house.path().join(allowed)]).unwrap()
}

/// What comes of reading `path`: its text, or the name of the error.
fn check(show: &Show, path: &str) -> String {
    let opened = show.open_file(path).map(|_| ());
    match show.read_text(path) {
        Ok(text) => {
            assert!(opened.is_ok(), "{path}: reads but does not open");
            text
        }
        Err(error) => {
            let name = format!("{error:?}");
            let name = name.split(' ').next().unwrap().to_owned();
            if let Err(opened) = opened {
                assert!(format!("{opened:?}").starts_with(&name), "{path}: {error:?} against {opened:?}");
            }
            name
        }
    }
}

#[test]
fn what_lies_inside_is_read() {
    let house = house();
    let show = show(&house);
    for path in
        ["sfx/knock.wav", "./sfx/knock.wav", "sfx//knock.wav", "sfx/../sfx/knock.wav", "sfx/./knock.wav"]
    {
        assert_eq!(check(&show, path), "knock", "{path}");
    }
    assert_eq!(check(&show, "sfx/Ärger.wav"), "grr");
    assert_eq!(show.locate("sfx/knock.wav"), house.path().join("show/sfx/knock.wav"));
    assert_eq!(show.name_of(&house.path().join("show/sfx/knock.wav")), "sfx/knock.wav");
    assert_eq!(show.name_of(&house.path().join("show/sfx/gone.wav")), "sfx/gone.wav");
}

#[test]
fn what_leads_out_is_refused_whether_it_exists_or_not() {
    let house = house();
    let show = show(&house);
    let secret = house.path().join("secret/key.txt");
    for path in [
        "../secret/key.txt",
        "../secret/nothing",
        "sfx/../../secret/key.txt",
        "/etc/passwd",
        "/nothing/at/all",
        secret.to_str().unwrap(),
        "../../../../../../../../../../../../etc/passwd",
        "..",
    ] {
        assert_eq!(check(&show, path), "Outside", "{path}");
    }
    // A folder whose name merely begins like the show's is another folder.
    fs::create_dir(house.path().join("show2")).unwrap();
    fs::write(house.path().join("show2/x"), "x").unwrap();
    assert_eq!(check(&show, "../show2/x"), "Outside");
}

#[cfg(unix)]
#[test]
fn links_count_as_what_they_lead_to() {
    use std::os::unix::fs::symlink;
    let house = house();
    let sfx = house.path().join("show/sfx");
    symlink("knock.wav", sfx.join("inner.wav")).unwrap();
    symlink(house.path().join("secret/key.txt"), sfx.join("key.wav")).unwrap();
    symlink("../../secret", sfx.join("folder")).unwrap();
    symlink("../../library", sfx.join("library")).unwrap();
    symlink("nowhere.wav", sfx.join("dangling.wav")).unwrap();
    symlink("loop.wav", sfx.join("loop.wav")).unwrap();
    let show = show(&house);
    assert_eq!(check(&show, "sfx/inner.wav"), "knock");
    assert_eq!(check(&show, "sfx/key.wav"), "Outside");
    assert_eq!(check(&show, "sfx/folder/key.txt"), "Outside");
    assert_eq!(check(&show, "sfx/folder/nothing.txt"), "Outside");
    assert_eq!(check(&show, "sfx/folder/../show/sfx/knock.wav"), "NotFound");
    assert_eq!(check(&show, "sfx/dangling.wav"), "NotFound");
    assert_eq!(check(&show, "sfx/loop.wav"), "Io");
    assert_eq!(check(&show, "sfx/library/rain.wav"), "Outside");
    let allowed = allowing(&house, "library");
    assert_eq!(check(&allowed, "sfx/library/rain.wav"), "rain");
    assert_eq!(check(&allowed, "sfx/key.wav"), "Outside");
    assert_eq!(show.list("sfx").unwrap(), ["inner.wav", "knock.wav", "Ärger.wav"]);
    assert!(matches!(show.list("sfx/folder"), Err(HostError::Outside { .. })));
    // A show that is itself reached by a link is a show.
    symlink(house.path().join("show"), house.path().join("link")).unwrap();
    let linked = Show::open(house.path().join("link"), Vec::new()).unwrap();
    assert_eq!(check(&linked, "sfx/knock.wav"), "knock");
    assert_eq!(linked.name_of(&house.path().join("link/sfx/knock.wav")), "sfx/knock.wav");
}

#[cfg(unix)]
#[test]
fn allowed_folders_are_named_as_the_person_named_them() {
    let house = house();
    std::os::unix::fs::symlink(house.path().join("library"), house.path().join("shelf")).unwrap();
    let show = allowing(&house, "shelf");
    let rain = |folder: &str| house.path().join(folder).join("rain.wav").to_str().unwrap().to_owned();
    assert_eq!(check(&show, &rain("shelf")), "rain");
    assert_eq!(check(&show, &rain("library")), "rain");
    assert_eq!(check(&show, "../library/rain.wav"), "rain");
    assert_eq!(check(&show, "../library/gone.wav"), "NotFound");
    assert_eq!(check(&show, "../secret/key.txt"), "Outside");
    let file = allowing(&house, "secret/key.txt");
    assert_eq!(check(&file, "../secret/key.txt"), "key");
    assert_eq!(check(&file, "../secret/other.txt"), "Outside");
    assert!(Show::open(house.path().join("show"), vec![house.path().join("gone")]).is_err());
    assert!(Show::open(house.path().join("gone"), Vec::new()).is_err());
    assert!(matches!(
        Show::open(house.path().join("secret/key.txt"), Vec::new()),
        Err(HostError::NotAFolder { .. })
    ));
}

/// Opening a pipe for reading waits for a writer, and reading /dev/zero never ends.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_never_opened() {
    use std::os::unix::fs::symlink;
    let house = house();
    let sfx = house.path().join("show/sfx");
    let fifo = std::process::Command::new("mkfifo").arg(sfx.join("pipe.wav")).status().unwrap();
    assert!(fifo.success());
    symlink("/dev/zero", sfx.join("zero.wav")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(sfx.join("socket.wav")).unwrap();
    let started = Instant::now();
    let show = show(&house);
    assert_eq!(check(&show, "sfx/zero.wav"), "Outside");
    let what = |show: &Show, path: &str| match show.open_file(path) {
        Err(HostError::NotAFile { what, .. }) => what,
        other => panic!("{path}: {other:?}"),
    };
    assert_eq!(what(&show, "sfx/pipe.wav"), "a pipe");
    assert_eq!(what(&show, "sfx/socket.wav"), "a socket");
    assert_eq!(what(&show, "sfx"), "a folder");
    assert_eq!(what(&show, "."), "a folder");
    let generous = Show::open(house.path().join("show"), vec![PathBuf::from("/dev")]).unwrap();
    assert_eq!(what(&generous, "sfx/zero.wav"), "a device");
    assert_eq!(what(&generous, "/dev/zero"), "a device");
    assert!(!show.list("sfx").unwrap().contains(&"pipe.wav".to_owned()));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn names_that_work_on_one_system_only_are_refused() {
    let house = house();
    let show = show(&house);
    for path in [
        "",
        "sfx\\knock.wav",
        "C:/sfx/knock.wav",
        "c:knock.wav",
        "sfx/CON",
        "sfx/con.wav",
        "NUL.txt/x",
        "sfx/lpt1",
        "sfx/aux .wav",
        "sfx/knock.wav\0.txt",
    ] {
        assert_eq!(check(&show, path), "BadName", "{path:?}");
    }
    for path in ["sfx/console.wav", "sfx/com0", "sfx/com10", "sfx/company", "sfx/nul-hour.wav"] {
        assert_eq!(check(&show, path), "NotFound", "{path:?}");
    }
    assert_eq!(check(&show, "sfx/knock.wav/deeper"), "NotFound");
}

#[test]
fn texts_are_utf8_and_of_bounded_length() {
    let house = house();
    let file = house.path().join("show/long.toml");
    fs::write(&file, b"ab\xffcd").unwrap();
    let show = show(&house);
    assert!(matches!(show.read_text("long.toml"), Err(HostError::NotUtf8 { offset: 2, .. })));
    let long = fs::File::create(&file).unwrap();
    long.set_len(LONGEST_TEXT).unwrap();
    assert_eq!(show.read_text("long.toml").unwrap().len() as u64, LONGEST_TEXT);
    long.set_len(1 << 40).unwrap();
    let error = show.read_text("long.toml").unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` is larger than 16 MiB", file.display()));
    assert!(show.open_file("long.toml").is_ok());
}

#[test]
fn folders_list_their_files_sorted() {
    let house = house();
    fs::create_dir(house.path().join("show/sfx/more")).unwrap();
    let show = show(&house);
    assert_eq!(show.list("sfx").unwrap(), ["knock.wav", "Ärger.wav"]);
    assert_eq!(show.list("").unwrap(), Vec::<String>::new());
    assert!(matches!(show.list("voices"), Err(HostError::NotFound { .. })));
    assert!(matches!(show.list("sfx/knock.wav"), Err(HostError::NotAFolder { .. })));
    assert!(matches!(show.list("../secret"), Err(HostError::Outside { .. })));
    assert!(Path::new(show.root()).ends_with("show"));
}
