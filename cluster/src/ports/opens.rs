//! Tells which ports other processes open.

use std::collections::HashSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::inotify::{self, WatchFlags};
use rustix::io::Errno;

use crate::file_watch;

/// What the kernel gives where its queue has overflowed (inotify(7)).
const OVERFLOWN: i32 = -1;

/// Watches any number of ports with one inotify(7) instance: a user may have 128, as a rule
/// (`fs.inotify.max_user_instances`), and the kernel takes milliseconds to close one.
pub(crate) struct Opens(Arc<OwnedFd>);

impl Opens {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(file_watch::instance()?)))
    }

    /// Watches a device as long as the value exists. One value for a device at a time: the kernel gives a second one the same
    /// number, and the first that is dropped ends both.
    pub(super) fn watch(&self, device: &Path) -> io::Result<WatchedPort> {
        let id = file_watch::add(&self.0, device, WatchFlags::OPEN)?;
        Ok(WatchedPort { instance: Arc::clone(&self.0), id })
    }

    /// Consumes the events so far.
    pub(crate) fn take(&self) -> Opened {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&*self.0, &mut buffer);
        let mut opened = HashSet::new();
        loop {
            match reader.next() {
                Ok(event) if event.wd() == OVERFLOWN => return Opened(None),
                Ok(event) => drop(opened.insert(event.wd())),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Opened(Some(opened)),
                Err(_) => return Opened(None),
            }
        }
    }
}

impl AsFd for Opens {
    /// Becomes readable when a port was opened.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The ports that were opened.
pub(crate) struct Opened(
    /// None where that is unknown: then any of them is released, so that other processes are not kept away.
    Option<HashSet<i32>>,
);

impl Opened {
    pub(super) fn has(&self, port: &WatchedPort) -> bool {
        self.0.as_ref().is_none_or(|opened| opened.contains(&port.id))
    }
}

/// A device that is watched.
pub(super) struct WatchedPort {
    instance: Arc<OwnedFd>,
    /// Never given to another device as long as the instance exists.
    id: i32,
}

impl Drop for WatchedPort {
    fn drop(&mut self) {
        // The watch of a device that is gone has ended by itself.
        let _ = inotify::remove_watch(&*self.instance, self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn what_is_opened_is_told_apart_and_more_is_watched_than_a_user_has_instances() {
        let folder = tempfile::tempdir().unwrap();
        let opens = Opens::new().unwrap();
        let path = |number| folder.path().join(format!("ttypi{number}a"));
        let watched: Vec<_> = (0..1000)
            .map(|number| {
                fs::write(path(number), "").unwrap();
                opens.watch(&path(number)).unwrap()
            })
            .collect();
        let opened = |of: &Opened| watched.iter().filter(|port| of.has(port)).count();
        assert_eq!(opened(&opens.take()), 0);
        File::open(path(7)).unwrap();
        let told = opens.take();
        assert_eq!((opened(&told), told.has(&watched[7])), (1, true));
        assert_eq!(opened(&opens.take()), 0);
    }

    #[test]
    fn a_port_that_is_watched_no_longer_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ttypi1a");
        fs::write(&path, "").unwrap();
        let opens = Opens::new().unwrap();
        drop(opens.watch(&path).unwrap());
        File::open(&path).unwrap();
        let again = opens.watch(&path).unwrap();
        assert!(!opens.take().has(&again));
        assert!(Opened(None).has(&again), "of an unknown number, any may be wanted");
    }
}
