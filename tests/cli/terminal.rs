//! On a terminal, and off it.

use super::{broken, shell, small};
use crate::show::{Run, TestShow, has_program};

/// The program on a terminal of its own; what it shows there is all in `stdout`.
fn on_terminal(show: &TestShow, args: &str, environment: &str) -> Option<Run> {
    // util-linux's `script`; others take their arguments in another order.
    has_program("script", &["--version"]).then(|| {
        shell(
            show,
            &format!(
                "{environment} TERM=xterm-256color script -qec '\"$RADIOPLAY\" {args}' /dev/null </dev/null"
            ),
        )
    })
}

/// A show with something to do in each stage.
fn busy() -> TestShow {
    let lines: String =
        (0..12).map(|n| format!("{{ by = \"ann\", line = \"Line number {n} of the lines.\" }},\n")).collect();
    TestShow::with_script(&format!(
        "format = 1\ntitle = \"Busy\"\n[cast.ann]\n[sound.hum]\nfile = \"sfx/hum.wav\"\n[[scene]]\nid = \"x\"\n\
         script = [{{ bed = \"hum\", from = \"scene.start\" }},\n{lines}{{ pause = 1200 }}]\n"
    ))
    .clip("sfx/hum.wav", &[0.1; 48_000])
}

#[test]
fn bars_show_what_is_done_on_a_terminal() {
    let show = busy();
    let Some(run) = on_terminal(&show, "render", "") else { return };
    assert_eq!(run.code, 0, "{}", run.stdout);
    for part in [" speech [", "/12 lines, ", " mix [", "  write [", " left", "/20:"] {
        assert!(run.stdout.contains(part), "no `{part}` in\n{}", run.stdout);
    }
    assert!(run.stdout.contains("times faster than real time") && run.stdout.contains("output/test.wav"));
    let quiet = on_terminal(&show, "render --quiet", "").expect("it was there a moment ago");
    assert_eq!(quiet.stdout.trim(), "output/test.wav");
}

#[test]
fn there_are_neither_bars_nor_colours_off_a_terminal() {
    let run = busy().run(&["render"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "output/test.wav\n"));
    assert!(run.stderr.contains(" times faster than real time"), "{}", run.stderr);
    assert!(!run.stderr.contains(['\u{1b}', '\r', '[']), "{}", run.stderr);
}

#[test]
fn colours_show_on_a_terminal_unless_they_are_not_wanted() {
    let coloured = |args: &str, environment: &str| {
        let run = on_terminal(&broken(), args, environment)?;
        assert_eq!(run.code, 1, "{}", run.stdout);
        Some(
            run.stdout.contains("\u{1b}[1m")
                || run.stdout.contains("\u{1b}[31m")
                || run.stdout.contains("\u{1b}[1;31m")
                || run.stdout.contains("\u{1b}[91m"),
        )
    };
    let Some(usual) = coloured("check", "") else { return };
    assert!(usual);
    assert_eq!(coloured("check", "NO_COLOR=1"), Some(false));
    assert_eq!(coloured("check", "NO_COLOR="), Some(true), "an empty one says nothing");
    assert_eq!(coloured("check --color never", ""), Some(false));
    assert_eq!(coloured("check --color always", "NO_COLOR=1"), Some(true));
    let show = small();
    let run = on_terminal(&show, "check", "").expect("it was there a moment ago");
    assert!(run.stdout.contains("Small: 0:01.5"), "{}", run.stdout);
}
