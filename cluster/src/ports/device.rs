//! The device of a real node's port.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use hat_driver::linux::lock::Holder;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open as open_file};
use rustix::io::Errno;
use rustix::termios::{
    ControlModes, OptionalActions, ioctl_tiocexcl, isatty, tcgetattr, tcsetattr,
};

use super::error::PortError;

/// Opens a terminal for this process alone, raw.
pub(super) fn open(path: &Path) -> Result<OwnedFd, PortError> {
    let port = open_locked(path)?;
    // Root may open a terminal in exclusive mode: the lock keeps root away, too.
    ioctl_tiocexcl(&port).map_err(|errno| refused(path, errno))?;
    make_raw(&port).map_err(|errno| refused(path, errno))?;
    Ok(port)
}

/// The same, but others may open it, and find it locked.
pub(super) fn open_shared(path: &Path) -> Result<OwnedFd, PortError> {
    let port = open_locked(path)?;
    make_raw(&port).map_err(|errno| refused(path, errno))?;
    Ok(port)
}

fn open_locked(path: &Path) -> Result<OwnedFd, PortError> {
    // Without NONBLOCK opening waits for a carrier, and without NOCTTY the port becomes our terminal.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open_file(path, flags, Mode::empty()).map_err(|errno| refused(path, errno))?;
    if !isatty(&port) {
        let source = io::Error::other("it is not a serial port");
        return Err(PortError::Io { path: path.to_owned(), source });
    }
    match flock(&port, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(port),
        Err(Errno::WOULDBLOCK) => {
            Err(PortError::Busy { path: path.to_owned(), holder: Holder::of(&port) })
        }
        Err(errno) => Err(refused(path, errno)),
    }
}

fn make_raw(port: impl AsFd) -> rustix::io::Result<()> {
    let mut settings = tcgetattr(&port)?;
    settings.make_raw();
    // The node's login stays when the port is closed, and no modem line has a say.
    settings.control_modes.remove(ControlModes::HUPCL);
    settings.control_modes.insert(ControlModes::CLOCAL | ControlModes::CREAD);
    tcsetattr(&port, OptionalActions::Now, &settings)
}

fn refused(path: &Path, errno: Errno) -> PortError {
    let path = path.to_owned();
    match errno {
        // The others: the device's file outlives the device for a moment.
        Errno::NOENT | Errno::NXIO | Errno::NODEV | Errno::IO => PortError::Absent { path },
        Errno::BUSY => PortError::Busy { holder: Holder::with_open(&path), path },
        errno => PortError::Io { path, source: errno.into() },
    }
}
