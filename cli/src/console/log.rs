//! A file that gets what a console sends, a line each, with the time at which the line began.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::lines::{Line, Lines};
use crate::failure::Failure;

/// A log of one console or of several.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Adds to a regular file; it is made where there is none. A pipe would stop the console whenever nobody reads.
    ///
    /// # Errors
    /// Where it cannot be opened, or is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        match open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(source) => Err(Failure::Log { path: path.to_owned(), source }),
        }
    }

    /// Adds a line, with a name where there are several consoles.
    pub(super) fn add(&mut self, name: Option<&str>, line: &Line) -> Result<(), Failure> {
        let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
        // At once: nothing is lost however the process ends.
        let text = format!("{} {name}{}\n", utc(line.begun), line.text);
        self.file.write_all(text.as_bytes()).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Failure {
        Failure::Log { path: self.path.clone(), source }
    }
}

/// Neither follows a link that somebody has put there, nor waits at a pipe, nor makes a terminal the process's own.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.append(true).create(true).custom_flags(flags.bits() as i32);
    let irregular = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    let file = options.open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link"),
        // A pipe that nobody reads, or a socket.
        Some(Errno::NXIO) => irregular(),
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

/// The log of a single console.
pub(super) struct LoggedLines {
    log: Option<Log>,
    lines: Lines,
}

impl LoggedLines {
    pub(super) fn new(log: Option<Log>) -> Self {
        Self { log, lines: Lines::default() }
    }

    /// Logs what came.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(log) = &mut self.log else { return Ok(()) };
        let mut result = Ok(());
        self.lines.push(bytes, SystemTime::now(), |line| {
            if result.is_ok() {
                result = log.add(None, &line);
            }
        });
        result
    }

    /// Logs the line that has begun.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        match (&mut self.log, self.lines.take_begun()) {
            (Some(log), Some(line)) => log.add(None, &line),
            _ => Ok(()),
        }
    }

    /// Whether there is such a line.
    pub(super) const fn has_begun(&self) -> bool {
        self.lines.has_begun()
    }
}

/// As RFC 3339 writes it, with milliseconds: `2026-11-25T19:46:01.123Z`.
fn utc(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Years that begin in March, in eras of 400 years from the year 0 on: the leap day comes last.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let milliseconds = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_those_of_the_calendar() {
        // As `date -u -d @N` has them.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_251_200, "2024-03-01T00:00:00.000Z"),
            (4_102_444_799, "2099-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
        let some = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567_890_123);
        assert_eq!(utc(some), "2009-02-13T23:31:30.123Z");
    }
}
