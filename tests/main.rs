//! Every integration test, in one binary that links once.

mod patches;
