//! Audio files of any format become samples.
