//! The Kaiser window, and what it is laid over.
//!
//! J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (ISCAS 1974).

use multiversion::multiversion;

/// How many terms of the series count: for a β of 20 the next one is below 10⁻¹⁸ of the sum.
const TERMS: usize = 36;

/// How many places are worked on at once.
const FEW: usize = 16;

/// sin(πx) / (πx).
pub fn sinc(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    if angle == 0.0 { 1.0 } else { libm::sin(angle) / angle }
}

/// Replaces each place, from 0 in the window's middle to 1 or −1 at its ends, by the window there, which is 1 over I₀(β) at
/// the ends: the more `beta` is, up to 20, the less passes beside it, and the wider it is.
pub fn window(places: &mut [f64], beta: f64) {
    // I₀(β√(1 − x²)) is a series in a quarter of the argument's square, so that no root is needed.
    let quarter = beta * beta / 4.0;
    let mut middle = [quarter; FEW];
    bessel(&mut middle);
    let mut few = [0.0; FEW];
    for places in places.chunks_mut(FEW) {
        few.iter_mut().zip(&*places).for_each(|(few, x)| *few = quarter * (1.0 - x * x).max(0.0));
        bessel(&mut few);
        places.iter_mut().zip(few).for_each(|(place, few)| *place = few / middle[0]);
    }
}

/// The modified Bessel function of the first kind and order zero of twice the roots of these, by its power series: the
/// sum of xᵏ/(k!)², from the last term on.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn bessel(few: &mut [f64; FEW]) {
    let mut sums = [1.0; FEW];
    for k in (1..=TERMS).rev() {
        let share = 1.0 / (k * k) as f64;
        for n in 0..FEW {
            sums[n] = 1.0 + few[n] * share * sums[n];
        }
    }
    *few = sums;
}

#[cfg(test)]
mod tests {
    use super::window;

    /// Values of I₀ after M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions* (1964), table 9.8.
    #[test]
    fn the_window_is_what_tables_say() {
        let mut ends = [0.0, 1.0, 0.6];
        window(&mut ends, 5.0);
        assert!((ends[0] - 1.0).abs() < 1e-15);
        assert!((1.0 / ends[1] - 27.239_871_823_604_44).abs() < 1e-12);
        // At 0.6 the argument is 4.
        assert!((ends[2] / ends[1] - 11.301_921_952_136_33).abs() < 1e-12);
    }
}
