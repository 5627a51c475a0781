//! Reading `bus`: what it gives way to, how it is equalised and compressed, where it sends.

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Kind, Value, number, wrong_type};
use crate::routing::{Band, Compress};
use crate::script::settings::{gain, seconds};
use crate::script::{Bus, Duck, Send};
use crate::source::Spanned;
use crate::units::level::{Gain, Level};
use crate::units::narrow;
use crate::units::time::Seconds;

/// How far a bus is ducked where `by` is not written, dB.
const DUCK_DB: f64 = -9.0;
/// How loud a copy of a bus may be, dB.
const SENDS: std::ops::RangeInclusive<f64> = Gain::MIN_DB..=12.0;
/// How many bands an equaliser may have.
const MOST_BANDS: usize = 16;
/// The frequencies of a band, Hz; what it adds or takes away, dB; how narrow it is.
const HERTZ: std::ops::RangeInclusive<f64> = 20.0..=20_000.0;
const BAND_GAINS: std::ops::RangeInclusive<f64> = -24.0..=24.0;
const QS: std::ops::RangeInclusive<f64> = 0.1..=10.0;
/// A compressor's settings: dBFS, a ratio, seconds, dB.
const THRESHOLDS: std::ops::RangeInclusive<f64> = -60.0..=0.0;
const RATIOS: std::ops::RangeInclusive<f64> = 1.0..=100.0;
const ATTACKS: std::ops::RangeInclusive<f64> = 0.001..=0.5;
const RELEASES: std::ops::RangeInclusive<f64> = 0.01..=2.0;
const KNEES: std::ops::RangeInclusive<f64> = 0.0..=24.0;
const MAKEUPS: std::ops::RangeInclusive<f64> = -24.0..=24.0;

/// The keys that say what a band is.
const BANDS: [&str; 5] = ["highpass", "lowpass", "peak", "lowshelf", "highshelf"];

/// A bus.
pub(super) fn bus(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Bus {
    Bus {
        gain: gain(fields, "gain", diagnostics).unwrap_or_default(),
        ducks: ducks(fields, diagnostics),
        eq: eq(fields, diagnostics),
        compress: compress(fields, diagnostics),
        room: fields.string("room", diagnostics),
        sends: sends(fields, diagnostics),
    }
}

fn eq(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Band> {
    let Some(value) = fields.any("eq") else { return Vec::new() };
    let bands = one_or_more(value);
    if bands.len() > MOST_BANDS {
        let message = format!("an eq has at most {MOST_BANDS} bands");
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(value.span, ""));
    }
    bands.iter().take(MOST_BANDS).filter_map(|value| band(value, diagnostics)).collect()
}

fn band(value: &Value, diagnostics: &mut Diagnostics) -> Option<Band> {
    let mut fields = Fields::of(value, "a band", diagnostics)?;
    let given: Vec<&str> = BANDS.into_iter().filter(|band| fields.has(band)).collect();
    let [kind] = given[..] else {
        let message = "a band needs exactly one key that says what it is";
        let report = Diagnostic::error(Code::Conflict, message).at(value.span, "");
        diagnostics.push(report.help(format!("one of `{}`", BANDS.join("`, `"))));
        return None;
    };
    let hertz = |key, fields: &mut Fields<'_>, diagnostics: &mut Diagnostics| {
        fields.number(key, HERTZ, "Hz", diagnostics).map(|hz| hz.value)
    };
    let band = match kind {
        "highpass" => {
            let hz = hertz("highpass", &mut fields, diagnostics);
            let order = order(&mut fields, diagnostics);
            hz.map(|hz| Band::HighPass { hz, order })
        }
        "lowpass" => {
            let hz = hertz("lowpass", &mut fields, diagnostics);
            let order = order(&mut fields, diagnostics);
            hz.map(|hz| Band::LowPass { hz, order })
        }
        "peak" => {
            let hz = hertz("peak", &mut fields, diagnostics);
            let gain = band_gain(&mut fields, diagnostics);
            let q = fields.number("q", QS, "", diagnostics).map_or(1.0, |q| q.value);
            hz.zip(gain).map(|(hz, gain)| Band::Peak { hz, gain, q })
        }
        "lowshelf" => {
            let hz = hertz("lowshelf", &mut fields, diagnostics);
            hz.zip(band_gain(&mut fields, diagnostics)).map(|(hz, gain)| Band::LowShelf { hz, gain })
        }
        _ => {
            let hz = hertz("highshelf", &mut fields, diagnostics);
            hz.zip(band_gain(&mut fields, diagnostics)).map(|(hz, gain)| Band::HighShelf { hz, gain })
        }
    };
    fields.finish(diagnostics);
    band
}

/// The poles of a pass: 2, 4, 6 or 8.
fn order(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> u32 {
    let Some(order) = fields.integer("order", 2..=8, diagnostics) else { return 2 };
    if order.value % 2 != 0 {
        let message = "`order` must be 2, 4, 6 or 8";
        let found = format!("this is {}", order.value);
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(order.span, found));
    }
    u32::try_from(order.value / 2 * 2).unwrap_or(2)
}

fn band_gain(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Gain> {
    fields.misnamed("db", "gain", diagnostics);
    if !fields.has("gain") && !fields.has("db") {
        fields.missing("gain", diagnostics);
    }
    decibels(fields, "gain", BAND_GAINS, diagnostics)
}

fn decibels(
    fields: &mut Fields<'_>,
    key: &'static str,
    range: std::ops::RangeInclusive<f64>,
    diagnostics: &mut Diagnostics,
) -> Option<Gain> {
    fields.number(key, range, "dB", diagnostics).and_then(|db| Gain::new(narrow(db.value)))
}

fn compress(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Compress> {
    let mut fields = fields.table("compress", "a compressor", diagnostics)?;
    if !fields.has("threshold") {
        fields.missing("threshold", diagnostics);
    }
    let threshold = fields.number("threshold", THRESHOLDS, "dBFS", diagnostics);
    let mut or = |key, range, unit, default| {
        fields.number(key, range, unit, diagnostics).map_or(default, |number| number.value)
    };
    let ratio = or("ratio", RATIOS, "", 3.0);
    let attack = or("attack", ATTACKS, "seconds", 0.01);
    let release = or("release", RELEASES, "seconds", 0.15);
    let knee = or("knee", KNEES, "dB", 6.0);
    let makeup = decibels(&mut fields, "makeup", MAKEUPS, diagnostics).unwrap_or_default();
    fields.finish(diagnostics);
    Some(Compress {
        threshold: Level::new(narrow(threshold?.value))?,
        ratio,
        attack: Seconds::new(attack)?,
        release: Seconds::new(release)?,
        knee,
        makeup,
    })
}

fn sends(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Send> {
    let Some(value) = fields.any("sends") else { return Vec::new() };
    let Kind::Table(table) = &value.value else {
        let expected = "a table of buses and decibels";
        diagnostics.push(wrong_type(value.span, &value.value, "`sends`", expected));
        return Vec::new();
    };
    let send = |(bus, entry): (&str, &crate::document::Entry)| {
        if entry.value.value == Kind::Broken {
            return None;
        }
        let db = number(&entry.value, bus, SENDS, "dB", diagnostics)?;
        let to = Spanned::new(bus.to_owned(), entry.key);
        Some(Send { to, gain: Gain::new(narrow(db.value))? })
    };
    table.iter().filter_map(send).collect()
}

/// The values of an array, or the one that is there instead.
fn one_or_more(value: &Value) -> &[Value] {
    match &value.value {
        Kind::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    }
}

fn ducks(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Vec<Duck> {
    let Some(value) = fields.any("duck") else { return Vec::new() };
    let read = |value, diagnostics: &mut Diagnostics| {
        let mut fields = Fields::of(value, "a duck", diagnostics)?;
        let under = under(&mut fields, diagnostics);
        let by = fields.any("by").map_or(Some(DUCK_DB), |value| {
            let by = number(value, "by", Gain::MIN_DB..=0.0, "dB", diagnostics)?;
            Some(by.value)
        });
        let mut time = |key, default| match seconds(&mut fields, key, diagnostics) {
            Some(time) => time.value,
            None => Seconds::new(default).unwrap_or_default(),
        };
        let (attack, hold, release) = (time("attack", 0.25), time("hold", 0.6), time("release", 0.8));
        fields.finish(diagnostics);
        Some(Duck { under: under?, by: Gain::new(narrow(by?))?, attack, hold, release })
    };
    one_or_more(value).iter().filter_map(|value| read(value, diagnostics)).collect()
}

fn under(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Spanned<String>>> {
    let Some(value) = fields.any("under") else {
        fields.missing("under", diagnostics);
        return None;
    };
    let items = one_or_more(value);
    let mut buses = Vec::new();
    for item in items {
        match &item.value {
            Kind::String(bus) => buses.push(Spanned::new(bus.clone(), item.span)),
            other => diagnostics.push(wrong_type(item.span, other, "`under`", "a bus or an array of buses")),
        }
    }
    if items.is_empty() {
        let message = "a duck must give way to a bus";
        diagnostics.push(Diagnostic::error(Code::EmptySpan, message).at(value.span, "this names none"));
    }
    Some(buses)
}
