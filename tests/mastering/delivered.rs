//! Files as they are delivered, measured by another program.
