//! A console's file: a line with its time for each line, replaced by a new one before it grows too large.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use clusterhat::ports::Line;
use clusterhat::rfc3339;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, mkdir, open, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::whole_lines::end_last_line;

/// How large a file gets, in bytes.
pub(super) const LARGEST: u64 = 1024 * 1024;
/// How many older files are kept: `p1.log.1` is the newest of them.
const OLDER: u32 = 4;
/// The length of a time and the space behind it.
const STAMP: usize = "2026-11-25T19:46:01.123Z ".len();

/// The folder of all consoles' files. Files are named relative to it, so that nobody who replaces a part of its path changes
/// where they are.
pub(super) struct LogFolder(OwnedFd);

impl LogFolder {
    /// Opens a folder, which is made where only it is missing.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match mkdir(path, Mode::from_raw_mode(0o750)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(Self(open(path, flags, Mode::empty())?))
    }

    /// A regular file; a link is not followed, and a FIFO not waited for.
    fn file(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.0, name, flags, Mode::from_raw_mode(0o640))?;
        match FileType::from_raw_mode(fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(File::from(file)),
            _ => Err(io::Error::other("it is not a regular file")),
        }
    }
}

/// The file of one console, opened at its first line.
pub(super) struct LogFile {
    name: String,
    file: Option<(File, u64)>,
}

impl LogFile {
    /// Of a node with this label (`p1`): letters and digits, whatever the node is called otherwise.
    #[must_use]
    pub(super) fn new(label: &str) -> Self {
        let label: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        Self { name: format!("{label}.log"), file: None }
    }

    /// Adds a line, in a new file where this one is full.
    ///
    /// # Errors
    /// Where it cannot be written; the next line is tried again.
    pub(super) fn add(&mut self, folder: &LogFolder, line: &Line) -> io::Result<()> {
        let text = format!("{} {}\n", rfc3339(line.begun), line.text);
        let length = text.len() as u64;
        if self.file.as_ref().is_some_and(|(_, size)| size + length > LARGEST) {
            self.file = None;
            self.rotate(folder)?;
        }
        let (file, size) = match &mut self.file {
            Some(open) => open,
            closed => closed.insert(self_open(folder, &self.name)?),
        };
        let written = file.write_all(text.as_bytes());
        *size += length;
        if written.is_err() {
            self.file = None;
        }
        written
    }

    fn rotate(&self, folder: &LogFolder) -> io::Result<()> {
        let older = |number: u32| match number {
            0 => self.name.clone(),
            number => format!("{}.{number}", self.name),
        };
        match unlinkat(&folder.0, older(OLDER), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
        for number in (0..OLDER).rev() {
            match renameat(&folder.0, older(number), &folder.0, older(number + 1)) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// The last lines of before, without their times, as a console sends them: at most so many bytes.
    ///
    /// # Errors
    /// Where a file is there and cannot be read.
    pub(super) fn read_back(&self, folder: &LogFolder, most: usize) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        for name in [format!("{}.1", self.name), self.name.clone()] {
            match folder.file(&name, OFlags::RDONLY) {
                Ok(file) => text.extend(tail(file, most)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let mut bytes = Vec::new();
        for line in text.split(|&byte| byte == b'\n').filter(|line| line.len() >= STAMP) {
            bytes.extend(&line[STAMP..]);
            bytes.extend(b"\r\n");
        }
        Ok(bytes.split_off(bytes.len().saturating_sub(most)))
    }
}

fn self_open(folder: &LogFolder, name: &str) -> io::Result<(File, u64)> {
    let mut file = folder.file(name, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)?;
    let size = end_last_line(&mut file)?;
    Ok((file, size))
}

/// The last whole lines of a file, at most so many bytes.
fn tail(mut file: File, most: usize) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    let begin = size.saturating_sub(most as u64);
    file.seek(SeekFrom::Start(begin))?;
    let mut text = Vec::new();
    file.take(most as u64).read_to_end(&mut text)?;
    if begin > 0 {
        let first = text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| end + 1);
        text.drain(..first);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::SystemTime;

    use clusterhat::ports::Lines;

    use super::*;

    fn line(text: &str) -> Line {
        let mut line = None;
        Lines::default().push(format!("{text}\n").as_bytes(), SystemTime::UNIX_EPOCH, |one| {
            line.get_or_insert(one);
        });
        line.unwrap()
    }

    fn folder() -> (tempfile::TempDir, LogFolder) {
        let parent = tempfile::tempdir().unwrap();
        let folder = LogFolder::open(&parent.path().join("consoles")).unwrap();
        (parent, folder)
    }

    #[test]
    fn a_file_has_a_line_with_its_time_and_is_read_back() {
        let (parent, folder) = folder();
        let mut log = LogFile::new("p1");
        assert_eq!(log.read_back(&folder, 1000).unwrap(), b"");
        for text in ["Booting Linux", "", "p1 login: "] {
            log.add(&folder, &line(text)).unwrap();
        }
        let path = parent.path().join("consoles/p1.log");
        let text = std::fs::read_to_string(&path).unwrap();
        let stamp = "1970-01-01T00:00:00.000Z";
        assert_eq!(text, format!("{stamp} Booting Linux\n{stamp} \n{stamp} p1 login: \n"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
        let again = LogFile::new("p1");
        assert_eq!(again.read_back(&folder, 1000).unwrap(), b"Booting Linux\r\n\r\np1 login: \r\n");
        assert_eq!(again.read_back(&folder, 40).unwrap(), b"p1 login: \r\n");
    }

    /// Seen: a line that a full disk cut off took the next one with it.
    #[test]
    fn a_line_after_one_that_was_cut_off_is_whole() {
        let (parent, folder) = folder();
        let path = parent.path().join("consoles/p1.log");
        std::fs::write(&path, "1970-01-01T00:00").unwrap();
        LogFile::new("p1").add(&folder, &line("p1 login:")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "1970-01-01T00:00\n1970-01-01T00:00:00.000Z p1 login:\n");
    }

    #[test]
    fn files_are_bounded_in_size_and_number() {
        let (parent, folder) = folder();
        let mut log = LogFile::new("p2");
        let long = line(&"x".repeat(1000));
        for _ in 0..8 * LARGEST / 1000 {
            log.add(&folder, &long).unwrap();
        }
        let mut names = Vec::new();
        for entry in std::fs::read_dir(parent.path().join("consoles")).unwrap() {
            let entry = entry.unwrap();
            assert!(entry.metadata().unwrap().len() <= LARGEST);
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["p2.log", "p2.log.1", "p2.log.2", "p2.log.3", "p2.log.4"]);
        // What an older file has is read back where the newest is short.
        let back = log.read_back(&folder, 512 * 1024).unwrap();
        assert!(back.len() > 500 * 1024, "{}", back.len());
    }

    #[test]
    fn links_and_fifos_are_refused_and_names_stay_in_the_folder() {
        let (parent, folder) = folder();
        let path = parent.path().join("consoles");
        let secret = parent.path().join("secret");
        std::fs::write(&secret, "mine\n").unwrap();
        symlink(&secret, path.join("p1.log")).unwrap();
        let mut log = LogFile::new("p1");
        assert!(log.add(&folder, &line("x")).is_err() && log.read_back(&folder, 10).is_err());
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), "mine\n");
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(&folder.0, "p2.log", FileType::Fifo, mode, 0).unwrap();
        let fifo = LogFile::new("p2");
        assert!(fifo.read_back(&folder, 10).is_err());
        assert_eq!(LogFile::new("../../etc/p3\0").name, "etcp3.log");
    }
}
