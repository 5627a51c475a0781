//! Names become indices, settings fall through, seconds become frames, and what has to be heard is listed.

use std::collections::{BTreeMap, BTreeSet};

use crate::cuesheet::moments::Moments;
use crate::cuesheet::takes::Takes;
use crate::cuesheet::unknown::unknown;
use crate::cuesheet::{
    Advance, Body, Cues, Entry, Extent, Group, LineRequest, Moment, Request, Room, Scene, SoundRequest,
    Sounding, Tone, Until,
};
use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::routing::Track;
use crate::script::{self, Content, Gap, Playback, Range, Repeat, Script, Settings, VoiceSpec, name};
use crate::source::{Span, Spanned};
use crate::speech::engine::Voice;
use crate::speech::mood;
use crate::staging::{self, Mood, Perspective, Preset, Through};
use crate::units::distance::Metres;
use crate::units::level::Gain;
use crate::units::narrow;
use crate::units::pan::Pan;
use crate::units::time::{FrameCount, SampleRate, Seconds};

/// The most rooms of an episode that come from files: each is kept in memory, and may be 10 s long.
const MOST_RECORDED: usize = 16;

/// Binds every name of `script`, or reports those that name nothing. `takes` are the recorded lines there are.
pub fn resolve(script: &Script, takes: &Takes, rate: SampleRate, diagnostics: &mut Diagnostics) -> Cues {
    let cues = Cues {
        rate,
        title: script.title.as_ref().map(|title| title.value.clone()).unwrap_or_default(),
        deliver: script.deliver.as_ref().map_or(Preset::Podcast, |preset| preset.value),
        scenes: Vec::new(),
        entries: Vec::new(),
        tracks: Vec::new(),
        buses: Vec::new(),
        rooms: Vec::new(),
        requests: Vec::new(),
    };
    let mut resolver = Resolver {
        script,
        takes,
        diagnostics,
        cues,
        used: given_ids(script),
        derived: BTreeMap::new(),
        tracks: BTreeMap::new(),
        sounds: BTreeMap::new(),
        variants: BTreeMap::new(),
        rooms: BTreeMap::new(),
        moments: Moments::default(),
    };
    resolver.buses();
    for scene in &script.scenes {
        resolver.scene(scene);
    }
    let Resolver { mut cues, moments, diagnostics, .. } = resolver;
    moments.bind(&mut cues, diagnostics);
    // They stay until the last frame is written.
    cues.entries.shrink_to_fit();
    cues
}

/// Every id that is written, so that derived ones keep out of their way.
fn given_ids(script: &Script) -> BTreeSet<String> {
    fn collect(entries: &[script::Entry], ids: &mut BTreeSet<String>) {
        for entry in entries {
            ids.extend(entry.id.as_ref().map(|id| id.value.clone()));
            if let Content::Group(group) = &entry.content {
                collect(&group.entries, ids);
            }
        }
    }
    let mut ids: BTreeSet<String> =
        script.scenes.iter().filter_map(|scene| scene.id.as_ref()).map(|id| id.value.clone()).collect();
    script.scenes.iter().for_each(|scene| collect(&scene.entries, &mut ids));
    ids
}

struct Resolver<'a> {
    script: &'a Script,
    takes: &'a Takes,
    diagnostics: &'a mut Diagnostics,
    cues: Cues,
    /// Ids that are given, and those derived so far.
    used: BTreeSet<String>,
    /// The last number given to each derived id.
    derived: BTreeMap<String, u32>,
    /// Requests for sounds by what tells them apart: file, variant, speed.
    sounds: BTreeMap<(String, u32, u64), usize>,
    /// How often each sound has been used.
    variants: BTreeMap<String, u32>,
    /// Rooms by what is written.
    rooms: BTreeMap<String, Option<usize>>,
    /// Tracks by bus and name.
    tracks: BTreeMap<(usize, String), usize>,
    moments: Moments<'a>,
}

/// What falls through to an entry from around it.
struct Around<'a> {
    scene: usize,
    parent: Option<usize>,
    /// Index of the place's room.
    room: Option<usize>,
    /// Settings outside the role's: episode, scene and place.
    outer: Settings,
    /// Settings of the groups it stands in.
    groups: Settings,
    siblings: &'a [script::Entry],
}

impl<'a> Resolver<'a> {
    fn buses(&mut self) {
        let script = self.script;
        let rate = self.cues.rate;
        let buses = crate::cuesheet::buses::buses(script, rate, self.diagnostics);
        self.cues.buses = buses;
        // Rooms are files as sounds are, and asked for in the same way.
        for index in 0..self.cues.buses.len() {
            let written = script.buses.get(&self.cues.buses[index].name);
            let room = written.and_then(|bus| bus.value.room.as_ref());
            self.cues.buses[index].room = room.and_then(|room| self.room(room));
        }
    }

    fn scene(&mut self, scene: &'a script::Scene) {
        let script = self.script;
        let index = self.cues.scenes.len();
        let number = format!("scene-{}", index + 1);
        let id = scene.id.as_ref().map_or(number, |id| id.value.clone());
        if let Some(written) = &scene.id {
            self.moments.name_scene(written, index, self.diagnostics);
        }
        let place = scene.place.as_ref().and_then(|place| {
            let known = script.places.get(&place.value);
            if known.is_none() {
                unknown(Code::UnknownPlace, "place", place, keys(&script.places), self.diagnostics);
            }
            known
        });
        let gap = |own: fn(&Gap) -> Option<Seconds>, default: f64| {
            let seconds = own(&scene.gap).or(own(&script.gap)).or(Seconds::new(default)).unwrap_or_default();
            self.cues.frames(seconds)
        };
        let (same, turn) = (gap(|gap| gap.same, Gap::DEFAULT[0]), gap(|gap| gap.turn, Gap::DEFAULT[1]));
        let after = gap(|gap| gap.scene, Gap::DEFAULT[2]);
        let tone = place.and_then(|place| place.value.tone.as_ref()).and_then(|tone| self.tone(tone));
        let room = place.and_then(|place| place.value.room.as_ref()).and_then(|room| self.room(room));
        let title = scene.title.clone().unwrap_or_else(|| id.clone());
        let entries = Vec::new();
        self.cues.scenes.push(Scene { id, title, span: scene.span, entries, same, turn, after, tone });
        let mut outer = over(&scene.settings, &script.settings);
        if let Some(place) = place {
            outer = over(&place.value.settings, &outer);
        }
        let around = Around {
            scene: index,
            parent: None,
            room,
            outer,
            groups: Settings::default(),
            siblings: &scene.entries,
        };
        self.cues.scenes[index].entries = self.entries(&around);
    }

    /// The room of that name, or recorded in that file; `None` for none, and for one that does not exist.
    fn room(&mut self, written: &Spanned<String>) -> Option<usize> {
        if let Some(known) = self.rooms.get(&written.value) {
            return *known;
        }
        let room = if written.value.contains(['.', '/']) {
            let recorded =
                self.cues.rooms.iter().filter(|room| matches!(room, Room::Recorded { .. })).count();
            if recorded >= MOST_RECORDED {
                let message = format!("an episode has at most {MOST_RECORDED} recorded rooms");
                self.diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(written.span, ""));
                return None;
            }
            let clip = self.request_file(written, 0, 1.0);
            Some(Room::Recorded { clip, span: written.span })
        } else {
            let named = staging::Room::from_word(&written.value);
            if named.is_none() {
                let words = staging::Room::ALL.iter().map(|room| room.word());
                unknown(Code::UnknownRoom, "room", written, words, self.diagnostics);
            }
            named.filter(|room| *room != staging::Room::None).map(Room::Named)
        };
        let index = room.map(|room| {
            self.cues.rooms.push(room);
            self.cues.rooms.len() - 1
        });
        self.rooms.insert(written.value.clone(), index);
        index
    }

    fn tone(&mut self, tone: &'a script::Tone) -> Option<Tone> {
        let sound = self.sound(&tone.sound)?;
        let clip = self.request_sound(sound, &tone.sound, 1.0, false)?;
        let track = self.track("ambience", 2);
        Some(Tone { name: tone.sound.value.clone(), clip, track, gain: tone.gain + sound.gain })
    }

    fn entries(&mut self, around: &Around<'a>) -> Vec<usize> {
        let mut indices = Vec::new();
        for entry in around.siblings {
            indices.push(self.entry(entry, around, indices.last().copied()));
        }
        indices
    }

    fn entry(&mut self, entry: &'a script::Entry, around: &Around<'a>, prev: Option<usize>) -> usize {
        let index = self.cues.entries.len();
        let id = self.id(entry);
        if let Some(written) = &entry.id {
            self.moments.name_entry(written, index, self.diagnostics);
        } else {
            self.moments.name_derived(&id, index);
        }
        let advance = match (entry.advance, &entry.content) {
            (_, Content::Bed(_) | Content::Mark(_)) => Advance::None,
            (Some(script::Advance::End), _) => Advance::End,
            (Some(script::Advance::None), _) => Advance::None,
            (Some(script::Advance::After(time)), _) => Advance::After(self.cues.frames(time)),
            (None, _) if entry.at.is_some() => Advance::None,
            (None, _) => Advance::End,
        };
        self.cues.entries.push(Entry {
            id: id.clone(),
            kind: entry.content.kind(),
            span: entry.span,
            scene: around.scene,
            parent: around.parent,
            at: None,
            advance,
            body: Body::Mark,
        });
        self.moments.place(index, prev, entry.at.as_ref());
        self.cues.entries[index].body = match &entry.content {
            Content::Pause(time) => Body::Pause(self.cues.frames(*time)),
            Content::Mark(_) => Body::Mark,
            Content::Line(line) => Body::Sounding(self.line(line, entry, &id, index, around)),
            Content::Cue(cue) => self.cue(cue, entry, index, around).map_or(Body::Unknown, Body::Sounding),
            Content::Bed(bed) => self.bed(bed, entry, index, around).map_or(Body::Unknown, Body::Sounding),
            Content::Unreadable => Body::Unknown,
            Content::Group(group) => {
                let around = Around {
                    scene: around.scene,
                    parent: Some(index),
                    room: around.room,
                    outer: around.outer.clone(),
                    groups: over(&entry.settings, &around.groups),
                    siblings: &group.entries,
                };
                let entries = self.entries(&around);
                let until = self.until(group, &entries);
                Body::Group(Group { together: group.together, until, entries })
            }
        };
        index
    }

    /// The id that is given, else one made from who says what, or from the sound.
    fn id(&mut self, entry: &script::Entry) -> String {
        if let Some(id) = &entry.id {
            return id.value.clone();
        }
        let base = match &entry.content {
            Content::Line(line) => {
                let role = line.role.as_ref().map_or("line", |role| role.value.as_str());
                format!("{role}-{}", name::slug(&line.text.plain))
            }
            Content::Cue(cue) => cue.sound.value.clone(),
            Content::Bed(bed) => bed.sound.value.clone(),
            other => other.kind().to_owned(),
        };
        // Where many entries say the same, the search goes on where it ended for the one before.
        let last = self.derived.entry(base.clone()).or_default();
        let mut id = base.clone();
        loop {
            *last += 1;
            if *last > 1 {
                id = format!("{base}-{last}");
            }
            if self.used.insert(id.clone()) {
                return id;
            }
        }
    }

    fn line(
        &mut self,
        line: &'a script::Line,
        entry: &'a script::Entry,
        id: &str,
        index: usize,
        around: &Around<'a>,
    ) -> Sounding {
        let script = self.script;
        let role = line.role.as_ref().and_then(|role| {
            let known = script.cast.get(&role.value).map(|known| (role, &known.value));
            if known.is_none() {
                unknown(Code::UnknownRole, "role", role, keys(&script.cast), self.diagnostics);
            }
            known
        });
        let role_name = role.map_or("nobody", |(name, _)| name.value.as_str());
        let no_role = script::Role::default();
        let (role_spec, role_span) = role.map_or((&no_role, entry.span), |(name, role)| (role, name.span));
        let outer = over(&around.groups, &over(&role_spec.settings, &around.outer));
        let settings = over(&entry.settings, &outer);
        let (voice, voice_span) = voice(&line.voice, &role_spec.voice, role_span);
        let voice = directed(voice, line, settings.mood);
        let request = LineRequest {
            role: role_name.to_owned(),
            id: id.to_owned(),
            text: line.text.clone(),
            cues: Vec::new(),
            voice: role.map(|_| voice),
            mood: settings.mood,
            voice_span,
            take: self.takes.find(role_name, id).map(str::to_owned),
            speed: line.playback.speed.unwrap_or(1.0),
        };
        let clip = self.cues.requests.len();
        self.cues.requests.push(Request::Line(Box::new(request)));
        let track = self.routed(&settings, role_name, 0);
        let extent = Extent::Clip { to: None };
        let mut sounding = self.sounding(clip, track, &settings, Gain::UNITY, &line.playback, extent);
        sounding.speaker = Some(role_name.to_owned());
        sounding.room = room_for(&sounding, around.room);
        self.moments.line(index, &line.text);
        sounding
    }

    fn cue(
        &mut self,
        cue: &'a script::Cue,
        entry: &'a script::Entry,
        index: usize,
        around: &Around<'a>,
    ) -> Option<Sounding> {
        let sound = self.sound(&cue.sound)?;
        let settings = if cue.music {
            entry.settings.clone()
        } else {
            over(&entry.settings, &over(&around.groups, &around.outer))
        };
        let looped = cue.playback.repeat.as_ref().filter(|repeat| repeat.value != Repeat::Once);
        let vary = !cue.music && looped.is_none();
        let clip = self.request_sound(sound, &cue.sound, cue.playback.speed.unwrap_or(1.0), vary)?;
        if let (Some(looped), None) = (looped, &cue.to) {
            let message = "a sound that loops needs `to`: where it stops";
            self.diagnostics.push(Diagnostic::error(Code::MissingKey, message).at(looped.span, ""));
        }
        if let Some(to) = &cue.to {
            self.moments.ends(index, to);
        }
        let track = if cue.music { self.routed(&settings, "", 3) } else { self.routed(&settings, "", 1) };
        let extent = self.extent(looped, index);
        let mut sounding = self.sounding(clip, track, &settings, sound.gain, &cue.playback, extent);
        sounding.room = room_for(&sounding, around.room.filter(|_| !cue.music || is_placed(&settings)));
        Some(self.with_sound(sound, sounding, &cue.playback))
    }

    fn bed(
        &mut self,
        bed: &'a script::Bed,
        entry: &'a script::Entry,
        index: usize,
        around: &Around<'a>,
    ) -> Option<Sounding> {
        let sound = self.sound(&bed.sound)?;
        let clip = self.request_sound(sound, &bed.sound, bed.playback.speed.unwrap_or(1.0), false)?;
        if let Some(from) = &bed.from {
            self.moments.begins(index, from);
        }
        match &bed.to {
            Some(to) => self.moments.ends(index, to),
            None => self.moments.ends_with_scene(index),
        }
        let track = self.routed(&entry.settings, "", 2);
        let always = Spanned::new(Repeat::Loop, entry.span);
        let looped = bed.playback.repeat.as_ref().unwrap_or(&always);
        let extent = self.extent(Some(looped).filter(|repeat| repeat.value != Repeat::Once), index);
        let mut sounding = self.sounding(clip, track, &entry.settings, sound.gain, &bed.playback, extent);
        sounding.room = room_for(&sounding, around.room.filter(|_| is_placed(&entry.settings)));
        Some(self.with_sound(sound, sounding, &bed.playback))
    }

    /// Whether and how a sound runs on; where it stops is bound later.
    fn extent(&self, looped: Option<&Spanned<Repeat>>, index: usize) -> Extent {
        match looped.map(|repeat| repeat.value) {
            None | Some(Repeat::Once) => Extent::Clip { to: None },
            Some(Repeat::Loop) => Extent::Loop { to: Moment::playhead(index), crossfade: None },
            Some(Repeat::Crossfade(time)) => {
                Extent::Loop { to: Moment::playhead(index), crossfade: Some(self.cues.frames(time)) }
            }
        }
    }

    fn sounding(
        &self,
        clip: usize,
        track: usize,
        settings: &Settings,
        trim: Gain,
        playback: &Playback,
        extent: Extent,
    ) -> Sounding {
        let speed = playback.speed.unwrap_or(1.0);
        let perspective = settings.perspective.unwrap_or(Perspective::Room);
        let distance = settings.distance.filter(|_| perspective != Perspective::Close);
        Sounding {
            clip,
            track,
            speaker: None,
            gain: settings.gain.unwrap_or_default() + trim,
            pan: settings.pan.unwrap_or([Pan::CENTER; 2]),
            perspective,
            distance: distance.unwrap_or([usual(perspective); 2]),
            through: settings.through,
            room: None,
            cut: playback.cut,
            from: self.edge(playback.range.from, speed),
            until: self.edge(playback.range.to, speed),
            hit: None,
            fade: playback
                .fade
                .as_ref()
                .map(|fade| Spanned::new(fade.value.map(|t| self.cues.frames(t)), fade.span)),
            extent,
        }
    }

    /// What the sound itself says, where the entry does not.
    fn with_sound(&self, sound: &script::Sound, mut sounding: Sounding, playback: &Playback) -> Sounding {
        let speed = playback.speed.unwrap_or(1.0);
        let Range { from, to } = sound.range;
        sounding.from = sounding.from.or(self.edge(from, speed));
        sounding.until = sounding.until.or(self.edge(to, speed));
        sounding.hit = self.edge(sound.hit, speed);
        sounding
    }

    /// A moment of a clip at its own speed, in frames at the speed it is played at.
    fn edge(&self, edge: Option<Spanned<Seconds>>, speed: f64) -> Option<Spanned<FrameCount>> {
        let edge = edge?;
        // Beyond a day there is no clip, which is then reported.
        let played = Seconds::new((edge.value.get() / speed).min(Seconds::MAX))?;
        Some(Spanned::new(self.cues.frames(played), edge.span))
    }

    fn until(&mut self, group: &script::Group, entries: &[usize]) -> Until {
        match group.until.as_ref().map(|until| (&until.value, until.span)) {
            None | Some((script::Until::Last, _)) => Until::Last,
            Some((script::Until::First, _)) => Until::First,
            Some((script::Until::Entry(id), span)) => {
                let ids = entries.iter().map(|&entry| self.cues.entries[entry].id.as_str());
                if let Some(&entry) = entries.iter().find(|&&entry| self.cues.entries[entry].id == *id) {
                    return Until::Entry(entry);
                }
                let wanted = Spanned::new(id.clone(), span);
                let ids: Vec<&str> = ids.chain(["last", "first"]).collect();
                unknown(Code::UnknownAnchor, "entry in this group", &wanted, ids, self.diagnostics);
                Until::Last
            }
        }
    }

    fn sound(&mut self, sound: &Spanned<String>) -> Option<&'a script::Sound> {
        let script = self.script;
        let known = script.sounds.get(&sound.value).map(|known| &known.value);
        if known.is_none() {
            unknown(Code::UnknownSound, "sound", sound, keys(&script.sounds), self.diagnostics);
        }
        known
    }

    /// The request for a sound's file: a new variant each time where `vary`, else shared.
    fn request_sound(
        &mut self,
        sound: &script::Sound,
        name: &Spanned<String>,
        speed: f64,
        vary: bool,
    ) -> Option<usize> {
        let file = sound.file.as_ref()?;
        let is_patch = file.value.ends_with(".toml");
        let variant = if vary && is_patch {
            let count = self.variants.entry(name.value.clone()).or_default();
            *count += 1;
            *count - 1
        } else {
            0
        };
        Some(self.request_file(file, variant, speed))
    }

    /// The request for a file; the same one for the same.
    fn request_file(&mut self, file: &Spanned<String>, variant: u32, speed: f64) -> usize {
        let key = (file.value.clone(), variant, speed.to_bits());
        let next = self.cues.requests.len();
        let index = *self.sounds.entry(key).or_insert(next);
        if index == next {
            let request = SoundRequest { file: file.value.clone(), span: file.span, variant, speed };
            self.cues.requests.push(Request::Sound(request));
        }
        index
    }

    /// The track of something on the bus its settings name, else on bus `default`: named for the role, or the bus.
    fn routed(&mut self, settings: &Settings, role: &str, default: usize) -> usize {
        let bus = settings.bus.as_ref().map_or(default, |bus| {
            let names = self.cues.buses.iter().map(|bus| bus.name.as_str());
            self.cues.buses.iter().position(|known| known.name == bus.value).unwrap_or_else(|| {
                unknown(Code::UnknownBus, "bus", bus, names, self.diagnostics);
                default
            })
        });
        let name = if role.is_empty() { self.cues.buses[bus].name.clone() } else { role.to_owned() };
        self.track(&name, bus)
    }

    fn track(&mut self, name: &str, bus: usize) -> usize {
        let tracks = &mut self.cues.tracks;
        *self.tracks.entry((bus, name.to_owned())).or_insert_with(|| {
            tracks.push(Track { name: name.to_owned(), bus });
            tracks.len() - 1
        })
    }
}

/// `inner` where it says something, else `outer`.
fn over(inner: &Settings, outer: &Settings) -> Settings {
    // `as` and `distance` are two ways to say one thing. Where the nearer says one of them, the farther one's other no
    // longer holds; but `off` says where, and may be as far as one likes.
    let near = inner.perspective.is_some() && inner.distance.is_none();
    let far = inner.distance.is_some() && inner.perspective.is_none();
    let outer = Settings {
        distance: outer.distance.filter(|_| !near),
        perspective: outer.perspective.filter(|it| !far || *it == Perspective::Off),
        ..outer.clone()
    };
    Settings {
        gain: inner.gain.or(outer.gain),
        pan: inner.pan.or(outer.pan),
        perspective: inner.perspective.or(outer.perspective),
        distance: inner.distance.or(outer.distance),
        through: inner.through.or(outer.through),
        mood: inner.mood.or(outer.mood),
        bus: inner.bus.clone().or_else(|| outer.bus.clone()),
    }
}

/// How far away something is where only `as` says so.
fn usual(perspective: Perspective) -> Metres {
    match perspective {
        Perspective::Close | Perspective::Room => Metres::ONE,
        Perspective::Far | Perspective::Off => Metres::new(4.0).unwrap_or_default(),
    }
}

/// The room that answers to a sound: none to a voice at the ear, be it one's own or a receiver's.
fn room_for(sounding: &Sounding, room: Option<usize>) -> Option<usize> {
    let dry = sounding.perspective == Perspective::Close || sounding.through == Some(Through::Telephone);
    room.filter(|_| !dry)
}

/// Whether the script says where a sound is. Music and beds that it does not place are in no room.
fn is_placed(settings: &Settings) -> bool {
    settings.perspective.is_some() || settings.distance.is_some()
}

/// The line's voice, and the place to blame for it: where the language or engine is chosen, else the role.
pub fn voice(line: &VoiceSpec, role: &VoiceSpec, role_span: Span) -> (Voice, Span) {
    let default = Voice::default();
    let factor = |own: Option<f64>, outer: Option<f64>| narrow(own.or(outer).unwrap_or(1.0));
    let share = |own: Option<f64>, outer: Option<f64>| narrow(own.or(outer).unwrap_or(0.0));
    let engine = line.engine.as_ref().or(role.engine.as_ref());
    let lang = line.lang.as_ref().or(role.lang.as_ref());
    let voice = Voice {
        engine: engine.map_or(default.engine, |engine| engine.value.clone()),
        lang: lang.map_or(default.lang, |lang| lang.value.clone()),
        rate: factor(line.rate, role.rate),
        pitch: factor(line.pitch, role.pitch),
        timbre: factor(line.timbre, role.timbre),
        volume: line.volume.or(role.volume).unwrap_or_default(),
        range: factor(line.range, role.range),
        breath: share(line.breath, role.breath),
        rough: share(line.rough, role.rough),
        tremor: share(line.tremor, role.tremor),
        effort: line.effort.or(role.effort).unwrap_or_default(),
    };
    (voice, engine.or(lang).map_or(role_span, |word| word.span))
}

/// A voice as a line directs it: its mood, and its own pace and pitch over that.
fn directed(voice: Voice, line: &script::Line, mood: Option<Mood>) -> Voice {
    let acted = mood::act(voice, mood.unwrap_or(Mood::Plain));
    let factor = |value: f32, by: Option<f64>| {
        let range = Voice::FACTORS;
        narrow((f64::from(value) * by.unwrap_or(1.0)).clamp(*range.start(), *range.end()))
    };
    Voice { rate: factor(acted.rate, line.rate), pitch: factor(acted.pitch, line.pitch), ..acted }
}

fn keys<T>(definitions: &script::Definitions<T>) -> impl Iterator<Item = &str> {
    definitions.keys().map(String::as_str)
}
