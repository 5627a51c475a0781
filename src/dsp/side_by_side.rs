//! What is done to each sample alike. Plain loops, each compiled for wide registers as well, so that a stretch that lies in
//! the innermost cache takes no longer than it must.

use multiversion::multiversion;

/// Adds samples to `sum`.
#[multiversion(targets("x86_64+avx2"))]
pub fn add(sum: &mut [f32], samples: &[f32]) {
    for (sum, sample) in sum.iter_mut().zip(samples) {
        *sum += sample;
    }
}

/// Adds samples times `factor` to `sum`.
#[multiversion(targets("x86_64+avx2"))]
pub fn add_scaled(sum: &mut [f32], samples: &[f32], factor: f32) {
    for (sum, sample) in sum.iter_mut().zip(samples) {
        *sum += sample * factor;
    }
}

/// Appends samples times `factor` to `out`; says whether all of that is numbers.
#[multiversion(targets("x86_64+avx2"))]
pub fn append_scaled(samples: &[f32], factor: f32, out: &mut Vec<f32>) -> bool {
    let mut finite = true;
    out.extend(samples.iter().map(|sample| {
        let scaled = sample * factor;
        finite &= scaled.is_finite();
        scaled
    }));
    finite
}

/// Writes both channels to `frames`, left before right.
#[multiversion(targets("x86_64+avx2"))]
pub fn interleave(left: &[f32], right: &[f32], frames: &mut [[f32; 2]]) {
    for ((frame, left), right) in frames.iter_mut().zip(left).zip(right) {
        *frame = [*left, *right];
    }
}

/// Whether any sample is nothing.
#[multiversion(targets("x86_64+avx2"))]
pub fn any_zero(samples: &[f32]) -> bool {
    samples.iter().fold(false, |found, sample| found | (*sample == 0.0))
}
