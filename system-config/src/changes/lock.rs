//! One setup of a system at a time, from its first look to its last change.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, fstat, openat};
use rustix::io::Errno;

use super::{ChangeError, LockHolder, Wait};

/// How long one setup waits for another where nobody says: bringing a network up takes a minute.
pub const LONGEST_WAIT: Duration = Duration::from_secs(90);

const POLL: Duration = Duration::from_millis(20);

/// A wait is reported after this time, and again after each such time.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Where the folder itself cannot be locked: one that is mounted over NFS.
const INSTEAD: &str = "/run";

/// Held until it is dropped or its process ends, however it ends.
#[derive(Debug)]
pub(super) struct SysrootLock(Vec<OwnedFd>);

/// One wait, for however many folders.
struct Waiter<'a> {
    start: Instant,
    limit: Duration,
    /// How many times it was told.
    told: u32,
    tell: &'a mut dyn FnMut(&Wait<'_>),
}

impl Waiter<'_> {
    /// Another has it now.
    fn rest(&mut self, folder: &OwnedFd, path: &Path) -> Result<(), ChangeError> {
        let waited = self.start.elapsed();
        if waited >= self.limit {
            let (path, holder) = (path.to_owned(), LockHolder::of(folder));
            return Err(ChangeError::Locked { path, waited: self.limit, holder });
        }
        if waited >= WORTH_TELLING * (self.told + 1) {
            self.told += 1;
            (self.tell)(&Wait { path, waited, holder: LockHolder::of(folder) });
        }
        thread::sleep(POLL);
        Ok(())
    }
}

impl SysrootLock {
    /// Locks these folders, and tells every second of a wait.
    ///
    /// # Errors
    /// [`ChangeError::Locked`] if another has one of them for longer than `limit`.
    pub(super) fn take(
        folders: &[(&OwnedFd, &Path)],
        limit: Duration,
        tell: &mut dyn FnMut(&Wait<'_>),
    ) -> Result<Self, ChangeError> {
        let mut waiter = Waiter { start: Instant::now(), limit, told: 0, tell };
        let mut lock = Self(Vec::new());
        for (folder, path) in folders {
            lock.add(folder, path, &mut waiter)?;
        }
        Ok(lock)
    }

    fn add(
        &mut self,
        top: &OwnedFd,
        path: &Path,
        waiter: &mut Waiter<'_>,
    ) -> Result<(), ChangeError> {
        let failed = |error: Errno| ChangeError::io("lock", path)(error.into());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut folder = openat(top, ".", flags, Mode::empty()).map_err(failed)?;
        let mut is_own = true;
        while !self.has(&folder).map_err(failed)? {
            match flock(folder.as_fd(), FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => self.0.push(folder.try_clone().map_err(ChangeError::io("lock", path))?),
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => waiter.rest(&folder, path)?,
                Err(Errno::BADF | Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS) if is_own => {
                    is_own = false;
                    folder = openat(CWD, INSTEAD, flags, Mode::empty()).map_err(failed)?;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// A second lock on the same folder would wait for the first.
    fn has(&self, folder: &OwnedFd) -> Result<bool, Errno> {
        let sought = fstat(folder)?;
        for held in &self.0 {
            let held = fstat(held)?;
            if (held.st_dev, held.st_ino) == (sought.st_dev, sought.st_ino) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
