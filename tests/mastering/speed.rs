//! How fast it is. Printed, not asserted: machines differ.
//!
//! `cargo test --release -- --ignored --nocapture mastering_speed`

use std::hint::black_box;
use std::time::Instant;

use radioplay::audio::buffer::Channels;
use radioplay::dsp::limiter::Detect;
use radioplay::dsp::loudness::Meter;
use radioplay::master::dither::Dither;
use radioplay::master::{Master, Settings};
use radioplay::units::depth::BitDepth;
use radioplay::units::time::FrameCount;

use super::{HZ, rate, single};

const SECONDS: usize = 120;

#[test]
#[ignore = "a measurement, for a release build on an idle machine"]
fn mastering_speed() {
    let speech = super::oracle::programme(SECONDS, HZ);
    for (name, level) in [("quiet", 0.1), ("speech", 0.6), ("loud", 2.0)] {
        let mix: Vec<f32> = speech.iter().map(|x| x * single(level)).collect();
        time(&format!("meter, {name}"), || {
            let mut meter = Meter::new(Channels::Stereo, rate(HZ), FrameCount::ZERO);
            mix.chunks(2048).for_each(|piece| meter.push(piece));
            black_box(meter.finish());
        });
        for detect in [Detect::Samples, Detect::Wave] {
            time(&format!("master by {detect:?}, {name}"), || {
                let mut master = Master::new(Settings { detect, ..Settings::default() }, rate(HZ));
                let mut out = Vec::new();
                mix.chunks(2048).for_each(|piece| {
                    out.clear();
                    master.push(piece, &mut out);
                });
                black_box(master.finish(&mut out));
            });
        }
        time(&format!("dither, {name}"), || {
            let mut out = mix.clone();
            Dither::new(BitDepth::Int24, Channels::Stereo, 0).process(&mut out);
            black_box(out);
        });
    }
}

#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn time(name: &str, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    eprintln!("{name}: {:.0} times real time", SECONDS as f64 / started.elapsed().as_secs_f64());
}
