//! Linear prediction: the resonances of a stretch of sound, apart from what excites them.

use crate::dsp::sums::products;

/// The correlations of `frame` with itself at lags 0 to `order`.
pub fn autocorrelation(frame: &[f64], order: usize) -> Vec<f64> {
    (0..=order).map(|lag| products(frame, frame.get(lag..).unwrap_or_default())).collect()
}

/// The reflection coefficients of the predictor that leaves least of a sound with these correlations, by the
/// recursion of Levinson and Durbin (J. Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63, 1975). One
/// fewer than correlations, all within ±1, so that [`predictor`] makes a stable filter of them, and of anything
/// between two such sets. All 0 for silence.
pub fn reflections(correlations: &[f64]) -> Vec<f64> {
    let order = correlations.len().saturating_sub(1);
    let mut found = vec![0.0; order];
    let mut a: Vec<f64> = Vec::with_capacity(order);
    let mut error = correlations.first().copied().unwrap_or(0.0);
    for n in 0..order {
        if error <= f64::MIN_POSITIVE {
            break;
        }
        let sum: f64 = a.iter().enumerate().map(|(i, a)| a * correlations[n - i]).sum();
        let k = (-(correlations[n + 1] + sum) / error).clamp(-0.9999, 0.9999);
        found[n] = k;
        step_up(&mut a, k);
        error *= 1.0 - k * k;
    }
    found
}

/// The coefficients a₁ … aₚ of the filter 1 + Σ aᵢ z⁻ⁱ that has these reflection coefficients: as it stands it takes
/// the resonances away, its inverse gives them back.
pub fn predictor(reflections: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut a = Vec::new();
    for k in reflections {
        step_up(&mut a, k);
    }
    a
}

/// A predictor of one order more.
fn step_up(a: &mut Vec<f64>, k: f64) {
    let n = a.len();
    for i in 0..n / 2 {
        let (front, back) = (a[i], a[n - 1 - i]);
        a[i] = front + k * back;
        a[n - 1 - i] = back + k * front;
    }
    if n % 2 == 1 {
        a[n / 2] *= 1.0 + k;
    }
    a.push(k);
}

#[cfg(test)]
mod tests {
    use super::{autocorrelation, predictor, reflections};

    #[test]
    fn resonance_is_found_again() {
        // x[n] = 1.6 x[n-1] - 0.9 x[n-2], struck once.
        let mut ring = vec![1.0, 1.6];
        while ring.len() < 400 {
            ring.push(1.6 * ring[ring.len() - 1] - 0.9 * ring[ring.len() - 2]);
        }
        let a = predictor(reflections(&autocorrelation(&ring, 2)));
        assert!((a[0] + 1.6).abs() < 1e-6 && (a[1] - 0.9).abs() < 1e-6, "{a:?}");
        assert_eq!(reflections(&[0.0; 5]), [0.0; 4]);
    }
}
