//! Text from a node that is safe to print on a terminal.

use alloc::string::String;
use core::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// The longest text in bytes.
pub const TEXT_LIMIT: usize = 160;

/// Text of at most [`TEXT_LIMIT`] bytes that is safe to print on a terminal: control characters and those that change the direction of text
/// are escaped, and longer text is truncated (`…`), also when it is deserialised.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
pub struct Printable(String);

impl Printable {
    /// Escapes and truncates any text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        const CUT: char = '…';
        let mut printable = String::new();
        for c in text.chars() {
            let before = printable.len();
            if is_plain(c) {
                printable.push(c);
            } else {
                // Writing into a String does not fail.
                let _ = write!(printable, "{}", c.escape_unicode());
            }
            if printable.len() > TEXT_LIMIT {
                printable.truncate(before);
                while printable.len() + CUT.len_utf8() > TEXT_LIMIT {
                    printable.pop();
                }
                printable.push(CUT);
                break;
            }
        }
        Self(printable)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a terminal merely displays the character. The ranges are Unicode's line and paragraph separators and its formatting
/// characters: zero width, bidirectional, tags.
#[must_use]
pub fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        && !matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl From<String> for Printable {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for Printable {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Printable> for String {
    fn from(printable: Printable) -> Self {
        printable.0
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
