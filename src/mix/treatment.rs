//! What perspective, and what stands between, do to a sound: a fixed chain of filters per region, and a gain.
//!
//! All figures are in the tables of this file, and nothing else in the mixer knows them. They are dramatic
//! rather than physical: a real wall would leave nothing to hear. The band of the telephone is a standard's: ITU-T
//! G.712 (2001) passes 300 to 3400 Hz. Doors, walls and windows follow the mass law and coincidence (L. Cremer,
//! "Theorie der Schalldämmung dünner Wände bei schrägem Einfall", Akustische Zeitschrift 7, 1942) in shape, not in depth.
//! Lines and loudspeakers add noise of their own, as long as they sound.

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::noise::Random;
use crate::dsp::saturate::saturate;
use crate::staging::{Perspective, Through};
use crate::units::level::Gain;
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// One row of the tables. Filters come in this order, and `db` last.
struct Row {
    before: &'static [Shape],
    /// How hard [`saturate`] is driven; `None` leaves the sound clean.
    drive: Option<f64>,
    noise: Option<Noise>,
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
            noise: Some(Noise { hiss: 0.004, crackle: 0.0, often: 0.0 }),
            after: &[Shape::LowPass { hz: 3400.0, q: HALVES.0 }, Shape::LowPass { hz: 3400.0, q: HALVES.1 }],
            db: -3.0,
        },
        // A small loudspeaker in a wooden box: its own resonance, the box's, and no more than a medium-wave station
        // sends.
        Through::Radio => Row {
            before: &[
                Shape::HighPass { hz: 200.0, q: 1.2 },
                Shape::HighPass { hz: 120.0, q: FLAT },
                Shape::Peak { hz: 430.0, q: 1.6, db: 3.0 },
                Shape::Peak { hz: 1500.0, q: 0.8, db: 3.0 },
            ],
            drive: Some(1.5),
            noise: Some(Noise { hiss: 0.003, crackle: 0.25, often: 9.0 }),
            after: &[Shape::LowPass { hz: 4500.0, q: HALVES.0 }, Shape::LowPass { hz: 4500.0, q: HALVES.1 }],
            db: -3.5,
        },
        // A tiny loudspeaker behind a grille, turned up too far.
        Through::Intercom => Row {
            before: &[
                Shape::HighPass { hz: 450.0, q: HALVES.0 },
                Shape::HighPass { hz: 450.0, q: HALVES.1 },
                Shape::Peak { hz: 1200.0, q: 2.0, db: 6.0 },
            ],
            drive: Some(3.0),
            noise: Some(Noise { hiss: 0.004, crackle: 0.0, often: 0.0 }),
            after: &[Shape::LowPass { hz: 3800.0, q: HALVES.0 }, Shape::LowPass { hz: 3800.0, q: HALVES.1 }],
            db: -4.0,
        },
        // The mass law: 6 dB less for each octave up, here by shelves; the panel's first resonance, and where waves in
        // it run as fast as in air, it lets more through.
        Through::Door => Row {
            before: &[
                Shape::Peak { hz: 100.0, q: 1.5, db: 4.0 },
                Shape::HighShelf { hz: 220.0, db: -9.0 },
                Shape::HighShelf { hz: 900.0, db: -12.0 },
                Shape::HighShelf { hz: 3800.0, db: -14.0 },
                Shape::Peak { hz: 1900.0, q: 2.0, db: 3.0 },
            ],
            drive: None,
            noise: None,
            after: &[],
            db: -5.0,
        },
        // The same, heavier: nothing but the melody of a voice.
        Through::Wall => Row {
            before: &[
                Shape::Peak { hz: 110.0, q: 1.5, db: 3.0 },
                Shape::HighShelf { hz: 160.0, db: -10.0 },
                Shape::HighShelf { hz: 600.0, db: -14.0 },
                Shape::LowPass { hz: 1400.0, q: 0.6 },
            ],
            drive: None,
            noise: None,
            after: &[],
            db: -7.0,
        },
        // Light, so that much comes through; 4 mm of glass coincide with air at 12/4 kHz; two panes and the air between
        // them swing below 200 Hz.
        Through::Window => Row {
            before: &[
                Shape::Peak { hz: 180.0, q: 1.5, db: 3.0 },
                Shape::HighShelf { hz: 500.0, db: -9.0 },
                Shape::HighShelf { hz: 2000.0, db: -11.0 },
                Shape::Peak { hz: 3000.0, q: 2.0, db: 4.0 },
                Shape::LowPass { hz: 7000.0, q: FLAT },
            ],
            drive: None,
            noise: None,
            after: &[],
            db: -7.0,
        },
        Through::Underwater => Row {
            before: &[
                Shape::LowPass { hz: 420.0, q: HALVES.0 },
                Shape::LowPass { hz: 420.0, q: HALVES.1 },
                Shape::Peak { hz: 220.0, q: 1.5, db: 4.0 },
            ],
            drive: None,
            noise: None,
            after: &[],
            db: -5.0,
        },
    }
}

/// What a sound goes through before the room it is heard in: round a corner, most of all.
fn row_round(perspective: Perspective) -> Row {
    let (after, db): (&'static [Shape], f32) = match perspective {
        Perspective::Off => (&[Shape::LowPass { hz: 1800.0, q: 0.6 }], 0.0),
        Perspective::Close | Perspective::Room | Perspective::Far => (&[], 0.0),
    };
    Row { before: &[], drive: None, noise: None, after, db }
}

/// The proximity effect of a directional microphone, for a voice at the ear.
const PROXIMITY: Shape = Shape::LowShelf { hz: 200.0, db: 4.0 };
/// What is left of the sound itself from another room, dB.
const ROUND: f64 = -4.0;
/// How far a sound may be turned up and down by its distance, dB: the inverse law (6 dB for each doubling) between
/// half a metre and 16 m.
const NEAREST: f64 = 0.5;
const FARTHEST: f64 = 16.0;
/// What air takes at 8 kHz, dB for each metre: ISO 9613-1 (1993), as tabulated in ISO 9613-2 (1996), table 2, for
/// 15 °C and 50 % humidity; four times as much, since what is heard as distance in the open is more than air.
const AIR: f64 = 0.129 * 4.0;
/// At most, dB.
const DULLEST: f64 = 15.0;

/// How a region is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Treatment {
    pub(super) perspective: Perspective,
    pub(super) through: Option<Through>,
    pub(super) metres: f64,
}

/// What tells treatments apart.
pub(super) type Key = (Perspective, Option<Through>, u64);

impl Treatment {
    pub(super) fn key(self) -> Key {
        (self.perspective, self.through, self.metres.to_bits())
    }
}

/// How long the filters of every treatment may be heard ringing: after it, less than −140 dB of anything is left.
/// One eighth of a second.
pub(super) fn settle(rate: SampleRate) -> FrameCount {
    FrameCount::new(u64::from(rate.hz().div_ceil(8)))
}

/// The gain of a treatment at 1 m, and of what it sends to a room.
pub(super) fn gain(perspective: Perspective, through: Option<Through>) -> Gain {
    let db = row_round(perspective).db + through.map_or(0.0, |through| row_through(through).db);
    Gain::new(db).unwrap_or(Gain::UNITY)
}

/// How loudly the sound itself arrives from `metres` away, as a factor against 1 m. A voice at the ear is as loud as its
/// clip.
pub(super) fn distance_factor(perspective: Perspective, metres: f64) -> f64 {
    let away = 1.0 / metres.clamp(NEAREST, FARTHEST);
    match perspective {
        Perspective::Close => 1.0,
        Perspective::Room | Perspective::Far => away,
        Perspective::Off => away * libm::pow(10.0, ROUND / 20.0),
    }
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
    noise: Option<Noise>,
}

/// The most filters a chain has. One that had more would lose the last, which a test excludes.
const MOST_STAGES: usize = 7;

impl Chain {
    /// What stands between, at rest; `None` where that changes nothing but the gain.
    pub(super) fn between(treatment: Treatment, rate: SampleRate) -> Option<Chain> {
        let rows = [treatment.through.map(row_through), Some(row_round(treatment.perspective))];
        let shapes = || rows.iter().flatten().flat_map(|row| row.before.iter().chain(row.after)).copied();
        let first = rows[0].as_ref();
        let drive = first.and_then(|row| row.drive.map(|drive| (row.before.len(), drive)));
        Chain::of(shapes, drive, first.and_then(|row| row.noise), rate)
    }

    /// What distance does to the sound itself, at rest; `None` where that is nothing but the gain.
    pub(super) fn away(treatment: Treatment, rate: SampleRate) -> Option<Chain> {
        let air = ((treatment.metres - 1.0) * AIR).clamp(0.0, DULLEST);
        let shape = match treatment.perspective {
            Perspective::Close => Some(PROXIMITY),
            _ => (air > 0.05).then_some(Shape::HighShelf { hz: 4000.0, db: -air }),
        };
        Chain::of(|| shape.into_iter(), None, None, rate)
    }

    fn of<I: Iterator<Item = Shape>>(
        shapes: impl Fn() -> I,
        drive: Option<(usize, f64)>,
        noise: Option<Noise>,
        rate: SampleRate,
    ) -> Option<Chain> {
        let count = shapes().count().min(MOST_STAGES);
        let nothing = Shape::Peak { hz: 1000.0, q: 1.0, db: 0.0 };
        let stages = std::array::from_fn(|index| Biquad::new(shapes().nth(index).unwrap_or(nothing), rate));
        let noise = noise.map(|noise| noise.at(rate));
        (count > 0).then_some(Chain { stages, count, drive, noise })
    }

    /// Filters a channel in place, whose first sample is the region's frame `at`; its noise is that of `seed`.
    pub(super) fn process(&mut self, samples: &mut [f32], seed: u64, at: u64) {
        // Sample by sample through all of them, so that the processor works on several filters at once.
        let (before, drive) = self.drive.unwrap_or((self.count, 0.0));
        let (before, after) = self.stages[..self.count].split_at_mut(before);
        for (frame, sample) in (at..).zip(samples) {
            let noise = self.noise.map_or(0.0, |noise| noise.sample(seed, frame));
            let mut x = before.iter_mut().fold(f64::from(*sample) + noise, |x, filter| filter.tick(x));
            if drive > 0.0 {
                x = saturate(x, drive);
            }
            x = after.iter_mut().fold(x, |x, filter| filter.tick(x));
            *sample = narrow(x);
        }
    }
}

/// What a line or a loudspeaker adds of its own. A function of the frame, so that it is the same wherever playing
/// started.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Noise {
    /// Peak of the steady noise, as an amplitude.
    hiss: f64,
    /// Peak of single crackles.
    crackle: f64,
    /// Crackles for each second; once the rate is known, the share of 2³² that are one.
    often: f64,
}

impl Noise {
    fn at(self, rate: SampleRate) -> Noise {
        // The hiss has the same density at every rate.
        let wider = libm::sqrt(f64::from(rate.hz()) / 48_000.0);
        let often = self.often / f64::from(rate.hz()) * 4_294_967_296.0;
        Noise { hiss: self.hiss * wider, crackle: self.crackle * wider, often }
    }

    fn sample(self, seed: u64, frame: u64) -> f64 {
        let bits =
            Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ frame.wrapping_mul(0xd6e8_feb8_6659_fd93))
                .next_u64();
        let (dice, value) = (bits & 0xffff_ffff, bits >> 32);
        let bipolar = value as f64 / 2_147_483_648.0 - 1.0;
        let crackle = if (dice as f64) < self.often { self.crackle } else { 0.0 };
        bipolar * (self.hiss + crackle)
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, MOST_STAGES, Treatment, row_round, row_through, settle};
    use crate::staging::{Perspective, Through};
    use crate::units::time::SampleRate;

    fn every_treatment() -> impl Iterator<Item = Treatment> {
        let through = std::iter::once(None).chain(Through::ALL.iter().copied().map(Some));
        through.flat_map(|through| {
            Perspective::ALL.iter().map(move |near| Treatment { perspective: *near, through, metres: 12.0 })
        })
    }

    #[test]
    fn every_treatment_has_died_away_after_the_settling_time() {
        for rate in [44_100, 48_000, 192_000] {
            let rate = SampleRate::new(rate).expect("a rate");
            for treatment in every_treatment() {
                let (mut between, mut away) = (Chain::between(treatment, rate), Chain::away(treatment, rate));
                let mut run = |samples: &mut Vec<f32>| {
                    for chain in [&mut between, &mut away].into_iter().flatten() {
                        // What the line adds of its own never dies away.
                        chain.noise = None;
                        chain.process(samples, 0, 0);
                    }
                };
                let mut noise = crate::dsp::noise::Random::new(1);
                let mut samples: Vec<f32> = (0..settle(rate).index())
                    .map(|_| if noise.next_u64().is_multiple_of(2) { 1.0 } else { -1.0 })
                    .collect();
                run(&mut samples);
                let mut rest = vec![0.0; settle(rate).index() * 2];
                run(&mut rest);
                let gone = &rest[settle(rate).index()..];
                assert!(gone.iter().all(|x| x.abs() < 1e-7), "{treatment:?}");
            }
        }
    }

    #[test]
    fn no_treatment_is_too_long_for_its_chain() {
        let longest = |rows: &mut dyn Iterator<Item = usize>| rows.max().unwrap_or(0);
        let near = longest(&mut Perspective::ALL.iter().map(|it| row_round(*it).after.len()));
        let between = longest(&mut Through::ALL.iter().map(|it| {
            let row = row_through(*it);
            row.before.len() + row.after.len()
        }));
        assert!(near + between <= MOST_STAGES);
    }
}
