//! A port that comes and goes with its node's power.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::Node;

use super::place::Place;
use super::{Port, PortError};
use crate::cluster::Cluster;
use crate::file_watch::FileWatch;

/// Waits for a port of a node. Its file descriptor can be read when the port may have come (inotify(7)): then,
/// and after [`Self::due`], it is worth a try to [open](Self::open) it.
pub struct PortWatch {
    place: Place,
    watch: FileWatch,
}

impl PortWatch {
    /// Waits from here on.
    ///
    /// # Errors
    /// A node whose ports have no names; where nothing can be waited for.
    pub fn new(cluster: &Cluster, node: Node, port: Port) -> Result<Self, PortError> {
        let place = Place::of(cluster, node, port)?;
        match place.watch() {
            Ok(watch) => Ok(Self { place, watch }),
            Err(source) => Err(PortError::Io { path: place.path().to_owned(), source }),
        }
    }

    /// Opens the port as [`open`](super::open) does; `None` where it is not there yet.
    ///
    /// # Errors
    /// As [`open`](super::open), but for [`PortError::Absent`].
    pub fn open(&self) -> Result<Option<OwnedFd>, PortError> {
        // Before the try: what happens after it is not missed.
        let drained = self.watch.drain();
        drained.map_err(|source| PortError::Io { path: self.path().to_owned(), source })?;
        match self.place.open() {
            Ok(port) => Ok(Some(port)),
            Err(PortError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// After which time the port may be there though nothing was told: that of a simulated node.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.place.due()
    }

    /// The device.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }
}

impl AsFd for PortWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}
