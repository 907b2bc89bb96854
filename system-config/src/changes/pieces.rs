//! A text in lines, and a line in words, to be compared and put together again.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// A line with its end, or a word with the blanks before it. Ends and blanks are no difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a [u8],
    pub(super) key: &'a [u8],
}

impl PartialEq for Piece<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Piece<'_> {}

impl Hash for Piece<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// A line, or a word, of a text that was put together of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MergedPiece {
    pub(super) text: Vec<u8>,
    /// Which one of the present text it is, from 0.
    pub(super) now: Option<usize>,
    /// Whether others put it where it is.
    pub(super) is_added: bool,
}

pub(super) fn lines(text: &[u8]) -> Vec<Piece<'_>> {
    let key = |line: &[u8]| {
        let end = line.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        line.len() - end
    };
    text.split_inclusive(|byte| *byte == b'\n')
        .map(|text| Piece { text, key: &text[..key(text)] })
        .collect()
}

pub(super) fn words(line: &[u8]) -> Vec<Piece<'_>> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut found = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let gap = rest.iter().take_while(|byte| is_blank(byte)).count();
        let word = rest[gap..].iter().take_while(|byte| !is_blank(byte)).count();
        let (text, after) = rest.split_at(gap + word);
        found.push(Piece { text, key: &text[gap..] });
        rest = after;
    }
    found
}

/// How often each is there.
pub(super) fn counts<'t>(parts: &[Piece<'t>]) -> BTreeMap<&'t [u8], usize> {
    let mut counts = BTreeMap::new();
    for part in parts {
        *counts.entry(part.key).or_default() += 1;
    }
    counts
}

/// Only the last line may lack its end.
pub(super) fn join_lines<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut text: Vec<u8> = Vec::new();
    for line in lines {
        if !text.is_empty() && !text.ends_with(b"\n") {
            text.extend_from_slice(if text.contains(&b'\r') { b"\r\n" } else { b"\n" });
        }
        text.extend_from_slice(line);
    }
    text
}

/// No blanks are before the first word, which may have been another one; the others have some.
pub(super) fn join_words<'a>(words: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut text: Vec<u8> = Vec::new();
    for word in words {
        let has_gap = word.first().is_none_or(|byte| matches!(byte, b' ' | b'\t'));
        match (text.is_empty(), has_gap) {
            (true, true) => text.extend_from_slice(word.trim_ascii_start()),
            (false, false) => text.extend([b" ", word].concat()),
            _ => text.extend_from_slice(word),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_by_the_blanks_that_they_had() {
        let join = |words: &[&str]| {
            String::from_utf8(join_words(words.iter().map(|word| word.as_bytes()))).unwrap()
        };
        assert_eq!(join(&["a", " b", "\tc"]), "a b\tc");
        assert_eq!(join(&[" b", " c"]), "b c", "the first one is gone");
        assert_eq!(join(&["a", "b"]), "a b", "a new one came before the first");
    }
}
