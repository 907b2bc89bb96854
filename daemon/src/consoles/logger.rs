//! What of a console goes to its file: its lines, as far as a card is to be worn by them.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use clusterhat::ports::{Line, Lines};

use super::log_file::{LogFile, LogFolder};

/// How long a node says nothing before a line that it has begun counts as one: a prompt.
const IDLE: Duration = Duration::from_millis(500);
/// How many bytes a second go to the file on average, so that a node that prints garbage wears no card out and keeps no other
/// waiting: 64 KiB, five times of what a 115200 baud line could send.
const RATE: u64 = 64 * 1024;
/// How many bytes may come at once: a whole boot with all of its messages.
const BURST: u64 = 1024 * 1024;

/// Writes a console's lines.
pub(super) struct Logger {
    file: LogFile,
    lines: Lines,
    /// When the node said something last.
    heard: Instant,
    /// How many bytes may be written now, and as of when.
    budget: (u64, Instant),
    left_out: u64,
}

impl Logger {
    /// To this file.
    #[must_use]
    pub(super) fn new(file: LogFile, now: Instant) -> Self {
        Self { file, lines: Lines::default(), heard: now, budget: (BURST, now), left_out: 0 }
    }

    /// The file.
    #[must_use]
    pub(super) const fn file(&self) -> &LogFile {
        &self.file
    }

    /// Takes what came.
    ///
    /// # Errors
    /// The first line that could not be written; the others were tried.
    pub(super) fn push(
        &mut self,
        folder: &LogFolder,
        bytes: &[u8],
        now: Instant,
    ) -> io::Result<()> {
        self.heard = now;
        let mut lines = Vec::new();
        self.lines.push(bytes, SystemTime::now(), |line| lines.push(line));
        lines.into_iter().map(|line| self.write(folder, line, now)).fold(Ok(()), Result::and)
    }

    /// When the line that has begun counts as one; none where no line has begun.
    #[must_use]
    pub(super) fn due(&self) -> Option<Instant> {
        self.lines.has_begun().then_some(self.heard + IDLE)
    }

    /// Writes the line that has begun.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(super) fn flush(&mut self, folder: &LogFolder, now: Instant) -> io::Result<()> {
        match self.lines.take_begun() {
            Some(line) => self.write(folder, line, now),
            None => Ok(()),
        }
    }

    fn write(&mut self, folder: &LogFolder, line: Line, now: Instant) -> io::Result<()> {
        let (left, since) = self.budget;
        let earned = now.saturating_duration_since(since).as_millis() * u128::from(RATE) / 1000;
        let left = left.saturating_add(u64::try_from(earned).unwrap_or(BURST)).min(BURST);
        // What cannot be seen costs, too: the time of each line.
        let cost = line.text.len() as u64 + 32;
        // After a gap there is room for some lines, not for one.
        let needed = if self.left_out == 0 { cost } else { BURST / 4 };
        if left < needed {
            self.budget = (left, now);
            self.left_out += 1;
            return Ok(());
        }
        self.budget = (left - cost, now);
        if self.left_out > 0 {
            let mut gap = line.clone();
            gap.text =
                format!("[clusterhatd: {} lines left out: too many a second]", self.left_out);
            self.left_out = 0;
            self.file.add(folder, &gap)?;
        }
        self.file.add(folder, &line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_at_full_speed_is_left_out_and_told() {
        let parent = tempfile::tempdir().unwrap();
        let folder = LogFolder::open(parent.path()).unwrap();
        let start = Instant::now();
        let mut logger = Logger::new(LogFile::new("p1"), start);
        let mut garbage = vec![b'x'; 99];
        garbage.push(b'\n');
        // 5 MB within one second.
        for count in 0..50_000 {
            logger.push(&folder, &garbage, start + Duration::from_micros(20 * count)).unwrap();
        }
        let size = |name: &str| parent.path().join(name).metadata().map_or(0, |file| file.len());
        let written = size("p1.log") + size("p1.log.1");
        assert!((1_000_000..1_300_000).contains(&written), "{written}");
        logger.push(&folder, b"quiet again\n", start + Duration::from_secs(60)).unwrap();
        let text = std::fs::read_to_string(parent.path().join("p1.log")).unwrap();
        assert!(text.contains("lines left out: too many a second]\n"), "{}", text.len());
        assert!(text.ends_with("Z quiet again\n"));
    }

    #[test]
    fn a_prompt_is_a_line_after_a_while() {
        let parent = tempfile::tempdir().unwrap();
        let folder = LogFolder::open(parent.path()).unwrap();
        let now = Instant::now();
        let mut logger = Logger::new(LogFile::new("p1"), now);
        assert_eq!(logger.due(), None);
        logger.push(&folder, b"\x1b[1mp1 login: ", now).unwrap();
        assert_eq!(logger.due(), Some(now + IDLE));
        logger.flush(&folder, now).unwrap();
        assert_eq!(logger.due(), None);
        let back = logger.file().read_back(&folder, 100).unwrap();
        assert_eq!(back, b"p1 login: \r\n");
    }
}
