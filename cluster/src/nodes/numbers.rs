//! The numbers of a node set: checked, and kept as ranges, never as lists.

use std::ops::Range;

use super::MOST;
use super::error::{PlacedProblem, Problem};
use super::piece::Piece;

/// The most digits, zeros in front included: a name has no room for more.
const LONGEST: usize = 63;

/// Numbers from `low` to `high`, both included; a single one has `low == high`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumRange {
    low: u32,
    high: u32,
    step: u32,
    /// Digits to fill up with zeros; 0 for plain numbers.
    pub(super) width: usize,
    /// Its position in the word.
    pub(super) span: Range<usize>,
}

impl NumRange {
    /// At most [`MOST`] numbers, ascending.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        (self.low..=self.high).step_by(step.max(1))
    }
}

/// The range between two pieces of digits; `piece` is what an error about both points at.
pub(super) fn range(
    name: &str,
    piece: Piece<'_>,
    (low_text, high_text): (Piece<'_>, Piece<'_>),
    step: u32,
) -> Result<NumRange, PlacedProblem> {
    let (low, high) = (number(name, low_text)?, number(name, high_text)?);
    let padded = |end: &Piece<'_>| end.text.len() > 1 && end.text.starts_with('0');
    let width = if padded(&low_text) || padded(&high_text) { low_text.text.len() } else { 0 };
    if width > 0 && high_text.text.len() != width {
        return Err(piece.placed(Problem::Padding));
    }
    if low > high {
        // The ends are swapped; what is between and around them stays.
        let word_part = |from: usize, to: usize| &piece.text[from - piece.start..to - piece.start];
        let meant = [
            word_part(piece.start, low_text.start),
            high_text.text,
            word_part(low_text.span().end, high_text.start),
            low_text.text,
            word_part(high_text.span().end, piece.span().end),
        ];
        return Err(piece.placed(Problem::Backwards(meant.concat())));
    }
    let count = (high - low) / step + 1;
    if count > MOST {
        return Err(piece.placed(Problem::TooMany(count)));
    }
    Ok(NumRange { low, high, step, width, span: piece.span() })
}

/// Numbers after a `p` are a node's place: from 1, and written in one way only.
fn number(name: &str, piece: Piece<'_>) -> Result<u32, PlacedProblem> {
    if piece.text.is_empty() || !piece.text.chars().all(|c| c.is_ascii_digit()) {
        return Err(piece.placed(Problem::NotANumber(piece.text.to_owned())));
    }
    let digits = piece.text.trim_start_matches('0');
    let value = match digits.len() {
        _ if piece.text.len() > LONGEST => return Err(piece.placed(Problem::LargeNumber)),
        0 => 0,
        1..=9 => digits.parse().unwrap_or(u32::MAX),
        _ => return Err(piece.placed(Problem::LargeNumber)),
    };
    if name == "p" && value == 0 {
        return Err(piece.placed(Problem::Zero));
    }
    if name == "p" && digits.len() < piece.text.len() {
        return Err(piece.placed(Problem::LeadingZero(format!("p{value}"))));
    }
    Ok(value)
}

pub(super) fn step_of(piece: Piece<'_>) -> Result<u32, PlacedProblem> {
    match number("", piece)? {
        0 => Err(piece.placed(Problem::ZeroStep)),
        step => Ok(step),
    }
}
