//! Messages that stay readable whatever the caller has written.

use std::borrow::Cow;

/// A longer word is a slip of the pen.
const LONGEST_WORD: usize = 1000;
/// What is shown of a longer word.
const SHOWN: usize = 60;
/// What is shown of any text.
const LONGEST_TEXT: usize = 10_000;

/// The text with its overlong words cut, and cut itself where it is overlong all the same.
pub fn shorten(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_WORD {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let blank = word.len() - word.trim_end().len();
        let (word, blank) = word.split_at(word.len() - blank);
        format!("{}{blank}", cut(word, LONGEST_WORD, SHOWN))
    });
    let text: String = words.collect();
    Cow::Owned(cut(&text, LONGEST_TEXT, LONGEST_TEXT).into_owned())
}

/// The beginning of what is longer than `longest`.
fn cut(text: &str, longest: usize, shown: usize) -> Cow<'_, str> {
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    let start: String = text.chars().take(shown).collect();
    Cow::Owned(format!("{start}... ({} characters)", text.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_overlong_words_are_cut() {
        let path = format!("cannot read {}: no\n", "/folder".repeat(140));
        assert_eq!(shorten(&path), path);
        let word = "é".repeat(100_000);
        let cut = format!("bad \"{}... (100003 characters)\n is what", "é".repeat(59));
        assert_eq!(shorten(&format!("bad \"{word}\":\n is what")), cut);
        assert!(shorten(&"many words ".repeat(10_000)).ends_with("m... (110000 characters)"));
    }
}
