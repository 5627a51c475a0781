//! What has to hold besides the great work: starting, solving, crowds of events, more cores.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{CACHE, Cost, run};
use crate::{Figures, RADIOPLAY, same_bytes, sounds, work};

/// Measures and prints them, a row each.
///
/// # Errors
/// Where a run fails.
pub(crate) fn measure(folder: &Path, runs: usize) -> Result<(), Box<dyn Error>> {
    println!("\n| what | measured | wanted |\n|---|---|---|");
    let median = |runs: usize, command: &dyn Fn() -> Command| -> io::Result<Cost> {
        let mut figures = Figures::default();
        for _ in 0..runs.max(1) {
            figures.add(run(&mut command())?);
        }
        Ok(figures.median())
    };
    let program = |arguments: &'static [&'static str]| {
        move || {
            let mut command = Command::new(RADIOPLAY);
            command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
            command
        }
    };
    let help = median(runs * 5, &program(&["--help"]))?;
    println!("| `radioplay --help` | {:.0} ms | 50 ms |", help.wall * 1e3);
    let kept = folder.join("kept");
    let warm = || {
        let mut command = program(&["check"])();
        command.env(CACHE, &kept);
        command
    };
    run(&mut warm())?;
    let check = median(runs, &warm)?;
    fs::remove_dir_all(&kept)?;
    println!("| `radioplay check` of the demo with a warm cache | {:.0} ms | 50 ms |", check.wall * 1e3);

    let crowds = Crowds::new(folder)?;
    let none = median(runs, &|| crowds.command("check", "none"))?;
    let many = median(runs, &|| crowds.command("check", "many"))?;
    println!("| `check` of 100,000 entries, less that of one | {:.2} s | 1 s |", many.wall - none.wall);

    let cost = |events: &'static str| median(runs * 5, &|| crowds.command("render", events));
    let (base, few, crowd) = (cost("none")?.cpu, cost("few")?.cpu, cost("crowd")?.cpu);
    let (few, crowd) = ((few - base) / 100.0 * 1e6, (crowd - base) / 10_000.0 * 1e6);
    println!("| an event on a track of 100, of 10,000 | {few:.0} µs, {crowd:.0} µs | no more |");

    let show = work::show(folder, 10)?;
    let script = work::script(&show, work::TREATED);
    let outs = ["1", "4"].map(|jobs| folder.join(format!("treated-{jobs}.wav")));
    let mut walls = [Figures::default(), Figures::default()];
    for _ in 0..runs {
        for ((jobs, out), wall) in ["1", "4"].iter().zip(&outs).zip(&mut walls) {
            let mut command = Command::new(RADIOPLAY);
            command.arg("render").arg(&script).args(["--quiet", "--jobs", jobs, "-o"]).arg(out);
            wall.add(run(&mut command)?);
        }
    }
    let [one, four] = walls.map(|wall| wall.median().wall);
    let same = if same_bytes(&outs[0], &outs[1])? { "same bytes" } else { "OTHER BYTES" };
    println!(
        "| `mix` of 10 min with rooms and filters, 4 jobs against 1 | {:.2} times, {same} | 2.5 times |",
        one / four
    );
    outs.iter().try_for_each(fs::remove_file)?;
    Ok(())
}

/// A show with scripts of many events, all of one short sound.
struct Crowds {
    root: PathBuf,
}

impl Crowds {
    fn new(folder: &Path) -> io::Result<Crowds> {
        let root = folder.join("crowds");
        fs::create_dir_all(root.join("script"))?;
        fs::create_dir_all(root.join("sfx"))?;
        sounds::effect(0).write(&root.join("sfx/tick.wav"))?;
        let mut many = String::new();
        for scene in 0..100 {
            let _ = write!(many, "[[scene]]\nid = \"s{scene}\"\nscript = [\n");
            for entry in 0..250 {
                let _ = write!(
                    many,
                    "  {{ pause = 0.5 }},\n  {{ sfx = \"tick\", id = \"t{scene}-{entry}\", out = 0.1 }},\n  \
                     {{ mark = \"m{scene}-{entry}\", at = \"prev.end+10ms\" }},\n  \
                     {{ sfx = \"tick\", out = 0.05, at = \"t{scene}-{entry}.start+20ms\", gain = -6 }},\n"
                );
            }
            many.push_str("]\n");
        }
        // All last 101 s, so that the number of events is what differs.
        let events = |count: u32| {
            let mut text = "[[scene]]\nid = \"s\"\nscript = [\n  { pause = 101 },\n".to_owned();
            for event in 0..count {
                let at = event * (100_000 / count);
                let _ = writeln!(
                    text,
                    "  {{ sfx = \"tick\", at = \"scene.start+{at}ms\", out = 0.02, gain = -20, fade = 0.002 }},"
                );
            }
            text + "]\n"
        };
        let scripts = [("many", many), ("none", events(1)), ("few", events(101)), ("crowd", events(10_001))];
        for (name, scenes) in scripts {
            let head =
                "format = 1\ntitle = \"Crowds\"\ndeliver = \"none\"\n[sound.tick]\nfile = \"sfx/tick.wav\"\n";
            fs::write(work::script(&root, name), format!("{head}{scenes}"))?;
        }
        Ok(Crowds { root })
    }

    fn command(&self, what: &str, script: &str) -> Command {
        let mut command = Command::new(RADIOPLAY);
        command.arg(what).arg(work::script(&self.root, script)).args(["--quiet", "--jobs", "4"]);
        command
    }
}
