//! Runs the stages one after the other.
