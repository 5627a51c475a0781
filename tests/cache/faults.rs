//! Several processes at once, processes that are killed, disks that are full.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{bytes, edit, entries, fresh, render, show};
use crate::show::TestShow;

fn start(show: &TestShow, out: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radioplay"));
    command.args(["render", "--cache"]).arg(show.path("kept")).args(["-o", out, "--quiet"]);
    command.current_dir(show.path("")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

#[test]
fn four_processes_share_a_cache() {
    let show = show();
    let expected = fresh(&show);
    // Cold, warm, and with entries that vanish under them.
    for round in 0..3 {
        let names: Vec<String> = (0..4).map(|n| format!("out-{n}.wav")).collect();
        let running: Vec<Child> = names.iter().map(|name| start(&show, name)).collect();
        if round == 2 {
            entries(&show).iter().step_by(2).for_each(|it| drop(std::fs::remove_file(it)));
        }
        for (child, name) in running.into_iter().zip(&names) {
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(bytes(&show, name), expected, "{name} in round {round}");
            std::fs::remove_file(show.path(name)).expect("it is there");
        }
        assert_eq!(show.left_over(), Vec::<String>::new(), "in round {round}");
    }
}

/// Kills renders at moments spread over how long one takes, changing the script in between.
fn kill(times: u64) {
    let show = show();
    let started = std::time::Instant::now();
    render(&show, "out.wav");
    let whole = started.elapsed();
    let mut expected = fresh(&show);
    let mut line = "Come in, then.".to_owned();
    for time in 0..times {
        if time % 4 == 0 {
            let next = format!("Come in, number {time}.");
            edit(&show, &line, &next);
            line = next;
            if time % 8 == 0 {
                entries(&show).iter().for_each(|it| drop(std::fs::remove_file(it)));
            }
        }
        let before = bytes(&show, "out.wav");
        let mut child = start(&show, "out.wav");
        // Spread by the golden ratio, so that any number of them covers the whole.
        let share = (time as f64 * 0.618_033_988_749_895).fract();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let after = bytes(&show, "out.wav");
        if after != before {
            expected = fresh(&show);
            assert_eq!(after, expected, "killed the {time}th time");
        }
        if time % 4 == 3 {
            expected = fresh(&show);
            render(&show, "out.wav");
            assert_eq!(bytes(&show, "out.wav"), expected, "after {time}");
            assert_eq!(show.left_over(), Vec::<String>::new(), "after {time}");
        }
    }
    drop(expected);
}

#[test]
fn killed_at_any_moment_it_leaves_nothing_wrong() {
    kill(20);
}

#[test]
#[ignore = "takes minutes"]
fn killed_two_hundred_times_it_leaves_nothing_wrong() {
    kill(200);
}

/// A command whose cache and scratch files are on a file system of this many MiB, which is `small`; other commands of
/// the shell come before and after it. `None` where no file system can be mounted, which is then said.
#[cfg(target_os = "linux")]
pub(crate) fn on_a_small_disk(
    show: &TestShow,
    mib: u32,
    args: &str,
    [before, after]: [&str; 2],
) -> Option<crate::show::Run> {
    // A mount of its own, gone with the process: needs root, or user namespaces.
    let script = format!(
        "mkdir -p small && mount -t tmpfs -o size={mib}m tmpfs small && mkdir small/tmp && {before} \
         TMPDIR=$PWD/small/tmp \"$RADIOPLAY\" {args}; code=$?; {after} exit $code"
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script]).current_dir(show.path(""));
    command.env("RADIOPLAY", env!("CARGO_BIN_EXE_radioplay")).env("NO_COLOR", "1");
    let run = command.output().ok().map(|output| crate::show::Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    });
    let run = run.filter(|run| !run.stderr.contains("unshare:") && !run.stderr.contains("mount:"));
    if run.is_none() {
        let required = std::env::var_os("RADIOPLAY_TEST_REQUIRE_TOOLS").is_some();
        assert!(!required, "a file system cannot be mounted");
        println!("SKIPPED: a file system cannot be mounted");
    }
    run
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_the_render_or_only_the_cache() {
    let show = show();
    let render = |mib| on_a_small_disk(&show, mib, "render --cache small/kept -o small/out.wav", ["", ""]);
    let Some(roomy) = render(200) else { return };
    assert_eq!(roomy.code, 0, "{}", roomy.stderr);
    for mib in [1, 2, 3, 4, 6, 8, 12, 16, 24] {
        let run = render(mib).expect("it could be mounted before");
        let said = run.stderr.contains("written") || run.stderr.contains("scratch");
        assert!(run.code == 0 || ((run.code == 3 || run.code == 1) && said), "{mib} MiB: {run:?}");
    }
}
