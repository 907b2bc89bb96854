//! Splits a stream of bytes into lines.

use alloc::vec::Vec;

use super::LINE_LIMIT;

/// Splits a stream into lines, and buffers at most [`LINE_LIMIT`] bytes.
#[derive(Debug, Default)]
pub struct LineReader {
    /// The line so far; empty while an overlong one is skipped.
    line: Vec<u8>,
    /// Whether the rest of an overlong line is to be skipped.
    skips: bool,
}

impl LineReader {
    /// Feeds bytes, and passes on each line that they complete, without its line ending. Empty and overlong lines are dropped.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (piece, ends) = match piece.split_last() {
                Some((b'\n', piece)) => (piece, true),
                _ => (piece, false),
            };
            self.extend(piece);
            if ends {
                let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
                if !line.is_empty() {
                    take(line);
                }
                self.line.clear();
                self.skips = false;
            }
        }
    }

    fn extend(&mut self, piece: &[u8]) {
        // With the newline that is to come.
        self.skips |= self.line.len() + piece.len() + 1 > LINE_LIMIT;
        if self.skips {
            self.line.clear();
        } else {
            self.line.extend_from_slice(piece);
        }
    }
}
