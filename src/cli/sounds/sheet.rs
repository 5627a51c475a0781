//! `radioplay sounds --sheet`: sounds to be seen, as one picture.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cli::args::Sounds;
use crate::cli::failure::Failure;
use crate::cli::sounds::{Sound, read, stem};
use crate::cli::terminal::Terminal;
use crate::export::sheet::layout::Layout;
use crate::export::sheet::{Card, Sheet, Tile};
use crate::host::Show;

/// Where a sheet goes that was given no file, inside the show.
const DEFAULT: &str = "output/sounds.png";

/// Draws `files`. Nothing is written while one of them is broken.
pub(super) fn draw(
    show: &Show,
    files: &[&String],
    target: Option<&Path>,
    args: &Sounds,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let target: PathBuf = match target {
        None => args.show.as_deref().unwrap_or(Path::new("")).join(DEFAULT),
        Some(target) if target.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) => {
            target.to_owned()
        }
        Some(target) => {
            let message = format!("`--sheet` writes a PNG file, and `{}` is none", target.display());
            return Err(Failure::Usage(format!("{message}; names of sounds stand before `--sheet`")));
        }
    };
    let sounds: Vec<Option<Sound>> = files.iter().map(|file| read(show, file, terminal)).collect();
    let sounds: Vec<Sound> = sounds.into_iter().collect::<Option<_>>().ok_or(Failure::Script)?;
    let layout = Layout::for_count(sounds.len());
    let tiles: Vec<Tile> = sounds
        .par_iter()
        .zip(files)
        .map(|(sound, file)| {
            if Terminal::interrupted() {
                return Err(Failure::Interrupted);
            }
            let heard = sound.hear(show, file, args)?;
            let (hit, looped) = (heard.hit, heard.looped);
            let card = Card { name: stem(file), about: sound.about(), hit, looped, audio: &heard.audio };
            Ok(Tile::draw(&card, &layout))
        })
        .collect::<Result<_, Failure>>()?;
    let count = if tiles.len() == 1 { "1 sound".to_owned() } else { format!("{} sounds", tiles.len()) };
    let sheet = Sheet::of(&count, &tiles, &layout);
    sheet.write(&target).map_err(|error| Failure::Machine(error.to_string()))?;
    terminal.result(&target.display().to_string());
    Ok(())
}
