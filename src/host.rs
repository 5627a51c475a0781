//! The only door to the file system: what a show may read, and how files are written whole.
