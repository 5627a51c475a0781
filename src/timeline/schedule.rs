//! From a cue sheet to a timeline.
