//! The last step of the mix: gain and limiter.
