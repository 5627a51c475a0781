//! Every name bound to a take or a clip, lengths known.
