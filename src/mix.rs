//! Regions become sound: tracks, buses, ducking, block by block.
