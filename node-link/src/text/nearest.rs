//! "Did you mean ...?"

/// Words longer than this get no suggestion: the comparison costs the product of both lengths.
const LONGEST: usize = 64;

/// The candidate that is closest to a misspelt word, if one is close: one letter inserted, deleted, replaced
/// or swapped with its neighbour for short words, up to three for long ones. Case does not count.
pub fn nearest<I>(word: &str, candidates: I) -> Option<String>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let word: String = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    let slips = match word.chars().count() {
        0 => return None,
        1..=3 => 1,
        4..=7 => 2,
        8..=LONGEST => 3,
        _ => return None,
    };
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::osa_distance(&word, &candidate.as_ref().to_lowercase()), candidate)
        })
        .filter(|(far, candidate)| *far <= slips && *far < candidate.as_ref().chars().count())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_and_another_word_finds_none() {
        let known = ["delay", "size", "type", "under-voltage"];
        for (word, meant) in [
            ("dealy", "delay"),
            ("Size", "size"),
            ("tpe", "type"),
            ("undervoltage", "under-voltage"),
        ] {
            assert_eq!(nearest(word, known).as_deref(), Some(meant), "{word}");
        }
        for word in ["", "colour", "x", &"delay".repeat(20)] {
            assert_eq!(nearest(word, known), None, "{word}");
        }
    }
}
