//! Node numbers to the short form that people read and ClusterShell understands.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Folds node numbers as ClusterShell does: `p[1-3,5]`, a single one `p2`, none the empty text.
///
/// The order and repetitions of the input do not matter. [`super::NodeSet::parse`] reads the result back.
pub(crate) fn fold(numbers: &[usize]) -> String {
    let sorted: BTreeSet<usize> = numbers.iter().copied().collect();
    let runs = runs(sorted.iter().copied());
    match runs.as_slice() {
        [] => String::new(),
        [(low, high)] if low == high => format!("p{low}"),
        _ => format!("p[{}]", join(&runs)),
    }
}

fn runs(ascending: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in ascending {
        match runs.last_mut() {
            Some((_, high)) if high.checked_add(1) == Some(number) => *high = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}

fn join(runs: &[(usize, usize)]) -> String {
    let mut text = String::new();
    for &(low, high) in runs {
        if !text.is_empty() {
            text.push(',');
        }
        // Writing to a String cannot fail.
        let _ = if low == high { write!(text, "{low}") } else { write!(text, "{low}-{high}") };
    }
    text
}
