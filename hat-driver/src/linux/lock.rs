//! An advisory lock on a file or device, which every process that asks for it respects.
//!
//! `flock(2)`: it goes with its holder, however that ends, and nothing is left behind. Waiting has
//! a limit; what still holds the lock then is looked up in `/proc/locks`.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock, fstat, major, minor};
use rustix::io::Errno;

/// A lock that may be taken. Taken or not, it holds the file open.
#[derive(Debug)]
pub struct FileLock {
    path: PathBuf,
    file: Arc<File>,
    held: bool,
}

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Its process number.
    pub pid: u32,
    /// Its command line, where it may be read.
    pub command: Option<String>,
}

/// Why a lock was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody held it all the time.
    TimedOut(Option<Holder>),
    /// The file cannot be locked.
    Io(io::Error),
}

/// How often to look for a lock's holder.
const LOOKS: u8 = 5;

impl FileLock {
    /// Opens the file, and creates it empty where it is absent.
    ///
    /// # Errors
    /// Where the file can be neither opened nor created.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = Arc::new(open_or_create(path)?);
        Ok(Self { path: path.to_owned(), file, held: false })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock, and waits for it for at most `limit`. Does nothing where it is held already.
    ///
    /// # Errors
    /// [`LockError::TimedOut`] names who held it.
    pub fn acquire(&mut self, limit: Duration) -> Result<(), LockError> {
        while !self.held {
            match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => self.wait(limit)?,
                Err(errno) => return Err(LockError::Io(errno.into())),
            }
            self.held = self.is_current().map_err(LockError::Io)?;
            if !self.held {
                // Others lock the file that is there now.
                self.file = Arc::new(open_or_create(&self.path).map_err(LockError::Io)?);
            }
        }
        Ok(())
    }

    /// Whether the open file is the one that others find: a lock file may have been removed, and made
    /// again by the next caller. A device keeps its lock for as long as it is there.
    fn is_current(&self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        if !ours.is_file() {
            return Ok(true);
        }
        match std::fs::metadata(&self.path) {
            Ok(found) => Ok((found.dev(), found.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the lock back.
    pub fn release(&mut self) {
        if self.held {
            self.held = false;
            // Cannot fail on a lock that is held; closing the file would release it as well.
            let _ = flock(&self.file, FlockOperation::Unlock);
        }
    }

    /// Waits in the kernel, on a thread of its own, since `flock` itself knows no limit.
    fn wait(&mut self, limit: Duration) -> Result<(), LockError> {
        let (sender, receiver) = sync_channel(0);
        let file = Arc::clone(&self.file);
        thread::spawn(move || {
            let result = flock(&file, FlockOperation::LockExclusive);
            // Nobody waits any more: do not keep what nobody would give back.
            if sender.send(result).is_err() {
                let _ = flock(&file, FlockOperation::Unlock);
            }
        });
        match receiver.recv_timeout(limit) {
            Ok(result) => result.map_err(|errno| LockError::Io(errno.into())),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                // The kernel's list skips entries while others come and go: look more than once.
                let holder = (0..LOOKS).find_map(|_| holder(&self.file));
                // The thread keeps the old file; a later attempt must not share it.
                self.file = Arc::new(open_or_create(&self.path).map_err(LockError::Io)?);
                Err(LockError::TimedOut(holder))
            }
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        self.release();
    }
}

/// Reading suffices for a lock, so a user need not own the file. Creating is exclusive, since the
/// kernel refuses `O_CREAT` on others' files in a sticky directory (`fs.protected_regular`).
fn open_or_create(path: &Path) -> io::Result<File> {
    loop {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
        match OpenOptions::new().write(true).create_new(true).mode(0o666).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // A minimal system may lack /run/lock.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = path.parent().filter(|parent| !parent.exists()).ok_or(error)?;
                std::fs::create_dir_all(parent)?;
            }
            result => return result,
        }
    }
}

/// Who holds the lock on this file, as the kernel's `/proc/locks` tells (proc(5)).
fn holder(file: &File) -> Option<Holder> {
    let stat = fstat(file).ok()?;
    let id = format!("{:02x}:{:02x}:{}", major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = find_holder(&locks, &id)?;
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok().map(|bytes| {
        let words: Vec<_> = bytes.split(|&b| b == 0).map(String::from_utf8_lossy).collect();
        words.join(" ").trim_end().to_owned()
    });
    Some(Holder { pid, command: command.filter(|text| !text.is_empty()) })
}

/// A line is `1: FLOCK  ADVISORY  WRITE 1234 00:05:42 0 EOF`; a waiter's has `->` after the colon.
fn find_holder(locks: &str, id: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [_, "FLOCK", _, _, pid, place, ..] if place == id => pid.parse().ok(),
            _ => None,
        }
    })
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        match &self.command {
            Some(command) => write!(f, " ({command})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[test]
    fn a_second_caller_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let (mut first, mut second) =
            (FileLock::open(&path).unwrap(), FileLock::open(&path).unwrap());
        first.acquire(LIMIT).unwrap();
        match second.acquire(LIMIT) {
            Err(LockError::TimedOut(Some(holder))) => assert_eq!(holder.pid, std::process::id()),
            other => panic!("{other:?}"),
        }
        first.release();
        second.acquire(LIMIT).unwrap();
        assert!(matches!(first.acquire(LIMIT), Err(LockError::TimedOut(_))));
    }

    #[test]
    fn a_waiter_goes_on_as_soon_as_the_holder_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let mut first = FileLock::open(&path).unwrap();
        first.acquire(LIMIT).unwrap();
        let waiter = thread::spawn(move || {
            FileLock::open(&path).unwrap().acquire(Duration::from_secs(60)).is_ok()
        });
        drop(first);
        assert!(waiter.join().unwrap());
    }

    #[test]
    fn a_lock_file_that_was_removed_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let mut first = FileLock::open(&path).unwrap();
        let mut second = FileLock::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut third = FileLock::open(&path).unwrap();
        third.acquire(LIMIT).unwrap();
        // Each of them takes the file that is there, not the one that it opened.
        assert!(matches!(first.acquire(LIMIT), Err(LockError::TimedOut(Some(_)))));
        drop(third);
        second.acquire(LIMIT).unwrap();
        assert!(matches!(first.acquire(LIMIT), Err(LockError::TimedOut(_))));
    }

    #[test]
    fn waiters_are_not_taken_for_the_holder() {
        let locks = "1: FLOCK  ADVISORY  WRITE 10 00:05:42 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 11 00:05:43 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 12 00:05:44 0 EOF\n";
        assert_eq!(find_holder(locks, "00:05:42"), Some(10));
        assert_eq!(find_holder(locks, "00:05:43"), None);
        assert_eq!(find_holder(locks, "00:05:44"), None);
    }
}
