//! Times radioplay at its great work, next to the least that the work can take and to other programs.
//!
//! `cargo bench` runs it; `benches/README.md` says how, and what was found. What is measured are whole processes, from
//! start to end, so the process that measures stays small: it leaves everything else to copies of itself.

#![expect(clippy::print_stdout, reason = "a table on standard output is what a bench is for")]

#[cfg(unix)]
mod criteria;
#[cfg(unix)]
mod floor;
#[cfg(unix)]
mod others;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod sounds;
#[cfg(unix)]
mod work;

#[cfg(not(unix))]
fn main() {
    println!("the bench measures processes as Unix does, and runs there only");
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    unix::main()
}

#[cfg(unix)]
use unix::{Figures, RADIOPLAY, same_bytes};

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::fs::{self, File};
    use std::io::{self, Read};
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use clap::Parser;

    use crate::others::OTHERS;
    use crate::process::{Cost, run};
    use crate::{criteria, floor, others, work};

    /// The program that is measured.
    pub(crate) const RADIOPLAY: &str = env!("CARGO_BIN_EXE_radioplay");

    /// Times radioplay at its great work.
    #[derive(Parser)]
    #[command(name = "cargo bench --")]
    struct Arguments {
        /// How long the episodes are, in minutes.
        #[arg(long, value_delimiter = ',', default_value = "1,10,60")]
        minutes: Vec<u32>,
        /// Only these levels: assemble, mix, master.
        #[arg(long, value_delimiter = ',')]
        level: Vec<String>,
        /// On how many threads.
        #[arg(long, value_delimiter = ',', default_value = "4,1")]
        jobs: Vec<u32>,
        /// How often each is run; the median counts.
        #[arg(long, default_value_t = 3)]
        runs: usize,
        /// Leave out the other programs.
        #[arg(long)]
        alone: bool,
        /// Leave out the rows after the table.
        #[arg(long)]
        table_only: bool,
        /// Cargo passes this.
        #[arg(long, hide = true)]
        bench: bool,
        /// What a copy is to do instead: `make`, `floor` or a program's name, and its arguments.
        #[arg(long, hide = true, num_args = 1..)]
        part: Vec<String>,
    }

    pub(crate) fn main() -> Result<(), Box<dyn Error>> {
        let arguments = Arguments::parse();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("episode");
        match arguments.part.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => measure(&arguments, &folder),
            ["make", minutes] => {
                work::show(&folder, minutes.parse()?)?;
                Ok(())
            }
            ["floor", root, timeline, level, out, threads] => {
                floor::render(root.as_ref(), timeline.as_ref(), level, out.as_ref(), threads.parse()?)
            }
            [name, root, timeline, level, out] => {
                others::render(name, root.as_ref(), timeline.as_ref(), level, out.as_ref())
            }
            _ => Err("no such part".into()),
        }
    }

    fn measure(arguments: &Arguments, folder: &Path) -> Result<(), Box<dyn Error>> {
        let installed: Vec<_> = OTHERS.iter().filter(|it| !arguments.alone && it.is_installed()).collect();
        println!(
            "| min | level | who | jobs | s | × real time | × floor | CPU s | MiB |\n|---|---|---|---|---|---|---|---|---|"
        );
        for &minutes in &arguments.minutes {
            run(itself()?.args(["make", &minutes.to_string()]))?;
            let root = work::show(folder, minutes)?;
            for level in work::LEVELS {
                if !arguments.level.is_empty() && !arguments.level.iter().any(|it| it == level) {
                    continue;
                }
                let timeline = dump(&root, level)?;
                let mut rows: Vec<Row> = Vec::new();
                for &jobs in &arguments.jobs {
                    rows.push(Row::new(Who::Floor, jobs, &root));
                    rows.push(Row::new(Who::Radioplay, jobs, &root));
                }
                for other in &installed {
                    if other.levels.contains(&level) && minutes <= other.longest {
                        rows.push(Row::new(Who::Other(other.name), 4, &root));
                    }
                }
                // By turns, so that whatever else the machine does befalls all alike.
                for _ in 0..arguments.runs {
                    for row in &mut rows {
                        row.once(&root, &timeline, level)?;
                    }
                }
                for pair in rows.iter().zip(rows.iter().skip(2)).filter(|(a, b)| a.who == b.who) {
                    if pair.0.failed.is_none() && !same_bytes(&pair.0.out, &pair.1.out)? {
                        println!(
                            "{:?} wrote other bytes on {} jobs than on {}",
                            pair.0.who, pair.0.jobs, pair.1.jobs
                        );
                    }
                }
                for row in &rows {
                    // On as many threads; where it was not run on as many as others were told to use, on most.
                    let floors = || rows.iter().filter(|it| it.who == Who::Floor);
                    let alike = floors().find(|it| it.jobs == row.jobs);
                    let floor = alike.or_else(|| floors().max_by_key(|it| it.jobs));
                    row.print(minutes, level, floor);
                    let _ = fs::remove_file(&row.out);
                }
            }
        }
        if arguments.table_only { Ok(()) } else { criteria::measure(folder, arguments.runs) }
    }

    fn itself() -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--part");
        Ok(command)
    }

    /// The solved timeline of a level, in a file.
    fn dump(root: &Path, level: &str) -> io::Result<PathBuf> {
        let path = root.join(format!("{level}.json"));
        let mut command = Command::new(RADIOPLAY);
        command.args(["check", "--quiet", "--no-cache", "--dump", "timeline"]).arg(work::script(root, level));
        let status = command.stdin(Stdio::null()).stdout(File::create(&path)?).status()?;
        if status.success() { Ok(path) } else { Err(io::Error::other("the show cannot be checked")) }
    }

    /// Whether two files are the same.
    pub(crate) fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
        let (mut one, mut other) = (File::open(one)?, File::open(other)?);
        if one.metadata()?.len() != other.metadata()?.len() {
            return Ok(false);
        }
        let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
        loop {
            let read = one.read(&mut a)?;
            if read == 0 {
                return Ok(true);
            }
            other.read_exact(&mut b[..read])?;
            if a[..read] != b[..read] {
                return Ok(false);
            }
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Who {
        Floor,
        Radioplay,
        Other(&'static str),
    }

    /// A program at a level.
    struct Row {
        who: Who,
        jobs: u32,
        out: PathBuf,
        figures: Figures,
        failed: Option<String>,
    }

    impl Row {
        fn new(who: Who, jobs: u32, root: &Path) -> Row {
            let name = format!("{who:?}-{jobs}.wav").replace(['(', ')', '"'], "");
            Row { who, jobs, out: root.join(name), figures: Figures::default(), failed: None }
        }

        fn once(&mut self, root: &Path, timeline: &Path, level: &str) -> io::Result<()> {
            let (jobs, out) = (self.jobs.to_string(), &self.out);
            let mut command = match self.who {
                Who::Radioplay => {
                    let mut command = Command::new(RADIOPLAY);
                    command
                        .arg("render")
                        .arg(work::script(root, level))
                        .args(["--quiet", "--jobs", &jobs, "-o"])
                        .arg(out);
                    command
                }
                Who::Floor => {
                    let mut command = itself()?;
                    command.arg("floor").arg(root).arg(timeline).arg(level).arg(out).arg(jobs);
                    command
                }
                Who::Other(name) => {
                    let mut command = itself()?;
                    command.arg(name).arg(root).arg(timeline).arg(level).arg(out);
                    command
                }
            };
            if self.failed.is_none() {
                // Nobody is timed while the system throws away what the run before wrote.
                let _ = fs::remove_file(out);
                match run(&mut command) {
                    Ok(cost) => self.figures.add(cost),
                    Err(error) => self.failed = Some(error.to_string()),
                }
            }
            Ok(())
        }

        fn print(&self, minutes: u32, level: &str, floor: Option<&Row>) {
            let who = match self.who {
                Who::Floor => "floor",
                Who::Radioplay => "**radioplay**",
                Who::Other(name) => name,
            };
            if let Some(failed) = &self.failed {
                println!("| {minutes} | {level} | {who} | {} | {failed} |", self.jobs);
                return;
            }
            let Cost { wall, cpu, memory } = self.figures.median();
            let times = floor.map_or(f64::NAN, |floor| wall / floor.figures.median().wall);
            println!(
                "| {minutes} | {level} | {who} | {} | {wall:.2} | {:.0} | {times:.1} | {cpu:.2} | {memory:.0} |",
                self.jobs,
                f64::from(minutes) * 60.0 / wall,
            );
        }
    }

    /// What several runs of one thing took.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Figures {
        costs: Vec<Cost>,
    }

    impl Figures {
        pub(crate) fn add(&mut self, cost: Cost) {
            self.costs.push(cost);
        }

        /// The middle of each figure by itself.
        pub(crate) fn median(&self) -> Cost {
            let middle = |pick: fn(&Cost) -> f64| {
                let mut figures: Vec<f64> = self.costs.iter().map(pick).collect();
                figures.sort_by(f64::total_cmp);
                figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
            };
            Cost { wall: middle(|it| it.wall), cpu: middle(|it| it.cpu), memory: middle(|it| it.memory) }
        }
    }
}
