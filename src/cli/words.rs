//! Numbers as people say them.

use std::time::Duration;

/// A number of things, in words: "1 scene", "2 scenes".
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Minutes and seconds, `12:03.5`; hours before them where there are any.
pub(super) fn clock(seconds: f64) -> String {
    let tenths = Duration::from_secs_f64((seconds.max(0.0) * 10.0).round() / 10.0);
    let whole = tenths.as_secs();
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    let tenth = tenths.subsec_millis() / 100;
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}.{tenth}")
    } else {
        format!("{minutes}:{rest:02}.{tenth}")
    }
}
