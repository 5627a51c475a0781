//! The floor: a program that does what a level cannot do without, and nothing else.
//!
//! It takes the regions that `radioplay check --dump timeline` prints, and reads 16-bit WAVs, converts, applies gain, pan
//! and fades, sums, and writes 24 bits; at `mix` it also loops, resamples and ducks; at `master` it also measures the
//! gated loudness of the whole, and applies gain, a true-peak limiter and dither. There are no names, no checks, no
//! filters, no rooms, no report; a WAV past 4 GiB gets a wrong length in its header. It mixes twice instead of keeping the
//! mix, so its memory does not depend on the length, and works on spans that are cut by the timeline, so its bytes do not
//! depend on the number of threads.

mod master;
mod mix;
mod source;

use std::error::Error;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use master::{Limiter, Loudness, gain_for};
use mix::{Mixer, Plan};
use radioplay::host::room::reserve;

/// Frames worked on at once: a tenth of a second, which is what loudness is gathered over.
pub(crate) const BLOCK: usize = 4800;
/// Blocks in a span, the unit of work for a thread: 20 s.
const SPAN: usize = 200;
/// Blocks before a span in which filters and limiter swing in.
const BEFORE: usize = 5;

/// Renders a timeline, of the show in `root`, to a WAV on so many threads.
///
/// # Errors
/// Where files cannot be read or written, or the timeline is not one.
pub(crate) fn render(
    root: &Path,
    timeline: &Path,
    level: &str,
    out: &Path,
    threads: usize,
) -> Result<(), Box<dyn Error>> {
    let timeline: Value = serde_json::from_slice(&std::fs::read(timeline)?)?;
    let plan = Plan::new(root, &timeline)?;
    drop(timeline);
    let blocks = plan.length.div_ceil(BLOCK);
    let spans = blocks.div_ceil(SPAN);
    let file = File::create(out)?;
    reserve(&file, 44 + plan.length as u64 * 6);
    file.write_all_at(&header(plan.length), 0)?;
    let gain = if level == "master" {
        let measured = on_threads(threads, spans, |span| {
            let (first, end) = (span * SPAN, blocks.min((span + 1) * SPAN));
            let mut mixer = Mixer::new(&plan);
            let mut loudness = Loudness::new();
            for block in first.saturating_sub(BEFORE)..end {
                let (left, right) = mixer.block(block)?;
                loudness.take(left, right, block >= first);
            }
            Ok(loudness.energies)
        })?;
        Some(gain_for(&measured.concat()))
    } else {
        None
    };
    on_threads(threads, spans, |span| {
        let (first, end) = (span * SPAN, blocks.min((span + 1) * SPAN));
        let mut mixer = Mixer::new(&plan);
        let mut bytes = Vec::with_capacity(BLOCK * 6);
        match gain {
            None => {
                for block in first..end {
                    let (left, right) = mixer.block(block)?;
                    write(&file, &plan, block, left, right, &mut bytes)?;
                }
            }
            Some(gain) => {
                let mut limiter = Limiter::new(gain);
                // It is late by less than a block.
                for block in first.saturating_sub(BEFORE)..=end {
                    let (left, right) = mixer.block(block)?;
                    let (left, right) = limiter.process(left, right, block);
                    if block > first {
                        write(&file, &plan, block - 1, left, right, &mut bytes)?;
                    }
                }
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Does `work` for each number below `count`; results in order.
fn on_threads<T: Send>(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> io::Result<T> + Sync,
) -> io::Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = work(index);
                    done.lock().expect("nothing panics").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nothing panics");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// To the nearest step, and to the disk.
fn write(
    file: &File,
    plan: &Plan,
    block: usize,
    left: &[f32],
    right: &[f32],
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    // The lower half of this number's bits, once another is added, are that other's nearest whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const STEPS: f32 = 8_388_608.0;
    let frames = plan.length.saturating_sub(block * BLOCK).min(BLOCK);
    bytes.resize(BLOCK * 6, 0);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let step = |sample: f32| {
        (f64::from((sample * STEPS).clamp(-STEPS, STEPS - 1.0)) + ROUND).to_bits() as u32 & 0xff_ffff
    };
    let (left, right) = (left.as_chunks::<2>().0, right.as_chunks::<2>().0);
    for ((left, right), bytes) in left.iter().zip(right).zip(bytes.as_chunks_mut::<12>().0) {
        let [a, b, c, d] = [step(left[0]), step(right[0]), step(left[1]), step(right[1])];
        let words = [a | b << 24, b >> 8 | c << 16, c >> 16 | d << 8];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
    }
    file.write_all_at(&bytes[..frames * 6], (44 + block * BLOCK * 6) as u64)
}

fn header(frames: usize) -> Vec<u8> {
    let size = u32::try_from(frames * 6).unwrap_or(u32::MAX - 36);
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((size + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    bytes.extend(48_000_u32.to_le_bytes());
    bytes.extend(288_000_u32.to_le_bytes());
    bytes.extend(b"\x06\0\x18\0data");
    bytes.extend(size.to_le_bytes());
    bytes
}
