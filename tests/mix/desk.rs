//! Buses that send to each other, and the same bits whoever pulls from wherever.

use std::sync::Arc;

use radioplay::mix::Mixer;
use radioplay::mix::block::FRAMES;
use radioplay::mix::error::Error;
use radioplay::mix::spans;
use radioplay::routing::{Band, Send};
use radioplay::staging;
use radioplay::timeline::Room;
use radioplay::units::pan::Pan;

use super::buses::compress;
use super::{Mixed, Show, at, check_near, check_warmed_up, db, frames, gain, noise, rms};

fn send(to: usize, db: f32) -> Send {
    Send { to, gain: gain(db) }
}

/// Half a minute at 8 kHz of everything at once, all of it `later` by so many frames: five buses, four of them treated, two
/// in rooms of their own, one of which gets what the other answers; a voice in a room, one that is cut, a bed that goes
/// through so that filters take over, and a duck.
fn busy(later: u64) -> Show {
    let mut show = Show::new(8000, 320_000 + later, 5);
    show.timeline.rooms =
        [staging::Room::Hall, staging::Room::Kitchen, staging::Room::Stairwell].map(Room::Named).into();
    let (voice, rain) = (show.mono(noise(1, 30_000)), show.stereo(noise(2, 60_000)));
    for (index, start) in [3000_u64, 9000, 33_333, 120_001, 200_000, 231_000].into_iter().enumerate() {
        let region = show.play(voice, index % 2, start + later);
        (region.fade_in, region.fade_out, region.gain) = (frames(80), frames(16), gain(-3.0 * index as f32));
        region.pan = Pan::new([-0.5, 0.0, 0.3, 1.0, 0.0, -1.0][index]).expect("a pan");
        (region.room, region.cut) = ((index % 3 != 2).then_some(0), index == 3);
    }
    let region = show.play(rain, 2, 500 + later);
    (region.length, region.loop_crossfade) = (frames(230_000), Some(frames(5000)));
    (region.gain, region.pan) = (gain(-12.0), Pan::CENTER);
    show.duck(2, 0, -9.0, [2000, 3000, 4000]);
    let buses = &mut show.timeline.buses;
    buses[0].eq =
        vec![Band::HighPass { hz: 80.0, order: 2 }, Band::Peak { hz: 2000.0, gain: gain(4.0), q: 1.0 }];
    buses[0].compress = Some(compress(-30.0, 3.0, 0.01, 0.15));
    buses[0].sends = vec![send(4, -12.0), send(3, -6.0)];
    buses[1].gain = gain(-2.0);
    buses[2].eq = vec![Band::HighShelf { hz: 1500.0, gain: gain(-6.0) }];
    buses[2].compress = Some(compress(-30.0, 2.0, 0.05, 0.6));
    buses[2].sends = vec![send(4, -20.0)];
    buses[3].room = Some(2);
    buses[3].eq = vec![Band::LowPass { hz: 3000.0, order: 4 }];
    buses[4].room = Some(1);
    buses[4].gain = gain(-3.0);
    buses[4].sends = vec![send(3, -9.0)];
    show
}

#[test]
fn buses_that_were_warmed_up_apart_sound_as_if_played_from_the_beginning() {
    check_warmed_up(&busy(0).plan().expect("consistent"), 5);
}

#[test]
fn any_block_is_the_same_after_a_seek() {
    let plan = busy(0).plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    assert!(played.buses.iter().all(|bus| bus.left().iter().any(|x| *x != 0.0)));
    let mut mixer = Mixer::new(Arc::clone(&plan));
    for block in (0..plan.blocks()).rev().step_by(7) {
        mixer.seek(block);
        let found = Mixed::of(&mut mixer, 2.min(plan.blocks() - block));
        let from = usize::try_from(block).expect("small") * FRAMES;
        let pairs = found.buses.iter().chain([&found.sum]).zip(played.buses.iter().chain([&played.sum]));
        for (bus, (found, played)) in pairs.enumerate() {
            assert!(found.left == played.left[from..][..found.left.len()], "block {block}, bus {bus}");
            assert!(found.right == played.right[from..][..found.right.len()], "block {block}, bus {bus}");
        }
    }
}

#[test]
fn a_seek_listens_to_no_more_than_it_says() {
    let plan = busy(0).plan().expect("consistent");
    let seconds = plan.memory().seconds(plan.rate());
    assert!(seconds > 8.0 && seconds < 180.0, "{seconds} s");
}

#[test]
fn any_number_of_threads_mixes_the_same_from_anywhere() {
    let plan = busy(0).plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        for begin in [0_u64, 1, 93, 150] {
            let mut found = Mixed::default();
            let mut next = begin * FRAMES as u64;
            let mixed: Result<(), Error> = pool.install(|| {
                spans::mix(&plan, begin..plan.blocks(), |block| {
                    assert_eq!(block.start(), at(next));
                    next += block.frames().get();
                    found.push(block);
                    Ok(())
                })
            });
            mixed.expect("clips in memory can be read");
            let from = usize::try_from(begin).expect("small") * FRAMES;
            assert!(found.sum.left == played.sum.left[from..], "{threads} threads from block {begin}");
            for (found, played) in found.buses.iter().zip(&played.buses) {
                assert!(found.right == played.right[from..], "{threads} threads from block {begin}");
            }
        }
    }
}

#[test]
fn where_block_edges_fall_makes_no_difference() {
    let zero = busy(0).mixed();
    for later in [13, 1023] {
        let moved = busy(later).mixed();
        let later = usize::try_from(later).expect("small");
        for (bus, (moved, zero)) in moved.buses.iter().zip(&zero.buses).enumerate() {
            assert!(moved.left[later..] == zero.left, "{later} frames later, bus {bus}");
        }
    }
}

#[test]
fn the_mix_is_its_stems_added_up() {
    let mixed = busy(0).mixed();
    let channels: Vec<_> = mixed.buses.iter().map(super::Track2::left).collect();
    for (frame, sum) in mixed.sum.left().iter().enumerate() {
        let added = channels.iter().fold(0.0_f32, |sum, bus| sum + bus[frame]);
        assert_eq!(sum.to_bits(), added.to_bits(), "frame {frame}");
    }
}

/// A voice on a bus that sends to another by so many dB.
fn sending(db: f32) -> Show {
    let mut show = Show::new(48_000, 192_000, 2);
    let voice = show.mono(noise(1, 24_000));
    show.play(voice, 0, 24_000).pan = Pan::CENTER;
    show.timeline.buses[0].sends = vec![send(1, db)];
    show
}

#[test]
fn a_send_is_the_bus_as_it_is_heard_so_much_quieter() {
    let mut show = sending(-12.0);
    show.timeline.buses[0].gain = gain(-4.0);
    show.timeline.buses[0].eq = vec![Band::HighPass { hz: 200.0, order: 2 }];
    let mixed = show.mixed();
    let factor = gain(-12.0).factor();
    for (own, sent) in mixed.buses[0].left().iter().zip(mixed.buses[1].left()) {
        assert_eq!((own * factor).to_bits(), sent.to_bits());
    }
}

#[test]
fn a_bus_with_a_room_is_as_loud_as_what_is_sent_and_rings_on() {
    for room in [staging::Room::Church, staging::Room::Kitchen, staging::Room::Street] {
        let mut show = sending(-12.0);
        show.timeline.rooms.push(Room::Named(room));
        show.timeline.buses[1].room = Some(0);
        let mixed = show.mixed();
        let power = |bus: usize| {
            let band = radioplay::dsp::biquad::Shape::BandPass { hz: 1000.0, q: 0.7 };
            let channels = [mixed.buses[bus].left(), mixed.buses[bus].right()].map(|mut samples| {
                radioplay::dsp::biquad::Biquad::sift(&[band], super::frame_rate(48_000), &mut samples);
                let rms = rms(&samples);
                rms * rms
            });
            10.0 * libm::log10(channels[0] + channels[1])
        };
        check_near(power(1) - power(0), -12.0, 1.5);
        let wet = mixed.buses[1].left();
        assert!(db(rms(&wet[50_000..60_000])) > -70.0, "it rings on");
    }
}

#[test]
fn cut_ends_the_rooms_that_its_bus_sends_to() {
    let mut show = sending(-6.0);
    show.timeline.rooms.push(Room::Named(staging::Room::Church));
    show.timeline.buses[1].room = Some(0);
    show.timeline.buses[0].eq = vec![Band::HighPass { hz: 80.0, order: 4 }];
    show.timeline.buses[1].eq = vec![Band::HighPass { hz: 200.0, order: 2 }];
    show.timeline.regions[0].fade_out = frames(96);
    let rings = show.mixed().sum.left();
    show.timeline.regions[0].cut = true;
    let cut = show.mixed().sum.left();
    assert!(db(rms(&rings[48_000..52_800])) > -40.0);
    assert!(cut[48_000..].iter().all(|x| *x == 0.0), "silence must be able to hit");
    assert!(cut[47_999].abs() < 0.01, "and without a click");
    // What comes afterwards has its room again.
    let voice = show.timeline.regions[0].clip;
    show.play(voice, 0, 96_000);
    let again = show.mixed().buses[1].left();
    assert!(db(rms(&again[100_000..120_000])) > -40.0);
}

#[test]
fn buses_that_send_in_a_circle_are_no_plan() {
    let mut show = sending(-6.0);
    show.timeline.buses[1].sends = vec![send(0, -6.0)];
    assert!(matches!(show.plan(), Err(Error::Inconsistent { .. })));
    show.timeline.buses[1].sends = vec![send(7, -6.0)];
    assert!(matches!(show.plan(), Err(Error::Inconsistent { .. })));
}
