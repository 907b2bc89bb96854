//! Messages that stay readable whatever the caller has written.

use std::borrow::Cow;

/// A longer word is a slip of the pen.
const LONGEST_WORD: usize = 1000;
/// What is shown of a longer word.
const SHOWN: usize = 60;
/// What is shown of any text.
const LONGEST_TEXT: usize = 10_000;

/// The text with its overlong words cut, and cut itself where it is overlong all the same.
///
/// ```
/// let message = format!("bad word \"{}\": use another", "x".repeat(5000));
/// let shown = format!("bad word \"{}...\" (5000 characters): use another", "x".repeat(60));
/// assert_eq!(node_link::text::shorten(&message), shown);
/// ```
#[must_use]
pub fn shorten(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_WORD {
        return Cow::Borrowed(text);
    }
    let words = text
        .split_inclusive(char::is_whitespace)
        .map(|word| if word.len() <= LONGEST_WORD { word.to_owned() } else { cut_word(word) });
    let text: String = words.collect();
    if text.len() <= LONGEST_TEXT {
        return Cow::Owned(text);
    }
    Cow::Owned(format!("{}... ({} characters)", start(&text, LONGEST_TEXT), text.chars().count()))
}

/// The beginning of a word; a quote on either side, colours, and the mark and the blank that follow, stay.
fn cut_word(word: &str) -> String {
    let quotes = ['"', '\'', '`'];
    let body = word.trim_end();
    let body = body.strip_suffix([':', ';', ',']).unwrap_or(body);
    let quoted = body.strip_suffix(quotes).unwrap_or(body);
    let coloured = quoted.strip_suffix(PLAIN).unwrap_or(quoted);
    let bare = coloured.strip_prefix(quotes).unwrap_or(coloured);
    let bare = without_colours(bare);
    let before = &coloured[..coloured.len() - bare.len()];
    let (quote, after) = (&body[coloured.len()..], &word[body.len()..]);
    format!("{before}{}...{quote} ({} characters){after}", start(bare, SHOWN), bare.chars().count())
}

/// Ends a colour on a terminal (ECMA-48, SGR).
const PLAIN: &str = "\x1b[0m";

/// What follows the escape sequences for colours that it begins with.
fn without_colours(mut text: &str) -> &str {
    let is_colour =
        |numbers: &str| numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
    loop {
        match text.strip_prefix("\x1b[").and_then(|text| text.split_once('m')) {
            Some((numbers, rest)) if is_colour(numbers) => text = rest,
            _ => return text,
        }
    }
}

/// The first characters.
fn start(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_overlong_words_are_cut() {
        let path = format!("cannot read {}: no\n", "/folder".repeat(140));
        assert_eq!(shorten(&path), path);
        let word = "é".repeat(100_000);
        let cut = format!("bad \"{}...\" (100000 characters):\n is what", "é".repeat(60));
        assert_eq!(shorten(&format!("bad \"{word}\":\n is what")), cut);
        let coloured = format!("value '\x1b[1m\x1b[33m{word}\x1b[0m' is what");
        let cut = format!(
            "value '\x1b[1m\x1b[33m{}...\x1b[0m' (100000 characters) is what",
            "é".repeat(60)
        );
        assert_eq!(shorten(&coloured), cut, "what follows is not coloured, too");
        assert!(shorten(&"many words ".repeat(10_000)).ends_with("m... (110000 characters)"));
        let quotes = "\"".repeat(5000);
        assert!(shorten(&quotes).ends_with("\"...\" (4998 characters)"));
    }
}
