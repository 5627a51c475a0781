//! The script as written, every value with its place.
