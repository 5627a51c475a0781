//! Moods: what a direction does to a voice.
//!
//! A mood is a change of [`Voice`] and nothing else, laid over what the role and the line ask for: factors multiply, gains
//! and shares add up. The engine and [`crate::speech::perform`] then speak the changed voice; a recorded take is never
//! touched, because its actor has acted already.
//!
//! Directions and sizes follow what is measured on actors and speakers, held back where a synthetic voice would become a
//! caricature:
//!
//! - K. Scherer, "Vocal communication of emotion: a review of research paradigms", Speech Communication 40 (2003), and
//!   P. Juslin and P. Laukka, "Communication of emotions in vocal expression and music performance", Psychological
//!   Bulletin 129 (2003): anger is louder, higher, wider and stronger in the highs, joy too and faster; sadness softer,
//!   lower, narrower, slower and weaker in the highs; tenderness soft, slow, low and dark; fear, which urges, fast
//!   and high.
//! - H. Traunmüller and A. Eriksson, "Acoustic effects of variation in vocal effort by men, women, and children", JASA
//!   107 (2000): from speaking near to calling far, level rises some 15 dB, the spectrum flattens, the pitch rises
//!   some seven semitones, the first formant rises, vowels grow longer. J.-C. Junqua, "The Lombard reflex and its role
//!   on human listeners and automatic speech recognizers", JASA 93 (1993), finds the same in noise.
//! - S. Jovičić (1998) and T. Ito et al. (2005), see `perform/breath.rs`: a whisper has no pitch, higher formants and
//!   a flatter spectrum, and is slower.
//! - R. Banse and K. Scherer, "Acoustic profiles in vocal emotion expression", J. Personality and Social Psychology 70
//!   (1996): cold anger keeps the pitch low and still; despair is high, and shakes.
//! - H. Cheang and M. Pell, "The sound of sarcasm", Speech Communication 50 (2008): dryness is lower, narrower and
//!   slower. A smile shortens the mouth: V. Tartter, "Happy talk", Perception & Psychophysics 27 (1980).
//! - J. Hillenbrand (1988) and D. Klatt and L. Klatt (1990), see `perform`: breath, jitter and shimmer of worn voices.

use crate::speech::engine::Voice;
use crate::staging::Mood;
use crate::units::level::Gain;
use crate::units::narrow;

/// What a mood changes.
struct Change {
    /// Factors.
    rate: f32,
    pitch: f32,
    range: f32,
    timbre: f32,
    /// In dB.
    volume: f32,
    effort: f32,
    /// Shares.
    breath: f32,
    rough: f32,
    tremor: f32,
}

/// A change from the columns of the table below.
const fn change(factors: [f32; 4], decibels: [f32; 2], shares: [f32; 3]) -> Change {
    let ([rate, pitch, range, timbre], [volume, effort], [breath, rough, tremor]) =
        (factors, decibels, shares);
    Change { rate, pitch, range, timbre, volume, effort, breath, rough, tremor }
}

/// The table.
fn change_of(mood: Mood) -> Change {
    //             rate  pitch range timbre     level effort    breath rough tremor
    match mood {
        // Formants rise, the highs stay; level is that of a whisper at the microphone.
        Mood::Whisper => change([0.90, 1.00, 1.00, 1.05], [-9.0, 3.0], [1.00, 0.00, 0.00]),
        // Less effort: softer, darker, a little lower and nearer to the breath.
        Mood::Quiet => change([0.95, 0.95, 0.80, 1.00], [-4.0, -4.0], [0.22, 0.00, 0.00]),
        Mood::Tender => change([0.90, 0.97, 1.05, 1.00], [-3.0, -5.0], [0.30, 0.00, 0.00]),
        // A face that does not move: the pitch stays where it is, the voice slightly pressed.
        Mood::Cold => change([0.95, 0.93, 0.40, 0.99], [-1.0, 3.0], [0.00, 0.00, 0.00]),
        Mood::Weary => change([0.84, 0.89, 0.60, 0.99], [-4.0, -6.0], [0.28, 0.15, 0.00]),
        Mood::Urgent => change([1.16, 1.08, 1.20, 1.00], [2.0, 3.0], [0.00, 0.00, 0.00]),
        Mood::Angry => change([1.05, 1.12, 1.45, 1.01], [4.0, 7.0], [0.00, 0.20, 0.00]),
        // Six semitones, longer vowels, the jaw open.
        Mood::Shout => change([0.93, 1.42, 1.20, 1.04], [7.0, 12.0], [0.00, 0.12, 0.00]),
        Mood::Broken => change([0.86, 1.05, 1.00, 1.00], [-3.0, -2.0], [0.34, 0.35, 1.00]),
        Mood::Bright => change([1.06, 1.09, 1.40, 1.02], [1.0, 3.0], [0.00, 0.00, 0.00]),
        Mood::Wry => change([0.94, 0.93, 0.75, 1.02], [-1.0, 1.0], [0.08, 0.00, 0.00]),
        Mood::Hoarse => change([0.94, 0.88, 0.75, 1.00], [-2.0, 0.0], [0.55, 0.90, 0.00]),
        Mood::Pleading => change([0.96, 1.12, 1.35, 1.01], [-0.5, -1.0], [0.22, 0.08, 0.45]),
        Mood::Plain => change([1.00, 1.00, 1.00, 1.00], [0.0, 0.0], [0.00, 0.00, 0.00]),
    }
}

/// The voice in a mood. Factors multiply; gains add; of two shares each takes its part of what the other leaves.
/// Nothing leaves its range. [`Mood::Plain`] is the voice itself.
pub fn act(voice: Voice, mood: Mood) -> Voice {
    let Change { rate, pitch, range, timbre, volume, effort, breath, rough, tremor } = change_of(mood);
    let hold = |value: f32, within: std::ops::RangeInclusive<f64>| {
        narrow(f64::from(value).clamp(*within.start(), *within.end()))
    };
    let both = |a: f32, b: f32| hold(1.0 - (1.0 - a) * (1.0 - b), Voice::SHARES);
    let gain = |db: f32| Gain::new(db).unwrap_or_default();
    Voice {
        rate: hold(voice.rate * rate, Voice::FACTORS),
        pitch: hold(voice.pitch * pitch, Voice::FACTORS),
        range: hold(voice.range * range, Voice::RANGES),
        timbre: hold(voice.timbre * timbre, Voice::TIMBRES),
        volume: voice.volume + gain(volume),
        effort: gain(hold(voice.effort.db() + effort, Voice::EFFORTS)),
        breath: both(voice.breath, breath),
        rough: both(voice.rough, rough),
        tremor: both(voice.tremor, tremor),
        ..voice
    }
}

#[cfg(test)]
mod tests {
    use super::act;
    use crate::speech::engine::Voice;
    use crate::staging::Mood;

    #[test]
    fn only_plain_changes_nothing() {
        for &mood in Mood::ALL {
            assert_eq!(act(Voice::default(), mood) == Voice::default(), mood == Mood::Plain, "{mood:?}");
        }
    }

    #[test]
    fn nothing_leaves_its_range() {
        let voice = Voice { rate: 2.0, pitch: 2.0, breath: 0.9, tremor: 0.9, ..Voice::default() };
        for &mood in Mood::ALL {
            let acted = act(voice.clone(), mood);
            assert!(acted.rate <= 2.0 && acted.pitch <= 2.0 && acted.breath <= 1.0 && acted.tremor <= 1.0);
        }
    }
}
