//! What the vocal cords do: how far the pitch moves, whether it shakes, how regular it is.
//!
//! The speech is taken apart into its periods and put together again with other distances between them (TD-PSOLA:
//! E. Moulines and F. Charpentier, "Pitch-synchronous waveform processing techniques", Speech Communication 9, 1990).
//! Formants, speed and every time in it stay; unvoiced sounds are not touched. Latency: none.
//!
//! - *Range*: each interval from the middle pitch, in semitones, times [`Voice::range`].
//! - *Tremor*: the pitch and level shake at 4 to 7 Hz, the band of vocal tremor (I. Titze, "Principles of Voice
//!   Production", 1994).
//! - *Roughness*: single periods are too long or short (jitter), too strong or weak (shimmer), and every other one
//!   falls behind; hoarse voices measure some percent of jitter and a decibel or so of shimmer, healthy ones a tenth
//!   (J. Hillenbrand, "Perception of aperiodicities in synthetically generated voices", JASA 83, 1988).

use crate::dsp::noise::Random;
use crate::dsp::sums::of_samples;
use crate::speech::engine::Voice;
use crate::speech::perform::voicing::{Voicing, whole};
use crate::units::narrow;
use crate::units::time::SampleRate;

/// How far the widest tremor goes, in octaves and in dB, each way; and its rate, in Hz.
const TREMOR_OCTAVES: f64 = 0.055;
const TREMOR_DB: f64 = 2.2;
const TREMOR_HZ: f64 = 5.3;
/// The roughest voice: jitter as a share of the period, shimmer of the amplitude, and how far every other period
/// falls behind.
const JITTER: f64 = 0.045;
const SHIMMER: f64 = 0.28;
const BEHIND: f64 = 0.05;
/// How far a period may be changed, in octaves.
const FARTHEST: f64 = 1.0;

/// Whether a voice asks for anything of this.
pub(super) fn is_asked(voice: &Voice) -> bool {
    (voice.range - 1.0).abs() > 1e-3 || voice.tremor > 1e-3 || voice.rough > 1e-3
}

/// Changes the speech in place.
pub(super) fn apply(samples: &mut [f32], rate: SampleRate, voicing: &Voicing, voice: &Voice, seed: u64) {
    let middle = voicing.middle();
    if middle <= 0.0 {
        return;
    }
    let original = samples.to_vec();
    let share = |value: f32| f64::from(value).clamp(*Voice::SHARES.start(), *Voice::SHARES.end());
    let range = f64::from(voice.range).clamp(*Voice::RANGES.start(), *Voice::RANGES.end());
    let (tremor, rough) = (share(voice.tremor), share(voice.rough));
    let mut random = Random::named(seed, "intonation");
    let shake = Shake::new(rate, &mut random);
    for run in voicing.runs(original.len()) {
        let marks = marks(&original, run, voicing);
        let (Some(&first), Some(&last)) = (marks.first(), marks.last()) else { continue };
        if marks.len() < 4 {
            continue;
        }
        let mut sum = vec![0.0_f64; last - first + 1];
        let mut weight = vec![0.0_f64; last - first + 1];
        let mut at = first as f64;
        let (mut nearest, mut odd) = (0, false);
        while at <= last as f64 {
            while nearest + 1 < marks.len()
                && (marks[nearest + 1] as f64 - at).abs() <= (marks[nearest] as f64 - at).abs()
            {
                nearest += 1;
            }
            let level = 1.0 + SHIMMER * rough * random.bipolar() - if odd { BEHIND * rough } else { 0.0 };
            add_period(&original, &marks, nearest, (at - first as f64, level), (&mut sum, &mut weight));
            let period = local_period(&marks, nearest);
            let here = voicing.period(at).unwrap_or(middle);
            let octaves = (range - 1.0) * libm::log2(middle / here) + TREMOR_OCTAVES * tremor * shake.at(at);
            let uneven = JITTER * rough * random.bipolar() + if odd { BEHIND } else { -BEHIND } * rough * 0.5;
            at += (period / libm::exp2(octaves.clamp(-FARTHEST, FARTHEST)) * (1.0 + uneven)).max(8.0);
            odd = !odd;
        }
        // The ends of the run join the sound around it over one period.
        let join = local_period(&marks, 0).max(1.0);
        for (i, (sum, weight)) in sum.iter().zip(&weight).enumerate() {
            let near = (i as f64).min((last - first - i) as f64) / join;
            let share = near.clamp(0.0, 1.0) * (weight * 8.0).clamp(0.0, 1.0);
            let voiced = if *weight > 1e-6 { sum / weight } else { 0.0 };
            let before = f64::from(original[first + i]);
            samples[first + i] = narrow(before + (voiced - before) * share);
        }
    }
    if tremor > 0.0 {
        for (i, sample) in samples.iter_mut().enumerate() {
            let db = TREMOR_DB * tremor * shake.at(i as f64);
            *sample *= narrow(libm::exp2(db / 6.0206));
        }
    }
}

/// A slow swing that is never quite regular, −1 to 1.
struct Shake {
    step: f64,
    phases: [f64; 2],
}

impl Shake {
    fn new(rate: SampleRate, random: &mut Random) -> Shake {
        let step = std::f64::consts::TAU * TREMOR_HZ / f64::from(rate.hz());
        Shake { step, phases: [random.unit(), random.unit()].map(|x| x * std::f64::consts::TAU) }
    }

    fn at(&self, frame: f64) -> f64 {
        let swing = self.step * frame;
        // The rate wanders by some tenths around its middle.
        let wander = 0.9 * libm::sin(swing * 0.23 + self.phases[0]);
        libm::sin(swing + wander + self.phases[1])
    }
}

/// One moment in each period of a voiced run, at the same phase in all of them.
fn marks(samples: &[f32], run: std::ops::Range<usize>, voicing: &Voicing) -> Vec<usize> {
    let Some(period) = voicing.period(run.start as f64).or(voicing.period(run.end as f64)) else {
        return Vec::new();
    };
    let begin = run.start..(run.start + whole(period)).min(run.end);
    let Some(first) = begin.max_by(|&a, &b| samples[a].abs().total_cmp(&samples[b].abs())) else {
        return Vec::new();
    };
    let mut marks = vec![first];
    let mut here = first;
    while here < run.end {
        let Some(period) = voicing.period(here as f64) else { break };
        let (step, slack) = (whole(period), whole(period * 0.08).max(2));
        let half = step / 2;
        let window = |at: usize| samples.get(at.checked_sub(half)?..at + half);
        let Some(reference) = window(here) else {
            here += step.max(1);
            marks[0] = here.min(samples.len().saturating_sub(1));
            marks.truncate(1);
            continue;
        };
        let likeness = |at: usize| {
            window(at)
                .map(|there| of_samples(reference, there) / libm::sqrt(of_samples(there, there) + 1e-12))
        };
        let places = (here + step).saturating_sub(slack)..=here + step + slack;
        let found = places.filter_map(|at| Some((at, likeness(at)?))).fold(
            None,
            |best: Option<(usize, f64)>, next| {
                if best.is_none_or(|best| next.1 > best.1) { Some(next) } else { best }
            },
        );
        match found {
            Some((at, _)) if at < run.end && at > here => {
                marks.push(at);
                here = at;
            }
            _ => break,
        }
    }
    marks
}

/// The mean of the periods on both sides of a mark.
fn local_period(marks: &[usize], at: usize) -> f64 {
    let from = at.saturating_sub(1);
    let to = (at + 1).min(marks.len() - 1);
    (marks[to] - marks[from]) as f64 / (to - from).max(1) as f64
}

/// Adds two periods around a mark, windowed, at another place of the run.
fn add_period(
    samples: &[f32],
    marks: &[usize],
    mark: usize,
    (place, level): (f64, f64),
    (sum, weight): (&mut [f64], &mut [f64]),
) {
    let (centre, half) = (marks[mark], local_period(marks, mark));
    let reach = whole(half);
    let place = whole(place);
    for offset in 0..2 * reach + 1 {
        let (Some(from), Some(to)) =
            ((centre + offset).checked_sub(reach), (place + offset).checked_sub(reach))
        else {
            continue;
        };
        let (Some(&x), true) = (samples.get(from), to < sum.len()) else { continue };
        let angle = std::f64::consts::PI * (offset as f64 - reach as f64) / (half + 1.0);
        let window = 0.5 + 0.5 * libm::cos(angle.clamp(-std::f64::consts::PI, std::f64::consts::PI));
        sum[to] += f64::from(x) * window * level;
        weight[to] += window;
    }
}
