//! The work: a show of any length, the same every time, out of one hour's worth of files.
//!
//! Per hour 700 takes of 2 to 8 s (mono, 48 kHz), 300 effects from 40 files, and, but for the first level, 12 ambiences
//! of 60 s looped under scenes of 5 min and 6 pieces of music (44.1 kHz). Nothing here is to be listened to; it only has
//! the levels, the pauses and the peaks of speech. Longer shows link to the same files under other names.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::sounds::{self, Random};

/// How much is asked for: to place and sum; to loop, resample and duck as well; to master as well.
pub(crate) const LEVELS: [&str; 3] = ["assemble", "mix", "master"];
/// The mix with rooms and filters, which nothing is compared with but itself.
pub(crate) const TREATED: &str = "treated";

const TAKES: u32 = 700;
const EFFECTS: u32 = 300;
const EFFECT_FILES: u32 = 40;
const LOOPS: u32 = 12;
const MUSIC: u32 = 6;
const ROLES: [&str; 4] = ["ann", "ben", "cat", "dan"];
/// Seconds.
const SCENE: u32 = 300;
/// Changes whenever what is made does.
const VERSION: &str = "made-1";

/// The show of so many minutes below `folder`, made unless it is there.
///
/// # Errors
/// Where files cannot be written.
pub(crate) fn show(folder: &Path, minutes: u32) -> io::Result<PathBuf> {
    let audio = folder.join("audio");
    once(&audio, || sound_files(&audio))?;
    let root = folder.join(format!("{minutes}-minutes"));
    once(&root, || {
        for (from, to) in files(&audio, &root, minutes) {
            fs::create_dir_all(to.parent().unwrap_or(&root))?;
            fs::hard_link(from, to)?;
        }
        fs::create_dir_all(root.join("script"))?;
        let levels = LEVELS.into_iter().chain([TREATED]);
        levels.into_iter().try_for_each(|level| fs::write(script(&root, level), text(level, minutes)))
    })?;
    Ok(root)
}

/// The script of a level.
pub(crate) fn script(root: &Path, level: &str) -> PathBuf {
    root.join("script").join(format!("{level}.toml"))
}

/// Makes what is to be in `folder`, unless it has been made as a whole before.
fn once(folder: &Path, make: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let mark = folder.join(VERSION);
    if mark.exists() {
        return Ok(());
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(folder)?,
    }
    make()?;
    fs::write(mark, "")
}

/// How many of what there are so many per hour of there are in so many minutes.
fn share(per_hour: u32, minutes: u32) -> u32 {
    (per_hour * minutes).div_ceil(60)
}

fn take_seconds(take: u32) -> f64 {
    2.0 + 6.0 * Random::new(0x74616b65, take).unit()
}

fn music_seconds(piece: u32) -> f64 {
    30.0 + 60.0 * f64::from(piece) / f64::from(MUSIC - 1)
}

/// All sound files of an hour.
fn sound_files(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let write = |name: String, sound: sounds::Sound| sound.write(&folder.join(name));
    (0..TAKES)
        .into_par_iter()
        .try_for_each(|i| write(format!("take-{i}.wav"), sounds::speech(i, take_seconds(i))))?;
    (0..EFFECT_FILES)
        .into_par_iter()
        .try_for_each(|i| write(format!("effect-{i}.wav"), sounds::effect(i)))?;
    (0..LOOPS).into_par_iter().try_for_each(|i| write(format!("loop-{i}.wav"), sounds::ambience(i)))?;
    (0..MUSIC)
        .into_par_iter()
        .try_for_each(|i| write(format!("music-{i}.wav"), sounds::music(i, music_seconds(i))))
}

/// Every file of a show, and what it is a link to.
fn files(audio: &Path, root: &Path, minutes: u32) -> Vec<(PathBuf, PathBuf)> {
    let take = |line: u32| {
        let role = ROLES[line as usize % ROLES.len()];
        (audio.join(format!("take-{}.wav", line % TAKES)), root.join(format!("voices/{role}/l{line}.wav")))
    };
    let sounds = [("effect", EFFECT_FILES), ("loop", LOOPS), ("music", MUSIC)];
    let sounds = sounds.into_iter().flat_map(|(kind, count)| {
        (0..count).map(move |i| {
            let name = format!("{kind}-{i}.wav");
            (audio.join(&name), root.join("sfx").join(&name))
        })
    });
    (0..share(TAKES, minutes)).map(take).chain(sounds).collect()
}

/// The script of a level.
fn text(level: &str, minutes: u32) -> String {
    let deliver = if level == "master" { "podcast" } else { "none" };
    let mut out = format!(
        "format = 1\ntitle = \"{level}, {minutes} minutes\"\ndeliver = \"{deliver}\"\n\
         gap = {{ same = 0, turn = 0, scene = 0 }}\n\n"
    );
    for role in ROLES {
        let treated = match role {
            "cat" if level == TREATED => "through = \"telephone\"\n",
            "dan" if level == TREATED => "distance = 3\n",
            _ => "",
        };
        let _ = writeln!(out, "[cast.{role}]\nvoice = {{ lang = \"en-GB\" }}\n{treated}");
    }
    for (kind, count) in [("effect", EFFECT_FILES), ("loop", LOOPS), ("music", MUSIC)] {
        (0..count).for_each(|i| {
            let _ = writeln!(out, "[sound.{kind}-{i}]\nfile = \"sfx/{kind}-{i}.wav\"");
        });
    }
    for bus in ["ambience", "music"] {
        let _ = writeln!(
            out,
            "[bus.{bus}]\nduck = {{ under = \"dialogue\", by = -10, attack = 0.25, hold = 0.6, release = 0.8 }}"
        );
    }
    let place = if level == TREATED { "place = \"here\"\n" } else { "" };
    if level == TREATED {
        out.push_str("[place.here]\nroom = \"living-room\"\n");
    }
    let seconds = minutes * 60;
    for scene in 0..seconds.div_ceil(SCENE) {
        let long = SCENE.min(seconds - scene * SCENE);
        let _ =
            write!(out, "\n[[scene]]\nid = \"scene-{scene}\"\n{place}script = [\n  {{ pause = {long} }},\n");
        entries(&mut out, level, scene, long, minutes);
        out.push_str("]\n");
    }
    out
}

fn entries(out: &mut String, level: &str, scene: u32, long: u32, minutes: u32) {
    // What is the number of the first event at or after the scene's start, where they come evenly?
    let first = |count: u32, second: u32| {
        u32::try_from((u64::from(count) * u64::from(second)).div_ceil(u64::from(minutes) * 60))
            .unwrap_or(u32::MAX)
    };
    let begin = scene * SCENE;
    let at = |count: u32, index: u32| {
        f64::from(index) * f64::from(minutes) * 60.0 / f64::from(count) - f64::from(begin)
    };
    let long = f64::from(long);
    let range = |count: u32| first(count, begin)..first(count, begin + SCENE).min(count);
    let lines = share(TAKES, minutes);
    for line in range(lines) {
        let mut random = Random::new(0x6c696e65, line);
        let role = ROLES[line as usize % ROLES.len()];
        let at = (at(lines, line) + random.unit()).min(long - take_seconds(line % TAKES) - 0.01);
        let (gain, pan) = (random.unit() * -6.0, random.unit() * 0.6 - 0.3);
        let (rise, fall) = (0.005 + random.unit() * 0.02, 0.01 + random.unit() * 0.05);
        let _ = writeln!(
            out,
            "  {{ id = \"l{line}\", by = \"{role}\", line = \"This is line number {line}.\", \
             at = \"scene.start+{at:.3}s\", gain = {gain:.2}, pan = {pan:.2}, fade = [{rise:.3}, {fall:.3}] }},"
        );
    }
    let effects = share(EFFECTS, minutes);
    for effect in range(effects) {
        let mut random = Random::new(0x65666665, effect);
        let file = effect % EFFECT_FILES;
        let at = (at(effects, effect) + random.unit()).min(long - 4.0);
        let (gain, pan, fade) =
            (random.unit() * -12.0 - 3.0, random.unit() * 1.6 - 0.8, 0.01 + random.unit() * 0.1);
        let _ = writeln!(
            out,
            "  {{ sfx = \"effect-{file}\", at = \"scene.start+{at:.3}s\", gain = {gain:.2}, pan = {pan:.2}, \
             fade = [0.002, {fade:.3}] }},"
        );
    }
    if level == "assemble" {
        return;
    }
    let _ = writeln!(
        out,
        "  {{ bed = \"loop-{}\", from = \"scene.start\", to = \"scene.end\", gain = -18, fade = [2, 2] }},",
        scene % LOOPS
    );
    for piece in range(share(MUSIC, minutes)) {
        let _ = writeln!(
            out,
            "  {{ music = \"music-{}\", at = \"scene.start+10s\", to = \"scene.end\", gain = -12, pan = 0.1, \
             fade = [1, 2] }},",
            piece % MUSIC
        );
    }
}
