//! Words that stand for something.

/// What a word of a list stands for.
pub(super) fn find<T: Copy>(list: &[(&str, T)], word: &str) -> Option<T> {
    list.iter().find(|(name, _)| *name == word).map(|&(_, value)| value)
}
