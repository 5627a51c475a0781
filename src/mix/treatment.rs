//! What perspective, and what stands between, do to a sound: a fixed chain of filters per region, and a gain.
//!
//! All figures are in the tables of this file, and nothing else in the mixer knows them. They are dramatic
//! rather than physical: a real wall would leave nothing to hear. Only the band of the telephone is a standard's:
//! ITU-T G.712 (2001) passes 300 to 3400 Hz.

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::saturate::saturate;
use crate::staging::{Perspective, Through};
use crate::units::level::Gain;
use crate::units::time::{FrameCount, SampleRate};

/// One row of the tables. Filters come in this order, and `db` last.
struct Row {
    before: &'static [Shape],
    /// How hard [`saturate`] is driven; `None` leaves the sound clean.
    drive: Option<f64>,
    after: &'static [Shape],
    db: f32,
}

/// The two halves of a fourth-order Butterworth filter.
const HALVES: (f64, f64) = (0.541_196_1, 1.306_563);
const FLAT: f64 = std::f64::consts::FRAC_1_SQRT_2;

fn row_through(through: Through) -> Row {
    match through {
        // Band, a carbon microphone's grain, band again to keep the harmonics inside.
        Through::Telephone => Row {
            before: &[
                Shape::HighPass { hz: 300.0, q: HALVES.0 },
                Shape::HighPass { hz: 300.0, q: HALVES.1 },
                Shape::Peak { hz: 1800.0, q: 0.8, db: 3.0 },
            ],
            drive: Some(2.0),
            after: &[Shape::LowPass { hz: 3400.0, q: HALVES.0 }, Shape::LowPass { hz: 3400.0, q: HALVES.1 }],
            db: -3.0,
        },
        // A small loudspeaker in a wooden box.
        Through::Radio => Row {
            before: &[Shape::HighPass { hz: 220.0, q: FLAT }, Shape::Peak { hz: 1400.0, q: 0.8, db: 4.0 }],
            drive: Some(1.5),
            after: &[Shape::LowPass { hz: 5000.0, q: HALVES.0 }, Shape::LowPass { hz: 5000.0, q: HALVES.1 }],
            db: -4.0,
        },
        // A tiny loudspeaker behind a grille, turned up too far.
        Through::Intercom => Row {
            before: &[
                Shape::HighPass { hz: 450.0, q: HALVES.0 },
                Shape::HighPass { hz: 450.0, q: HALVES.1 },
                Shape::Peak { hz: 1200.0, q: 2.0, db: 6.0 },
            ],
            drive: Some(3.0),
            after: &[Shape::LowPass { hz: 3800.0, q: FLAT }],
            db: -4.0,
        },
        Through::Door => Row {
            before: &[Shape::LowPass { hz: 700.0, q: FLAT }, Shape::Peak { hz: 160.0, q: 1.0, db: 2.0 }],
            drive: None,
            after: &[],
            db: -8.0,
        },
        Through::Wall => Row {
            before: &[Shape::LowPass { hz: 320.0, q: HALVES.0 }, Shape::LowPass { hz: 320.0, q: HALVES.1 }],
            drive: None,
            after: &[],
            db: -12.0,
        },
        Through::Window => Row {
            before: &[Shape::LowPass { hz: 1600.0, q: FLAT }, Shape::HighShelf { hz: 3500.0, db: -6.0 }],
            drive: None,
            after: &[],
            db: -9.0,
        },
        Through::Underwater => Row {
            before: &[
                Shape::LowPass { hz: 420.0, q: HALVES.0 },
                Shape::LowPass { hz: 420.0, q: HALVES.1 },
                Shape::Peak { hz: 220.0, q: 1.5, db: 4.0 },
            ],
            drive: None,
            after: &[],
            db: -5.0,
        },
    }
}

fn row_perspective(perspective: Perspective) -> Row {
    let (after, db): (&'static [Shape], f32) = match perspective {
        // The proximity effect of a directional microphone.
        Perspective::Close => (&[Shape::LowShelf { hz: 180.0, db: 2.5 }], 0.0),
        Perspective::Room => (&[], 0.0),
        Perspective::Far => (&[Shape::HighShelf { hz: 3500.0, db: -6.0 }], -8.0),
        Perspective::Off => (&[Shape::LowPass { hz: 2500.0, q: FLAT }], -12.0),
    };
    Row { before: &[], drive: None, after, db }
}

/// How long the filters of every treatment may be heard ringing: after it, less than −140 dB of anything is left.
/// One eighth of a second.
pub(super) fn settle(rate: SampleRate) -> FrameCount {
    FrameCount::new(u64::from(rate.hz().div_ceil(8)))
}

/// The gain of a treatment: both halves' together.
pub(super) fn gain(perspective: Perspective, through: Option<Through>) -> Gain {
    let db = row_perspective(perspective).db + through.map_or(0.0, |through| row_through(through).db);
    Gain::new(db).unwrap_or(Gain::UNITY)
}

/// The filters of a treatment for one channel, with their state: what stands between first, then how far away it is.
/// Its gain is not in here, see [`gain`]. Latency: none. Cloning it does not allocate.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The first `count` are used.
    stages: [Biquad; MOST_STAGES],
    count: usize,
    /// After how many of them the sound is driven, and how hard.
    drive: Option<(usize, f64)>,
}

/// The most filters a treatment has. One that had more would lose the last, which a test excludes.
const MOST_STAGES: usize = 6;

impl Chain {
    /// The chain at rest, or `None` where the treatment changes nothing but the gain.
    pub(super) fn new(perspective: Perspective, through: Option<Through>, rate: SampleRate) -> Option<Chain> {
        let rows = [through.map(row_through), Some(row_perspective(perspective))];
        let shapes = || rows.iter().flatten().flat_map(|row| row.before.iter().chain(row.after));
        let drive = rows[0].as_ref().and_then(|row| row.drive.map(|drive| (row.before.len(), drive)));
        let count = shapes().count().min(MOST_STAGES);
        let nothing = Shape::Peak { hz: 1000.0, q: 1.0, db: 0.0 };
        let stages =
            std::array::from_fn(|index| Biquad::new(shapes().nth(index).copied().unwrap_or(nothing), rate));
        (count > 0).then_some(Chain { stages, count, drive })
    }

    /// Filters a channel in place.
    pub(super) fn process(&mut self, samples: &mut [f32]) {
        // Sample by sample through all of them, so that the processor works on several filters at once.
        let (before, drive) = self.drive.unwrap_or((self.count, 0.0));
        let (before, after) = self.stages[..self.count].split_at_mut(before);
        for sample in samples {
            let mut x = before.iter_mut().fold(f64::from(*sample), |x, filter| filter.tick(x));
            if drive > 0.0 {
                x = saturate(x, drive);
            }
            x = after.iter_mut().fold(x, |x, filter| filter.tick(x));
            #[expect(clippy::cast_possible_truncation, reason = "samples are 32-bit; the filters are not")]
            let filtered = x as f32;
            *sample = filtered;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, MOST_STAGES, row_perspective, row_through, settle};
    use crate::staging::{Perspective, Through};
    use crate::units::time::SampleRate;

    fn every_chain(rate: SampleRate) -> impl Iterator<Item = Chain> {
        let through = std::iter::once(None).chain(Through::ALL.iter().copied().map(Some));
        through.flat_map(move |through| {
            Perspective::ALL.iter().filter_map(move |near| Chain::new(*near, through, rate))
        })
    }

    #[test]
    fn every_treatment_has_died_away_after_the_settling_time() {
        for rate in [44_100, 48_000, 192_000] {
            let rate = SampleRate::new(rate).expect("a rate");
            for mut chain in every_chain(rate) {
                let mut noise = crate::dsp::noise::Random::new(1);
                let mut samples: Vec<f32> = (0..settle(rate).index())
                    .map(|_| if noise.next_u64().is_multiple_of(2) { 1.0 } else { -1.0 })
                    .collect();
                chain.process(&mut samples);
                let mut rest = vec![0.0; settle(rate).index() * 2];
                chain.process(&mut rest);
                let (ringing, gone) = rest.split_at(settle(rate).index());
                assert!(ringing.iter().any(|x| x.abs() > 0.0));
                assert!(gone.iter().all(|x| x.abs() < 1e-7), "{chain:?}");
            }
        }
    }

    #[test]
    fn no_treatment_is_too_long_for_its_chain() {
        let longest = |rows: &mut dyn Iterator<Item = usize>| rows.max().unwrap_or(0);
        let near = longest(&mut Perspective::ALL.iter().map(|it| row_perspective(*it).after.len()));
        let between = longest(&mut Through::ALL.iter().map(|it| {
            let row = row_through(*it);
            row.before.len() + row.after.len()
        }));
        assert!(near + between <= MOST_STAGES);
    }
}
