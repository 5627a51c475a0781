//! Projects for workstations: valid where there is a schema, and what they play is the mix.

use std::path::Path;
use std::process::Command;

use crate::export::{drama, exported};
use crate::show::{TestShow, has_program, python};

fn with_sessions() -> TestShow {
    let show = drama();
    exported(&show, &["--session", "dawproject,reaper", "--stems", "bus"]);
    show
}

/// One block of a Reaper project: its words, its lines of values, the blocks in it.
#[derive(Debug, Default)]
struct Node {
    name: String,
    values: Vec<Vec<String>>,
    nodes: Vec<Node>,
}

impl Node {
    fn value(&self, key: &str, index: usize) -> String {
        let row =
            self.values.iter().find(|row| row[0] == key).unwrap_or_else(|| panic!("no {key}: {self:?}"));
        row[index].clone()
    }

    fn number(&self, key: &str, index: usize) -> f64 {
        self.value(key, index).parse().expect("a number")
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |node| node.name == name)
    }
}

/// Words of a line, in quotes where they have blanks.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), line.trim());
    while let Some(first) = rest.chars().next() {
        let end = if "\"'`".contains(first) { first } else { ' ' };
        let start = usize::from(end != ' ');
        let stop = rest[start..].find(end).map_or(rest.len(), |at| start + at);
        words.push(rest[start..stop].to_owned());
        rest = rest.get(stop + start..).unwrap_or("").trim_start();
    }
    words
}

fn parse(text: &str) -> Node {
    let mut open = vec![Node::default()];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(begin) = line.strip_prefix('<') {
            open.push(Node { name: words(begin)[0].clone(), ..Node::default() });
        } else if line == ">" {
            let done = open.pop().expect("a block is open");
            open.last_mut().expect("blocks are closed as often as they are opened").nodes.push(done);
        } else {
            open.last_mut().expect("a block is open").values.push(words(line));
        }
    }
    assert_eq!(open.len(), 1);
    open.remove(0).nodes.remove(0)
}

/// A volume envelope's value: straight lines between points.
fn envelope(points: &[(f64, f64)], time: f64) -> f64 {
    let next = points.partition_point(|point| point.0 <= time);
    match (next.checked_sub(1).map(|at| points[at]), points.get(next)) {
        (Some(from), Some(to)) => from.1 + (to.1 - from.1) * (time - from.0) / (to.0 - from.0),
        (Some(last), None) => last.1,
        (None, first) => first.map_or(1.0, |first| first.1),
    }
}

/// Plays a Reaper project as Reaper does: items into tracks, tracks into the folder before them, all into one.
fn play(show: &TestShow, folder: &str, project: &Node, frames: usize) -> Vec<f64> {
    let mut mix = vec![0.0; frames * 2];
    let mut bus: Option<(f64, Vec<(f64, f64)>)> = None;
    for track in project.all("TRACK") {
        let volume = track.number("VOLPAN", 1);
        let points: Vec<(f64, f64)> = track
            .all("VOLENV2")
            .flat_map(|it| &it.values)
            .filter(|it| it[0] == "PT")
            .map(|it| (it[1].parse().unwrap(), it[2].parse().unwrap()))
            .collect();
        if track.value("ISBUS", 1) == "1" {
            bus = Some((volume, points));
            continue;
        }
        for item in track.all("ITEM") {
            let source = item.all("SOURCE").next().expect("an item plays something").value("FILE", 1);
            let media = show.wav(&format!("{folder}/{source}")).0;
            let frame = |key: &str| (item.number(key, 1) * 48_000.0).round() as usize;
            let (start, length, offset) = (frame("POSITION"), frame("LENGTH"), frame("SOFFS"));
            let fades = ["FADEIN", "FADEOUT"].map(|key| (item.number(key, 2) * 48_000.0).round());
            let gain = item.number("VOLPAN", 1);
            let rise = |done: f64, fade: f64| {
                if fade < 1.0 || done >= fade {
                    1.0
                } else {
                    0.5 - 0.5 * (std::f64::consts::PI * done / fade).cos()
                }
            };
            for at in 0..length {
                let shape = rise(at as f64, fades[0]) * rise((length - 1 - at) as f64, fades[1]);
                let ducked = bus.as_ref().map_or(1.0, |(volume, points)| {
                    volume
                        * if points.is_empty() {
                            1.0
                        } else {
                            envelope(points, (start + at) as f64 / 48_000.0)
                        }
                });
                for side in 0..2 {
                    let sample = f64::from(media[(offset + at) * 2 + side]);
                    mix[(start + at) * 2 + side] += sample * gain * shape * ducked;
                }
            }
        }
        if track.value("ISBUS", 1) == "2" {
            bus = None;
        }
    }
    mix
}

#[test]
fn the_reaper_project_plays_the_mix() {
    let show = with_sessions();
    let text = std::fs::read_to_string(show.path("output/test/session/test.rpp")).expect("it was written");
    let project = parse(&text);
    let names: Vec<String> = project.all("TRACK").map(|track| track.value("NAME", 1)).collect();
    assert!(
        ["dialogue", "ann", "ben", "music", "dialogue rooms"]
            .iter()
            .all(|name| names.iter().any(|it| it == name)),
        "{names:?}"
    );
    let markers: Vec<&str> =
        project.values.iter().filter(|row| row[0] == "MARKER").map(|row| row[3].as_str()).collect();
    assert!(["The first", "a", "e"].iter().all(|name| markers.contains(name)), "{markers:?}");
    the_mix_is_played(&show, &project);
}

/// Eq, compressor and sends are no workstation's: what they change is played by a track of its own.
#[test]
fn the_reaper_project_plays_what_buses_do() {
    let show = drama();
    let path = show.path("script/test.toml");
    let script = std::fs::read_to_string(&path).expect("the script is there");
    let buses = "[bus.dialogue]\neq = { peak = 1000, gain = 6 }\nsends = { echo = -12 }\n\
                 compress = { threshold = -40, ratio = 4 }\n[bus.echo]\nroom = \"church\"\n[bus.music]\n";
    std::fs::write(&path, script.replace("[bus.music]\n", buses)).expect("it can be written");
    exported(&show, &["--session", "reaper", "--stems", "bus"]);
    let text = std::fs::read_to_string(show.path("output/test/session/test.rpp")).expect("it was written");
    the_mix_is_played(&show, &parse(&text));
}

fn the_mix_is_played(show: &TestShow, project: &Node) {
    let mix = show.wav("output/test/stems/mix.wav").0;
    let played = play(show, "output/test/session", project, mix.len() / 2);
    let peak = mix.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let worst =
        mix.iter().zip(&played).map(|(mix, played)| (f64::from(*mix) - played).abs()).fold(0.0, f64::max);
    // Ducks are straight lines between points a hundredth of a second apart: 46 dB below the loudest at most.
    assert!(worst < f64::from(peak) * 0.005, "{worst} of {peak}");
}

#[test]
fn the_dawproject_validates_against_its_schema() {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas");
    if !schemas.join("dawproject-Project.xsd").is_file() {
        println!("SKIPPED: the schemas of DAWproject are not here, so nothing was validated");
        return;
    }
    if !has_program(&python(), &["-c", "import xmlschema"]) {
        return;
    }
    let show = with_sessions();
    let code = "import sys, zipfile, xmlschema, os\n\
                folder, path = sys.argv[1:]\n\
                archive = zipfile.ZipFile(path)\n\
                assert archive.testzip() is None\n\
                for name, schema in (('project.xml', 'Project'), ('metadata.xml', 'MetaData')):\n    \
                    xmlschema.XMLSchema(f'{folder}/dawproject-{schema}.xsd').validate(archive.read(name).decode())\n\
                import xml.etree.ElementTree as tree\n\
                project = tree.fromstring(archive.read('project.xml'))\n\
                files = [file.get('path') for file in project.iter('File')]\n\
                assert files and all(os.path.isfile(os.path.join(os.path.dirname(path), file)) for file in files)\n\
                print(len(list(project.iter('Clip'))), len(list(project.iter('Marker'))))";
    let mut command = Command::new(python());
    command
        .args(["-c", code])
        .arg(&schemas)
        .arg("output/test/session/test.dawproject")
        .current_dir(show.path(""));
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let timeline = show.json(&["check", "--dump", "timeline"]);
    let regions = timeline["regions"].as_array().expect("regions");
    let in_rooms = regions.iter().filter(|region| region["room"].is_string());
    let rooms: std::collections::BTreeSet<String> =
        in_rooms.map(|region| region["bus"].to_string()).collect();
    assert!(!rooms.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} 8", regions.len() + rooms.len()));
}
