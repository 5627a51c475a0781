//! How fast it is. Measured by hand: `cargo test --release -- --ignored --nocapture mixing_speed`.

use std::sync::Arc;
use std::time::Instant;

use radioplay::master::{Master, Settings};
use radioplay::mix::Mixer;
use radioplay::mix::block::Block;
use radioplay::mix::error::Error;
use radioplay::mix::spans;
use radioplay::routing::{Band, Send};
use radioplay::staging::{Perspective, Through};
use radioplay::timeline::Room;
use radioplay::units::pan::Pan;

use super::buses::compress;
use super::{Show, frames, gain, noise};

const RATE: u64 = 48_000;
const SECONDS: u64 = 600;

/// Ten minutes: 150 lines of 3 s, four stereo beds of 20 s that go round, music that gives way to the lines; treated,
/// also 300 sounds, in five rooms; with buses, each of them equalised and compressed, and two of them sent to a fourth, which is
/// heard through a church.
fn episode(treated: bool, buses: bool) -> Show {
    let mut show = Show::new(48_000, SECONDS * RATE, 4);
    let voice = show.mono(noise(1, 144_000));
    for index in 0..150 {
        let region = show.play(voice, 0, index * 4 * RATE);
        (region.fade_in, region.fade_out) = (frames(240), frames(480));
        region.pan = Pan::CENTER;
        if treated {
            // Ten scenes in five places; all but the voices at the ear and on the telephone are in them.
            region.room = (index % 2 == 0 && index % 3 != 1)
                .then_some(usize::try_from(index / 15 % 5).expect("0 to 4"));
            region.perspective = [Perspective::Close, Perspective::Far][usize::from(index % 2 == 0)];
            region.through = [None, Some(Through::Telephone), Some(Through::Door)]
                [usize::try_from(index % 3).expect("0 to 2")];
        }
    }
    for index in 0..5 {
        let bed = show.stereo(noise(10 + index, 1_920_000));
        let region = show.play(bed, if index == 4 { 2 } else { 1 }, 0);
        (region.length, region.loop_crossfade) = (frames(SECONDS * RATE), Some(frames(2 * RATE)));
        (region.fade_in, region.fade_out) = (frames(RATE), frames(RATE));
        (region.gain, region.pan) = (gain(-20.0), Pan::CENTER);
        if treated && index < 2 {
            region.through = Some(Through::Window);
        }
    }
    if treated {
        // A sound every two seconds, in the same places.
        use radioplay::staging::Room::{Church, Hall, Kitchen, LivingRoom, Street};
        show.timeline.rooms = [Hall, Kitchen, LivingRoom, Street, Church].map(Room::Named).into();
        let knock = show.mono(noise(20, 24_000));
        for index in 0..300 {
            let region = show.play(knock, 1, index * 2 * RATE + 1000);
            region.room = Some(usize::try_from(index / 30 % 5).expect("0 to 4"));
            region.cut = index % 40 == 7;
        }
    }
    if buses {
        show.timeline.rooms.push(Room::Named(radioplay::staging::Room::Church));
        let room = show.timeline.rooms.len() - 1;
        for bus in &mut show.timeline.buses {
            bus.eq = vec![
                Band::HighPass { hz: 80.0, order: 2 },
                Band::Peak { hz: 3000.0, gain: gain(2.0), q: 1.0 },
                Band::HighShelf { hz: 8000.0, gain: gain(-2.0) },
            ];
            bus.compress = Some(compress(-24.0, 3.0, 0.01, 0.15));
        }
        let sends = [Send { to: 3, gain: gain(-12.0) }];
        show.timeline.buses[0].sends = sends.into();
        show.timeline.buses[2].sends = sends.into();
        show.timeline.buses[3].room = Some(room);
    }
    show.duck(2, 0, -9.0, [12_000, 4_800, 19_200]);
    show
}

/// How long this thread has been at work, where the system says so: what else the machine does makes less of a difference.
/// Otherwise what the clock says.
fn cpu_seconds() -> f64 {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds: Option<f64> = scheduled.and_then(|text| text.split(' ').next()?.parse().ok());
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64();
    nanoseconds.map_or(since, |nanoseconds| nanoseconds / 1e9)
}

#[test]
#[ignore = "a measurement, for a release build on an idle machine"]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn mixing_speed() {
    let faster = |start: Instant| SECONDS as f64 / start.elapsed().as_secs_f64();
    for (treated, buses) in [(false, false), (true, false), (true, true)] {
        let plan = episode(treated, buses).plan().expect("consistent");
        let mut fastest = 0.0_f64;
        for _ in 0..4 {
            let start = cpu_seconds();
            let (mut mixer, mut block) = (Mixer::new(Arc::clone(&plan)), Block::new(plan.buses()));
            while mixer.render(&mut block).expect("readable") > frames(0) {}
            fastest = fastest.max(SECONDS as f64 / (cpu_seconds() - start));
        }
        eprintln!("treated {treated}, buses {buses}: {fastest:.0} x real time in one piece");
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let start = Instant::now();
            let mixed: Result<(), Error> = pool.install(|| spans::mix(&plan, 0..plan.blocks(), |_| Ok(())));
            mixed.expect("readable");
            eprintln!(
                "treated {treated}, buses {buses}: {:.0} x real time in spans on {threads} threads",
                faster(start)
            );
        }
        // The last is more than an episode asks for: four compressors, and a church that never falls silent.
        let least = if buses {
            60.0
        } else if treated {
            100.0
        } else {
            1000.0
        };
        assert!(fastest > least, "{fastest:.0}");
    }
    for level in [0.5, 2.0] {
        let mix: Vec<f32> = noise(1, 2048).iter().map(|x| x * level).collect();
        let mut out = Vec::with_capacity(4096);
        let start = Instant::now();
        let mut master = Master::new(Settings::default(), radioplay::units::time::SampleRate::DEFAULT);
        for _ in 0..SECONDS * RATE / 1024 {
            out.clear();
            master.push(&mix, &mut out);
        }
        eprintln!("master, noise of ±{level}: {:.0} x real time", faster(start));
    }
}
