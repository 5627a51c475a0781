//! Rooms in the mix: near and far, tails past the end, cut, and the same bits from anywhere.

use std::sync::Arc;

use radioplay::dsp::biquad::{Biquad, Shape as Filter};
use radioplay::mix::Mixer;
use radioplay::mix::block::FRAMES;
use radioplay::mix::error::Error;
use radioplay::mix::spans;
use radioplay::staging::{self, Perspective, Through};
use radioplay::timeline::Room;
use radioplay::units::distance::Metres;
use radioplay::units::pan::Pan;

use super::{Mixed, Show, at, check_near, check_warmed_up, db, frames, gain, noise, rms};

fn metres(metres: f64) -> Metres {
    Metres::new(metres).expect("a distance")
}

/// The energy of what a room answers to a click, against that of the click itself, around 1 kHz, dB.
fn wetness(room: staging::Room, perspective: Perspective, distance: f64) -> f64 {
    let mut show = Show::new(48_000, 240_000, 1);
    show.timeline.rooms.push(Room::Named(room));
    let mut click = vec![0.0; 2000];
    click[0] = 1.0;
    let clip = show.mono(click);
    let region = show.play(clip, 0, 0);
    region.pan = Pan::CENTER;
    (region.perspective, region.distance) = (perspective, metres(distance));
    let direct = show.mixed().sum;
    show.timeline.regions[0].room = Some(0);
    let both = show.mixed().sum;
    let power = |samples: &[f32]| {
        let mut filter = Biquad::new(Filter::BandPass { hz: 1000.0, q: 0.7 }, super::frame_rate(48_000));
        let squares = samples.iter().map(|x| {
            let x = filter.tick(f64::from(*x));
            x * x
        });
        squares.sum::<f64>()
    };
    let rest = |both: Vec<f32>, direct: Vec<f32>| -> Vec<f32> {
        both.iter().zip(&direct).map(|(both, direct)| both - direct).collect()
    };
    let wet = power(&rest(both.left(), direct.left())) + power(&rest(both.right(), direct.right()));
    10.0 * libm::log10(wet / (power(&direct.left()) + power(&direct.right())))
}

#[test]
fn the_farther_the_more_of_the_room() {
    for room in [staging::Room::Hall, staging::Room::Church, staging::Room::Street] {
        let near = wetness(room, Perspective::Room, 1.0);
        let shape = radioplay::dsp::room::shape(room).expect("a room");
        check_near(near, shape.wet, 1.0);
        for distance in [2.0, 4.0, 8.0] {
            let far = wetness(room, Perspective::Room, distance);
            let late = f64::from(shape.far(distance).db() - shape.far(1.0).db());
            // Air takes a little of the sound itself, even here.
            check_near(far - near, 20.0 * libm::log10(distance) + late, 1.0);
        }
        assert!(wetness(room, Perspective::Off, 4.0) > near + 12.0, "round the corner there is mostly room");
    }
}

/// Ten seconds at 8 kHz: three voices in two rooms on two buses, one of them cut, one that moves, one that is recorded.
fn rooms() -> Show {
    let mut show = Show::new(8000, 160_000, 3);
    let answer: Vec<f32> = noise(9, 9000)
        .iter()
        .enumerate()
        .map(|(frame, x)| if frame == 40 { 1.0 } else { x * 0.1 * libm::exp2f(-(frame as f32) / 2000.0) })
        .collect();
    let recording = show.mono(answer);
    show.timeline.rooms = vec![
        Room::Named(staging::Room::Hall),
        Room::Recorded { clip: recording },
        Room::Named(staging::Room::Church),
        Room::Named(staging::Room::None),
    ];
    let (voice, wide) = (show.mono(noise(1, 12_000)), show.stereo(noise(2, 60_000)));
    for (index, start) in [900_u64, 14_000, 30_011, 47_000, 90_000].into_iter().enumerate() {
        let region = show.play(voice, index % 2, start);
        region.room = Some(index % 4);
        region.cut = index == 2;
        region.fade_out = frames(40);
        region.through = [None, Some(Through::Door), None, None, None][index];
        region.pan = Pan::CENTER;
        region.pan_to = [None, Pan::new(0.5), Pan::new(-1.0), None, Pan::new(0.2)][index];
        region.distance_to = [None, Metres::new(3.0), Metres::new(2.0), None, Metres::new(9.0)][index];
    }
    let region = show.play(wide, 2, 500);
    (region.room, region.gain, region.pan) = (Some(2), gain(-6.0), Pan::CENTER);
    show.duck(2, 0, -9.0, [500, 400, 900]);
    show
}

#[test]
fn buses_that_were_warmed_up_apart_sound_as_if_played_from_the_beginning() {
    check_warmed_up(&rooms().plan().expect("consistent"), 3);
}

#[test]
fn any_block_is_the_same_after_a_seek() {
    let plan = rooms().plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    assert!(played.buses.iter().all(|bus| bus.left().iter().any(|x| *x != 0.0)));
    let mut mixer = Mixer::new(Arc::clone(&plan));
    for block in (0..plan.blocks()).rev() {
        mixer.seek(block);
        let found = Mixed::of(&mut mixer, 1);
        let from = usize::try_from(block).expect("small") * FRAMES;
        let pairs = found.buses.iter().chain([&found.sum]).zip(played.buses.iter().chain([&played.sum]));
        for (found, played) in pairs {
            assert!(found.left == played.left[from..][..found.left.len()], "block {block}");
            assert!(found.right == played.right[from..][..found.right.len()], "block {block}");
        }
    }
}

#[test]
fn any_number_of_threads_mixes_the_same_from_anywhere() {
    let plan = rooms().plan().expect("consistent");
    let played = Mixed::of(&mut Mixer::new(Arc::clone(&plan)), plan.blocks());
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        for begin in [0_u64, 1, 37, 100] {
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
            assert!(found.buses[1].right == played.buses[1].right[from..]);
        }
    }
}

#[test]
fn stems_have_their_rooms_in_them_and_add_up() {
    let mixed = rooms().mixed();
    let channels: Vec<_> = mixed.buses.iter().map(super::Track2::left).collect();
    for (frame, sum) in mixed.sum.left().iter().enumerate() {
        let added = channels.iter().fold(0.0_f32, |sum, bus| sum + bus[frame]);
        assert_eq!(sum.to_bits(), added.to_bits(), "frame {frame}");
    }
    // The first voice is over at 12 900; its bus still rings.
    assert!(rms(&channels[0][13_500..14_000]) > 1e-4);
}

#[test]
fn bursts_add_up_to_one_room_that_runs_through() {
    // 60 s of noise without a gap are several bursts; a room that runs through is the reference.
    let source = noise(3, 60 * 8000);
    let mut show = Show::new(8000, 62 * 8000, 1);
    show.timeline.rooms.push(Room::Named(staging::Room::Kitchen));
    let clip = show.mono(source.clone());
    show.play(clip, 0, 0);
    let dry = show.mixed().sum.right();
    show.timeline.regions[0].room = Some(0);
    let found = show.mixed().sum.right();
    let shape = radioplay::dsp::room::shape(staging::Room::Kitchen).expect("a room");
    let mut reverb = radioplay::dsp::reverb::Reverb::new(&shape, show.timeline.rate);
    let mut input = source;
    input.resize(62 * 8000, 0.0);
    let silence = vec![0.0; input.len()];
    let level = shape.far(1.0).factor();
    let (mut left, mut right) = (vec![0.0; input.len()], vec![0.0; input.len()]);
    input.iter_mut().for_each(|x| *x *= level);
    reverb.process((&input, &silence), (&mut left, &mut right));
    let missing: Vec<f32> =
        found.iter().zip(&dry).zip(&right).map(|((found, dry), right)| found - dry - right).collect();
    assert!(db(rms(&missing) / rms(&right)) < -70.0, "{}", db(rms(&missing) / rms(&right)));
}

/// A voice in a church, 1 s long, with 4 s after it.
fn in_church(cut: bool) -> Vec<f32> {
    let mut show = Show::new(16_000, 80_000, 1);
    show.timeline.rooms.push(Room::Named(staging::Room::Church));
    let clip = show.mono(noise(1, 16_000));
    let region = show.play(clip, 0, 0);
    (region.room, region.cut, region.fade_out) = (Some(0), cut, frames(32));
    show.mixed().sum.left()
}

#[test]
fn tails_ring_past_the_end_unless_they_are_cut() {
    let (rings, cut) = (in_church(false), in_church(true));
    let early = db(rms(&rings[17_000..20_000]));
    let late = db(rms(&rings[49_000..52_000]));
    assert!(early > -45.0, "{early}");
    // 60 dB in about 4.2 s, 2 s later.
    check_near(late - early, -60.0 * 2.0 / 4.2, 4.0);
    assert!(cut[16_000..].iter().all(|x| *x == 0.0), "silence must be able to hit");
    assert!(rings[..15_900] == cut[..15_900], "until then nothing is different");
    // And without a click: the last 5 ms fall to nothing.
    assert!(cut[15_990..16_000].iter().all(|x| x.abs() < 0.2) && cut[15_999].abs() < 0.01);
}

#[test]
fn a_voice_at_the_ear_and_one_in_the_room_differ_plainly() {
    let voice = |perspective: Perspective, room: Option<usize>| {
        let mut show = Show::new(48_000, 96_000, 1);
        show.timeline.rooms.push(Room::Named(staging::Room::Hall));
        let clip = show.mono(noise(1, 48_000));
        let region = show.play(clip, 0, 0);
        (region.perspective, region.room) = (perspective, room);
        region.pan = Pan::CENTER;
        show.mixed().sum.left()
    };
    let (inner, room) = (voice(Perspective::Close, None), voice(Perspective::Room, Some(0)));
    assert!(inner[48_000..].iter().all(|x| *x == 0.0), "an inner voice is dry");
    assert!(db(rms(&room[48_000..57_600]) / rms(&room[..48_000])) > -25.0);
    let low = |samples: &[f32]| {
        let band = Filter::BandPass { hz: 120.0, q: 1.0 };
        let mut samples = samples[..48_000].to_vec();
        let all = rms(&samples);
        Biquad::sift(&[band], super::frame_rate(48_000), &mut samples);
        db(rms(&samples) / all)
    };
    assert!(low(&inner) > low(&room) + 1.5, "{} {}", low(&inner), low(&room));
}

#[test]
fn a_room_that_was_recorded_answers_as_recorded() {
    let mut show = Show::new(48_000, 20_000, 1);
    let mut answer = vec![0.0; 5000];
    // The sound itself, which is left out, and two echoes.
    (answer[100], answer[2100], answer[4100]) = (1.0, 0.5, -0.25);
    let recording = show.mono(answer);
    show.timeline.rooms.push(Room::Recorded { clip: recording });
    let mut click = vec![0.0; 10];
    click[0] = 1.0;
    let clip = show.mono(click);
    show.play(clip, 0, 3000).room = Some(0);
    let left = show.mixed().sum.left();
    let found: Vec<(usize, f32)> = left.iter().copied().enumerate().filter(|(_, x)| x.abs() > 1e-4).collect();
    let places: Vec<usize> = found.iter().map(|it| it.0).collect();
    assert_eq!(places, [3000, 5000, 7000]);
    check_near(f64::from(found[1].1 / found[2].1), -2.0, 1e-3);
    // 6 dB below the sound.
    let energy = found[1].1 * found[1].1 + found[2].1 * found[2].1;
    check_near(10.0 * libm::log10(f64::from(energy)), -6.0, 0.1);
}
