//! Lines of a console for a terminal or file that is not its own: without anything that a terminal would obey,
//! and of bounded length.

use std::time::SystemTime;

use anstream::adapter::StripBytes;
use node_link::agent::is_plain;

/// The longest line in bytes; what is longer goes on in the next.
pub(super) const LIMIT: usize = 1024;

/// A line, and when its first byte came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) begun: SystemTime,
}

/// Makes lines of what a console sends.
#[derive(Default)]
pub(super) struct Lines {
    /// The escape sequence that is being left out.
    strip: StripBytes,
    bytes: Vec<u8>,
    begun: Option<SystemTime>,
}

impl Lines {
    /// Takes bytes as they come, and gives each line that they complete.
    pub(super) fn push(&mut self, bytes: &[u8], now: SystemTime, mut give: impl FnMut(Line)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let plain: Vec<u8> = self.strip.strip_next(piece).flatten().copied().collect();
            for part in plain.chunks(LIMIT) {
                if self.bytes.len() + part.len() > LIMIT {
                    give(self.cut(now));
                }
                self.bytes.extend_from_slice(part);
                self.begun.get_or_insert(now);
            }
            if piece.ends_with(b"\n") {
                // A sequence that nobody ended must not hide the lines that follow.
                self.strip = StripBytes::new();
                give(self.cut(now));
            }
        }
    }

    /// The line that has begun and is not ended: a prompt, as a rule.
    pub(super) fn take_begun(&mut self) -> Option<Line> {
        let begun = self.begun?;
        Some(self.cut(begun))
    }

    /// Whether a line has begun and is not ended.
    pub(super) const fn has_begun(&self) -> bool {
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
        assert_eq!(lines(&[b"a\x1b]0;title\nb\x9b31m\r\n"]), ["a", "b31m"]);
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
