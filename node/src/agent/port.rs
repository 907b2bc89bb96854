//! The serial port: `/dev/ttyGS1`, which is there while the gadget is.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::signal::Termination;

/// Between two times that the port is opened: one that hangs up at once must not make the agent spin.
const REST: Duration = Duration::from_secs(1);

/// A terminal that comes and goes.
pub(super) struct Port {
    path: PathBuf,
    /// Tells of entries made in the terminal's folder, or given other permissions.
    folder: OwnedFd,
    opened: Option<Instant>,
}

impl Port {
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        let folder = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let watched = path.parent().unwrap_or(&path);
        inotify::add_watch(
            &folder,
            watched,
            WatchFlags::CREATE | WatchFlags::ATTRIB | WatchFlags::MOVED_TO,
        )?;
        Ok(Self { path, folder, opened: None })
    }

    /// Opens the port as soon as it is there; `None` where the agent is to end first.
    pub(super) fn open(&mut self, termination: &Termination) -> io::Result<Option<OwnedFd>> {
        if let Some(opened) = self.opened {
            thread::sleep(REST.saturating_sub(opened.elapsed()));
        }
        loop {
            // What was made before is seen by opening it, and what is made later ends the wait.
            self.forget_events();
            match self.try_open() {
                Ok(tty) => {
                    self.opened = Some(Instant::now());
                    return Ok(Some(tty));
                }
                // Not made yet, without its device, or still root's alone: udev sets the group after the kernel has made it.
                Err(
                    Errno::NOENT
                    | Errno::NODEV
                    | Errno::NXIO
                    | Errno::IO
                    | Errno::ACCESS
                    | Errno::PERM,
                ) => {}
                Err(error) => return Err(error.into()),
            }
            let mut fds =
                [PollFd::new(&self.folder, PollFlags::IN), PollFd::new(termination, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) if !fds[1].revents().is_empty() => return Ok(None),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn try_open(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let tty = rustix::fs::open(&self.path, flags, Mode::empty())?;
        // Without echo at once: what was echoed would come back to the controller.
        let mut settings = tcgetattr(&tty)?;
        settings.make_raw();
        tcsetattr(&tty, OptionalActions::Now, &settings)?;
        Ok(tty)
    }

    fn forget_events(&self) {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 1024];
        let mut reader = inotify::Reader::new(&self.folder, &mut buffer);
        while reader.next().is_ok() {}
    }
}
