//! Waits for files of a folder to come or change, as inotify(7) tells it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::Moment;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

/// A watch on a folder. Which file changed is for its user to find out.
pub(crate) struct FolderWatch(OwnedFd);

impl FolderWatch {
    /// Files that are written or replaced from here on; none where there is no folder.
    pub(crate) fn of_files(folder: Option<&Path>) -> io::Result<Self> {
        Self::new(folder, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO)
    }

    /// Devices and links to them that come from here on, or whose permissions change.
    pub(crate) fn of_devices(folder: Option<&Path>) -> io::Result<Self> {
        Self::new(folder, WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB)
    }

    fn new(folder: Option<&Path>, flags: WatchFlags) -> io::Result<Self> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        if let Some(folder) = folder {
            inotify::add_watch(&watch, folder, flags)?;
        }
        Ok(Self(watch))
    }

    /// Waits until something may have changed, something can be read from or written to `also`, or a
    /// time on the boot clock comes. Returns what can be done with `also`.
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

    /// Forgets what has happened, and says whether anything has. Whoever looks afterwards sees it, and is told what happens from
    /// here on.
    pub(crate) fn drain(&self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let mut has_changed = false;
        loop {
            match rustix::io::read(&self.0, &mut buffer[..]) {
                Ok(_) => has_changed = true,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(has_changed),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for FolderWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
