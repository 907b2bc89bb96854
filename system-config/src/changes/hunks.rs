//! What differs between two texts.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::pieces::Piece;

/// One part of the common text, or the place before it, that became others.
#[derive(Debug)]
pub(super) struct Hunk {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

impl Hunk {
    /// In the order of the text; what is added before a part comes before that.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.old.start, self.old.len())
    }
}

/// Each part by itself, so that what is added between two of them touches neither.
pub(super) fn hunks(old: &[Piece<'_>], new: &[Piece<'_>]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    for op in capture_diff_slices(Algorithm::Patience, old, new) {
        let (old, new) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => {}
            _ if old.is_empty() => hunks.push(Hunk { old, new }),
            _ => {
                let last = old.len() - 1;
                let at = |number: usize| new.end.min(new.start + number);
                hunks.extend(old.enumerate().map(|(number, part)| Hunk {
                    old: part..part + 1,
                    new: at(number)..if number == last { new.end } else { at(number + 1) },
                }));
            }
        }
    }
    hunks
}
