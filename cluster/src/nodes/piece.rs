//! A piece of a word that knows its position, so that an error can point there.

use std::ops::Range;

use super::error::{PlacedProblem, Problem};

/// A piece of the word and where it starts.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(super) fn placed(&self, problem: Problem) -> PlacedProblem {
        PlacedProblem::new(self.span(), problem)
    }

    pub(super) fn part(&self, range: Range<usize>) -> Piece<'a> {
        Piece { text: &self.text[range.clone()], start: self.start + range.start }
    }

    /// The pieces before and after the separator that starts at `at`.
    pub(super) fn around(&self, at: usize, separator: &str) -> (Piece<'a>, Piece<'a>) {
        let after = at + separator.len();
        (self.part(0..at), self.part(after..self.text.len()))
    }

    /// The name and the digits that it ends in.
    pub(super) fn name_and_digits(&self) -> (Piece<'a>, Piece<'a>) {
        let name = self.text.trim_end_matches(|c: char| c.is_ascii_digit());
        self.around(name.len(), "")
    }
}
