//! Where a sound lands: its first strong onset.

use crate::sound::patch::canvas::{Canvas, whole};

/// Step of the search, seconds.
const HOP: f64 = 0.001;

/// How many hops after a moment are compared with how many before it.
const AFTER: usize = 5;
const BEFORE: usize = 20;

/// An onset is strong where what follows has at least this share of the power of the loudest place: −10 dB.
const STRONG: f64 = 0.1;

/// An onset stands out where what follows has so many times the power of what went before: 9 dB.
const RISE: f64 = 8.0;

/// The frame where the sound first starts strongly: 5 ms that are within 10 dB of the loudest 5 ms and 9 dB above
/// the 20 ms before them, then the first sample of a quarter of their peak. A sound that only swells lands at its
/// start.
pub(super) fn find(canvas: &Canvas, fs: f64) -> usize {
    let hop = whole(HOP * fs).max(1);
    let frames = canvas.frames();
    let mut power = vec![0.0_f64; frames.div_ceil(hop)];
    for channel in canvas.channels() {
        for (sum, block) in power.iter_mut().zip(channel.chunks(hop)) {
            *sum += block.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
        }
    }
    let mean = |range: std::ops::Range<usize>| {
        let count = range.len().max(1) as f64;
        power[range].iter().sum::<f64>() / count
    };
    let after = |n: usize| mean(n..(n + AFTER).min(power.len()));
    let loudest = (0..power.len()).map(after).fold(0.0, f64::max);
    let strong = |n: &usize| {
        let before = if *n == 0 { 0.0 } else { mean(n.saturating_sub(BEFORE)..*n) };
        after(*n) >= STRONG * loudest && after(*n) > RISE * before
    };
    let Some(found) = (0..power.len()).find(strong).filter(|_| loudest > 0.0) else { return 0 };
    let start = found * hop;
    let end = (start + (AFTER + 1) * hop).min(frames);
    let size = |n: usize| canvas.left[n].abs().max(canvas.right.as_ref().map_or(0.0, |right| right[n].abs()));
    let peak = (start..end).map(size).fold(0.0, f32::max);
    (start..end).find(|&n| size(n) >= 0.25 * peak).unwrap_or(start)
}
