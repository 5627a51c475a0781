//! The `radioplay` command: hands its arguments to [`radioplay::cli`] and its answer to the system.

fn main() {}
