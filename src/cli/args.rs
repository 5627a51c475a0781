//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::export::captions::CaptionFormat;
use crate::export::catalogue::{Split, Stems};
use crate::export::encode::Format as FileFormat;
use crate::export::session::SessionFormat;
use crate::export::template::{Template, TemplateError};
use crate::staging::Preset;
use crate::units::depth::{BitDepth, UnknownDepth};

/// Turns a written script into a finished radio play.
#[derive(Debug, Parser)]
#[command(
    name = "radioplay",
    version,
    about = "Turns a written script into a finished radio play",
    long_about = "Turns a written script into a finished radio play: a TOML script marks up lines, pauses and sound \
                  cues; recorded or synthesized voices and sounds are placed to the frame, mixed, and written to a WAV \
                  file.",
    after_help = "Examples:\n  \
                  radioplay new my-show && cd my-show && radioplay render\n  \
                  radioplay check                     what is wrong, how long it runs, what is not recorded yet\n  \
                  radioplay render --scene knock      one scene, into output/\n  \
                  radioplay play --from knock --watch hear it, and every change as it is saved\n  \
                  radioplay voices --say \"Who is it?\" --role her -o try.wav\n\n\
                  Exit codes: 0 done, 1 the script has errors, 2 wrong usage, 3 the machine failed (disk, permission), \
                  130 interrupted."
)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(super) color: When,
    /// Say nothing but errors.
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(super) quiet: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Render an episode to a WAV file.
    Render(Render),
    /// Hear an episode while it is being written.
    Play(Play),
    /// Export episodes with everything that ships: scenes, stems, formats.
    Export(Export),
    /// Measure an episode against what it is mastered for, without writing it.
    Report(Report),
    /// Check an episode: everything short of mixing.
    Check(Check),
    /// List voices, or try one.
    Voices(Voices),
    /// List sounds, render one, or draw them.
    Sounds(Sounds),
    /// Show what is kept from earlier runs, make it smaller, or clear it.
    Cache(Cache),
    /// Make a small show that renders at once.
    New(New),
}

/// Which episode, and how it is read.
#[derive(Debug, Args)]
pub(super) struct Episode {
    /// The script; without it, the only episode in `script/`.
    pub(super) script: Option<PathBuf>,
    /// Let the script also read files below this folder, outside its show.
    #[arg(long, value_name = "DIR")]
    pub(super) allow: Vec<PathBuf>,
    /// Frames per second, 44100 to 192000.
    #[arg(long, value_name = "HZ", default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(44_100..=192_000))]
    pub(super) rate: u32,
    /// How many threads work at once; without it, as many as there are cores. The result is the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// The longest clip that is decoded, in minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=6000))]
    pub(super) longest_clip: u32,
    #[command(flatten)]
    pub(super) caching: Caching,
    /// How problems are printed: for people, or as JSON on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub(super) format: Format,
}

/// What is kept for the next run.
#[derive(Clone, Debug, Args)]
pub(super) struct Caching {
    /// Keep takes, sounds and stretches of the mix in this folder; without it in the one that `RADIOPLAY_CACHE` names,
    /// else in the platform's folder for caches. The result is the same with any.
    #[arg(long, value_name = "DIR", help_heading = "Cache")]
    pub(super) cache: Option<PathBuf>,
    /// Keep nothing, and use nothing that was kept.
    #[arg(long, conflicts_with = "cache", help_heading = "Cache")]
    pub(super) no_cache: bool,
    /// How much may be kept, in MiB; what has gone unused for longest is removed first.
    #[arg(long, value_name = "MIB", default_value_t = 4096, help_heading = "Cache")]
    pub(super) cache_size: u64,
}

/// How problems are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Message, file, line, caret, help; on standard error.
    Human,
    /// One JSON object on standard output.
    Json,
}

/// `radioplay render`.
#[derive(Debug, Args)]
pub(super) struct Render {
    #[command(flatten)]
    pub(super) episode: Episode,
    /// The file to write; without it, `output/EPISODE.wav` in the show.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Only this scene; may be given several times.
    #[arg(long, value_name = "ID")]
    pub(super) scene: Vec<String>,
    /// Bits of a sample: 16, 24, or 32f for floating point.
    #[arg(long, value_name = "BITS", default_value_t, value_parser = parse_depth)]
    pub(super) bits: BitDepth,
    #[command(flatten)]
    pub(super) delivery: Delivery,
    /// Also write the report on the whole episode as JSON to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "scene")]
    pub(super) report: Option<PathBuf>,
}

/// `radioplay play`.
#[derive(Debug, Args)]
#[command(
    after_help = "Keys: space pause, up/down line, page up/down scene, left/right 5 seconds, l loop the line, o loop the \
                  scene, tab choose a bus, m mute it, s hear it alone, e open the line in $EDITOR, d problems, q quit."
)]
pub(super) struct Play {
    #[command(flatten)]
    pub(super) episode: Episode,
    #[command(flatten)]
    pub(super) delivery: Delivery,
    /// Begin here: an entry's id, a scene's id, or a time (90, 1:30, 1:02:03.5).
    #[arg(long, value_name = "PLACE", conflicts_with = "scene")]
    pub(super) from: Option<String>,
    /// End before this, given likewise.
    #[arg(long, value_name = "PLACE", conflicts_with = "scene")]
    pub(super) to: Option<String>,
    /// Only this scene.
    #[arg(long, value_name = "ID")]
    pub(super) scene: Option<String>,
    /// Begin again at the end.
    #[arg(long = "loop", conflicts_with = "to_file")]
    pub(super) again: bool,
    /// Hear only this bus or role; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(super) solo: Vec<String>,
    /// Do not hear this bus or role; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(super) mute: Vec<String>,
    /// Play on this device, named as `--list-devices` names it.
    #[arg(long, value_name = "NAME")]
    pub(super) device: Option<String>,
    /// List the devices that play, and end.
    #[arg(long)]
    pub(super) list_devices: bool,
    /// Follow the script and everything it plays: what is saved is heard at once.
    #[arg(long, conflicts_with = "to_file")]
    pub(super) watch: bool,
    /// One line of text for each entry as it plays, as on something that is no terminal.
    #[arg(long)]
    pub(super) plain: bool,
    /// Write what would be heard to this WAV file (24 bits) instead.
    #[arg(long, value_name = "FILE")]
    pub(super) to_file: Option<PathBuf>,
}

/// `radioplay export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// Scripts, folders of scripts, or patterns such as `script/s01*.toml`; without any, all in `script/`.
    pub(super) script: Vec<PathBuf>,
    /// The folder to write to; without it, `output/` in the show.
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Also write every scene as a file. Joined end to end they are the episode, bit for bit.
    #[arg(long)]
    pub(super) scenes: bool,
    /// Also write stems that sum to the unmastered mix: by `bus`, `role` or `track`, `all` for buses and roles, or
    /// the name of one bus or role. 32-bit float WAV.
    #[arg(long, value_name = "STEMS", value_delimiter = ',', value_parser = parse_stems)]
    pub(super) stems: Vec<Stems>,
    /// Formats of the episode and its scenes.
    #[arg(long = "format", value_name = "FORMATS", value_delimiter = ',', default_value = "wav", value_parser = parse_format)]
    pub(super) formats: Vec<FileFormat>,
    /// Also write what is said: `srt`, `vtt` and `json` with times, `txt` and `html` to read.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', value_parser = parse_captions)]
    pub(super) captions: Vec<CaptionFormat>,
    /// Also write a project for a workstation, with its media in a folder beside it: `dawproject`, `reaper`. It plays
    /// the unmastered mix.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', value_parser = parse_session)]
    pub(super) session: Vec<SessionFormat>,
    /// What it is mastered for, instead of the script's `deliver`; may be given several times: podcast,
    /// podcast-mono, ebu-r128, atsc-a85, acx, spotify, prss, or none.
    #[arg(long, value_name = "PRESET", value_delimiter = ',', value_parser = parse_preset)]
    pub(super) deliver: Vec<Preset>,
    /// How files are named, below the folder and without the ending: {episode}, {title}, {series}, {number}, {preset},
    /// {scene}, {part}. Without it `{episode}/{part}`; with several presets `{episode}/{preset}/{part}`.
    #[arg(long, value_name = "TEMPLATE", value_parser = parse_template)]
    pub(super) name: Option<Template>,
    /// Let scenes begin so many seconds earlier and end so many later than they do; then they overlap.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, requires = "scenes", value_parser = parse_handles)]
    pub(super) handles: f64,
    /// Whether a scene's gain is the episode's, or its own, as audiobooks need it.
    #[arg(long, value_name = "SCOPE", default_value = "episode")]
    pub(super) gain_scope: GainScope,
    /// Bits of a sample: 16, 24, or 32f for floating point.
    #[arg(long, value_name = "BITS", default_value_t, value_parser = parse_depth)]
    pub(super) bits: BitDepth,
    /// Write and make nothing: list what would be written and what left alone, which lines would be spoken again, which
    /// sounds decoded, which scenes mixed, and why.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Let the scripts also read files below this folder, outside their show.
    #[arg(long, value_name = "DIR")]
    pub(super) allow: Vec<PathBuf>,
    /// Frames per second, 44100 to 192000.
    #[arg(long, value_name = "HZ", default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(44_100..=192_000))]
    pub(super) rate: u32,
    /// How many threads work at once; without it, as many as there are cores. The result is the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// The longest clip that is decoded, in minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=6000))]
    pub(super) longest_clip: u32,
    #[command(flatten)]
    pub(super) caching: Caching,
    /// Print what was written, and what was not and why, as JSON on standard output.
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
}

/// What a scene's gain is decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GainScope {
    /// The whole episode: scenes are cut from its master.
    Episode,
    /// The scene: each file is mastered by itself, and gets the silence at its ends that the preset asks for.
    File,
}

fn parse_stems(text: &str) -> Result<Stems, String> {
    Ok(match text {
        "" => return Err("expected `bus`, `role`, `track`, `all`, or a name".to_owned()),
        "bus" => Stems::By(Split::Bus),
        "role" => Stems::By(Split::Role),
        "track" => Stems::By(Split::Track),
        "all" => Stems::All,
        name => Stems::Named(name.to_owned()),
    })
}

fn parse_format(text: &str) -> Result<FileFormat, String> {
    FileFormat::ALL.into_iter().find(|format| format.extension() == text).ok_or_else(|| {
        let words: Vec<&str> = FileFormat::ALL.iter().map(|format| format.extension()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

fn parse_captions(text: &str) -> Result<CaptionFormat, String> {
    CaptionFormat::ALL.into_iter().find(|format| format.extension() == text).ok_or_else(|| {
        let words: Vec<&str> = CaptionFormat::ALL.iter().map(|format| format.extension()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

fn parse_session(text: &str) -> Result<SessionFormat, String> {
    SessionFormat::ALL.into_iter().find(|format| format.word() == text).ok_or_else(|| {
        let words: Vec<&str> = SessionFormat::ALL.iter().map(|format| format.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

fn parse_template(text: &str) -> Result<Template, TemplateError> {
    Template::parse(text)
}

fn parse_handles(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    if (0.0..=600.0).contains(&seconds) { Ok(seconds) } else { Err("expected 0 to 600 seconds".to_owned()) }
}

/// `radioplay report`.
#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    pub(super) episode: Episode,
    #[command(flatten)]
    pub(super) delivery: Delivery,
    /// Also write the report as JSON to this file.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Also draw the episode into this SVG file: waveforms by bus, loudness over time, scenes and lines.
    #[arg(long, value_name = "FILE")]
    pub(super) plot: Option<PathBuf>,
}

/// What it is mastered for.
#[derive(Debug, Args)]
pub(super) struct Delivery {
    /// What it is mastered for, instead of the script's `deliver`: podcast, podcast-mono, ebu-r128, atsc-a85, acx,
    /// spotify, prss, or none.
    #[arg(long, value_name = "PRESET", value_parser = parse_preset)]
    pub(super) deliver: Option<Preset>,
}

fn parse_preset(text: &str) -> Result<Preset, String> {
    Preset::from_word(text).ok_or_else(|| {
        let words: Vec<&str> = Preset::ALL.iter().map(|preset| preset.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

fn parse_depth(text: &str) -> Result<BitDepth, UnknownDepth> {
    text.parse()
}

/// `radioplay check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) episode: Episode,
    /// Print a stage's result as JSON on standard output instead of the report.
    #[arg(long, value_name = "STAGE")]
    pub(super) dump: Option<Dump>,
}

/// A stage whose result can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dump {
    /// What was written.
    Script,
    /// Every name bound to a take or a clip.
    Cuesheet,
    /// Every time solved.
    Timeline,
}

/// `radioplay voices`.
#[derive(Debug, Args)]
pub(super) struct Voices {
    #[command(flatten)]
    pub(super) episode: Episode,
    /// Say this.
    #[arg(long, value_name = "TEXT", requires = "output")]
    pub(super) say: Option<String>,
    /// With the voice of this role of the episode.
    #[arg(long, value_name = "ROLE", requires = "say")]
    pub(super) role: Option<String>,
    /// In this language.
    #[arg(long, value_name = "TAG", requires = "say")]
    pub(super) lang: Option<String>,
    /// In this mood: whisper, quiet, tender, cold, weary, urgent, angry, shout, broken, bright, wry, hoarse, pleading.
    #[arg(long, value_name = "MOOD", requires = "say")]
    pub(super) mood: Option<String>,
    /// The WAV file to write.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// `radioplay sounds`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
                  radioplay sounds                    every sound of the show\n  \
                  radioplay sounds knock -o try.wav   one of them, to be heard\n  \
                  radioplay sounds --sheet            all of them, to be seen: output/sounds.png\n  \
                  radioplay sounds knock rain-window --sheet two.png")]
pub(super) struct Sounds {
    /// The sounds meant: files in `sfx/`, with or without their endings; without any, all.
    pub(super) name: Vec<String>,
    /// The show's folder; without it, this one.
    #[arg(long, value_name = "DIR")]
    pub(super) show: Option<PathBuf>,
    /// The WAV file to write; of one sound.
    #[arg(short, long, value_name = "FILE", requires = "name", conflicts_with = "sheet")]
    pub(super) output: Option<PathBuf>,
    /// Draw waveforms and spectrograms as one picture, into this PNG file; without FILE, `output/sounds.png` in the
    /// show. Names stand before it.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "absent, or given with or without a file")]
    pub(super) sheet: Option<Option<PathBuf>>,
    /// Which variant of a patch.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) variant: u32,
    /// Frames per second, 44100 to 192000.
    #[arg(long, value_name = "HZ", default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(44_100..=192_000))]
    pub(super) rate: u32,
}

/// `radioplay cache`.
#[derive(Debug, Args)]
pub(super) struct Cache {
    /// What to do; without it, show.
    #[arg(value_enum, default_value = "show")]
    pub(super) action: CacheAction,
    #[command(flatten)]
    pub(super) caching: Caching,
    /// Print it as JSON.
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
}

/// What to do with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CacheAction {
    /// Say where it is and what is in it.
    Show,
    /// Remove what has gone unused for longest, down to `--cache-size`.
    Prune,
    /// Remove everything.
    Clear,
}

/// `radioplay new`.
#[derive(Debug, Args)]
pub(super) struct New {
    /// The folder to make.
    pub(super) dir: PathBuf,
}
