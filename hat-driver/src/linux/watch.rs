//! Tells whether anybody else may have used a bus while its lock was free.
//!
//! A staggered power-on gives the lock back between two nodes. Reading the latch again afterwards
//! costs a transfer each time; the kernel can say whether that is needed. Everybody who uses a bus
//! opens its device, and inotify(7) reports the opening, of programs too that know nothing of our
//! lock. A program that had the device open all the time is not seen that way, so whoever takes our
//! lock opens the device once more ([`Watch::announce`]).

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use crate::power::Meanwhile;

/// A watch on a bus device or on another lock file.
#[derive(Debug)]
pub(super) struct Watch {
    path: PathBuf,
    events: OwnedFd,
}

impl Watch {
    /// Starts watching.
    ///
    /// # Errors
    /// Where the kernel gives no (more) watches.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&events, path, WatchFlags::OPEN)?;
        Ok(Self { path: path.to_owned(), events })
    }

    /// What happened since the last call. To be asked with the lock held.
    pub(super) fn meanwhile(&self) -> Meanwhile {
        if self.drain() { Meanwhile::Used } else { Meanwhile::Quiet }
    }

    /// Makes the watches of others see that the lock was taken, and forgets that it was us.
    pub(super) fn announce(&self) {
        // Where this fails the device is gone, and the next transfer says so.
        let _ = File::open(&self.path);
        self.drain();
    }

    /// Takes all events out of the queue; whether there were any.
    fn drain(&self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.events, &mut buffer);
        let mut any = false;
        while reader.next().is_ok() {
            any = true;
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_by_somebody_else_is_seen_once_and_our_own_is_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let watch = Watch::new(file.path()).unwrap();
        assert_eq!(watch.meanwhile(), Meanwhile::Quiet);
        watch.announce();
        assert_eq!(watch.meanwhile(), Meanwhile::Quiet);
        drop(File::open(file.path()).unwrap());
        assert_eq!(watch.meanwhile(), Meanwhile::Used);
        assert_eq!(watch.meanwhile(), Meanwhile::Quiet);
    }
}
