//! What a console sent last: bytes that any number of readers read at their own speed.

use std::collections::VecDeque;

/// The last bytes of a console, numbered from the first one that ever came. A reader keeps the number of the byte that it is
/// to get next, so that a slow one costs no memory and keeps nobody waiting: what is gone by then, it has lost.
pub(super) struct History {
    bytes: VecDeque<u8>,
    /// The number of the byte that comes next.
    end: u64,
    limit: usize,
}

/// What a reader gets next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// How many bytes were lost before these.
    pub(super) lost: u64,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// The number of the byte after these.
    pub(super) next: u64,
}

impl History {
    /// Keeps so many bytes.
    #[must_use]
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: VecDeque::new(), end: 0, limit }
    }

    /// Takes what came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.end += bytes.len() as u64;
        let kept = &bytes[bytes.len().saturating_sub(self.limit)..];
        let surplus = (self.bytes.len() + kept.len()).saturating_sub(self.limit);
        self.bytes.drain(..surplus);
        self.bytes.extend(kept);
    }

    /// The number of the first byte that is kept.
    #[must_use]
    pub(super) fn start(&self) -> u64 {
        self.end - self.bytes.len() as u64
    }

    /// The number of the byte that comes next.
    #[must_use]
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// The bytes from a number on, at most so many.
    #[must_use]
    pub(super) fn read(&self, from: u64, most: usize) -> Piece {
        let begin = from.max(self.start()).min(self.end);
        let skip = usize::try_from(begin - self.start()).unwrap_or(usize::MAX);
        let bytes: Vec<u8> =
            self.bytes.range(skip.min(self.bytes.len())..).take(most).copied().collect();
        Piece { lost: begin.saturating_sub(from), next: begin + bytes.len() as u64, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_read_at_their_own_speed() {
        let mut history = History::new(8);
        history.push(b"abc");
        let first = history.read(0, 100);
        assert_eq!(first, Piece { lost: 0, bytes: b"abc".to_vec(), next: 3 });
        assert_eq!(history.read(first.next, 100), Piece { lost: 0, bytes: Vec::new(), next: 3 });
        history.push(b"defgh");
        assert_eq!(history.read(0, 2).bytes, b"ab");
        assert_eq!(history.read(first.next, 2), Piece { lost: 0, bytes: b"de".to_vec(), next: 5 });
    }

    #[test]
    fn a_slow_reader_is_told_what_it_lost_and_memory_is_bounded() {
        let mut history = History::new(8);
        for _ in 0..1000 {
            history.push(b"0123456789");
        }
        assert!(history.bytes.capacity() < 64);
        let piece = history.read(100, 100);
        assert_eq!(piece, Piece { lost: 9892, bytes: b"23456789".to_vec(), next: 10_000 });
        // Of the future there is nothing yet.
        assert_eq!(history.read(99_999, 5), Piece { lost: 0, bytes: Vec::new(), next: 10_000 });
    }
}
