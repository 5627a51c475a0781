//! ID3v2.4 tags, for MP3 and WAV: names, a picture, chapters (the chapter frame addendum 1.0).

use id3::frame::{Chapter, Comment, Content, Picture, PictureType, TableOfContents};
use id3::{Encoder, Frame, Tag, TagLike, Version};

use crate::export::tags::Tags;
use crate::units::time::{FrameCount, SampleRate};

/// A tag as bytes, without padding.
pub fn bytes(tags: &Tags, rate: SampleRate) -> Vec<u8> {
    let mut tag = Tag::new();
    tag.set_title(&tags.title);
    if let Some(series) = &tags.series {
        tag.set_album(series);
    }
    if let Some(number) = tags.number {
        tag.set_track(number);
    }
    if let Some(artist) = &tags.artist {
        tag.set_artist(artist);
    }
    if let Some(year) = tags.year {
        tag.set_text("TDRC", format!("{year:04}"));
    }
    if let Some(description) = &tags.description {
        let text = description.clone();
        tag.add_frame(Comment { lang: "eng".to_owned(), description: String::new(), text });
    }
    if let Some(cover) = &tags.cover {
        tag.add_frame(Picture {
            mime_type: cover.kind.media_type().to_owned(),
            picture_type: PictureType::CoverFront,
            description: String::new(),
            data: cover.bytes.to_vec(),
        });
    }
    let milliseconds = |at: FrameCount| {
        let exact = (at.seconds(rate) * 1000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "held at what 32 bits hold"
        )]
        let whole = exact.clamp(0.0, f64::from(u32::MAX - 1)) as u32;
        whole
    };
    let id = |index: usize| format!("chp{index}");
    if !tags.chapters.is_empty() {
        tag.add_frame(TableOfContents {
            element_id: "toc".to_owned(),
            top_level: true,
            ordered: true,
            elements: (0..tags.chapters.len()).map(id).collect(),
            frames: Vec::new(),
        });
    }
    for (index, chapter) in tags.chapters.iter().enumerate() {
        tag.add_frame(Chapter {
            element_id: id(index),
            start_time: milliseconds(chapter.start),
            end_time: milliseconds(chapter.end),
            // No byte offsets: times count.
            start_offset: u32::MAX,
            end_offset: u32::MAX,
            frames: vec![Frame::with_content("TIT2", Content::Text(chapter.title.clone()))],
        });
    }
    let mut bytes = Vec::new();
    // Nothing to be written to can fail; a tag that cannot be encoded is left out.
    match Encoder::new().version(Version::Id3v24).encode(&tag, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}
