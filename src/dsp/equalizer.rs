//! A stereo equaliser: bands one after the other, both channels alike.

use crate::dsp::biquad::{Biquad, Shape};
use crate::dsp::signal::Pair;
use crate::routing::Band;
use crate::units::narrow;
use crate::units::time::{FrameCount, SampleRate};

/// How many frames are worked on at once.
const BLOCK: usize = 256;

/// An equaliser with its state. Latency: none. The filters are [`Biquad`]s; high and low passes are Butterworth's, whose
/// pairs of poles have the Q 1/(2 cos θ), θ being π/2n, 3π/2n and so on for n poles.
#[derive(Clone, Debug)]
pub struct Equalizer {
    stages: Vec<Biquad<Pair>>,
    /// How long it rings, frames.
    settle: u64,
}

impl Equalizer {
    /// The equaliser of these bands, at rest.
    pub fn new(bands: &[Band], rate: SampleRate) -> Equalizer {
        let shapes = bands.iter().flat_map(|band| shapes(*band));
        let stages: Vec<Biquad<Pair>> = shapes.map(|shape| Biquad::new(shape, rate)).collect();
        Equalizer { settle: settle(&stages), stages }
    }

    /// How long it is heard after its input: then less than −120 dB of anything is left.
    pub fn settle(&self) -> FrameCount {
        FrameCount::new(self.settle)
    }

    /// Makes it as silent as it was when new.
    pub fn rest(&mut self) {
        self.stages.iter_mut().for_each(Biquad::rest);
    }

    /// Filters both channels in place.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.stages.is_empty() {
            return;
        }
        let mut frames = [Pair::default(); BLOCK];
        for (left, right) in left.chunks_mut(BLOCK).zip(right.chunks_mut(BLOCK)) {
            let frames = &mut frames[..left.len()];
            for (frame, (left, right)) in frames.iter_mut().zip(left.iter().zip(&*right)) {
                *frame = Pair(f64::from(*left), f64::from(*right));
            }
            let (fours, rest) = self.stages.as_chunks_mut::<4>();
            fours.iter_mut().for_each(|four| run(four.each_mut(), frames));
            match rest {
                [a, b, c] => run([a, b, c], frames),
                [a, b] => run([a, b], frames),
                [a] => run([a], frames),
                _ => {}
            }
            for (frame, (left, right)) in frames.iter().zip(left.iter_mut().zip(right)) {
                (*left, *right) = (narrow(frame.0), narrow(frame.1));
            }
        }
        self.stages.iter_mut().for_each(Biquad::forget);
    }
}

/// Sample by sample through all of them, so that the processor works on several filters at once; as many as there are
/// registers for what they remember.
fn run<const N: usize>(stages: [&mut Biquad<Pair>; N], frames: &mut [Pair]) {
    let mut own = stages.each_ref().map(|stage| (**stage).clone());
    for frame in frames {
        *frame = own.iter_mut().fold(*frame, |x, stage| stage.tick(x));
    }
    stages.into_iter().zip(own).for_each(|(stage, own)| *stage = own);
}

fn shapes(band: Band) -> Vec<Shape> {
    let pairs = |order: u32| {
        (0..order / 2).map(move |pair| {
            let angle = std::f64::consts::FRAC_PI_2 * f64::from(2 * pair + 1) / f64::from(order);
            0.5 / libm::cos(angle)
        })
    };
    match band {
        Band::HighPass { hz, order } => pairs(order).map(|q| Shape::HighPass { hz, q }).collect(),
        Band::LowPass { hz, order } => pairs(order).map(|q| Shape::LowPass { hz, q }).collect(),
        Band::Peak { hz, gain, q } => vec![Shape::Peak { hz, q, db: f64::from(gain.db()) }],
        Band::LowShelf { hz, gain } => vec![Shape::LowShelf { hz, db: f64::from(gain.db()) }],
        Band::HighShelf { hz, gain } => vec![Shape::HighShelf { hz, db: f64::from(gain.db()) }],
    }
}

/// Frames until the slowest pole has lost 140 dB, and 1.3 times as long again for each seven more filters, since poles
/// that lie near each other pass their ringing on.
fn settle(stages: &[Biquad<Pair>]) -> u64 {
    let slowest = stages.iter().map(|stage| radius(stage.poles())).fold(0.0, f64::max);
    if slowest <= 0.0 {
        return 0;
    }
    // A pole on the circle would ring for ever; none of the shapes has one.
    let constant = -1.0 / libm::log(slowest.min(0.999_999));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and below 10⁹")]
    let frames = (constant * (16.0 + 3.0 * stages.len().saturating_sub(1) as f64)) as u64;
    frames + 2
}

/// How far from the middle the outer pole of z² + a₀z + a₁ lies.
fn radius(a: [f64; 2]) -> f64 {
    let inside = a[0] * a[0] / 4.0 - a[1];
    if inside < 0.0 { libm::sqrt(a[1]) } else { libm::fabs(a[0]) / 2.0 + libm::sqrt(inside) }
}

#[cfg(test)]
mod tests {
    use super::Equalizer;
    use crate::dsp::noise::Random;
    use crate::routing::Band;
    use crate::units::level::Gain;
    use crate::units::narrow;
    use crate::units::time::SampleRate;

    #[test]
    fn it_is_over_when_it_says_so() {
        let gain = |db| Gain::new(db).expect("a gain");
        let narrowest = Band::Peak { hz: 40.0, gain: gain(24.0), q: 10.0 };
        let cases: [Vec<Band>; 6] = [
            vec![Band::HighPass { hz: 20.0, order: 4 }],
            vec![Band::LowPass { hz: 12_000.0, order: 2 }],
            vec![narrowest],
            vec![narrowest; 16],
            vec![Band::HighPass { hz: 20.0, order: 8 }; 4],
            vec![
                Band::LowShelf { hz: 30.0, gain: gain(-24.0) },
                Band::HighShelf { hz: 20_000.0, gain: gain(6.0) },
            ],
        ];
        for bands in cases {
            let mut eq = Equalizer::new(&bands, SampleRate::DEFAULT);
            let mut noise = Random::new(1);
            let mut run = |input: &mut dyn FnMut() -> f32, frames: usize| {
                let mut samples: Vec<f32> = (0..frames).map(|_| input()).collect();
                let mut other = samples.clone();
                eq.process(&mut samples, &mut other);
                assert_eq!(samples, other);
                samples
            };
            let loud = run(&mut || narrow(noise.bipolar()), 200_000);
            let peak = loud.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
            let settle = Equalizer::new(&bands, SampleRate::DEFAULT).settle().index();
            run(&mut || 0.0, settle);
            let rest = run(&mut || 0.0, 1000).into_iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
            assert!(rest < peak * 1e-6, "{bands:?}: {rest} of {peak} after {settle} frames");
        }
    }
}
