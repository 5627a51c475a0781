//! DAWproject 1.0 (<https://github.com/bitwig/dawproject>): a zip of `project.xml` and `metadata.xml`; the media lie
//! beside it.

use std::io::{self, Write};
use std::path::Path;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::export::session::{Item, Session, SessionTrack};
use crate::export::tags::Tags;
use crate::host::whole::{WholeError, WholeFile};
use crate::units::time::FrameCount;

type Xml = Writer<Vec<u8>>;

/// Writes a session to `target`, whose media lie in `media`, a folder beside it.
///
/// # Errors
/// Where the disk is full or the system refuses.
pub fn write(session: &Session, tags: &Tags, media: &str, target: &Path) -> Result<(), WholeError> {
    let failed = |error: io::Error| WholeError::writing(target, error);
    let (project, metadata) = (project(session, media).map_err(failed)?, metadata(tags).map_err(failed)?);
    let mut whole = WholeFile::create(target)?;
    let mut zip = ZipWriter::new(&mut whole);
    // No time of writing: the same inputs give the same bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [("project.xml", project), ("metadata.xml", metadata)] {
        zip.start_file(name, options).map_err(|error| failed(error.into()))?;
        zip.write_all(&content).map_err(failed)?;
    }
    zip.finish().map_err(|error| failed(error.into()))?;
    whole.commit()
}

fn document() -> io::Result<Xml> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    Ok(xml)
}

fn metadata(tags: &Tags) -> io::Result<Vec<u8>> {
    let mut xml = document()?;
    xml.create_element("MetaData").write_inner_content(|xml| {
        let year = tags.year.map(|year| year.to_string());
        let known = [
            ("Title", Some(&tags.title)),
            ("Artist", tags.artist.as_ref()),
            ("Album", tags.series.as_ref()),
            ("Year", year.as_ref()),
            ("Comment", tags.description.as_ref()),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                xml.create_element(name).write_text_content(BytesText::new(&allowed(value)))?;
            }
        }
        Ok(())
    })?;
    Ok(xml.into_inner())
}

fn project(session: &Session, media: &str) -> io::Result<Vec<u8>> {
    let mut xml = document()?;
    xml.create_element("Project").with_attribute(("version", "1.0")).write_inner_content(|xml| {
        let application = [("name", "radioplay"), ("version", env!("CARGO_PKG_VERSION"))];
        xml.create_element("Application").with_attributes(application).write_empty()?;
        xml.create_element("Transport").write_inner_content(|xml| {
            xml.create_element("Tempo").with_attributes([("unit", "bpm"), ("value", "120")]).write_empty()?;
            let four = [("numerator", "4"), ("denominator", "4")];
            xml.create_element("TimeSignature").with_attributes(four).write_empty()?;
            Ok(())
        })?;
        xml.create_element("Structure").write_inner_content(|xml| structure(xml, session))?;
        xml.create_element("Arrangement").with_attribute(("id", "arrangement")).write_inner_content(
            |xml| {
                let lanes = [("id", "lanes"), ("timeUnit", "seconds")];
                xml.create_element("Lanes")
                    .with_attributes(lanes)
                    .write_inner_content(|xml| arrangement(xml, session, media))?;
                markers(xml, session)
            },
        )?;
        Ok(())
    })?;
    Ok(xml.into_inner())
}

/// The mixer: buses with their tracks inside, then what goes straight into the mix, then the mix.
fn structure(xml: &mut Xml, session: &Session) -> io::Result<()> {
    for (index, bus) in session.buses.iter().enumerate() {
        let id = format!("bus{index}");
        let name = allowed(&bus.name);
        xml.create_element("Track")
            .with_attributes([("contentType", "tracks"), ("id", &id), ("name", &name), ("loaded", "true")])
            .write_inner_content(|xml| {
                channel(xml, &id, "submix", Some("master-channel"), bus.volume)?;
                let tracks = session.tracks.iter().enumerate();
                for (number, track) in tracks.filter(|(_, track)| track.bus == Some(index)) {
                    audio_track(xml, number, track, &format!("{id}-channel"))?;
                }
                Ok(())
            })?;
    }
    for (number, track) in session.tracks.iter().enumerate().filter(|(_, track)| track.bus.is_none()) {
        audio_track(xml, number, track, "master-channel")?;
    }
    let master = [("contentType", "audio"), ("id", "master"), ("name", "Mix"), ("loaded", "true")];
    xml.create_element("Track")
        .with_attributes(master)
        .write_inner_content(|xml| channel(xml, "master", "master", None, 1.0))?;
    Ok(())
}

fn audio_track(xml: &mut Xml, number: usize, track: &SessionTrack, bus: &str) -> io::Result<()> {
    let (id, name) = (format!("track{number}"), allowed(&track.name));
    xml.create_element("Track")
        .with_attributes([("contentType", "audio"), ("id", &id), ("name", &name), ("loaded", "true")])
        .write_inner_content(|xml| channel(xml, &id, "regular", Some(bus), 1.0))?;
    Ok(())
}

fn channel(xml: &mut Xml, id: &str, role: &str, destination: Option<&str>, volume: f32) -> io::Result<()> {
    let (own, pan, fader) = (format!("{id}-channel"), format!("{id}-pan"), format!("{id}-volume"));
    let mut element = xml.create_element("Channel").with_attributes([
        ("id", own.as_str()),
        ("role", role),
        ("audioChannels", "2"),
        ("solo", "false"),
    ]);
    if let Some(destination) = destination {
        element = element.with_attribute(("destination", destination));
    }
    element.write_inner_content(|xml| {
        let centre = [("id", pan.as_str()), ("unit", "normalized"), ("value", "0.5")];
        xml.create_element("Pan").with_attributes(centre).write_empty()?;
        let volume = volume.to_string();
        let volume = [("id", fader.as_str()), ("unit", "linear"), ("value", volume.as_str())];
        xml.create_element("Volume").with_attributes(volume).write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn arrangement(xml: &mut Xml, session: &Session, media: &str) -> io::Result<()> {
    for (index, bus) in session.buses.iter().enumerate().filter(|(_, bus)| !bus.points.is_empty()) {
        let (track, lane) = (format!("bus{index}"), format!("bus{index}-lanes"));
        xml.create_element("Lanes")
            .with_attributes([("track", track.as_str()), ("id", lane.as_str())])
            .write_inner_content(|xml| {
                xml.create_element("Points").with_attribute(("unit", "linear")).write_inner_content(
                    |xml| {
                        let fader = format!("{track}-volume");
                        xml.create_element("Target")
                            .with_attribute(("parameter", fader.as_str()))
                            .write_empty()?;
                        for (at, value) in &bus.points {
                            point(xml, at.seconds(session.rate), *value)?;
                        }
                        Ok(())
                    },
                )?;
                Ok(())
            })?;
    }
    for (number, track) in session.tracks.iter().enumerate() {
        let (id, lane) = (format!("track{number}"), format!("track{number}-lanes"));
        xml.create_element("Lanes")
            .with_attributes([("track", id.as_str()), ("id", lane.as_str())])
            .write_inner_content(|xml| {
                xml.create_element("Clips")
                    .with_attribute(("id", format!("{id}-clips").as_str()))
                    .write_inner_content(|xml| {
                        track.items.iter().try_for_each(|item| clip(xml, session, item, media))
                    })?;
                Ok(())
            })?;
    }
    Ok(())
}

fn clip(xml: &mut Xml, session: &Session, item: &Item, media: &str) -> io::Result<()> {
    let seconds = |at: FrameCount| at.seconds(session.rate).to_string();
    let source = &session.media[item.media];
    let attributes = [
        ("time", seconds(item.start)),
        ("duration", seconds(item.length)),
        ("contentTimeUnit", "seconds".to_owned()),
        ("playStart", seconds(item.offset)),
        ("playStop", seconds(item.offset.plus(item.length))),
        ("fadeTimeUnit", "seconds".to_owned()),
        ("fadeInTime", seconds(item.fades[0])),
        ("fadeOutTime", seconds(item.fades[1])),
        ("name", allowed(&item.name)),
    ];
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    xml.create_element("Clip").with_attributes(attributes).write_inner_content(|xml| {
        xml.create_element("Lanes").write_inner_content(|xml| {
            let (rate, duration) = (session.rate.hz().to_string(), seconds(source.frames));
            let audio = [("channels", "2"), ("sampleRate", rate.as_str()), ("duration", duration.as_str())];
            xml.create_element("Audio").with_attributes(audio).write_inner_content(|xml| {
                let path = format!("{media}/{}", source.file);
                let file = [("path", path.as_str()), ("external", "true")];
                xml.create_element("File").with_attributes(file).write_empty()?;
                Ok(())
            })?;
            xml.create_element("Points").with_attribute(("unit", "linear")).write_inner_content(|xml| {
                xml.create_element("Target").with_attribute(("expression", "gain")).write_empty()?;
                point(xml, 0.0, item.gain.factor())
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn point(xml: &mut Xml, time: f64, value: f32) -> io::Result<()> {
    let (time, value) = (time.to_string(), value.to_string());
    let point = [("time", time.as_str()), ("value", value.as_str()), ("interpolation", "linear")];
    xml.create_element("RealPoint").with_attributes(point).write_empty()?;
    Ok(())
}

fn markers(xml: &mut Xml, session: &Session) -> io::Result<()> {
    let scenes = session.scenes.iter().map(|(name, start, _)| (name, *start));
    let lines = session.lines.iter().map(|(name, start)| (name, *start));
    let mut all: Vec<(&String, FrameCount)> = scenes.chain(lines).collect();
    all.sort_by_key(|(_, start)| *start);
    if all.is_empty() {
        return Ok(());
    }
    xml.create_element("Markers").with_attribute(("timeUnit", "seconds")).write_inner_content(|xml| {
        for (name, start) in all {
            let (name, time) = (allowed(name), start.seconds(session.rate).to_string());
            xml.create_element("Marker")
                .with_attributes([("name", name.as_str()), ("time", time.as_str())])
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A text without what XML has no way to write: control characters, and two that are no characters.
fn allowed(text: &str) -> String {
    let known = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if known(c) { c } else { ' ' }).collect()
}
