//! Waits for a change of a simulation's file by another process, as inotify(7) tells it.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::Moment;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

/// A watch on a simulation's file.
pub(super) struct Changes {
    /// None where the simulation is in no file.
    watch: Option<OwnedFd>,
}

impl Changes {
    /// Changes from here on.
    pub(super) fn of(file: Option<&Path>) -> io::Result<Self> {
        let Some(folder) = file.and_then(Path::parent) else { return Ok(Self { watch: None }) };
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        // A new version of the file is renamed into its place: a watch on the file itself would
        // stay with the old one.
        inotify::add_watch(&watch, folder, WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE)?;
        Ok(Self { watch: Some(watch) })
    }

    /// Waits until the file may have changed, something can be read from or written to `also`, or a time on
    /// the boot clock comes. Returns what can be done with `also`.
    pub(super) fn wait(
        &self,
        also: Option<(BorrowedFd<'_>, PollFlags)>,
        until: Option<Duration>,
    ) -> io::Result<PollFlags> {
        let watch = self.watch.iter().map(|watch| PollFd::new(watch, PollFlags::IN));
        let also = also.iter().map(|(fd, flags)| PollFd::new(fd, *flags));
        let mut all: Vec<_> = also.chain(watch).collect();
        let has_other = all.len() > usize::from(self.watch.is_some());
        let left = until.map(|until| until.saturating_sub(Moment::now().uptime));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut all, left.as_ref()) {
            Err(Errno::INTR) => return Ok(PollFlags::empty()),
            result => result?,
        };
        let ready = if has_other { all[0].revents() } else { PollFlags::empty() };
        drop(all);
        self.drain()?;
        Ok(ready)
    }

    /// What changed is read from the file: which names the events have says nothing more.
    fn drain(&self) -> io::Result<()> {
        let Some(watch) = &self.watch else { return Ok(()) };
        let mut buffer = [0; 4096];
        loop {
            match rustix::io::read(watch, &mut buffer[..]) {
                Ok(_) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}
