//! A scratch file that holds finished audio, so that memory does not grow with the episode.
