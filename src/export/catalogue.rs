//! Every file an export is to write, known by name before anything is rendered.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::cuesheet::{Body, Cues};
use crate::diag::suggest;
use crate::export::captions::CaptionFormat;
use crate::export::encode::Format;
use crate::export::template::{Field, Template, file_name};
use crate::staging::Preset;

/// What a person wants of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// What it is mastered for; what the script says where empty.
    pub presets: Vec<Preset>,
    /// In which formats the master is written.
    pub formats: Vec<Format>,
    /// Whether scenes are wanted.
    pub scenes: bool,
    /// Which stems.
    pub stems: Vec<Stems>,
    /// What is said, in which formats.
    pub captions: Vec<CaptionFormat>,
    /// How files are named.
    pub template: Template,
    /// Where they go.
    pub folder: PathBuf,
}

/// Which stems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stems {
    /// All that split the mix in this way.
    By(Split),
    /// By bus and by role.
    All,
    /// The bus or role of this name.
    Named(String),
}

/// How a mix is split into stems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// One for each bus.
    Bus,
    /// One for each role, and one for each bus's cues.
    Role,
    /// One for each track.
    Track,
}

impl Split {
    /// Its word, and its folder's name.
    pub fn word(self) -> &'static str {
        match self {
            Split::Bus => "bus",
            Split::Role => "role",
            Split::Track => "track",
        }
    }
}

/// A stem: a name, and the tracks that are in it, in the order they are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stem {
    /// The bus's, role's or track's name.
    pub name: String,
    /// Indices of its tracks.
    pub tracks: Vec<usize>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The mastered episode.
    Episode,
    /// The mastered scene of this index.
    Scene(usize),
    /// The unmastered mix.
    Mix,
    /// A stem: which split, and its index there.
    Stem(Split, usize),
    /// What is said.
    Captions(CaptionFormat),
    /// Scenes as chapters.
    Chapters,
    /// What a split's stems lack of the mix.
    Rest(Split),
}

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it holds.
    pub content: Content,
    /// What it is mastered for; `None` for what is not.
    pub preset: Option<Preset>,
    /// How its sound is stored; `None` for what is none.
    pub format: Option<Format>,
    /// Where.
    pub path: PathBuf,
}

/// Why an export cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueError {
    /// No bus and no role has this name.
    UnknownStem {
        /// The name.
        name: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// Two outputs would be one file.
    SameName(PathBuf),
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CatalogueError::UnknownStem { name, help } => {
                write!(f, "there is no bus or role `{name}`")?;
                help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
            }
            CatalogueError::SameName(path) => {
                write!(f, "two outputs would both be `{}`; change `--name`", path.display())
            }
        }
    }
}

impl std::error::Error for CatalogueError {}

/// The stems of a split, in the order in which they are to be summed.
pub fn stems(cues: &Cues, split: Split) -> Vec<Stem> {
    let mut stems: Vec<Stem> = Vec::new();
    for (bus, named) in cues.buses.iter().enumerate() {
        let of_bus = |track: &usize| cues.tracks[*track].bus == bus;
        let tracks: Vec<usize> = (0..cues.tracks.len()).filter(of_bus).collect();
        if split == Split::Bus {
            stems.push(Stem { name: named.name.clone(), tracks });
            continue;
        }
        for track in tracks {
            let name = &cues.tracks[track].name;
            let speaks = |track: usize| split == Split::Role && is_spoken(cues, track);
            let known = stems.iter_mut().find(|stem| {
                stem.name == *name && speaks(track) && stem.tracks.first().is_some_and(|first| speaks(*first))
            });
            match known {
                Some(stem) => stem.tracks.push(track),
                None => stems.push(Stem { name: name.clone(), tracks: vec![track] }),
            }
        }
    }
    stems
}

/// Whether lines are on a track.
fn is_spoken(cues: &Cues, track: usize) -> bool {
    cues.entries.iter().any(|entry| match &entry.body {
        Body::Sounding(sounding) => sounding.track == track && sounding.speaker.is_some(),
        _ => false,
    })
}

/// Every file that is wanted of an episode; `episode` is its name.
///
/// # Errors
/// See [`CatalogueError`].
pub fn catalogue(cues: &Cues, episode: &str, wanted: &Wanted) -> Result<Vec<Output>, CatalogueError> {
    let own = [cues.deliver];
    let presets = if wanted.presets.is_empty() { &own[..] } else { &wanted.presets };
    let mut list = List { cues, episode, wanted, outputs: Vec::new() };
    for &preset in presets {
        for &format in &wanted.formats {
            list.master(Content::Episode, episode_part(episode), preset, format);
            if wanted.scenes {
                for (index, scene) in cues.scenes.iter().enumerate() {
                    let part =
                        format!("scenes/{}-{}", numbered(index, cues.scenes.len()), file_name(&scene.id));
                    list.master(Content::Scene(index), part, preset, format);
                }
            }
        }
    }
    list.stems()?;
    for &format in &wanted.captions {
        list.other(Content::Captions(format), &episode_part(episode), format.extension());
    }
    list.other(Content::Chapters, &format!("{}.chapters", episode_part(episode)), "json");
    let mut names: BTreeMap<String, ()> = BTreeMap::new();
    for output in &list.outputs {
        if names.insert(key(&output.path), ()).is_some() {
            return Err(CatalogueError::SameName(output.path.clone()));
        }
    }
    Ok(list.outputs)
}

/// What tells files apart where the case of letters does not.
pub fn key(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

fn episode_part(episode: &str) -> String {
    file_name(episode)
}

/// A number, counted from one, as wide as the highest.
fn numbered(index: usize, count: usize) -> String {
    let width = count.to_string().len().max(2);
    format!("{:0width$}", index + 1)
}

struct List<'a> {
    cues: &'a Cues,
    episode: &'a str,
    wanted: &'a Wanted,
    outputs: Vec<Output>,
}

impl List<'_> {
    fn master(&mut self, content: Content, part: String, preset: Preset, format: Format) {
        let scene = match content {
            Content::Scene(index) => self.cues.scenes[index].id.clone(),
            _ => String::new(),
        };
        let path = self.path(&part, &scene, Some(preset), format.extension());
        self.outputs.push(Output { content, preset: Some(preset), format: Some(format), path });
    }

    fn unmastered(&mut self, content: Content, part: &str) {
        let path = self.path(part, "", None, Format::Wav.extension());
        self.outputs.push(Output { content, preset: None, format: Some(Format::Wav), path });
    }

    fn other(&mut self, content: Content, part: &str, extension: &str) {
        let path = self.path(part, "", None, extension);
        self.outputs.push(Output { content, preset: None, format: None, path });
    }

    fn stems(&mut self) -> Result<(), CatalogueError> {
        if self.wanted.stems.is_empty() {
            return Ok(());
        }
        let mut chosen: BTreeMap<Split, Vec<bool>> = BTreeMap::new();
        let mut choose = |split: Split, wanted: &dyn Fn(&str) -> bool| {
            let stems = stems(self.cues, split);
            let list = chosen.entry(split).or_insert_with(|| vec![false; stems.len()]);
            let mut any = false;
            for (chosen, _) in list.iter_mut().zip(&stems).filter(|(_, stem)| wanted(&stem.name)) {
                (*chosen, any) = (true, true);
            }
            any
        };
        for stems_wanted in &self.wanted.stems {
            match stems_wanted {
                Stems::By(split) => drop(choose(*split, &|_| true)),
                Stems::All => {
                    choose(Split::Bus, &|_| true);
                    choose(Split::Role, &|_| true);
                }
                Stems::Named(name) => {
                    if !choose(Split::Bus, &|it| it == name) && !choose(Split::Role, &|it| it == name) {
                        let known = self.cues.buses.iter().map(|bus| bus.name.as_str());
                        let known = known.chain(self.cues.tracks.iter().map(|track| track.name.as_str()));
                        let help = suggest::help(name, known);
                        return Err(CatalogueError::UnknownStem { name: name.clone(), help });
                    }
                }
            }
        }
        self.unmastered(Content::Mix, "stems/mix");
        for (split, chosen) in chosen {
            let stems = stems(self.cues, split);
            // A rest is one more; and numbers keep the order in which they sum to the mix.
            let count = stems.len() + 1;
            let part = |index: usize, name: &str| {
                format!("stems/{}/{}-{}", split.word(), numbered(index, count), file_name(name))
            };
            for (index, stem) in stems.iter().enumerate().filter(|(index, _)| chosen[*index]) {
                self.unmastered(Content::Stem(split, index), &part(index, &stem.name));
            }
            if split != Split::Bus && chosen.iter().all(|chosen| *chosen) {
                self.unmastered(Content::Rest(split), &part(stems.len(), "rest"));
            }
        }
        Ok(())
    }

    fn path(&self, part: &str, scene: &str, preset: Option<Preset>, extension: &str) -> PathBuf {
        let filled = self.wanted.template.fill(|field| match field {
            Field::Episode => self.episode.to_owned(),
            Field::Title => self.cues.title.clone(),
            Field::Series | Field::Number => String::new(),
            Field::Preset => preset.map_or(String::new(), |preset| preset.word().to_owned()),
            Field::Scene => scene.to_owned(),
            Field::Part => part.to_owned(),
        });
        self.wanted.folder.join(format!("{filled}.{extension}"))
    }
}
