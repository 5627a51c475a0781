//! Sums, several side by side: no addition waits for the one before, and their order never changes.

use multiversion::multiversion;

/// How many sums are side by side.
const LANES: usize = 8;

/// The sum of products of two stretches, of which the longer one is cut: how alike they are.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn products(a: &[f64], b: &[f64]) -> f64 {
    add_up(a, b)
}

/// The same of samples.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn of_samples(a: &[f32], b: &[f32]) -> f64 {
    add_up(a, b)
}

/// The sum of samples.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn total(samples: &[f32]) -> f64 {
    let (eights, rest) = samples.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, sample)| *sum += f64::from(*sample));
    }
    sums.iter_mut().zip(rest).for_each(|(sum, sample)| *sum += f64::from(*sample));
    pairwise(&sums)
}

#[inline]
fn add_up<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> f64 {
    let length = a.len().min(b.len());
    let ((a, a_rest), (b, b_rest)) = (a[..length].as_chunks::<LANES>(), b[..length].as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane].into() * b[lane].into();
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += (*a).into() * (*b).into();
    }
    pairwise(&sums)
}

/// Not inlined, lest the narrow vectors of its last steps be taken for the loop before it.
#[inline(never)]
fn pairwise(sums: &[f64; LANES]) -> f64 {
    let mut sums = *sums;
    for width in [4, 2, 1] {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::{of_samples, products, total};
    use crate::units::narrow;

    #[test]
    fn everything_is_added_up_and_nothing_twice() {
        for length in 0..40_usize {
            let a: Vec<f64> = (0..length).map(|n| n as f64).collect();
            let b: Vec<f64> = (0..length + 3).map(|n| 1.0 + n as f64).collect();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!((products(&a, &b) - expected).abs() < 1e-9);
            let samples = |values: &[f64]| values.iter().copied().map(narrow).collect::<Vec<f32>>();
            assert!((of_samples(&samples(&a), &samples(&b)) - expected).abs() < 1e-9);
            assert!((total(&samples(&a)) - a.iter().sum::<f64>()).abs() < 1e-9);
        }
    }
}
