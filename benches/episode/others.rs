//! The same work by other programs, as someone who knows them well would ask for it; each where it is installed.
//!
//! Simpler where they have no like: loops have no crossfade, and ffmpeg ducks by a compressor.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use serde_json::Value;

/// A program, and the levels it is asked for.
pub(crate) struct Other {
    /// As it is shown.
    pub(crate) name: &'static str,
    /// What to run to see whether it is there.
    probe: &'static [&'static str],
    /// Those it can do.
    pub(crate) levels: &'static [&'static str],
    /// The longest work it is asked for, minutes.
    pub(crate) longest: u32,
}

/// All of them.
pub(crate) const OTHERS: [Other; 4] = [
    Other {
        name: "ffmpeg",
        probe: &["ffmpeg", "-version"],
        levels: &["assemble", "mix", "master"],
        longest: 60,
    },
    Other { name: "sox", probe: &["sox", "--version"], levels: &["assemble"], longest: 60 },
    Other { name: "csound", probe: &["csound", "--version"], levels: &["assemble"], longest: 60 },
    Other { name: "numpy", probe: &["python3", "-c", "import numpy"], levels: &["assemble"], longest: 60 },
];

impl Other {
    /// Whether it can be run here.
    pub(crate) fn is_installed(&self) -> bool {
        let [program, arguments @ ..] = self.probe else { return false };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

/// A region as these programs need it.
struct Region {
    file: PathBuf,
    /// Frames from the scene's start.
    start: u64,
    length: u64,
    fades: [u64; 2],
    gains: [f64; 2],
    channels: u8,
    loops: bool,
    bus: String,
}

/// A scene's length in frames and its regions.
struct Scene {
    length: u64,
    regions: Vec<Region>,
}

/// Renders by the program of that name.
///
/// # Errors
/// Where it fails.
pub(crate) fn render(
    name: &str,
    root: &Path,
    timeline: &Path,
    level: &str,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let scenes = scenes(root, &serde_json::from_slice(&fs::read(timeline)?)?)?;
    let folder = out.with_extension("parts");
    fs::create_dir_all(&folder)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build()?;
    let numbered: Vec<(usize, &Scene)> = scenes.iter().enumerate().collect();
    let part = |index: usize, kind: &str| folder.join(format!("{index}.{kind}"));
    let all = |kind: &'static str, make: &(dyn Fn(usize, &Scene, &Path) -> io::Result<()> + Sync)| {
        pool.install(|| {
            numbered.par_iter().try_for_each(|(index, scene)| make(*index, scene, &part(*index, kind)))
        })
    };
    match name {
        "ffmpeg" if level == "master" => {
            all("f32", &|_, scene, to| ffmpeg(scene, level, "f32le", to))?;
            let parts: Vec<PathBuf> = numbered.iter().map(|(index, _)| part(*index, "f32")).collect();
            let gain = -16.0 - loudness(&parts)?;
            all("s24", &|index, _, to| limit(&part(index, "f32"), gain, to))?;
        }
        "ffmpeg" => all("s24", &|_, scene, to| ffmpeg(scene, level, "s24le", to))?,
        "sox" => all("s24", &|_, scene, to| sox(scene, to))?,
        "csound" => all("s24", &|_, scene, to| csound(scene, to))?,
        "numpy" => numpy(&scenes, &part(0, "s24"))?,
        _ => return Err(format!("no such program: {name}").into()),
    }
    let mut whole = File::create(out)?;
    for index in 0..scenes.len() {
        if let Ok(mut file) = File::open(part(index, "s24")) {
            io::copy(&mut file, &mut whole)?;
        }
    }
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn scenes(root: &Path, timeline: &Value) -> Result<Vec<Scene>, Box<dyn Error>> {
    let list = |key: &str| timeline[key].as_array().cloned().ok_or("no timeline");
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let spans: Vec<(u64, u64)> =
        list("scenes")?.iter().map(|scene| (number(&scene["start"]), number(&scene["boundary"]))).collect();
    let mut scenes: Vec<Scene> =
        spans.iter().map(|(start, end)| Scene { length: end - start, regions: Vec::new() }).collect();
    for region in list("regions")? {
        let start = number(&region["start"]);
        let index = spans.partition_point(|(first, _)| *first <= start).saturating_sub(1);
        let file = root.join(region["source"].as_str().unwrap_or_default());
        let mut header = [0; 44];
        io::Read::read_exact(&mut File::open(&file)?, &mut header)?;
        let angle = (region["pan"].as_f64().unwrap_or(0.0) + 1.0) * std::f64::consts::FRAC_PI_4;
        let width = if header[22] == 2 { std::f64::consts::SQRT_2 } else { 1.0 };
        let gain = libm::pow(10.0, region["gain"].as_f64().unwrap_or(-200.0) / 20.0) * width;
        scenes[index].regions.push(Region {
            file,
            start: start - spans[index].0,
            length: number(&region["length"]),
            fades: ["fade_in", "fade_out"].map(|fade| number(&region[fade])),
            gains: [gain * libm::cos(angle), gain * libm::sin(angle)],
            channels: header[22],
            loops: region["loop"].is_u64(),
            bus: region["bus"].as_str().unwrap_or_default().to_owned(),
        });
    }
    Ok(scenes)
}

fn checked(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(said.lines().rev().take(4).collect::<Vec<_>>().join(" | ")))
}

/// One graph for a scene.
fn ffmpeg(scene: &Scene, level: &str, format: &str, to: &Path) -> io::Result<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-filter_complex_threads", "1"]);
    let mut graph = String::new();
    let (mut over, mut under) = (String::new(), String::new());
    let (mut overs, mut unders) = (0, 0);
    for (index, region) in scene.regions.iter().enumerate() {
        if region.loops {
            command.args(["-stream_loop", "-1"]);
        }
        command.arg("-i").arg(&region.file);
        let Region { start, length, fades: [rise, fall], gains: [left, right], .. } = region;
        let other = region.channels - 1;
        let falls = length - fall;
        graph += &format!(
            "[{index}:a]aresample=48000,atrim=end_sample={length},\
             pan=stereo|c0={left:.6}*c0|c1={right:.6}*c{other},afade=t=in:ss=0:ns={rise},\
             afade=t=out:ss={falls}:ns={fall},adelay=delays={start}S:all=1[r{index}];"
        );
        if level != "assemble" && ["ambience", "music"].contains(&region.bus.as_str()) {
            under += &format!("[r{index}]");
            unders += 1;
        } else {
            over += &format!("[r{index}]");
            overs += 1;
        }
    }
    let length = scene.length;
    let mixed = format!("normalize=0:duration=longest,apad=whole_len={length},atrim=end_sample={length}");
    if unders == 0 {
        graph += &format!("{over}amix=inputs={overs}:{mixed}[out]");
    } else {
        graph += &format!(
            "{over}amix=inputs={overs}:{mixed},asplit[over][key];{under}amix=inputs={unders}:{mixed}[under];\
             [under][key]sidechaincompress=threshold=0.01:ratio=3:attack=250:release=800[ducked];\
             [over][ducked]amix=inputs=2:normalize=0[out]"
        );
    }
    let script = to.with_extension("graph");
    fs::write(&script, graph)?;
    command.arg("-filter_complex_script").arg(script);
    checked(command.args(["-map", "[out]", "-f", format]).arg(to))
}

/// The integrated loudness of 32-bit float parts in a row.
fn loudness(parts: &[PathBuf]) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "pipe:0"]);
    command.args(["-af", "ebur128=framelog=verbose", "-f", "null", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut pipe = child.stdin.take().ok_or("no pipe")?;
    for part in parts {
        io::copy(&mut File::open(part)?, &mut pipe)?;
    }
    drop(pipe);
    let said = String::from_utf8_lossy(&child.wait_with_output()?.stderr).into_owned();
    let line = said.lines().rev().find(|line| line.trim_start().starts_with("I:")).ok_or("no loudness")?;
    Ok(line.split_whitespace().nth(1).ok_or("no loudness")?.parse()?)
}

fn limit(from: &Path, gain: f64, to: &Path) -> io::Result<()> {
    let filters = format!(
        "volume={gain:.3}dB,aresample=192000,alimiter=limit=0.891:attack=5:release=100:level=disabled,\
         aresample=48000:osf=s32:dither_method=triangular"
    );
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-threads", "1"]);
    command.args(["-f", "f32le", "-ar", "48000", "-ac", "2", "-i"]).arg(from);
    checked(command.args(["-af", &filters, "-f", "s24le"]).arg(to))
}

/// One mixing process for a scene, fed by one process for each sound.
fn sox(scene: &Scene, to: &Path) -> io::Result<()> {
    let mut command = Command::new("sox");
    command.args(["-V1", "-m", "--guard"]);
    for region in &scene.regions {
        let Region { file, start, length, fades: [rise, fall], gains: [left, right], channels, .. } = region;
        command.args(["-v", "1"]).arg(format!(
            "|sox -V1 '{}' -b 32 -p remix 1v{left:.6} {channels}v{right:.6} fade h {rise}s {length}s {fall}s pad {start}s",
            file.display(),
        ));
    }
    // `--guard` would turn all of it down where it clips, which costs a pass; nothing here does.
    checked(command.args(["-t", "raw", "-e", "signed", "-b", "24"]).arg(to))
}

/// An instrument for mono files and one for stereo, and a note for each region.
fn csound(scene: &Scene, to: &Path) -> io::Result<()> {
    const HEAD: &str = "<CsoundSynthesizer>\n<CsInstruments>\nsr = 48000\nksmps = 64\nnchnls = 2\n0dbfs = 1\n\
        instr 1\na1 diskin2 p4, 1\na1 linen a1, p7, p3, p8\nouts a1 * p5, a1 * p6\nendin\n\
        instr 2\na1, a2 diskin2 p4, 1\na1 linen a1, p7, p3, p8\na2 linen a2, p7, p3, p8\n\
        outs a1 * p5, a2 * p6\nendin\n</CsInstruments>\n<CsScore>\n";
    let seconds = |frames: u64| frames as f64 / 48_000.0;
    let mut text = HEAD.to_owned();
    for region in &scene.regions {
        let Region { file, start, length, fades: [rise, fall], gains: [left, right], channels, .. } = region;
        let times = [start, length, rise, fall].map(|frames| seconds(*frames));
        text += &format!(
            "i {channels} {:.7} {:.7} \"{}\" {left:.8} {right:.8} {:.7} {:.7}\n",
            times[0],
            times[1],
            file.display(),
            times[2],
            times[3],
        );
    }
    // A note of silence, so that it lasts as long as the scene.
    text += &format!("f 0 {:.7}\ne\n</CsScore>\n</CsoundSynthesizer>\n", seconds(scene.length));
    let script = to.with_extension("csd");
    fs::write(&script, text)?;
    let mut command = Command::new("csound");
    command.args([
        "--nodisplays",
        "-m0",
        "-d",
        "-b8192",
        "--sample-accurate",
        "--noheader",
        "--format=24bit",
        "-o",
    ]);
    checked(command.arg(to).arg(script))
}

/// All of it in memory at once.
fn numpy(scenes: &[Scene], to: &Path) -> Result<(), Box<dyn Error>> {
    let mut list = String::new();
    let mut begin = 0;
    for scene in scenes {
        for region in &scene.regions {
            let Region { file, start, length, fades: [rise, fall], gains: [left, right], channels, .. } =
                region;
            let at = begin + start;
            list +=
                &format!("{at} {length} {rise} {fall} {left:.8} {right:.8} {channels} {}\n", file.display());
        }
        begin += scene.length;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/episode/assemble.py");
    let mut child =
        Command::new("python3").arg(script).arg(begin.to_string()).arg(to).stdin(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no pipe")?.write_all(list.as_bytes())?;
    if child.wait()?.success() { Ok(()) } else { Err("python3 failed".into()) }
}
