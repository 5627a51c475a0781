//! What is to be exported, and what each of its files is to hold.

use std::ops::Range;
use std::sync::Arc;

use crate::cache::Cache;
use crate::cli::args::Export;
use crate::export::catalogue::{Content, Output};
use crate::export::tags::{Chapter, Tags};
use crate::pipeline::Build;
use crate::script::about::Cover;
use crate::timeline::Timeline;
use crate::units::time::{FrameCount, FramePos, Seconds};

/// What is to be made.
pub(super) struct Order<'a> {
    pub(super) args: &'a Export,
    pub(super) built: &'a Build,
    pub(super) outputs: &'a [Output],
    /// The cover, if there is one.
    pub(super) cover: Option<Arc<Cover>>,
    /// What is kept between runs.
    pub(super) cache: &'a Cache,
}

/// The frames of a mastered file, and its title.
pub(super) fn range_of(order: &Order<'_>, content: &Content) -> (Range<u64>, String) {
    let Order { args, built, .. } = *order;
    let (timeline, title) = (&built.timeline, &built.sheet.cues.title);
    let handles = Seconds::new(args.handles).unwrap_or_default().to_count(timeline.rate);
    match content {
        Content::Scene(index) => {
            let scene = &timeline.scenes[*index];
            let own = frame(scene.start)..frame(scene.boundary);
            (widened(own, handles, timeline), format!("{title}: {}", scene.title))
        }
        _ => (0..timeline.length.get(), title.clone()),
    }
}

/// The name by which a role is shown.
pub(super) fn shown(built: &Build, role: &str) -> String {
    let defined = built.script.cast.get(role).and_then(|role| role.value.name.clone());
    defined.unwrap_or_else(|| role.to_owned())
}

/// What a file of these frames says about itself.
pub(super) fn tags(order: &Order<'_>, title: String, range: &Range<u64>) -> Tags {
    let about = &order.built.script.about;
    Tags {
        title,
        series: about.series.clone(),
        number: about.number,
        artist: about.artist.clone(),
        year: about.year,
        description: about.description.clone(),
        cover: order.cover.clone(),
        start: FrameCount::new(range.start),
        chapters: chapters(&order.built.timeline, range),
    }
}

pub(super) fn frame(position: FramePos) -> u64 {
    position.from_start().unwrap_or_default().get()
}

fn widened(range: Range<u64>, by: FrameCount, timeline: &Timeline) -> Range<u64> {
    range.start.saturating_sub(by.get())..range.end.saturating_add(by.get()).min(timeline.length.get())
}

/// The scenes that lie in a range, as its chapters.
fn chapters(timeline: &Timeline, range: &Range<u64>) -> Vec<Chapter> {
    let inside = |at: u64| FrameCount::new(at.clamp(range.start, range.end) - range.start);
    let scenes = timeline.scenes.iter().map(|scene| Chapter {
        id: scene.id.clone(),
        title: scene.title.clone(),
        start: inside(frame(scene.start)),
        end: inside(frame(scene.boundary)),
    });
    scenes.filter(|chapter| chapter.start < chapter.end).collect()
}
