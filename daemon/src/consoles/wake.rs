//! Wakes the thread that has the ports.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// An eventfd(2): it can be read after a [`wake`](Self::wake), until it is [`drain`](Self::drain)ed.
#[derive(Clone)]
pub(super) struct Wake(Arc<OwnedFd>);

impl Wake {
    /// One that nobody has woken yet.
    ///
    /// # Errors
    /// Where there is no room for another file descriptor.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// Wakes who waits.
    pub(super) fn wake(&self) {
        // It fails where the counter is full: then it can be read.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// Takes note of all that happened.
    pub(super) fn drain(&self) {
        let _ = rustix::io::read(&*self.0, &mut [0; 8][..]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
