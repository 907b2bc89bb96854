//! The syntax of node sets: one word to its items. Knows no hardware and no configuration.

use std::ops::Range;

use super::error::{PlacedProblem, Problem};
use super::numbers::{NumRange, range, step_of};
use super::piece::Piece;

/// How an item reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// `all`.
    All,
    /// A prefix with numbers: `p3`, `p1..p4`, `node[1-3,5]`.
    Numbers { prefix: String, ranges: Vec<NumRange> },
    /// A configured name, or nothing.
    Name,
    /// A configured name such as `rack4-1`, or else a range with this fault.
    NameOrBroken(PlacedProblem),
}

/// Reads one word: its items, each with its position.
pub(super) fn word(word: &str) -> Result<Vec<(Range<usize>, Reading)>, PlacedProblem> {
    if word.is_empty() {
        return Err(PlacedProblem::new(0..0, Problem::EmptyWord));
    }
    items(word)?.into_iter().map(|piece| Ok((piece.span(), item(piece)?))).collect()
}

/// Splits at the commas outside brackets.
fn items(word: &str) -> Result<Vec<Piece<'_>>, PlacedProblem> {
    let whole = Piece { text: word, start: 0 };
    let mut items = Vec::new();
    let mut start = 0;
    let mut open = None;
    for (at, c) in word.char_indices() {
        match (c, open) {
            ('[', None) => open = Some(at),
            ('[', Some(_)) => return Err(PlacedProblem::new(at..at + 1, Problem::Nested)),
            (']', Some(_)) => open = None,
            (']', None) => return Err(PlacedProblem::new(at..at + 1, Problem::StrayClose)),
            (',', None) => {
                items.push(whole.part(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    if let Some(at) = open {
        return Err(PlacedProblem::new(at..at + 1, Problem::Unclosed));
    }
    items.push(whole.part(start..word.len()));
    Ok(items)
}

fn item(piece: Piece<'_>) -> Result<Reading, PlacedProblem> {
    if piece.text.is_empty() {
        Err(piece.placed(Problem::EmptyItem))
    } else if let Some(at) = piece.text.find('[') {
        bracket(piece, at)
    } else if let Some(at) = piece.text.find("..") {
        dots(piece, at)
    } else {
        plain(piece)
    }
}

/// `p[1-3,5]`.
fn bracket(piece: Piece<'_>, open: usize) -> Result<Reading, PlacedProblem> {
    let (name, rest) = piece.around(open, "[");
    let close = rest.text.find(']').unwrap_or(rest.text.len());
    let (body, after) = rest.around(close, "]");
    if !after.text.is_empty() {
        return Err(after.placed(Problem::AfterBracket));
    }
    if name.text.is_empty() {
        return Err(PlacedProblem::new(piece.start..piece.start + 1, Problem::NoName));
    }
    check_letters(name)?;
    check_first(name)?;
    if name.text == "P" {
        return Err(capital(piece));
    }
    let (stem, digits) = name.name_and_digits();
    if stem.text == "p" && !digits.text.is_empty() {
        // p1[0-3] would be p10 to p13: more likely a slip than meant so.
        return Err(digits.placed(Problem::NotANumber(format!("{}[", digits.text))));
    }
    let mut ranges = Vec::new();
    let mut start = 0;
    for text in body.text.split(',') {
        ranges.push(in_bracket(name.text, body.part(start..start + text.len()))?);
        start += text.len() + 1;
    }
    Ok(numbers(name.text, ranges))
}

/// `3`, `1-3` or `1-9/2`.
fn in_bracket(name: &str, piece: Piece<'_>) -> Result<NumRange, PlacedProblem> {
    if piece.text.is_empty() {
        return Err(piece.placed(Problem::EmptyBracket));
    }
    let (ends, step) = match piece.text.find('/') {
        Some(at) => {
            let (ends, step) = piece.around(at, "/");
            (ends, Some(step))
        }
        None => (piece, None),
    };
    match (ends.text.find('-'), step) {
        (None, Some(_)) => Err(piece.placed(Problem::StepWithoutRange)),
        (None, None) => range(name, piece, (ends, ends), 1),
        (Some(at), step) => {
            let (low, high) = ends.around(at, "-");
            if low.text.is_empty() || high.text.is_empty() {
                return Err(ends.placed(Problem::NotANumber(ends.text.to_owned())));
            }
            let step = step.map_or(Ok(1), step_of)?;
            range(name, piece, (low, high), step)
        }
    }
}

/// `p1..p4` and `p1..4`.
fn dots(piece: Piece<'_>, at: usize) -> Result<Reading, PlacedProblem> {
    let (left, right) = piece.around(at, "..");
    check_letters(left)?;
    check_letters(right)?;
    let (name, low) = left.name_and_digits();
    let (name_again, high) = right.name_and_digits();
    if low.text.is_empty() || high.text.is_empty() {
        let side = if low.text.is_empty() { left } else { right };
        return Err(side.placed(Problem::NotANumber(side.text.to_owned())));
    }
    if name.text.is_empty() {
        let meant = format!("p{}..p{}", low.text, high.text);
        return Err(piece.placed(Problem::BareNumber(meant)));
    }
    if name.text == "P" {
        return Err(capital(piece));
    }
    if !name_again.text.is_empty() && name_again.text != name.text {
        return Err(right.placed(Problem::TwoNames));
    }
    check_first(name)?;
    let range = range(name.text, piece, (low, high), 1)?;
    Ok(numbers(name.text, vec![range]))
}

/// An item of letters, digits, `-` and `_` alone.
fn plain(piece: Piece<'_>) -> Result<Reading, PlacedProblem> {
    check_letters(piece)?;
    if piece.text == "all" {
        return Ok(Reading::All);
    }
    if piece.text.chars().all(|c| c.is_ascii_digit() || c == '-')
        && piece.text.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(piece.placed(Problem::BareNumber(format!("p{}", piece.text))));
    }
    check_first(piece)?;
    let (name, digits) = piece.name_and_digits();
    match (name.text, digits.text.is_empty()) {
        ("p" | "P", true) => Err(piece.placed(Problem::MissingNumber)),
        ("P", false) => Err(capital(piece)),
        ("p", false) => {
            let range = range("p", piece, (digits, digits), 1)?;
            Ok(numbers("p", vec![range]))
        }
        _ => dash(piece),
    }
}

/// `p1-p4`, `p1-4`, or a name that has a dash in it.
fn dash(piece: Piece<'_>) -> Result<Reading, PlacedProblem> {
    let Some(at) = piece.text.rfind('-') else {
        return Ok(Reading::Name);
    };
    let (left, right) = piece.around(at, "-");
    let (name, low) = left.name_and_digits();
    let (name_again, high) = right.name_and_digits();
    let one_name = name_again.text.is_empty() || name_again.text == name.text;
    if low.text.is_empty() || high.text.is_empty() || name.text.is_empty() || !one_name {
        return Ok(Reading::Name);
    }
    if name.text == "P" {
        return Err(capital(piece));
    }
    match range(name.text, piece, (low, high), 1) {
        Ok(range) => Ok(numbers(name.text, vec![range])),
        Err(fault) if name.text == "p" => Err(fault),
        Err(fault) => Ok(Reading::NameOrBroken(fault)),
    }
}

fn numbers(name: &str, ranges: Vec<NumRange>) -> Reading {
    Reading::Numbers { prefix: name.to_owned(), ranges }
}

fn capital(piece: Piece<'_>) -> PlacedProblem {
    piece.placed(Problem::CapitalP(piece.text.to_ascii_lowercase()))
}

fn check_letters(piece: Piece<'_>) -> Result<(), PlacedProblem> {
    let bad = |c: &(usize, char)| !(c.1.is_ascii_alphanumeric() || c.1 == '-' || c.1 == '_');
    match piece.text.char_indices().find(bad) {
        None => Ok(()),
        Some((at, c)) => {
            let place = piece.part(at..at + c.len_utf8());
            Err(place.placed(Problem::Character(c)))
        }
    }
}

fn check_first(piece: Piece<'_>) -> Result<(), PlacedProblem> {
    if piece.text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Ok(())
    } else {
        Err(piece.part(0..1).placed(Problem::LeadingLetter))
    }
}
