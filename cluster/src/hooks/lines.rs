//! A hook's output as lines, of bounded length and number.

/// Longer lines are cut into several.
const LONGEST: usize = 1024;

/// What a hook prints beyond this is dropped.
const MOST: usize = 64 * 1024;

/// Bytes in, lines out.
#[derive(Default)]
pub(super) struct Lines {
    pending: Vec<u8>,
    total: usize,
    /// The last line that says something.
    pub(super) last: String,
}

impl Lines {
    /// Takes in what came.
    pub(super) fn add(&mut self, bytes: &[u8], tell: &mut dyn FnMut(&str)) {
        if self.total > MOST {
            return;
        }
        self.total += bytes.len();
        for &byte in bytes {
            match byte {
                b'\n' => self.end_line(tell),
                byte => self.pending.push(byte),
            }
            if self.pending.len() >= LONGEST {
                self.end_line(tell);
            }
        }
        if self.total > MOST {
            self.end_line(tell);
            tell("(the rest of the output is dropped)");
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, tell: &mut dyn FnMut(&str)) {
        self.end_line(tell);
    }

    fn end_line(&mut self, tell: &mut dyn FnMut(&str)) {
        let bytes = std::mem::take(&mut self.pending);
        // Escape sequences could change what a terminal shows of others' lines.
        let plain = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
        let line: String = String::from_utf8_lossy(&bytes).trim_end().chars().map(plain).collect();
        if !line.is_empty() {
            tell(&line);
            self.last = line;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> (Vec<String>, String) {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        let mut tell = |line: &str| told.push(line.to_owned());
        chunks.iter().for_each(|chunk| lines.add(chunk, &mut tell));
        lines.end(&mut tell);
        (told, lines.last)
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        let (told, last) = lines(&[b"one\ntw", b"o\r\n\n", b"thr\x1b[31mee"]);
        assert_eq!(told, ["one", "two", "thr\u{fffd}[31mee"]);
        assert_eq!(last, "thr\u{fffd}[31mee");
    }

    #[test]
    fn output_without_end_or_newline_is_bounded() {
        let chunk = [b'x'; 4096];
        let (told, _) = lines(&[&chunk[..]; 1000]);
        assert!(told.iter().all(|line| line.len() <= LONGEST));
        assert!(told.len() <= MOST / LONGEST + 6, "{}", told.len());
        assert_eq!(told.last().map(String::as_str), Some("(the rest of the output is dropped)"));
    }
}
