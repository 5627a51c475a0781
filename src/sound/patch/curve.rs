//! Quantities that change over time along straight lines between points.

use std::ops::RangeInclusive;

use crate::diag::code::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::document::{Fields, Kind, Value, number, wrong_type};
use crate::units::time::Seconds;

/// How many points a curve may have.
const MAX_POINTS: usize = 512;

/// A quantity over time: constant before the first and after the last point.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    /// Seconds and values, seconds never falling. At least one.
    points: Vec<(f64, f64)>,
    /// Frequencies move by ratios: straight lines on a logarithmic scale.
    logarithmic: bool,
}

impl Curve {
    /// Always `value`.
    pub(super) fn constant(value: f64) -> Curve {
        Curve { points: vec![(0.0, value)], logarithmic: false }
    }

    /// The value if it never changes.
    pub(super) fn fixed(&self) -> Option<f64> {
        let (_, first) = self.points[0];
        self.points.iter().all(|&(_, v)| v.to_bits() == first.to_bits()).then_some(first)
    }

    /// The value at `seconds`.
    pub(super) fn at(&self, seconds: f64) -> f64 {
        let next = self.points.partition_point(|&(t, _)| t <= seconds);
        if next == 0 {
            return self.points[0].1;
        }
        let (t0, v0) = self.points[next - 1];
        let Some(&(t1, v1)) = self.points.get(next) else { return v0 };
        let x = (seconds - t0) / (t1 - t0);
        if self.logarithmic { v0 * libm::pow(v1 / v0, x) } else { v0 + (v1 - v0) * x }
    }

    /// The last point's time, seconds.
    pub(super) fn end(&self) -> f64 {
        self.points.last().map_or(0.0, |&(t, _)| t)
    }

    /// Every point: seconds and value.
    pub(super) fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// Reads a number, or an array of `[seconds, value]` points. Positive quantities move by ratios.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        key: &'static str,
        range: RangeInclusive<f64>,
        unit: &'static str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Curve> {
        let value = fields.any(key)?;
        let logarithmic = *range.start() > 0.0;
        match &value.value {
            Kind::Array(items) => {
                let points = points(value, items, key, range, unit, diagnostics)?;
                Some(Curve { points, logarithmic })
            }
            _ => number(value, key, range, unit, diagnostics).map(|v| Curve::constant(v.value)),
        }
    }
}

fn points(
    whole: &Value,
    items: &[Value],
    key: &str,
    range: RangeInclusive<f64>,
    unit: &'static str,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<(f64, f64)>> {
    if items.is_empty() || items.len() > MAX_POINTS {
        let message = format!("`{key}` must have between 1 and {MAX_POINTS} points");
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(whole.span, ""));
        return None;
    }
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(items.len());
    for item in items {
        let pair = pair(item, key, diagnostics)?;
        let seconds = number(&pair[0], "seconds", 0.0..=Seconds::MAX, "s", diagnostics)?;
        let value = number(&pair[1], key, range.clone(), unit, diagnostics)?;
        if points.last().is_some_and(|&(last, _)| last > seconds.value) {
            let message = format!("the points of `{key}` must follow one another in time");
            diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(seconds.span, ""));
            return None;
        }
        points.push((seconds.value, value.value));
    }
    Some(points)
}

/// An array of exactly two values.
pub(super) fn pair<'v>(value: &'v Value, key: &str, diagnostics: &mut Diagnostics) -> Option<&'v [Value; 2]> {
    let found = match &value.value {
        Kind::Array(items) => items.as_slice().try_into().ok(),
        _ => None,
    };
    if found.is_none() {
        let what = format!("a point of `{key}`");
        diagnostics.push(wrong_type(value.span, &value.value, &what, "an array of two numbers"));
    }
    found
}

/// A number within `range`, or `default` where the key is absent or wrong.
pub(super) fn number_or(
    fields: &mut Fields<'_>,
    key: &'static str,
    range: RangeInclusive<f64>,
    unit: &'static str,
    default: f64,
    diagnostics: &mut Diagnostics,
) -> f64 {
    fields.number(key, range, unit, diagnostics).map_or(default, |n| n.value)
}

/// Two numbers within `range`, the first no larger than the second, or one number for both.
pub(super) fn span_or(
    fields: &mut Fields<'_>,
    key: &'static str,
    range: RangeInclusive<f64>,
    unit: &'static str,
    default: [f64; 2],
    diagnostics: &mut Diagnostics,
) -> [f64; 2] {
    let Some(value) = fields.any(key) else { return default };
    if !matches!(value.value, Kind::Array(_)) {
        return number(value, key, range, unit, diagnostics).map_or(default, |n| [n.value; 2]);
    }
    let Some([low, high]) = pair(value, key, diagnostics) else { return default };
    let low = number(low, key, range.clone(), unit, diagnostics);
    let high = number(high, key, range, unit, diagnostics);
    let (Some(low), Some(high)) = (low, high) else { return default };
    if low.value > high.value {
        let message = format!("`{key}` must give the lower number first");
        diagnostics.push(Diagnostic::error(Code::OutOfRange, message).at(value.span, ""));
        return default;
    }
    [low.value, high.value]
}
