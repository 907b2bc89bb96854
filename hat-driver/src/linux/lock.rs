//! An advisory lock on a file or device, which every process that asks for it respects.
//!
//! `flock(2)`: it goes with its holder, however that ends, and nothing is left behind. Waiting has
//! a limit; what still holds the lock then is looked up in `/proc/locks`.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::draft::Draft;

mod holder;

pub use holder::Holder;

/// What callers exclude each other with. Goes with its holder: dropping it gives it back.
pub trait Lock: Send {
    /// Where it lies, for messages.
    fn path(&self) -> &Path;

    /// Takes the lock, and waits for it for at most `limit`. Does nothing where it is held already.
    ///
    /// # Errors
    /// [`LockError::TimedOut`] names who held it.
    fn acquire(&mut self, limit: Duration) -> Result<(), LockError>;

    /// Gives the lock back.
    fn release(&mut self);
}

/// A lock that may be taken.
#[derive(Debug)]
pub struct FileLock {
    path: PathBuf,
    kind: Kind,
    file: File,
    held: bool,
}

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A file for the lock alone, which is made where it is absent.
    File,
    /// A device, which only the kernel makes.
    Device,
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

/// The first rest of a waiter; each later one is twice as long, up to [`LONGEST_REST`].
const SHORTEST_REST: Duration = Duration::from_micros(100);
/// Short enough to meet the moments in which a busy holder lets go, and about 1 % of a processor.
const LONGEST_REST: Duration = Duration::from_millis(1);

/// How often a file that was replaced while it was being locked is locked anew.
const ATTEMPTS: u8 = 100;

impl FileLock {
    /// Opens a file that is there for the lock alone, and makes it empty where it is absent.
    ///
    /// # Errors
    /// Where the file can be neither opened nor made, or is something else.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::new(path, Kind::File)
    }

    /// Opens a character device. Never makes a file in its place.
    ///
    /// # Errors
    /// Where it is absent, may not be opened, or is no device.
    pub fn device(path: &Path) -> io::Result<Self> {
        Self::new(path, Kind::Device)
    }

    fn new(path: &Path, kind: Kind) -> io::Result<Self> {
        let file = kind.open(path)?;
        Ok(Self { path: path.to_owned(), kind, file, held: false })
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
        if self.held {
            return Ok(());
        }
        let start = Instant::now();
        for _ in 0..ATTEMPTS {
            wait(&self.file, limit.saturating_sub(start.elapsed()))?;
            // Somebody may have removed the file, or plugged the board in again, before it was locked.
            self.held = self.kind.is_at(&self.path, &self.file);
            if self.held {
                return Ok(());
            }
            self.file = self.kind.open(&self.path).map_err(LockError::Io)?;
        }
        Err(LockError::Io(io::Error::other("it keeps being replaced")))
    }

    /// Gives the lock back.
    pub fn release(&mut self) {
        if std::mem::take(&mut self.held) {
            // Cannot fail on a lock that is held; closing the file would release it as well.
            let _ = flock(&self.file, FlockOperation::Unlock);
        }
    }
}

impl Lock for FileLock {
    fn path(&self) -> &Path {
        self.path()
    }

    fn acquire(&mut self, limit: Duration) -> Result<(), LockError> {
        self.acquire(limit)
    }

    fn release(&mut self) {
        self.release();
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        self.release();
    }
}

/// Locks a file that is open, until it is closed. Asks over and over, since `flock` waits without a limit:
/// only a thread that nobody could end would bear that.
///
/// # Errors
/// [`LockError::TimedOut`] names who held it all the time.
pub fn wait(file: &File, limit: Duration) -> Result<(), LockError> {
    let start = Instant::now();
    let mut rest = SHORTEST_REST;
    while !try_lock(file)? {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(LockError::TimedOut(Holder::of(file)));
        }
        thread::sleep(rest.min(left));
        rest = LONGEST_REST.min(rest * 2);
    }
    Ok(())
}

fn try_lock(file: &File) -> Result<bool, LockError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(errno) => Err(LockError::Io(errno.into())),
    }
}

impl Kind {
    /// Opens what is to be locked; reading suffices for a lock, so a user need not own the file.
    fn open(self, path: &Path) -> io::Result<File> {
        let file = match self {
            Self::Device => open(path, OFlags::empty())?,
            Self::File => open_or_create(path)?,
        };
        let metadata = file.metadata()?;
        match self {
            Self::Device if !metadata.file_type().is_char_device() => {
                Err(io::Error::other("it is not a device: remove it and plug the board in again"))
            }
            Self::File if !metadata.is_file() => {
                Err(io::Error::other("it is not a regular file: remove it"))
            }
            _ => Ok(file),
        }
    }

    /// Whether the path still leads to the file.
    fn is_at(self, path: &Path, file: &File) -> bool {
        let place = match self {
            Self::Device => fs::metadata(path),
            Self::File => fs::symlink_metadata(path),
        };
        let id = |metadata: Metadata| (metadata.dev(), metadata.ino(), metadata.rdev());
        let place = place.map(id).ok();
        place.is_some() && place == file.metadata().map(id).ok()
    }
}

/// What somebody else put in the place must not keep us: a pipe without a writer, for one.
fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

/// Creating is exclusive, since the kernel refuses `O_CREAT` on others' files in a sticky directory
/// (`fs.protected_regular`). In a directory that everybody may write to, a link is not followed.
fn open_or_create(path: &Path) -> io::Result<File> {
    loop {
        match open(path, OFlags::NOFOLLOW) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => {
                return Err(io::Error::other("it is a symbolic link: remove it"));
            }
            result => return result,
        }
        match create(path, 0o644) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // A minimal system may lack /run/lock.
            Err(error) => {
                let parent = path.parent().filter(|parent| !parent.exists()).ok_or(error)?;
                DirBuilder::new().recursive(true).create(parent)?;
            }
            // Opened anew for reading only.
            Ok(()) => {}
        }
    }
}

/// Makes an empty file for a lock, with these permissions whatever the umask is. It has them as soon as it is
/// there: another user's process may open it in the same moment.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where there is a file; those of creating one.
pub fn create(path: &Path, mode: u32) -> io::Result<()> {
    let (draft, file) = Draft::new(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    draft.add()
}

#[cfg(test)]
mod tests;
