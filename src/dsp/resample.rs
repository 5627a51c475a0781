//! One sample rate becomes another.
