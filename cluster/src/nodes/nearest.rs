//! "Did you mean ...?"

/// Words longer than this get no suggestion: the comparison costs the product of both lengths.
const LONGEST: usize = 64;

/// The candidate that a slip of the pen away from `word` gives, if there is one. Case does not count.
pub(crate) fn nearest<I>(word: &str, candidates: I) -> Option<String>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    let slips = match word.len() {
        0 => return None,
        1..=3 => 1,
        4..=7 => 2,
        8..=LONGEST => 3,
        _ => return None,
    };
    candidates
        .into_iter()
        .map(|candidate| {
            let letters: Vec<char> =
                candidate.as_ref().chars().flat_map(char::to_lowercase).collect();
            (distance(&word, &letters), candidate)
        })
        .filter(|(far, candidate)| *far <= slips && *far < candidate.as_ref().chars().count())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}

/// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(a != b);
            let mut best = replaced.min(above[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut above, line);
    }
    above[to.len()]
}
