//! Files for listeners: written whole or not at all.

pub mod wav;
