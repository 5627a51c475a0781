//! `radioplay sounds`: what is in `sfx/`; single ones rendered; any of them drawn.

use std::path::Path;

use crate::audio::buffer::AudioBuffer;
use crate::audio::decode::{Limits, decode_to_buffer};
use crate::cli::args::Sounds;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cuesheet::takes::EXTENSIONS;
use crate::diag::Diagnostics;
use crate::diag::render::human::visible;
use crate::diag::suggest;
use crate::document;
use crate::export::clip;
use crate::host::Show;
use crate::script::load::read_file;
use crate::sound::patch::hands::Hands;
use crate::sound::patch::{Patch, parse, render};
use crate::source::Sources;
use crate::units::time::{FrameCount, SampleRate};

mod sheet;

/// The folder sounds are kept in.
const FOLDER: &str = "sfx";
/// What is known about a clip.
const RECORDED: &str = "a recorded clip";

/// A sound that is ready to be heard.
enum Sound {
    Patch(Patch),
    Clip,
}

/// What there is to hear, and where it lands if somebody knows.
struct Heard {
    audio: AudioBuffer,
    hit: Option<FrameCount>,
    looped: bool,
}

pub(super) fn run(args: &Sounds, terminal: &Terminal) -> Result<(), Failure> {
    let root = args.show.as_deref().unwrap_or(Path::new("."));
    let show = Show::open(root, Vec::new())
        .map_err(|error| Failure::Usage(format!("`{}`: {error}", root.display())))?;
    let files: Vec<String> = show
        .list(FOLDER)
        .map_err(|error| Failure::Usage(format!("`{}`: {error}", root.join(FOLDER).display())))?
        .into_iter()
        .filter(|name| is_patch(name) || is_clip(name))
        .collect();
    let named: Vec<&String> = args.name.iter().map(|name| find(&files, name)).collect::<Result<_, _>>()?;
    let meant = if named.is_empty() { files.iter().collect() } else { named };
    match (&args.sheet, args.name.as_slice()) {
        (Some(target), _) => sheet::draw(&show, &meant, target.as_deref(), args, terminal),
        (None, []) => list(&show, &meant, terminal),
        (None, [_]) => one(&show, meant[0], args, terminal),
        (None, _) if args.output.is_some() => {
            Err(Failure::Usage("`--output` takes one sound; to draw several: `--sheet`".to_owned()))
        }
        (None, _) => list(&show, &meant, terminal),
    }
}

fn is_patch(name: &str) -> bool {
    name.ends_with(".toml")
}

fn is_clip(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| EXTENSIONS.contains(&ending.to_lowercase().as_str()))
}

fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The file that is meant by a name.
fn find<'f>(files: &'f [String], name: &str) -> Result<&'f String, Failure> {
    files.iter().find(|file| *file == name || stem(file) == name).ok_or_else(|| {
        let help = suggest::help(name, files.iter().map(|file| stem(file)));
        let help = help.map_or(String::new(), |help| format!("; {help}"));
        Failure::Usage(format!("there is no sound `{name}` in `{FOLDER}`{help}"))
    })
}

fn list(show: &Show, files: &[&String], terminal: &Terminal) -> Result<(), Failure> {
    let mut broken = false;
    let width = files.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for name in files {
        let about = match read(show, name, terminal) {
            Some(sound) => sound.about().to_owned(),
            None => {
                broken = true;
                "broken".to_owned()
            }
        };
        terminal.result(&format!("{:width$}  {}", visible(name), visible(&about)));
    }
    if broken { Err(Failure::Script) } else { Ok(()) }
}

/// A sound of the show; `None` where it is a broken patch, which has then been said.
fn read(show: &Show, name: &str, terminal: &Terminal) -> Option<Sound> {
    if !is_patch(name) {
        return Some(Sound::Clip);
    }
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let file = read_file(show, &format!("{FOLDER}/{name}"), None, &mut sources, &mut diagnostics);
    let patch = file.map(|(id, source)| {
        let table = document::parse(id, &source, &mut diagnostics);
        parse(&table, &mut diagnostics)
    });
    diagnostics.sort();
    terminal.diagnostics(&diagnostics, &sources);
    patch.filter(|_| !diagnostics.has_errors()).map(Sound::Patch)
}

impl Sound {
    fn about(&self) -> &str {
        match self {
            Sound::Patch(patch) => patch.description(),
            Sound::Clip => RECORDED,
        }
    }

    /// Renders a patch, or reads a clip as it was recorded.
    fn hear(&self, show: &Show, file: &str, args: &Sounds) -> Result<Heard, Failure> {
        match self {
            Sound::Patch(patch) => {
                let rate = SampleRate::new(args.rate).unwrap_or(SampleRate::DEFAULT);
                let sound = render(patch, rate, args.variant, Hands::All);
                Ok(Heard { audio: sound.audio, hit: Some(sound.hit), looped: sound.looped })
            }
            Sound::Clip => Ok(Heard { audio: recorded(show, file)?, hit: None, looped: false }),
        }
    }
}

fn one(show: &Show, file: &str, args: &Sounds, terminal: &Terminal) -> Result<(), Failure> {
    let sound = read(show, file, terminal).ok_or(Failure::Script)?;
    let Heard { audio, hit, .. } = sound.hear(show, file, args)?;
    let seconds = audio.frames().seconds(audio.rate());
    let landing = hit.map_or(String::new(), |hit| format!(", lands at {:.3} s", hit.seconds(audio.rate())));
    terminal.say(&format!("{}: {}, {seconds:.3} s{landing}", visible(file), visible(sound.about())));
    if let Some(output) = &args.output {
        clip::write(output, &audio).map_err(|error| Failure::Machine(error.to_string()))?;
        terminal.result(&output.display().to_string());
    }
    Ok(())
}

fn recorded(show: &Show, file: &str) -> Result<AudioBuffer, Failure> {
    let path = format!("{FOLDER}/{file}");
    let opened = show.open_file(&path).map_err(|error| Failure::Machine(format!("`{path}`: {error}")))?;
    let extension = file.rsplit_once('.').map(|(_, extension)| extension);
    decode_to_buffer(opened, extension, Limits::default())
        .map_err(|error| Failure::Machine(format!("`{path}`: {error}")))
}
