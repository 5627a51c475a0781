//! Exports that are killed, that run out of disk, whose cache is damaged, and several at once: never a wrong file, never
//! half of one, and after the next run nothing is left over.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cache::damage::damages;
use crate::cache::entries;
use crate::export::voice;
use crate::show::TestShow;

/// Everything, for a short play.
const ARGS: [&str; 12] = [
    "--cache",
    "kept",
    "-o",
    "out",
    "--scenes",
    "--stems",
    "all",
    "--format=wav,flac,opus",
    "--captions=vtt,json",
    "--session=dawproject,reaper",
    "--deliver=podcast",
    "--quiet",
];

type Snapshot = BTreeMap<String, Vec<u8>>;

/// Two short scenes; the version tells how they go on.
fn script(version: usize) -> String {
    let line = ["Come in, then.", "Go away, then.", "Come in, do."][version % 3];
    let gain = [-12, -9, -15][version % 3];
    format!(
        "format = 1\ntitle = \"Killed\"\n[cast.ann]\n[cast.ben]\nvoice = {{ engine = \"pico\", lang = \"en-US\" }}\n\
         [sound.hum]\nfile = \"sfx/hum.wav\"\n[place.hall]\nroom = \"hall\"\n\
         [[scene]]\nid = \"one\"\nplace = \"hall\"\nscript = [\n\
         {{ bed = \"hum\", from = \"scene.start\", to = \"scene.end\", gain = {gain} }},\n\
         {{ id = \"a\", by = \"ann\", line = \"Who is there?\" }} ]\n\
         [[scene]]\nid = \"two\"\nscript = [ {{ id = \"b\", by = \"ben\", line = \"{line}\" }} ]\n"
    )
}

fn show() -> TestShow {
    TestShow::with_script(&script(0)).clip("voices/ann/a.wav", &voice(220.0, 0.5)).clip_at(
        "sfx/hum.wav",
        &voice(110.0, 0.4),
        1,
        44_100,
    )
}

fn write(show: &TestShow, version: usize) {
    std::fs::write(show.path("script/test.toml"), script(version)).expect("it can be written");
}

fn export(show: &TestShow, args: &[&str]) {
    let run = show.run(&[&["export"], args].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// What each version comes to where nothing ever goes wrong.
fn expected(show: &TestShow) -> Vec<Snapshot> {
    let expected = (0..3).map(|version| {
        write(show, version);
        let folder = format!("expected-{version}");
        export(show, &[&["--no-cache", "-o", &folder], &ARGS[4..]].concat());
        show.snapshot(&folder)
    });
    expected.collect()
}

fn start(show: &TestShow, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    command.arg("export").args(args).current_dir(show.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

/// Files that are whole.
fn whole(show: &TestShow, folder: &str) -> Snapshot {
    let mut files = show.snapshot(folder);
    files.retain(|name, _| !name.rsplit('/').next().is_some_and(|file| file.starts_with('.')));
    files
}

/// A sequence of numbers from 0 to 1 that looks like chance (D. Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Kills exports at moments that a seed chooses, between beginning and end.
fn kill(times: usize, seed: u64) {
    let show = show();
    let expected = expected(&show);
    let mut chance = Chance(seed);
    write(&show, 0);
    let started = Instant::now();
    export(&show, &ARGS);
    let cold = started.elapsed();
    let mut killed = 0;
    for time in 0..times {
        let version = (chance.next() * 3.0) as usize;
        write(&show, version);
        if chance.next() < 0.2 {
            entries(&show).iter().for_each(|it| drop(std::fs::remove_file(it)));
        }
        let before = whole(&show, "out");
        let mut child = start(&show, &ARGS);
        std::thread::sleep(Duration::from_secs_f64(cold.as_secs_f64() * chance.next()));
        killed += usize::from(child.try_wait().expect("it can be asked").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        for (name, bytes) in whole(&show, "out") {
            let is_old = before.get(&name) == Some(&bytes);
            assert!(
                is_old || expected[version].get(&name) == Some(&bytes),
                "seed {seed}, killed the {time}th time: {name} is neither as it was nor as it should be"
            );
        }
        assert!(before.keys().all(|name| show.path("out").join(name).is_file()), "seed {seed}: {time}");
        if time % 10 == 9 {
            export(&show, &ARGS);
            let found = whole(&show, "out");
            let right = expected[version].iter().all(|(name, bytes)| found.get(name) == Some(bytes));
            assert!(right, "seed {seed}, after {time}");
            assert_eq!(show.left_over(), Vec::<String>::new(), "seed {seed}, after {time}");
        }
    }
    println!("{killed} of {times} were killed before they had ended");
}

#[test]
fn an_export_killed_two_hundred_times_leaves_nothing_wrong() {
    kill(200, 1897);
}

#[test]
fn leftovers_go_even_of_files_that_are_left_alone() {
    let show = show();
    export(&show, &ARGS);
    for name in ["test.wav", "scenes/01-one.flac", "session/test-media/0001-a.wav", "gone.wav"] {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let left = show.path("out/test").join(folder).join(format!(".{file}.radioplay-ab12cd.tmp"));
        std::fs::write(left, "half").expect("it can be written");
    }
    // Not ours.
    std::fs::write(show.path("out/test/.hidden.tmp"), "").expect("it can be written");
    export(&show, &ARGS);
    assert_eq!(show.left_over(), ["out/test/.hidden.tmp"]);
}

#[test]
fn four_exports_share_a_cache_and_even_a_folder() {
    let show = show();
    let expected = expected(&show);
    for round in 0..4 {
        write(&show, round % 3);
        let folders: Vec<String> =
            (0..4).map(|n| format!("out-{}", if round % 2 == 0 { n } else { 0 })).collect();
        let running: Vec<Child> = folders
            .iter()
            .map(|folder| start(&show, &[&ARGS[..2], &["-o", folder], &ARGS[4..]].concat()))
            .collect();
        if round == 3 {
            entries(&show).iter().step_by(2).for_each(|it| drop(std::fs::remove_file(it)));
        }
        for child in running {
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        for folder in &folders {
            assert!(whole(&show, folder) == expected[round % 3], "{folder} in round {round}");
        }
        assert_eq!(show.left_over(), Vec::<String>::new(), "in round {round}");
    }
}

#[test]
fn damaged_entries_make_no_wrong_file() {
    let show = show();
    let expected = expected(&show);
    write(&show, 0);
    export(&show, &ARGS);
    let mut chance = Chance(1914);
    for (what, damage) in damages() {
        // Half of them, so that what is sound and what is not meet.
        for entry in entries(&show) {
            if chance.next() < 0.5 {
                let mut content = std::fs::read(&entry).expect("an entry");
                damage(&mut content);
                std::fs::write(&entry, content).expect("it can be written");
            }
        }
        let version = (chance.next() * 3.0) as usize;
        write(&show, version);
        export(&show, &ARGS);
        assert!(whole(&show, "out") == expected[version], "{what}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_every_file_as_it_was_or_as_it_should_be() {
    use crate::cache::faults::on_a_small_disk;

    let show = show();
    let expected = expected(&show);
    let args = "export --cache small/kept -o small/out --scenes --stems all --format=wav,flac,opus \
                --captions=vtt,json --session=dawproject,reaper --deliver=podcast --quiet";
    write(&show, 1);
    let all: usize = expected[0].values().map(Vec::len).sum();
    let least = u32::try_from(all >> 20).expect("it is small") + 1;
    let mut failed = 0;
    for more in [0, 1, 2, 3, 4, 6, 8, 16, 64] {
        let _ = std::fs::remove_dir_all(show.path("after"));
        let around = ["cp -r expected-0 small/out &&", "cp -r small/out after;"];
        let Some(run) = on_a_small_disk(&show, least + more, args, around) else { return };
        let after = show.snapshot("after");
        for (name, bytes) in &after {
            let known = expected[0].get(name) == Some(bytes) || expected[1].get(name) == Some(bytes);
            assert!(known, "{more} MiB: {name} ({} bytes)", bytes.len());
        }
        assert_eq!(after.len(), expected[0].len(), "{more} MiB: {:?}", after.keys());
        if run.code == 0 {
            assert!(after == expected[1], "{more} MiB");
        } else {
            failed += 1;
            let said = run.stderr.contains("written") || run.stderr.contains("scratch");
            assert!((run.code == 3 || run.code == 1) && said, "{more} MiB: {run:?}");
        }
    }
    assert!((1..9).contains(&failed), "{failed} of 9 exports ran out of disk");
}

#[cfg(unix)]
#[test]
fn an_interrupted_export_says_which_episodes_are_missing() {
    let pauses = "{ pause = 3600 },".repeat(3);
    let long = "format = 1\ntitle = \"Long\"\ndeliver = \"none\"\n[[scene]]\nid = \"x\"\nscript = [";
    let show = TestShow::new()
        .file("script/a.toml", format!("{long} {{ pause = 1 }} ]\n"))
        .file("script/b.toml", format!("{long} {pauses} ]\n"))
        .file("out/b/b.wav", "the old one");
    let child = start(&show, &["script", "-o", "out", "--no-cache", "--quiet"]);
    let started = Instant::now();
    // The second is being written when there is a second file beside the old one.
    while std::fs::read_dir(show.path("out/b")).expect("it can be listed").count() < 2 {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not begin to write");
        std::thread::sleep(Duration::from_millis(2));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("it can be sent");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("1 episode not exported, from `script/b.toml` on"), "{said}");
    assert_eq!(std::fs::read(show.path("out/b/b.wav")).expect("it is there"), b"the old one");
    assert!(show.path("out/a/a.wav").is_file());
    assert_eq!(show.left_over(), Vec::<String>::new());
}
