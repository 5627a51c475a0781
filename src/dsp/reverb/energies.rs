//! How much energy a room answers with before it is made as loud as it claims to be.
//!
//! To measure that takes as long as the room rings, 20 ms of work for a church: too long for who waits for the first sound.
//! The rooms that there are were measured at the usual rate.

use crate::dsp::biquad::{Biquad, Shape as Filter};
use crate::dsp::reverb::{CHUNK, Reverb};
use crate::dsp::room::{self, BANDS, Shape};
use crate::staging::Room;
use crate::units::time::SampleRate;

/// The energy of the early and of the late answer of each room at 48 kHz, as [`measured`] has it.
const KNOWN: [(Room, f64, f64); 13] = [
    (Room::Cupboard, 1.0632166761312223, 9.414114333265758),
    (Room::Hall, 0.7053424596115945, 11.731325508734562),
    (Room::LivingRoom, 0.34831466074878714, 11.064094349885725),
    (Room::Kitchen, 0.5136523352725603, 14.311372839158267),
    (Room::Bathroom, 1.0149778746954228, 14.490076203351213),
    (Room::Stairwell, 0.35817038695930803, 33.4990929894586),
    (Room::Church, 0.046442007015094024, 63.791699318879154),
    (Room::Street, 0.02502055476801861, 12.948365251475883),
    (Room::Forest, 4.534519970084771, 16.125035671331954),
    (Room::Garden, 0.027974492228831752, 12.912363067866504),
    (Room::Yard, 0.05760614499510369, 18.23436953123321),
    (Room::Car, 0.9255963442478649, 14.80985685320058),
    (Room::Memory, 4.534933531008399, 54.99555542758273),
];

/// The energies of a room, where they were measured before.
pub(super) fn known(shape: &Shape, rate: SampleRate) -> Option<(f64, f64)> {
    let is_it = |known: &&(Room, f64, f64)| {
        rate == SampleRate::DEFAULT && room::shape(known.0).as_ref() == Some(shape)
    };
    KNOWN.iter().find(is_it).map(|(_, early, late)| (*early, *late))
}

/// The energy of the early and of the late answer to an impulse in the middle, around 1 kHz, against the
/// impulse's own.
pub(super) fn measured(mut room: Reverb, shape: &Shape, rate: SampleRate) -> (f64, f64) {
    let band = Filter::BandPass { hz: BANDS[1], q: 0.7 };
    let energy = |left: &[f32], right: &[f32], (filters, heard): &mut ((Biquad, Biquad), bool)| -> f64 {
        // What rings on in the filters soon gets too small to count, and then so small that it is slow to work with.
        if !*heard && left.iter().chain(right).all(|sample| *sample == 0.0) {
            return 0.0;
        }
        let squares = left.iter().zip(right).map(|(left, right)| {
            let (left, right) = (filters.0.tick(f64::from(*left)), filters.1.tick(f64::from(*right)));
            left * left + right * right
        });
        let sum: f64 = squares.sum();
        *heard = sum > NOTHING;
        sum
    };
    let at_rest = || ((Biquad::new(band, rate), Biquad::new(band, rate)), false);
    let (mut own, mut early, mut late) = (at_rest(), at_rest(), at_rest());
    let mut sums = (0.0, 0.0, 0.0);
    let (mut input, silence) = (vec![0.0_f32; CHUNK], vec![0.0_f32; CHUNK]);
    input[0] = std::f32::consts::FRAC_1_SQRT_2;
    let (mut left, mut right) = (vec![0.0_f32; CHUNK], vec![0.0_f32; CHUNK]);
    for index in 0..shape.tail(rate).index().div_ceil(CHUNK) {
        let input = if index == 0 { &input } else { &silence };
        sums.0 += energy(input, input, &mut own);
        room.early.process((input, input), (&mut left, &mut right));
        sums.1 += energy(&left, &right, &mut early);
        let (mut delayed_left, mut delayed_right) = ([0.0; CHUNK], [0.0; CHUNK]);
        room.early.delayed(CHUNK, (&mut delayed_left, &mut delayed_right));
        left.fill(0.0);
        right.fill(0.0);
        room.network.add_to((&delayed_left, &delayed_right), (&mut left, &mut right));
        sums.2 += energy(&left, &right, &mut late);
    }
    (sums.1 / sums.0, sums.2 / sums.0)
}

/// What is too little energy to be counted: 300 dB below what is measured.
const NOTHING: f64 = 1e-40;

#[cfg(test)]
mod tests {
    use super::{known, measured};
    use crate::dsp::reverb::Reverb;
    use crate::dsp::reverb::early::Early;
    use crate::dsp::reverb::network::Network;
    use crate::dsp::room::shape;
    use crate::staging::Room;
    use crate::units::time::SampleRate;

    #[test]
    fn what_is_known_of_rooms_is_what_is_measured() {
        let rate = SampleRate::DEFAULT;
        for shape in Room::ALL.iter().filter_map(|room| shape(*room)) {
            let room = Reverb { early: Early::new(&shape, rate), network: Network::new(&shape, rate) };
            assert_eq!(known(&shape, rate), Some(measured(room, &shape, rate)), "{shape:?}");
        }
    }
}
