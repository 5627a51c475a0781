//! Diagnostics as a person or a program reads them. Returns text; prints nothing.

pub mod human;
pub mod json;
