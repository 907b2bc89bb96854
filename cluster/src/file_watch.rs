//! Watches the files of a directory by inotify(7).

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::Moment;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

/// A new inotify(7) instance, which is read without blocking.
pub(crate) fn instance() -> io::Result<OwnedFd> {
    inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(refused)
}

/// Adds a watch to an instance, and gives its number.
pub(crate) fn add(instance: &OwnedFd, path: &Path, flags: WatchFlags) -> io::Result<i32> {
    inotify::add_watch(instance, path, flags).map_err(refused)
}

/// Why there is no watch: the kernel reports inotify's limits by errors whose usual texts name other things.
fn refused(errno: Errno) -> io::Error {
    match errno {
        Errno::MFILE => io::Error::other(
            "this user has no inotify instances left (raise the sysctl fs.inotify.max_user_instances), or this process has \
             no file descriptors left",
        ),
        Errno::NOSPC => io::Error::other(
            "this user has no inotify watches left (raise the sysctl fs.inotify.max_user_watches)",
        ),
        errno => errno.into(),
    }
}

/// A watch on a folder.
pub(crate) struct FileWatch(OwnedFd);

impl FileWatch {
    /// Watches for files that are written or replaced; never reports anything without a directory.
    pub(crate) fn of_files(folder: Option<&Path>) -> io::Result<Self> {
        Self::new(folder, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO)
    }

    /// Watches for new devices and links, and for changes of their permissions.
    pub(crate) fn of_devices(folder: Option<&Path>) -> io::Result<Self> {
        Self::new(folder, WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB)
    }

    /// Watches for files that appear or whose content changes, also in place.
    pub(crate) fn of_contents(folder: Option<&Path>) -> io::Result<Self> {
        Self::new(folder, WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO)
    }

    fn new(path: Option<&Path>, flags: WatchFlags) -> io::Result<Self> {
        let watch = instance()?;
        if let Some(path) = path {
            add(&watch, path, flags)?;
        }
        Ok(Self(watch))
    }

    /// Waits until something may have changed, until `also` is ready, or until a time on the boot clock.
    /// Returns the ready events of `also`.
    pub(crate) fn wait(
        &self,
        also: Option<(BorrowedFd<'_>, PollFlags)>,
        until: Option<Duration>,
    ) -> io::Result<PollFlags> {
        let other = also.iter().map(|(fd, flags)| PollFd::new(fd, *flags));
        let mut all: Vec<_> =
            std::iter::once(PollFd::new(&self.0, PollFlags::IN)).chain(other).collect();
        let left = until.map(|until| until.saturating_sub(Moment::now().uptime));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut all, left.as_ref()) {
            Err(Errno::INTR) => return Ok(PollFlags::empty()),
            result => result?,
        };
        let ready = all.get(1).map_or(PollFlags::empty(), PollFd::revents);
        self.drain()?;
        Ok(ready)
    }

    /// Consumes the events so far, and returns whether there were any. A caller that reads the files afterwards misses
    /// nothing.
    pub(crate) fn drain(&self) -> io::Result<bool> {
        let mut has_changed = false;
        self.take(|_| has_changed = true)?;
        Ok(has_changed)
    }

    /// Consumes the events so far: the file's name for each, or none if the kernel's queue has overflowed.
    pub(crate) fn take(&self, mut changed: impl FnMut(Option<&OsStr>)) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    changed(event.file_name().map(|name| OsStr::from_bytes(name.to_bytes())))
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for FileWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each user has 128 instances by default, and all of its processes share them.
    #[test]
    fn a_limit_of_the_user_is_named() {
        assert!(refused(Errno::MFILE).to_string().contains("fs.inotify.max_user_instances"));
        assert!(refused(Errno::NOSPC).to_string().contains("fs.inotify.max_user_watches"));
        assert_eq!(refused(Errno::NFILE).raw_os_error(), Some(Errno::NFILE.raw_os_error()));
    }
}
