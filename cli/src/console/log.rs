//! A log file of consoles: one line for each line of output, with the time at which it began.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clusterhat::ports::{Line, Lines};
use clusterhat::rfc3339;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::failure::Failure;

/// A log of one console or of several.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens a regular file for appending, or creates it. Pipes are refused: one that is not read would block the console.
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
        let text = format!("{} {name}{}\n", rfc3339(line.begun), line.text);
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
