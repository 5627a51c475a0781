//! The sound of a room, made from its figures: first reflections, then a dense tail.
//!
//! Signal flow: the input goes into a delay; early reflections are taps of it ([`early`]); after the pre-delay it
//! passes a few all-pass diffusers into a feedback delay network of sixteen lines ([`network`]), each with a filter
//! that makes it lose in one turn what the room's decay times say ([`absorb`]). Left and right are two
//! orthogonal sums of the sixteen lines, so that they are unrelated.
//!
//! Everything is linear and does not change with time: the reverb of a sum is the sum of the reverbs, which the mixer
//! relies on. Sums have one order, transcendental functions are `libm`'s, arithmetic is 32-bit and does not depend
//! on how the input is cut.

mod absorb;
mod early;
mod energies;
mod network;

use crate::dsp::reverb::early::Early;
use crate::dsp::reverb::energies::{known, measured};
use crate::dsp::reverb::network::Network;
use crate::dsp::room::Shape;
use crate::units::narrow;
use crate::units::time::SampleRate;

/// Speed of sound at 20 °C, m/s.
const SPEED: f64 = 343.2;

/// A room with its sound still in it. Latency: none, but nothing is heard before the first reflection. Cloning copies
/// its delays: a third of a megabyte at 48 kHz.
#[derive(Clone, Debug)]
pub struct Reverb {
    early: Early,
    network: Network,
}

impl Reverb {
    /// A room at rest.
    ///
    /// Its loudness is set here, by its own answer to an impulse ([`energies`]): a pair of channels that a sound of
    /// power 1 is panned to comes back with a power of [`Shape::wet`] around 1 kHz.
    pub fn new(shape: &Shape, rate: SampleRate) -> Reverb {
        let mut reverb = Reverb { early: Early::new(shape, rate), network: Network::new(shape, rate) };
        let (early, late) = known(shape, rate).unwrap_or_else(|| measured(reverb.clone(), shape, rate));
        // Both parts together have the energy `wet`, and stand to each other as `early` says.
        let wanted = libm::pow(10.0, shape.wet / 10.0);
        let share = 1.0 / (1.0 + libm::pow(10.0, -shape.early / 10.0));
        let factor = |energy: f64, wanted: f64| narrow(libm::sqrt(wanted / energy.max(1e-12)));
        reverb.early.scale(factor(early, wanted * share));
        reverb.network.scale(factor(late, wanted * (1.0 - share)));
        reverb
    }

    /// Makes it as silent as it was when new.
    pub fn rest(&mut self) {
        self.early.rest();
        self.network.rest();
    }

    /// The room's answer to the next frames, written over `out`. All four slices are equally long.
    pub fn process(&mut self, input: (&[f32], &[f32]), out: (&mut [f32], &mut [f32])) {
        let inputs = input.0.chunks(WINDOW).zip(input.1.chunks(WINDOW));
        let outs = out.0.chunks_mut(WINDOW).zip(out.1.chunks_mut(WINDOW));
        for (input, (out_left, out_right)) in inputs.zip(outs) {
            self.early.process(input, (&mut *out_left, &mut *out_right));
            let (mut left, mut right) = ([0.0; CHUNK], [0.0; CHUNK]);
            let mut done = 0;
            while done < input.0.len() {
                let frames = (input.0.len() - done).min(CHUNK);
                self.early.delayed(input.0.len() - done, (&mut left[..frames], &mut right[..frames]));
                let outs = (&mut out_left[done..done + frames], &mut out_right[done..done + frames]);
                self.network.add_to((&left[..frames], &right[..frames]), outs);
                done += frames;
            }
        }
    }
}

/// How many frames the tail is worked on at once: no more than the shortest delay inside any loop has.
const CHUNK: usize = 32;
/// How many frames the reflections are worked on at once.
const WINDOW: usize = 1024;

#[cfg(test)]
mod tests {
    use super::Reverb;
    use crate::dsp::room::shape;
    use crate::staging::Room;
    use crate::units::time::SampleRate;

    /// The diffusers of a room used to go round in denormal numbers for ever, which took three quarters of the time.
    #[test]
    fn a_silent_room_does_not_end_in_numbers_too_small_for_fast_arithmetic() {
        let shape = shape(Room::Cupboard).expect("a room");
        let mut reverb = Reverb::new(&shape, SampleRate::DEFAULT);
        let mut input = [0.0; 480];
        input[0] = 1.0;
        let (mut left, mut right) = ([0.0_f32; 480], [0.0_f32; 480]);
        for block in 0..500 {
            reverb.process((&input, &input), (&mut left, &mut right));
            input[0] = 0.0;
            let small = left.iter().chain(&right).find(|x| x.is_subnormal());
            assert_eq!(small, None, "after {} ms", block * 10);
        }
        assert!(left.iter().chain(&right).all(|x| x.to_bits() == 0), "it is over");
    }
}
