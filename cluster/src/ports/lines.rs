//! Lines of a port for a log or a shared terminal: without control characters and escape sequences, and of bounded
//! length.

use std::time::SystemTime;

use node_link::agent::is_plain;

/// The longest line in bytes; what is longer goes on in the next.
const LIMIT: usize = 1024;

/// A line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// Harmless to a terminal: control characters and escape sequences are left out, but for tabs.
    pub text: String,
    /// When its first byte came.
    pub begun: SystemTime,
}

/// Splits the output of a port into lines. Buffers at most one line, of 1024 bytes.
#[derive(Default)]
pub struct Lines {
    /// The escape sequence that is being left out.
    sequence: Sequence,
    bytes: Vec<u8>,
    begun: Option<SystemTime>,
}

impl Lines {
    /// Takes bytes as they come, and gives each line that they complete.
    pub fn push(&mut self, bytes: &[u8], now: SystemTime, mut give: impl FnMut(Line)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let plain: Vec<u8> =
                piece.iter().copied().filter(|&byte| self.sequence.leaves(byte)).collect();
            for part in plain.chunks(LIMIT) {
                if self.bytes.len() + part.len() > LIMIT {
                    give(self.cut(now));
                }
                self.bytes.extend_from_slice(part);
                self.begun.get_or_insert(now);
            }
            if piece.ends_with(b"\n") {
                // An unterminated sequence must not hide the lines that follow.
                self.sequence = Sequence::None;
                give(self.cut(now));
            }
        }
    }

    /// The line that has begun and is not ended: a prompt, as a rule.
    #[must_use]
    pub fn take_begun(&mut self) -> Option<Line> {
        let begun = self.begun?;
        Some(self.cut(begun))
    }

    /// Whether a line has begun and is not ended.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    fn cut(&mut self, now: SystemTime) -> Line {
        let begun = self.begun.take().unwrap_or(now);
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.chars().filter(|&c| is_plain(c) || c == '\t').collect();
        self.bytes.clear();
        Line { text, begun }
    }
}

/// Where in an escape sequence the bytes are (ECMA-48, clauses 5.3 to 5.6).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    /// After ESC.
    Escape,
    /// After ESC \[: parameters, and a final byte.
    Control,
    /// A title, or what else goes on until BEL or ESC \\.
    String,
}

impl Sequence {
    /// Whether a byte is text, and not a part of a sequence or a control character.
    fn leaves(&mut self, byte: u8) -> bool {
        let next = match (*self, byte) {
            (_, 0x1b) => Self::Escape,
            (Self::Escape, b'[') => Self::Control,
            (Self::Escape, b']' | b'P' | b'X' | b'^' | b'_') => Self::String,
            (Self::Escape, b' '..=b'/') => Self::Escape,
            (Self::Control, 0..=b'?') => Self::Control,
            (Self::String, 0x07) => Self::None,
            (Self::String, _) => Self::String,
            _ => Self::None,
        };
        let was = std::mem::replace(self, next);
        // No byte of a sequence is above 0x7f: what has one was none.
        let is_text = next == Self::None && (was == Self::None || byte >= 0x80);
        is_text && (byte >= b' ' && byte != 0x7f || byte == b'\t')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut all) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, SystemTime::UNIX_EPOCH, |line| all.push(line.text));
        }
        all.extend(lines.take_begun().map(|line| line.text));
        all
    }

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        let pieces: [&[u8]; 3] =
            [b"[\x1b[0;32m  OK  \x1b", b"[0m] Started\x07\x08 \xc3", b"\xa4.\r\nlogin: "];
        assert_eq!(lines(&pieces), ["[  OK  ] Started \u{e4}.", "login: "]);
        assert_eq!(lines(&[b"a\x1b]0;title\nb\x9b31m\r\n"]), ["a", "b\u{fffd}31m"]);
        assert_eq!(lines(&["x\u{202e}y\n".as_bytes(), b"\xff\xfe\n"]).len(), 2);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let all = lines(&[&[b'x'; 10 * LIMIT], &[0xff; 5000], &[0; 5000]]);
        assert!(all.len() >= 10 && all.iter().all(|line| line.chars().count() <= LIMIT));
    }

    proptest! {
        /// Whatever a node sends, in whatever pieces.
        #[test]
        fn lines_are_harmless_and_bounded(
            pieces in prop::collection::vec(
                prop_oneof![
                    any::<Vec<u8>>(),
                    "[\\x1b\\x9b\\[\\]0-9;m~\\n\u{202e}\u{e9}]{0,40}".prop_map(String::into_bytes),
                    (0..3 * LIMIT).prop_map(|length| vec![b'-'; length]),
                ],
                0..8,
            )
        ) {
            let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
            for line in lines(&pieces) {
                prop_assert!(line.chars().all(|c| is_plain(c) || c == '\t'), "{:?}", line);
                prop_assert!(line.chars().count() <= LIMIT);
            }
        }
    }
}
