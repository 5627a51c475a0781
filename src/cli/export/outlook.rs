//! What an export would make, and why, known without making it: `--dry-run`.

use serde::Serialize;

use crate::cache::{Cache, Kind};
use crate::cli::export::standing::{Standings, of_scene};
use crate::cli::words::{clock, counted};
use crate::cuesheet::makings::{Lack, lacks};
use crate::diag::render::human::visible;
use crate::export::catalogue::{Content, Output, Split};
use crate::export::ledger::Standing;
use crate::mix::stretch::{Known, Stretch};
use crate::pipeline::Build;

/// How many of a kind are listed for people; data has all of them.
const LISTED: usize = 12;

/// What would be made of an episode.
#[derive(Debug, Serialize)]
pub(super) struct Outlook {
    /// Lines that would be spoken.
    spoken: Work,
    /// Sounds and takes that would be decoded, and patches that would be synthesized.
    sounds: Work,
    /// Stretches of the mix that would be mixed for mastered files.
    mixed: Work,
    /// Of what the whole episode would be mixed once more: stems, sessions.
    again: Vec<&'static str>,
    /// Whether lengths and times are a guess because something is missing.
    guessed: bool,
}

/// What would be made of one kind.
#[derive(Debug, Serialize)]
struct Work {
    /// How many there are.
    of: usize,
    /// How many would be made.
    made: usize,
    /// Which.
    items: Vec<Item>,
}

/// Something that would be made.
#[derive(Debug, Serialize)]
struct Item {
    name: String,
    why: String,
}

/// What would be made for the outputs that are not as they should be.
pub(super) fn outlook(
    built: &Build,
    episode: &std::path::Path,
    (outputs, known): (&[Output], &Standings),
    cache: &Cache,
) -> Outlook {
    let lacks = lacks(cache, episode, &built.sheet);
    let requests = built.sheet.cues.requests.len();
    let lines = built.sheet.cues.requests.iter().filter(|it| it.is_spoken()).count();
    let work = |spoken: bool, of: usize| {
        let items: Vec<Item> = lacks.iter().filter(|lack| lack.spoken == spoken).map(item).collect();
        Work { of, made: items.len(), items }
    };
    let wrong = || {
        let outputs = outputs.iter().zip(&known.standings);
        outputs.filter(|(_, standing)| matches!(standing, Standing::Wrong(_))).map(|(output, _)| output)
    };
    let mut again = Vec::new();
    for (split, what) in
        [(Split::Bus, "stems by bus"), (Split::Role, "stems by role"), (Split::Track, "stems by track")]
    {
        if wrong().any(|output| matches!(output.content, Content::Stem(of, _) if of == split)) {
            again.push(what);
        }
    }
    if wrong().any(|output| matches!(output.content, Content::Session(_))) {
        again.push("the session's media");
    }
    let mastered = wrong().any(|output| output.preset.is_some());
    Outlook {
        spoken: work(true, lines),
        sounds: work(false, requests - lines),
        mixed: if mastered {
            mixed(built, &known.stretches, cache)
        } else {
            Work { of: known.stretches.len(), made: 0, items: Vec::new() }
        },
        again,
        guessed: !lacks.is_empty(),
    }
}

fn item(lack: &Lack) -> Item {
    let name = match &lack.role {
        Some(role) => format!("{role}: {}", lack.name),
        None => lack.name.clone(),
    };
    Item { name, why: lack.why.to_string() }
}

/// The stretches that are not kept, scene by scene.
fn mixed(built: &Build, stretches: &[Stretch], cache: &Cache) -> Work {
    let missing = |stretch: &&&Stretch| match &stretch.known {
        Known::Silent => false,
        Known::Unknown => true,
        Known::By(key) => !cache.has(Kind::Mix, key),
    };
    let mut items = Vec::new();
    let mut made = 0;
    for scene in &built.timeline.scenes {
        let all: Vec<&Stretch> = of_scene(stretches, scene).collect();
        let missing: Vec<&&Stretch> = all.iter().filter(missing).collect();
        let Some(first) = missing.first() else { continue };
        made += missing.len();
        let unmade = missing.iter().any(|stretch| stretch.known == Known::Unknown);
        let why = if unmade {
            "a line or sound in it is made again"
        } else if cache.keeps() {
            "not in the cache: what is heard there, or where and how, has changed"
        } else {
            "nothing is kept between runs"
        };
        let at = clock(first.start as f64 / f64::from(built.timeline.rate.hz()));
        let name = format!("scene {}: {} of {}, from {at}", scene.id, missing.len(), all.len());
        items.push(Item { name, why: why.to_owned() });
    }
    Work { of: stretches.len(), made, items }
}

impl Outlook {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (work, what, of) in [
            (&self.spoken, "spoken", "line"),
            (&self.sounds, "decoded or synthesized", "sound"),
            (&self.mixed, "mixed", "stretch"),
        ] {
            let of = counted(work.of, of).replace("stretchs", "stretches");
            text += &format!("would be {what}: {} of {of}\n", work.made);
            for item in work.items.iter().take(LISTED) {
                text += &format!("  {} ({})\n", visible(&item.name), item.why);
            }
            if work.items.len() > LISTED {
                text += &format!("  and {} more; `--json` lists all\n", work.items.len() - LISTED);
            }
        }
        for what in &self.again {
            text += &format!("the whole episode would be mixed for {what}\n");
        }
        if self.guessed {
            text += "what is not made yet has no length: times, and how much is mixed, are a guess\n";
        }
        text
    }
}
