//! The transport on a terminal: keys are pressed in a pseudo-terminal, and the screen is read.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::server::{Server, ended};
use crate::show::{TestShow, has_program};

/// What a terminal is told when a program takes it, and when it gives it back.
const TAKEN: &str = "\u{1b}[?1049h";
const LEFT: &str = "\u{1b}[?1049l";

/// The program on a terminal of 100 by 30 characters.
struct Session {
    child: Child,
    keys: ChildStdin,
    screen: Arc<Mutex<(vt100::Parser, String)>>,
}

fn parser() -> vt100::Parser {
    let [rows, columns] = [30, 100].map(|count| std::num::NonZero::new(count).expect("not zero"));
    vt100::Parser::new(rows, columns, 0)
}

impl Session {
    /// Starts it.
    fn start(server: &Server, show: &TestShow) -> Session {
        let program = env!("CARGO_BIN_EXE_radioplay");
        Session::of(server, show, &format!("exec '{program}' play"))
    }

    /// Has a shell do something on a terminal, which `script` of util-linux makes. Its mode before and after lies in the
    /// show, the number of the program in `pid`, and what it ended with in `code`.
    fn of(server: &Server, show: &TestShow, what: &str) -> Session {
        let line = format!(
            "stty rows 30 cols 100; stty -g > before; (sh -c 'echo $PPID' > pid; {what}); echo $? > code; \
             sleep 0.5; stty -g > after"
        );
        let mut command = Command::new("script");
        command.args(["-qefc", &line, "/dev/null"]).current_dir(show.path("")).env("TERM", "xterm-256color");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.env_remove("VISUAL").env("EDITOR", "sh editor.sh");
        server.environment(&mut command);
        let mut child = command.spawn().expect("it starts");
        let screen = Arc::new(Mutex::new((parser(), String::new())));
        let (shown, mut output) = (Arc::clone(&screen), child.stdout.take().expect("it is piped"));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let mut shown = shown.lock().unwrap();
                shown.0.process(&bytes[..read]);
                shown.1.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        let keys = child.stdin.take().expect("it is piped");
        Session { child, keys, screen }
    }

    fn screen(&self) -> String {
        self.screen.lock().unwrap().0.screen().contents()
    }

    fn raw(&self) -> String {
        self.screen.lock().unwrap().1.clone()
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("it listens");
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "{what}:\n{screen}\n--\n{}", self.raw().len());
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// Ends, has given the terminal back as it was, and says what the program ended with, and what was written
    /// after that.
    #[track_caller]
    fn finish(mut self, show: &TestShow) -> (i32, String) {
        assert_eq!(ended(&mut self.child, Duration::from_secs(30)), Some(0), "{}", self.screen());
        std::thread::sleep(Duration::from_millis(50));
        let raw = self.raw();
        let taken = raw.rfind(TAKEN).expect("the terminal was taken");
        let left = raw[taken..].find(LEFT).map(|left| raw[taken + left..].to_owned());
        let left = left.filter(|left| left.contains("\u{1b}[?25h")).expect("the terminal was given back");
        let read = |file: &str| std::fs::read_to_string(show.path(file)).expect("the shell wrote it");
        assert_eq!(read("after"), read("before"), "the terminal's mode");
        (read("code").trim().parse().expect("a number"), left)
    }
}

/// Where the pointer is.
fn current(screen: &str) -> &str {
    screen.lines().find(|line| line.contains('▶')).unwrap_or("")
}

fn show() -> TestShow {
    let ids = ["a", "b", "c", "d", "e", "f"];
    let line = |id: &&str| format!("{{ id = \"{id}\", by = \"ann\", line = \"Line {id}.\" }},\n");
    let scene = |id: &str, ids: &[&str]| {
        let lines: String = ids.iter().map(line).collect();
        format!("[[scene]]\nid = \"{id}\"\ntitle = \"Scene {id}\"\nscript = [\n{lines}]\n")
    };
    let text = format!(
        "format = 1\ntitle = \"Keys\"\ndeliver = \"none\"\n[cast.ann]\n{}{}",
        scene("one", &ids[..3]),
        scene("two", &ids[3..])
    );
    ids.iter().fold(TestShow::with_script(&text), |show, id| {
        show.clip(&format!("voices/ann/{id}.wav"), &[0.1; 48_000 * 4])
    })
}

#[test]
fn keys_do_what_they_say_and_the_terminal_is_given_back() {
    if !has_program("script", &["--version"]) {
        return;
    }
    let Some(server) = Server::start() else { return };
    let show = show();
    let mut session = Session::start(&server, &show);
    session.wait("the first line plays", |screen| current(screen).contains("Line a."));
    // A screen comes piece by piece: part of one may be there before the rest.
    session.wait("its title and scene, its buses, and that takes are recorded", |screen| {
        ["scene 1/2 Scene one", "Keys", "master", "●"].iter().all(|part| screen.contains(part))
    });
    session.wait("meters move", |screen| {
        screen.lines().any(|line| line.contains("dialogue") && line.contains('█'))
    });
    session.press("\u{1b}[B");
    session.wait("down", |screen| current(screen).contains("Line b."));
    session.press("\u{1b}[A\u{1b}[A");
    session.wait("up", |screen| current(screen).contains("Line a."));
    session.press("\u{1b}[6~");
    session.wait("page down", |screen| {
        current(screen).contains("Line d.") && screen.contains("scene 2/2 Scene two")
    });
    session.press("\u{1b}[D");
    session.wait("left", |screen| current(screen).contains("Line c."));
    session.press("\u{1b}[C");
    session.wait("right", |screen| current(screen).contains("Line d."));
    session.press("l");
    session.wait("loop", |screen| screen.contains("·  loop line"));
    session.press("l");
    session.wait("no loop", |screen| !screen.contains("·  loop line"));
    session.press(" ");
    session.wait("pause", |screen| screen.contains("paused"));
    std::thread::sleep(Duration::from_millis(100));
    let title = |screen: &str| screen.lines().next().unwrap_or("").to_owned();
    let before = title(&session.screen());
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(title(&session.screen()), before, "nothing goes on");
    session.press(" ");
    session.wait("on", |screen| screen.contains("playing") && title(screen) != before);
    session.press("s");
    let is = |screen: &str, bus: &str, how: &str| {
        screen.lines().any(|line| line.contains(bus) && line.trim_end().ends_with(how))
    };
    session.wait("solo", |screen| is(screen, "dialogue", "solo"));
    session.press("s\tm");
    session.wait("mute", |screen| is(screen, "effects", "muted") && !is(screen, "dialogue", "solo"));
    session.press("q");
    assert_eq!(session.finish(&show).0, 0);
}

/// This terminal never says where its cursor is, as some do not.
#[test]
fn the_editor_has_the_terminal_and_the_screen_comes_back_after_it() {
    if !has_program("script", &["--version"]) {
        return;
    }
    let Some(server) = Server::start() else { return };
    let show = show()
        .file("editor.sh", "stty -g > edit-mode; echo \"$@\" > edited; echo In the editor.; sleep 0.5\n");
    let mut session = Session::start(&server, &show);
    session.wait("it plays", |screen| current(screen).contains("Line a."));
    session.press("e");
    session.wait("the editor", |screen| screen.contains("In the editor."));
    session.wait("the screen", |screen| !current(screen).is_empty() && screen.contains("space pause"));
    let read = |file: &str| std::fs::read_to_string(show.path(file)).expect("it was written");
    assert_eq!(read("edit-mode"), read("before"), "the terminal's mode");
    assert!(read("edited").starts_with("+9 ") && read("edited").trim().ends_with("script/test.toml"));
    session.press("q");
    assert_eq!(session.finish(&show).0, 0);
}

#[test]
fn the_terminal_is_given_back_after_ctrl_c() {
    if !has_program("script", &["--version"]) {
        return;
    }
    let Some(server) = Server::start() else { return };
    let show = show();
    let mut session = Session::start(&server, &show);
    session.wait("it plays", |screen| current(screen).contains("Line a."));
    session.press("\u{3}");
    assert_eq!(session.finish(&show).0, 0);
}

#[test]
fn the_terminal_is_given_back_when_it_is_told_to_end_and_when_it_is_killed_outright() {
    if !has_program("script", &["--version"]) {
        return;
    }
    let Some(server) = Server::start() else { return };
    for (signal, code) in [("TERM", 0), ("HUP", 0), ("KILL", 137)] {
        let show = show();
        let session = Session::start(&server, &show);
        session.wait("it plays", |screen| current(screen).contains("Line a."));
        let pid = std::fs::read_to_string(show.path("pid")).expect("it wrote its number");
        let kill = Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status();
        assert!(kill.expect("it starts").success());
        assert_eq!(session.finish(&show).0, code, "after SIG{signal}");
    }
}

#[test]
fn the_terminal_is_given_back_when_any_thread_panics() {
    if !has_program("script", &["--version"]) {
        return;
    }
    let Some(server) = Server::start() else { return };
    let show = show();
    let tests = std::env::current_exe().expect("this runs");
    let panicking =
        "play::transport::plays_until_a_thread_panics --exact --ignored --nocapture --test-threads 1";
    let session = Session::of(&server, &show, &format!("exec '{}' {panicking}", tests.display()));
    let (code, said) = session.finish(&show);
    assert_ne!(code, 0, "{said}");
    // Both are on the ordinary screen.
    assert!(said.contains("on purpose"), "{said}");
    assert!(said.contains("part of the program has failed: this is a bug"), "{said}");
}

/// No test, but what the one above runs on a terminal: the program, and a thread of it that panics while it plays.
#[test]
#[ignore = "another test runs it"]
fn plays_until_a_thread_panics() {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(2));
        panic!("on purpose");
    });
    let code = radioplay::cli::run(["radioplay", "play"].map(Into::into));
    assert_eq!(code, std::process::ExitCode::SUCCESS);
}
