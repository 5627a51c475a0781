//! The nearest name to one that does not exist.

/// How many names are listed where none is near.
const LISTED: usize = 8;
/// The longest name that is compared, in bytes: longer ones are no slip of the hand, and would take long.
const LONGEST: usize = 200;

/// The candidate most like `name`, where one is near enough to be a slip of the hand: at most one edit in three
/// characters, counted as restricted Damerau-Levenshtein distance on lower-case text.
pub fn nearest<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let letters = wanted.chars().count();
    let limit = letters.max(3) / 3;
    // Each letter more or less is an edit; most candidates need no closer look.
    let near =
        |candidate: &&str| candidate.len() <= LONGEST && candidate.chars().count().abs_diff(letters) <= limit;
    candidates
        .into_iter()
        .filter(near)
        .map(|candidate| (strsim::osa_distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A line of help for a name that is none of `candidates`: the nearest one, else what there is.
pub fn help<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let mut all: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(name, all.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    all.sort();
    all.dedup();
    let listed = all.iter().take(LISTED).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => None,
        n if n > LISTED => Some(format!("there are {listed} and {} more", n - LISTED)),
        1 => Some(format!("there is only {listed}")),
        _ => Some(format!("there are {listed}")),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_none() {
        let names = ["hallway", "kitchen", "knock"];
        assert_eq!(nearest("hallwya", names), Some("hallway"));
        assert_eq!(nearest("nock", names), Some("knock"));
        assert_eq!(nearest("garden", names), None);
    }
}
