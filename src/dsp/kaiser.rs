//! The Kaiser window.
//!
//! J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (ISCAS 1974).

/// The window at `x`, from 0 in its middle to 1 at its ends, where it is 1 over I₀(β): the more of that, the less passes
/// beside it, and the wider it is.
pub fn window(x: f64, beta: f64) -> f64 {
    bessel(beta * libm::sqrt((1.0 - x * x).max(0.0))) / bessel(beta)
}

/// The modified Bessel function of the first kind and order zero, by its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}
