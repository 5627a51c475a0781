//! `radioplay sounds`: what is in `sfx/`, and single ones rendered.

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
use crate::sound::patch::{Patch, parse, render};
use crate::source::Sources;
use crate::units::time::SampleRate;

/// The folder sounds are kept in.
const FOLDER: &str = "sfx";

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
    match &args.name {
        None => list(&show, &files, terminal),
        Some(name) => one(&show, &files, name, args, terminal),
    }
}

fn is_patch(name: &str) -> bool {
    name.ends_with(".toml")
}

fn is_clip(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| EXTENSIONS.contains(&ending.to_lowercase().as_str()))
}

fn list(show: &Show, files: &[String], terminal: &Terminal) -> Result<(), Failure> {
    let mut broken = false;
    let width = files.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for name in files {
        let about = if is_patch(name) {
            match patch(show, name, terminal) {
                Some(patch) => patch.description().to_owned(),
                None => {
                    broken = true;
                    "broken".to_owned()
                }
            }
        } else {
            "a recorded clip".to_owned()
        };
        terminal.result(&format!("{:width$}  {}", visible(name), visible(&about)));
    }
    if broken { Err(Failure::Script) } else { Ok(()) }
}

/// A patch of the show; `None` where it is broken, which has then been said.
fn patch(show: &Show, name: &str, terminal: &Terminal) -> Option<Patch> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let file = read_file(show, &format!("{FOLDER}/{name}"), None, &mut sources, &mut diagnostics);
    let patch = file.map(|(id, source)| {
        let table = document::parse(id, &source, &mut diagnostics);
        parse(&table, &mut diagnostics)
    });
    diagnostics.sort();
    terminal.diagnostics(&diagnostics, &sources);
    patch.filter(|_| !diagnostics.has_errors())
}

fn one(show: &Show, files: &[String], name: &str, args: &Sounds, terminal: &Terminal) -> Result<(), Failure> {
    let stem = |file: &str| file.rsplit_once('.').map_or(file.to_owned(), |(stem, _)| stem.to_owned());
    let Some(file) = files.iter().find(|file| *file == name || stem(file) == name) else {
        let stems: Vec<String> = files.iter().map(|file| stem(file)).collect();
        let help = suggest::help(name, stems.iter().map(String::as_str));
        let help = help.map_or(String::new(), |help| format!("; {help}"));
        return Err(Failure::Usage(format!("there is no sound `{name}` in `{FOLDER}`{help}")));
    };
    let rate = SampleRate::new(args.rate).unwrap_or(SampleRate::DEFAULT);
    let (audio, about, hit) = if is_patch(file) {
        let patch = patch(show, file, terminal).ok_or(Failure::Script)?;
        let rendered = render(&patch, rate, args.variant);
        (rendered.audio, patch.description().to_owned(), Some(rendered.hit))
    } else {
        (recorded(show, file)?, "a recorded clip".to_owned(), None)
    };
    let seconds = audio.frames().seconds(audio.rate());
    let landing = hit.map_or(String::new(), |hit| format!(", lands at {:.3} s", hit.seconds(audio.rate())));
    terminal.say(&format!("{}: {}, {seconds:.3} s{landing}", visible(file), visible(&about)));
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
