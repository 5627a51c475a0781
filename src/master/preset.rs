//! What those who take delivery of an episode ask for.
//!
//! Figures a preset is held to, each with where it was read. A preset whose figures rest on secondary pages is
//! *provisional* and says so wherever it is named.

use crate::audio::buffer::Channels;
use crate::dsp::limiter::Detect;
use crate::dsp::loudness::profile::Measures;
use crate::staging::Preset;
use crate::units::level::{Level, Loudness};
use crate::units::time::Seconds;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Specification {
    /// Of which preset this is.
    pub preset: Preset,
    /// How loud.
    pub target: Target,
    /// What no peak passes: dBTP where [`Specification::detect`] is the wave, dBFS where it is samples.
    pub ceiling: Level,
    /// What counts as a peak.
    pub detect: Detect,
    /// Mono or stereo.
    pub channels: Channels,
    /// The most noise there may be in the quietest half second.
    pub noise_floor: Option<Level>,
    /// Silence before and after a file that is delivered by itself.
    pub silence: [Seconds; 2],
    /// Where the figures were read.
    pub source: &'static str,
    /// Whether that is not the standard itself.
    pub provisional: bool,
}

/// How loud.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// As the mix is.
    AsMixed,
    /// Integrated loudness.
    Loudness {
        /// What is aimed at.
        aim: Loudness,
        /// How far from it still passes, in LU.
        within: f64,
    },
    /// The level of the mean square, not weighted and not gated.
    Rms {
        /// What is aimed at.
        aim: Level,
        /// The lowest that passes.
        lowest: Level,
        /// The highest that passes.
        highest: Level,
    },
}

impl Target {
    /// What is aimed at, in LUFS or dBFS.
    pub fn aim(self) -> Option<f64> {
        match self {
            Target::AsMixed => None,
            Target::Loudness { aim, .. } => Some(aim.lufs()),
            Target::Rms { aim, .. } => Some(f64::from(aim.dbfs())),
        }
    }

    /// What was measured of that which is aimed at; `None` where there is too little, or nothing but silence.
    pub fn of(self, measures: &Measures) -> Option<f64> {
        match self {
            Target::AsMixed => None,
            Target::Loudness { .. } => measures.integrated.map(Loudness::lufs),
            Target::Rms { .. } => Some(f64::from(measures.rms.dbfs())).filter(|rms| rms.is_finite()),
        }
    }
}

struct Row {
    preset: Preset,
    target: Target,
    ceiling: f32,
    detect: Detect,
    channels: Channels,
    noise_floor: Option<f32>,
    silence: [f64; 2],
    source: &'static str,
    provisional: bool,
}

/// What a preset asks for.
pub fn specification(preset: Preset) -> Specification {
    let row = row(preset);
    Specification {
        preset: row.preset,
        target: row.target,
        ceiling: level(row.ceiling),
        detect: row.detect,
        channels: row.channels,
        noise_floor: row.noise_floor.map(level),
        silence: row.silence.map(|seconds| Seconds::new(seconds).unwrap_or_default()),
        source: row.source,
        provisional: row.provisional,
    }
}

fn level(dbfs: f32) -> Level {
    Level::new(dbfs).unwrap_or(Level::FULL_SCALE)
}

fn loudness(lufs: f64, within: f64) -> Target {
    Target::Loudness { aim: Loudness::new(lufs).unwrap_or(Loudness::SILENCE), within }
}

fn row(preset: Preset) -> Row {
    let stereo = |target, ceiling, source, provisional| Row {
        preset,
        target,
        ceiling,
        detect: Detect::Wave,
        channels: Channels::Stereo,
        noise_floor: None,
        silence: [0.0; 2],
        source,
        provisional,
    };
    match preset {
        Preset::Podcast => {
            stereo(loudness(-16.0, 1.0), -1.0, "Apple Podcasts, audio requirements; by secondary pages", true)
        }
        Preset::PodcastMono => Row {
            channels: Channels::Mono,
            // What a mono file lacks is that both loudspeakers play it: 3 LU.
            ..stereo(
                loudness(-19.0, 1.0),
                -1.0,
                "Apple Podcasts, as practised in mono; by secondary pages",
                true,
            )
        },
        Preset::EbuR128 => stereo(
            // v5.0 allows ±0.2 LU for the measurement, and ±1.0 LU where it is live, which this is not.
            loudness(-23.0, 0.2),
            -1.0,
            "EBU R 128, read in version 4.0; v5.0 (2023) by secondary pages",
            false,
        ),
        Preset::AtscA85 => stereo(
            loudness(-24.0, 2.0),
            -2.0,
            "ATSC A/85, which anchors to dialogue; by secondary pages",
            true,
        ),
        Preset::Acx => Row {
            noise_floor: Some(-60.0),
            // Half a second to one is asked for before, one second to five after; scenes end in a pause of their own.
            silence: [0.5, 1.0],
            ..stereo(
                Target::Rms { aim: level(-20.5), lowest: level(-23.0), highest: level(-18.0) },
                -3.0,
                "ACX audio submission requirements; by secondary pages",
                true,
            )
        },
        Preset::Spotify => stereo(
            loudness(-14.0, 1.0),
            // −2 is asked of what is louder than −14, which this never is.
            -1.0,
            "Spotify, loudness normalisation; by secondary pages",
            true,
        ),
        Preset::Prss => stereo(loudness(-24.0, 2.0), -2.0, "PRSS standard; from a copy of its list", true),
        Preset::None => Row {
            detect: Detect::Samples,
            ..stereo(Target::AsMixed, -1.0, "nobody asks for anything; the ceiling is ours", false)
        },
    }
}
