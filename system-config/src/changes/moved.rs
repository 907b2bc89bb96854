//! Ours in another place of the same text: to a comparison that is something of ours which others deleted, and
//! something else that they added.

use std::collections::{BTreeMap, BTreeSet};

use super::hunks::hunks;
use super::pieces::{MergedPiece, Piece, counts};

/// Parts of the present text, by their numbers, that are ours and that were not taken back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// All that we added in one place, as we wrote it: it is only in another.
    pub(super) whole: BTreeSet<usize>,
    /// What may be ours.
    pub(super) rest: BTreeSet<usize>,
}

/// Looks for them in what came of taking ours back.
pub(super) fn find(
    ours: &[Piece<'_>],
    before: &[Piece<'_>],
    now: &[Piece<'_>],
    merged: &[MergedPiece],
) -> Moved {
    let (mut left, mut is_certain) = (BTreeSet::new(), true);
    for (key, count) in not_taken_back(ours, before, now, merged) {
        let added = merged.iter().filter(|part| part.is_added).filter_map(|part| part.now);
        let found: Vec<_> = added.filter(|at| now[*at].key == key).collect();
        is_certain &= found.len() <= count;
        left.extend(found.into_iter().take(count));
    }
    let added = added_together(ours, before);
    let is_whole = |run: &[usize]| {
        added.iter().any(|keys| run.iter().map(|at| now[*at].key).eq(keys.iter().copied()))
    };
    let mut moved = Moved::default();
    for run in runs(left) {
        let is_whole = is_certain && is_whole(&run);
        if is_whole { &mut moved.whole } else { &mut moved.rest }.extend(run);
    }
    // A filter alone does nothing, and is likely to be anybody's.
    let is_filter = |at: &usize| now[*at].key.starts_with(b"[");
    if moved.rest.iter().all(is_filter) {
        moved.rest.clear();
    }
    moved
}

/// How many of what we added are there, beside those that were there before.
fn not_taken_back<'t>(
    ours: &[Piece<'t>],
    before: &[Piece<'_>],
    now: &[Piece<'_>],
    merged: &[MergedPiece],
) -> BTreeMap<&'t [u8], usize> {
    let (ours, before, here) = (counts(ours), counts(before), counts(now));
    let stays: Vec<_> = merged.iter().filter_map(|part| Some(now[part.now?])).collect();
    let stays = counts(&stays);
    let mut left = BTreeMap::new();
    for (key, count) in ours.into_iter().filter(|(key, _)| !key.trim_ascii().is_empty()) {
        let of = |texts: &BTreeMap<&[u8], usize>| texts.get(key).copied().unwrap_or_default();
        let added = count.saturating_sub(of(&before));
        let taken_back = of(&here) - of(&stays);
        let more = of(&stays).saturating_sub(of(&before));
        left.insert(key, added.saturating_sub(taken_back).min(more));
    }
    left.retain(|_, count| *count > 0);
    left
}

/// What we added, each time to one place.
fn added_together<'t>(ours: &[Piece<'t>], before: &[Piece<'_>]) -> Vec<Vec<&'t [u8]>> {
    let added = hunks(ours, before).into_iter().filter(|hunk| hunk.new.is_empty());
    let added = added.flat_map(|hunk| hunk.old).collect();
    runs(added).iter().map(|run| run.iter().map(|at| ours[*at].key).collect()).collect()
}

/// Numbers that follow each other.
fn runs(numbers: BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last + 1 == number) => run.push(number),
            _ => runs.push(vec![number]),
        }
    }
    runs
}
