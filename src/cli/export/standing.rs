//! Which files of an export are what they should be already, and which are not, and why.

use std::ops::Range;
use std::path::PathBuf;

use crate::cli::export::apart;
use crate::cli::export::order::{Order, frame, range_of, shown, tags};
use crate::export::catalogue::{Content, Output};
use crate::export::episode::EpisodeError;
use crate::export::ledger::{Ledger, Recipe, Standing, Why};
use crate::export::recipe;
use crate::export::session;
use crate::master::preset::specification;
use crate::mix::plan::Plan;
use crate::mix::stretch::{Stretch, content, stretches};

/// What is known of an episode's outputs before any of them is made, by their index.
pub(super) struct Standings {
    /// What each is made by; `None` where something of it has to be made first.
    pub(super) recipes: Vec<Option<Recipe>>,
    /// How each stands.
    pub(super) standings: Vec<Standing>,
    /// The stretches of the mix.
    pub(super) stretches: Vec<Stretch>,
}

/// Looks at what is there.
///
/// # Errors
/// Where a clip cannot be read.
pub(super) fn standings(order: &Order<'_>) -> Result<Standings, EpisodeError> {
    let stretches = stretches(&Plan::new(&order.built.timeline, &order.built.samples())?);
    let recipes = recipes(order, &stretches);
    let ledger = Ledger::new(order.cache);
    let outputs = order.outputs.iter().zip(&recipes);
    let standings = outputs.map(|(output, recipe)| ledger.standing(&output.path, recipe.as_ref()));
    let mut standings: Vec<Standing> = standings.collect();
    // What is made together is written together.
    for index in 0..standings.len() {
        let group = group(&order.outputs[index]);
        let wrong = |(output, standing): (&Output, &Standing)| {
            self::group(output) == group && matches!(standing, Standing::Wrong(_))
        };
        let together = group.is_some()
            && matches!(standings[index], Standing::Right(_))
            && order.outputs.iter().zip(&standings).any(wrong);
        if together {
            standings[index] = Standing::Wrong(Why::Together);
        }
    }
    Ok(Standings { recipes, standings, stretches })
}

/// What is made together: all stems, as each depends on which others there are; sessions that share their media.
#[derive(PartialEq)]
enum Group {
    Stems,
    Session(PathBuf),
}

fn group(output: &Output) -> Option<Group> {
    match output.content {
        Content::Mix | Content::Stem(..) | Content::Rest(_) => Some(Group::Stems),
        Content::Session(_) => Some(Group::Session(session::media_folder(&output.path))),
        Content::Episode | Content::Scene(_) | Content::Captions(_) | Content::Chapters => None,
    }
}

fn recipes(order: &Order<'_>, stretches: &[Stretch]) -> Vec<Option<Recipe>> {
    let Order { args, built, outputs, .. } = *order;
    let timeline = &built.timeline;
    let whole = 0..timeline.length.get();
    let mixed = content(stretches, &whole);
    let score = outputs.iter().any(|output| group(output).is_some());
    let score = score.then(|| recipe::score(timeline, &built.samples())).flatten();
    let text = outputs.iter().any(|output| matches!(output.content, Content::Captions(_)));
    let text = text.then(|| recipe::text(&built.sheet, timeline, |role| shown(built, role))).flatten();
    let tagged = |range: &Range<u64>, title: String| recipe::tags(&tags(order, title, range), timeline.rate);
    let own = || tagged(&whole, built.sheet.cues.title.clone());
    let stems: Vec<&Content> = outputs
        .iter()
        .map(|output| &output.content)
        .filter(|content| matches!(content, Content::Rest(_)))
        .collect();
    let recipe = |output: &Output| {
        let recipe = Recipe::new(&recipe::settings(&(&output.content, output.format)));
        Some(match (&output.content, output.preset) {
            (Content::Episode | Content::Scene(_), Some(preset)) => {
                let (range, title) = range_of(order, &output.content);
                let scene = matches!(output.content, Content::Scene(_));
                // A scene by itself is mastered by what is in it, every other file by the whole.
                let alone = scene && apart(args);
                let heard = if alone { content(stretches, &range)? } else { mixed? };
                let range = if alone { 0..range.end - range.start } else { range };
                let made = (output.format, specification(preset), args.bits, alone);
                Recipe::new(&recipe::settings(&made))
                    .with("sound", &heard)
                    .with("place", &recipe::settings(&range))
                    .with("tags", &tagged(&range_of(order, &output.content).0, title))
            }
            (Content::Episode | Content::Scene(_), None) => return None,
            (Content::Mix, _) => recipe.with("sound", &score?),
            (Content::Stem(..) | Content::Rest(_), _) => {
                recipe.with("sound", &score?).with("stems", &recipe::settings(&stems))
            }
            (Content::Captions(_), _) => recipe.with("text", &text?),
            (Content::Session(_), _) => {
                recipe.with("sound", &score?).with("names", &recipe::names(timeline)).with("tags", &own())
            }
            (Content::Chapters, _) => {
                // Where nothing is kept of a clip its length is a guess, and so are the scenes' places.
                mixed?;
                recipe.with("chapters", &own())
            }
        })
    };
    outputs.iter().map(recipe).collect()
}

/// The stretches of the mix that lie in a scene.
pub(super) fn of_scene<'s>(
    stretches: &'s [Stretch],
    scene: &crate::timeline::SceneSpan,
) -> impl Iterator<Item = &'s Stretch> + use<'s> {
    let (start, end) = (frame(scene.start), frame(scene.boundary));
    stretches.iter().filter(move |stretch| stretch.start >= start && stretch.start < end)
}
