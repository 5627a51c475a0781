//! Which files of an export are what they should be already, and which are not, and why.

use std::ops::Range;
use std::path::PathBuf;

use crate::cli::export::apart;
use crate::cli::export::masters::{Decided, Masters};
use crate::cli::export::order::{Order, frame, range_of, shown, tags};
use crate::export::catalogue::{Content, Output};
use crate::export::encode::Format;
use crate::export::ledger::{GAIN, Ledger, Recipe, Standing, Why};
use crate::export::recipe;
use crate::export::session;
use crate::master::limit::{as_mixed, reach};
use crate::master::preset::specification;
use crate::mix::plan::Plan;
use crate::mix::stretch::{Stretch, content, stretches};
use crate::units::time::FrameCount;

/// What is known of an episode's outputs before any of them is made, by their index.
pub(super) struct Standings {
    /// What each is made by; `None` where something of it has to be made first.
    pub(super) recipes: Vec<Option<Recipe>>,
    /// How each stands.
    pub(super) standings: Vec<Standing>,
    /// The stretches of the mix.
    pub(super) stretches: Vec<Stretch>,
}

/// Looks at what is there. Of what was not `decided` nothing is known that depends on it.
pub(super) fn standings(order: &Order<'_>, masters: &Masters<'_>, decided: &Decided) -> Standings {
    let plan = masters.mixture().plan();
    // A mix of which nothing is kept does not know them.
    let stretches = masters.mixture().stretches().map_or_else(|| stretches(plan), <[_]>::to_vec);
    let recipes = recipes(order, plan, &stretches, decided);
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
    Standings { recipes, standings, stretches }
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

fn recipes(order: &Order<'_>, plan: &Plan, stretches: &[Stretch], decided: &Decided) -> Vec<Option<Recipe>> {
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
                let (specification, alone) = (specification(preset), scene && apart(args));
                let recipe = Recipe::new(&recipe::settings(&(
                    output.format,
                    specification,
                    args.bits,
                    alone,
                    range.end - range.start,
                )));
                let mut own = tags(order, title, &range);
                // Where in the episode a scene was is told by WAVs alone.
                if output.format != Some(Format::Wav) {
                    own.start = FrameCount::ZERO;
                }
                let tags = recipe::tags(&own, timeline.rate);
                // A scene by itself is mastered by what is in it. Every other file by what is decided for all of them;
                // and by what the limiter hears of what comes before and after.
                let recipe = if alone {
                    recipe.with("sound", &content(stretches, &range)?)
                } else {
                    let reach = reach(as_mixed(&specification).settings, plan.rate());
                    let heard = range.start.saturating_sub(reach.0)..range.end.saturating_add(reach.1);
                    // Dither is counted from where scenes begin.
                    let start = |at: u64| i128::from(at) - i128::from(range.start);
                    let before = [plan.scene_of(range.start)];
                    let inside = plan.scenes().iter().filter(|scene| range.contains(scene));
                    let scenes: Vec<i128> = before.iter().chain(inside).copied().map(start).collect();
                    let recipe = recipe
                        .with("sound", &content(stretches, &heard)?)
                        .with("scenes", &recipe::settings(&scenes));
                    match decided.get(preset.word()) {
                        Some(decided) => recipe.with(GAIN, decided),
                        None => recipe.undecided(),
                    }
                };
                recipe.with("tags", &tags)
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
