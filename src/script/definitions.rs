//! Reading `cast`, `sound`, `place` and `bus`.

use crate::diag::Diagnostics;
use crate::document::{Fields, Kind, Table, wrong_type};
use crate::script::buses::bus;
use crate::script::settings::{gain, range, seconds, settings, voice};
use crate::script::{Definitions, Place, Role, Script, Sound, Tone, name};
use crate::source::Spanned;

/// What an episode may share with others: read from its own file, and from those it includes.
pub(super) fn read(fields: &mut Fields<'_>, script: &mut Script, diagnostics: &mut Diagnostics) {
    named(fields, "cast", "a role", &mut script.cast, diagnostics, |fields, diagnostics| Role {
        name: fields.string("name", diagnostics).map(|s| s.value),
        voice: voice(fields, diagnostics),
        settings: settings(fields, diagnostics),
    });
    named(fields, "sound", "a sound", &mut script.sounds, diagnostics, |fields, diagnostics| {
        let file = fields.string("file", diagnostics);
        if !fields.has("file") {
            fields.missing("file", diagnostics);
        }
        Sound {
            file,
            hit: seconds(fields, "hit", diagnostics),
            gain: gain(fields, "gain", diagnostics).unwrap_or_default(),
            range: range(fields, diagnostics),
        }
    });
    named(fields, "place", "a place", &mut script.places, diagnostics, |fields, diagnostics| Place {
        room: fields.string("room", diagnostics),
        tone: tone(fields, diagnostics),
        settings: settings(fields, diagnostics),
    });
    named(fields, "bus", "a bus", &mut script.buses, diagnostics, bus);
}

fn named<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    what: &'static str,
    into: &mut Definitions<T>,
    diagnostics: &mut Diagnostics,
    read: impl Fn(&mut Fields<'_>, &mut Diagnostics) -> T,
) {
    let Some(value) = fields.any(key) else { return };
    let Kind::Table(table) = &value.value else {
        diagnostics.push(wrong_type(value.span, &value.value, &format!("`{key}`"), "a table of tables"));
        return;
    };
    for (id, entry) in table.iter() {
        name::check(id, what, entry.key, diagnostics);
        // What is wrong with it is reported here, and not again wherever it is used.
        let Kind::Table(table) = &entry.value.value else {
            if entry.value.value != Kind::Broken {
                diagnostics.push(wrong_type(entry.value.span, &entry.value.value, what, "a table"));
            }
            let nothing = Table::default();
            let mut inner = Fields::new(&nothing, entry.value.span, what);
            let definition = read(&mut inner, &mut Diagnostics::new());
            into.insert(id.to_owned(), Spanned::new(definition, entry.key));
            continue;
        };
        let mut inner = Fields::new(table, entry.value.span, what);
        let definition = read(&mut inner, diagnostics);
        inner.finish(diagnostics);
        into.insert(id.to_owned(), Spanned::new(definition, entry.key));
    }
}

fn tone(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Tone> {
    let mut fields = fields.table("tone", "a tone", diagnostics)?;
    let sound = fields.string("sound", diagnostics);
    if !fields.has("sound") {
        fields.missing("sound", diagnostics);
    }
    let gain = gain(&mut fields, "gain", diagnostics).unwrap_or_default();
    fields.finish(diagnostics);
    sound.map(|sound| Tone { sound, gain })
}
