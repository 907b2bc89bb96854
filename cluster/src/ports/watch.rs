//! Ports that come and go with their nodes' power.

use std::io;
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

/// Waits for a port of many nodes with one inotify(7) instance, of which a user may have 128, as a rule
/// (`fs.inotify.max_user_instances`). Its file descriptor can be read when one of the ports may have come.
pub struct PortsWatch {
    /// None for a node whose number is too large for its devices to have names.
    places: Vec<Option<Place>>,
    /// Absent where there are no nodes.
    watch: Option<FileWatch>,
}

impl PortsWatch {
    /// Waits for these nodes' ports from here on.
    ///
    /// # Errors
    /// Where nothing can be waited for.
    pub fn new(cluster: &Cluster, nodes: &[Node], port: Port) -> Result<Self, PortError> {
        let places = nodes.iter().map(|&node| Place::of(cluster, node, port).ok());
        let places: Vec<_> = places.collect();
        // All in one folder: that of the devices, or of the simulation.
        let watch = places.iter().flatten().next().map(|place| {
            let path = || place.path().to_owned();
            place.watch().map_err(|source| PortError::Io { path: path(), source })
        });
        Ok(Self { places, watch: watch.transpose()? })
    }

    /// Forgets what was told; to be called before the ports are tried, so that nothing is missed.
    ///
    /// # Errors
    /// Where the watch cannot be read.
    pub fn drain(&self) -> io::Result<()> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.drain().map(drop))
    }

    /// Opens the port of the node at this index of [`Self::new`], as [`PortWatch::open`] does.
    ///
    /// # Errors
    /// As [`PortWatch::open`].
    pub fn open(&self, index: usize) -> Result<Option<OwnedFd>, PortError> {
        match self.place(index).map(Place::open) {
            None | Some(Err(PortError::Absent { .. })) => Ok(None),
            Some(result) => result.map(Some),
        }
    }

    /// After which time that port may be there though nothing was told.
    #[must_use]
    pub fn due(&self, index: usize) -> Option<Duration> {
        self.place(index)?.due()
    }

    fn place(&self, index: usize) -> Option<&Place> {
        self.places.get(index)?.as_ref()
    }

    /// What becomes readable when a port may have come; nothing where there are no nodes.
    #[must_use]
    pub fn watch_fd(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }
}
