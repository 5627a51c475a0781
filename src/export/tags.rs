//! What a file says about itself besides its sound.

use std::sync::Arc;

use crate::script::about::Cover;
use crate::units::time::{FrameCount, SampleRate};

/// What a file says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    /// What it is called.
    pub title: String,
    /// The series it is an episode of.
    pub series: Option<String>,
    /// Its number in the series.
    pub number: Option<u32>,
    /// Whose work it is.
    pub artist: Option<String>,
    /// The year it is of.
    pub year: Option<u32>,
    /// What it is about.
    pub description: Option<String>,
    /// A picture.
    pub cover: Option<Arc<Cover>>,
    /// Its first frame, counted in the episode.
    pub start: FrameCount,
    /// Its chapters, in order, counted from the file's own first frame. Empty for none.
    pub chapters: Vec<Chapter>,
}

/// A chapter: a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The scene's id.
    pub id: String,
    /// The scene's title.
    pub title: String,
    /// Its first frame.
    pub start: FrameCount,
    /// The frame after its last.
    pub end: FrameCount,
}

impl Tags {
    /// The tags as Vorbis comments (Xiph.org, "Ogg Vorbis I format specification: comment field and header
    /// specification"), with chapters by the `CHAPTERxxx` proposal.
    pub fn comments(&self, rate: SampleRate) -> Vec<(String, String)> {
        let mut comments: Vec<(String, String)> = Vec::new();
        let mut say = |name: &str, value: Option<String>| {
            comments.extend(value.map(|value| (name.to_owned(), value)));
        };
        say("TITLE", Some(self.title.clone()));
        say("ALBUM", self.series.clone());
        say("TRACKNUMBER", self.number.map(|number| number.to_string()));
        say("ARTIST", self.artist.clone());
        say("DATE", self.year.map(|year| format!("{year:04}")));
        say("DESCRIPTION", self.description.clone());
        for (index, chapter) in self.chapters.iter().enumerate() {
            let hz = u64::from(rate.hz());
            let all = (chapter.start.get() * 1000 + hz / 2) / hz;
            let (hours, minutes) = (all / 3_600_000, all / 60_000 % 60);
            let (seconds, thousandths) = (all / 1000 % 60, all % 1000);
            let time = format!("{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}");
            say(&format!("CHAPTER{:03}", index + 1), Some(time));
            say(&format!("CHAPTER{:03}NAME", index + 1), Some(chapter.title.clone()));
        }
        comments
    }
}
