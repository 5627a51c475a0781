//! Audio put aside comes back the same, from several threads and several places.

use std::thread;

use radioplay::audio::buffer::{AudioBuffer, Channels};
use radioplay::audio::samples::Samples;
use radioplay::spool::Spool;
use radioplay::units::time::{FrameCount, SampleRate};

fn ramp(start: usize, samples: usize) -> Vec<f32> {
    (start..start + samples).map(|n| n as f32).collect()
}

fn read(samples: &Samples, start: u64, frames: usize) -> Vec<f32> {
    let mut out = vec![-1.0; frames * samples.channels().count()];
    samples.read(FrameCount::new(start), &mut out).unwrap();
    out
}

fn buffer(samples: Vec<f32>, channels: Channels) -> AudioBuffer {
    AudioBuffer::new(samples, channels, SampleRate::DEFAULT)
}

#[test]
fn long_and_short_audio_reads_alike() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::in_folder(folder.path()).unwrap();
    for length in [10, 100_000] {
        let samples = spool.append(&buffer(ramp(0, length), Channels::Stereo)).unwrap();
        assert_eq!(samples.frames().get(), length as u64 / 2);
        assert_eq!(read(&samples, 0, length / 2), ramp(0, length));
        assert_eq!(read(&samples, 3, 2), [6.0, 7.0, 8.0, 9.0]);
        // Past the end is silence.
        let last = length as f32 - 1.0;
        assert_eq!(read(&samples, length as u64 / 2 - 1, 2), [last - 1.0, last, 0.0, 0.0]);
        assert_eq!(read(&samples, 1 << 40, 1), [0.0, 0.0]);
    }
    // The file has no name, or at least none that stays.
    drop(spool);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn writers_of_several_threads_do_not_mix() {
    let spool = Spool::new().unwrap();
    let all: Vec<Samples> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let spool = &spool;
                scope.spawn(move || {
                    let mut writer = spool.writer(Channels::Mono);
                    for piece in 0..300 {
                        writer.write(&ramp(thread * 1000 + piece * 1001, 1001)).unwrap();
                    }
                    assert_eq!(writer.frames().get(), 300_300);
                    writer.finish().unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (thread, samples) in all.iter().enumerate() {
        assert_eq!(samples.frames().get(), 300_300);
        assert!(read(samples, 0, 300_300) == ramp(thread * 1000, 300_300), "thread {thread}");
        // Across the places where a writer was interrupted by another.
        for start in [65_000, 65_535, 65_536, 131_071, 262_144, 300_299] {
            let there = 600.min(300_300 - start);
            let mut expected = ramp(thread * 1000 + start, there);
            expected.resize(600, 0.0);
            assert_eq!(read(samples, start as u64, 600), expected, "thread {thread} from {start}");
        }
    }
}

#[test]
fn short_streams_stay_in_memory_and_empty_ones_are_empty() {
    let spool = Spool::new().unwrap();
    let mut writer = spool.writer(Channels::Stereo);
    writer.write(&[1.0, 2.0]).unwrap();
    assert_eq!(read(&writer.finish().unwrap(), 0, 2), [1.0, 2.0, 0.0, 0.0]);
    let empty = spool.writer(Channels::Mono).finish().unwrap();
    assert_eq!((empty.frames(), read(&empty, 0, 1)), (FrameCount::ZERO, vec![0.0]));
    assert!(Spool::in_folder("/nothing/here").unwrap_err().to_string().contains("`/nothing/here`"));
}

/// What fits 16 bits is kept in 16 bits; where it does not, and where that changes, no bit is lost either.
#[test]
fn every_word_comes_back_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::in_folder(folder.path()).unwrap();
    let shorts = || (i32::from(i16::MIN)..=i32::from(i16::MAX)).map(|word| word as f32 / 32_768.0);
    let others = [-0.0, 1.0, 1.0 / 65_536.0, f32::MIN_POSITIVE, -1.000_1, 1e-9, f32::MAX];
    for other in [None].into_iter().chain(others.map(Some)) {
        let long: Vec<f32> = shorts().chain(shorts()).chain(other).chain(shorts().take(70_001)).collect();
        let mut writer = spool.writer(Channels::Mono);
        long.chunks(999).for_each(|piece| writer.write(piece).unwrap());
        for samples in
            [writer.finish().unwrap(), spool.append(&buffer(long.clone(), Channels::Mono)).unwrap()]
        {
            let back = read(&samples, 0, long.len());
            assert!(back.iter().zip(&long).all(|(a, b)| a.to_bits() == b.to_bits()), "{other:?}");
            let part = read(&samples, 65_000, 1_000);
            assert!(part.iter().zip(&long[65_000..]).all(|(a, b)| a.to_bits() == b.to_bits()), "{other:?}");
        }
    }
}
