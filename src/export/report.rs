//! What an episode came to, for a person and as JSON: loudness, peaks and noise, in all and scene by scene, against
//! what was asked for; and which lines and cues are to blame.
//!
//! Everything here is ready to be shown: times in seconds from the episode's start, decibels rounded to hundredths,
//! `None` (JSON `null`) where there is nothing to be measured, as in silence.

use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use crate::audio::samples::Samples;
use crate::cache::Cache;
use crate::dsp::limiter::Detect;
use crate::dsp::loudness::profile::{Found, Measures};
use crate::export::job::Summary;
use crate::export::report::blame::Blame;
use crate::master::limit::Shortfall;
use crate::master::perform::Effort;
use crate::master::preset::{Specification, Target};
use crate::mix::error::Error as MixError;
use crate::mix::plan::Plan;
use crate::timeline::Timeline;
use crate::units::level::Loudness;
use crate::units::time::{FramePos, SampleRate};

mod blame;

/// How far rounding to 16 bits, with dither, can lift a peak near full scale, dB. A ceiling is kept before that.
const WORD: f64 = 0.001;
/// How many of the places where the limiter worked hard are told.
const EFFORTS: usize = 8;

/// What an episode came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What it was mastered for.
    pub preset: &'static str,
    /// Where the preset's figures were read.
    pub source: &'static str,
    /// Whether they rest on secondary sources.
    pub provisional: bool,
    /// Whether it is all that was asked for.
    pub passes: bool,
    /// Point by point.
    pub checks: Vec<Check>,
    /// What keeps it from being as loud as it should be, if anything.
    pub shortfall: Option<&'static str>,
    /// The gain of the whole, dB.
    pub gain: f64,
    /// The limiter's deepest gain, dB; 0 where it had nothing to do.
    pub limiter: f64,
    /// How often the limiter worked hard.
    pub efforts: usize,
    /// Where it worked hardest, the deepest first.
    pub hardest: Vec<Hard>,
    /// The episode in figures.
    pub episode: Figures,
    /// Its loudest 3 s.
    pub loudest: Option<Place>,
    /// Its quietest half second that is not silence.
    pub quietest: Option<Place>,
    /// Its scenes in figures, each as if there were no others; to the tenth of a second.
    pub scenes: Vec<Scene>,
}

/// One thing that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What: `integrated loudness`, `RMS level`, `true peak`, `sample peak`, `noise floor`.
    pub what: &'static str,
    /// What was found.
    pub found: Option<f64>,
    /// What was asked for.
    pub wanted: String,
    /// Whether it is.
    pub passes: bool,
    /// If not: where that is from.
    pub places: Vec<Place>,
}

/// Loudness, peaks and noise.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Figures {
    /// Integrated loudness, LUFS.
    pub integrated: Option<f64>,
    /// The loudest 3 s, LUFS.
    pub short_term_max: Option<f64>,
    /// The loudest 400 ms, LUFS.
    pub momentary_max: Option<f64>,
    /// Loudness range, LU.
    pub range: Option<f64>,
    /// dBTP.
    pub true_peak: Option<f64>,
    /// dBFS.
    pub sample_peak: Option<f64>,
    /// Level of the mean square, dBFS.
    pub rms: Option<f64>,
    /// RMS level of the quietest half second that is not digital silence, dBFS.
    pub noise_floor: Option<f64>,
}

/// A scene in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scene {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it begins, seconds.
    pub start: f64,
    /// How long it is, seconds.
    pub seconds: f64,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A stretch of the episode and what sounds in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Where it begins, seconds.
    pub start: f64,
    /// Where it ends, seconds.
    pub end: f64,
    /// The scene it begins in.
    pub scene: Option<String>,
    /// What sounds in it: entries by id, room tones by name; what is loudest comes first.
    pub sounding: Vec<Sounding>,
}

/// Something that sounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sounding {
    /// The entry's kind, or `tone`.
    pub kind: &'static str,
    /// The entry's id, or the tone's name.
    pub id: String,
    /// Its track: the role that speaks, or a bus.
    pub track: String,
    /// Its bus.
    pub bus: String,
}

/// A place where the limiter worked hard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hard {
    /// The limiter's deepest gain there, dB.
    pub gain: f64,
    /// Where that was, seconds.
    pub at: f64,
    /// The place.
    #[serde(flatten)]
    pub place: Place,
    /// Why, and what would help.
    pub why: String,
}

impl Figures {
    /// Measures, rounded to be shown.
    pub fn new(measures: &Measures) -> Figures {
        let found = |found: Option<Found<Loudness>>| found.and_then(|it| shown(it.value.lufs()));
        Figures {
            integrated: measures.integrated.and_then(|it| shown(it.lufs())),
            short_term_max: found(measures.short_term),
            momentary_max: found(measures.momentary),
            range: measures.range.and_then(shown),
            true_peak: measures.true_peak.and_then(|it| shown(f64::from(it.value.dbtp()))),
            sample_peak: shown(f64::from(measures.sample_peak.dbfs())),
            rms: shown(f64::from(measures.rms.dbfs())),
            noise_floor: measures.noise_floor.and_then(|it| shown(f64::from(it.value.dbfs()))),
        }
    }
}

/// A figure rounded to hundredths; `None` for what has none.
fn shown(figure: f64) -> Option<f64> {
    // Adding zero turns −0 into 0.
    figure.is_finite().then(|| (figure * 100.0).round() / 100.0 + 0.0)
}

fn seconds(at: FramePos, rate: SampleRate) -> f64 {
    (at.get() as f64 / f64::from(rate.hz()) * 1000.0).round() / 1000.0
}

/// The report on a whole episode, of `summary`.
///
/// # Errors
/// Where a clip cannot be read: what is to blame for a peak is found by mixing it again, unless `cache` knows.
pub fn report(
    timeline: &Timeline,
    samples: &[Samples],
    specification: &Specification,
    summary: &Summary,
    cache: &Cache,
) -> Result<Report, MixError> {
    let plan = Arc::new(Plan::new(timeline, samples)?);
    let blame = Blame::new(timeline, &plan, cache);
    let measures = summary.profile.measures();
    let mut efforts: Vec<&Effort> = summary.efforts.iter().collect();
    efforts.sort_by(|a, b| a.deepest.db().total_cmp(&b.deepest.db()));
    efforts.truncate(EFFORTS);
    let hardest = efforts.par_iter().map(|effort| hard(&blame, effort)).collect::<Result<Vec<_>, _>>()?;
    let checks = checks(&blame, specification, &measures, &hardest, summary.shortfall)?;
    let place =
        |found: Option<(FramePos, FramePos)>| found.map(|(start, end)| blame.place(start, end)).transpose();
    let scenes = timeline.scenes.iter().map(|scene| {
        let hops = summary.profile.within(scene.start, scene.boundary);
        Scene {
            id: scene.id.clone(),
            title: scene.title.clone(),
            start: seconds(scene.start, timeline.rate),
            seconds: scene.boundary.span_since(scene.start).seconds(timeline.rate),
            figures: Figures::new(&summary.profile.measures_of(hops)),
        }
    });
    Ok(Report {
        preset: specification.preset.word(),
        source: specification.source,
        provisional: specification.provisional,
        passes: checks.iter().all(|check| check.passes),
        checks,
        shortfall: summary.shortfall.map(explain),
        gain: shown(f64::from(summary.gain.db())).unwrap_or(0.0),
        limiter: shown(f64::from(summary.limiter.deepest.db())).unwrap_or(0.0),
        efforts: summary.efforts.len(),
        hardest,
        episode: Figures::new(&measures),
        loudest: place(measures.short_term.or(measures.momentary).map(|found| (found.start, found.end)))?,
        quietest: place(measures.noise_floor.map(|found| (found.start, found.end)))?,
        scenes: scenes.collect(),
    })
}

/// What a shortfall means, for a person.
pub fn explain(shortfall: Shortfall) -> &'static str {
    match shortfall {
        Shortfall::Unmeasurable => {
            "it has no loudness to be measured (it is silent, or shorter than 0.4 s), so it got no gain"
        }
        Shortfall::TooQuiet => "it would have to be turned up by more than 40 dB",
        Shortfall::TooPeaky => {
            "its peaks stand so far above the rest that the limiter takes away what is turned up"
        }
    }
}

fn hard(blame: &Blame<'_>, effort: &Effort) -> Result<Hard, MixError> {
    let place = blame.place(effort.start, effort.end)?;
    let bus = blame.loudest_bus(effort.at)?;
    let over = -effort.deepest.db();
    let named = place.sounding.iter().filter(|it| it.bus == bus).take(3).map(|it| format!("`{}`", it.id));
    let named: Vec<String> = named.collect();
    let what =
        if named.is_empty() { format!("bus `{bus}`") } else { format!("{} (bus `{bus}`)", named.join(", ")) };
    Ok(Hard {
        gain: shown(f64::from(effort.deepest.db())).unwrap_or(0.0),
        at: seconds(effort.at, blame.rate()),
        place,
        why: format!(
            "{what} peaks {over:.1} dB over the ceiling at the loudness asked for: turn it down by {over:.0} dB"
        ),
    })
}

fn checks(
    blame: &Blame<'_>,
    specification: &Specification,
    measures: &Measures,
    hardest: &[Hard],
    shortfall: Option<Shortfall>,
) -> Result<Vec<Check>, MixError> {
    let mut checks = Vec::new();
    // Too quiet or too loud as a whole: the peaks that keep it down, else the moment that is loudest.
    let whole = |passes: bool| -> Result<Vec<Place>, MixError> {
        if passes || shortfall == Some(Shortfall::Unmeasurable) {
            return Ok(Vec::new());
        }
        if !hardest.is_empty() {
            return Ok(hardest.iter().take(3).map(|hard| hard.place.clone()).collect());
        }
        measures.momentary.iter().map(|found| blame.place(found.start, found.end)).collect()
    };
    let found = specification.target.of(measures);
    match specification.target {
        Target::AsMixed => {}
        Target::Loudness { aim, within } => {
            let passes = found.is_some_and(|found| (found - aim.lufs()).abs() <= within);
            checks.push(Check {
                what: "integrated loudness",
                found: found.and_then(shown),
                wanted: format!("{:.1} ±{within:.1} LUFS", aim.lufs()),
                passes,
                places: whole(passes)?,
            });
        }
        Target::Rms { lowest, highest, .. } => {
            let (low, high) = (f64::from(lowest.dbfs()), f64::from(highest.dbfs()));
            let passes = found.is_some_and(|found| (low..=high).contains(&found));
            checks.push(Check {
                what: "RMS level",
                found: found.and_then(shown),
                wanted: format!("{low:.0} to {high:.0} dBFS"),
                passes,
                places: whole(passes)?,
            });
        }
    }
    let ceiling = f64::from(specification.ceiling.dbfs());
    let (what, unit, peak) = match specification.detect {
        Detect::Wave => ("true peak", "dBTP", measures.true_peak.map(|found| f64::from(found.value.dbtp()))),
        Detect::Samples => ("sample peak", "dBFS", Some(f64::from(measures.sample_peak.dbfs()))),
    };
    let passes = peak.is_none_or(|peak| peak <= ceiling + WORD);
    let places = measures.true_peak.filter(|_| !passes);
    checks.push(Check {
        what,
        found: peak.and_then(shown),
        wanted: format!("at most {ceiling:.1} {unit}"),
        passes,
        places: places.iter().map(|found| blame.place(found.start, found.end)).collect::<Result<_, _>>()?,
    });
    if let Some(most) = specification.noise_floor {
        let passes = measures.noise_floor.is_none_or(|floor| floor.value <= most);
        let places = measures.noise_floor.filter(|_| !passes);
        checks.push(Check {
            what: "noise floor",
            found: measures.noise_floor.and_then(|found| shown(f64::from(found.value.dbfs()))),
            wanted: format!("at most {:.0} dBFS", most.dbfs()),
            passes,
            places: places
                .iter()
                .map(|found| blame.place(found.start, found.end))
                .collect::<Result<_, _>>()?,
        });
    }
    Ok(checks)
}
