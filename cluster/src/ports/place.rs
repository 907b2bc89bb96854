//! Where a port is: at a device, or in a simulation.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hat_driver::linux::Node;
use node_link::NodeId;

use super::{Port, PortError, device};
use crate::cluster::Cluster;
use crate::file_watch::FileWatch;
use crate::simulated::SimulatedPort;

/// A port that may be opened when it is there.
pub(crate) enum Place {
    Device(PathBuf),
    Simulated(SimulatedPort),
}

impl Place {
    pub(crate) fn of(cluster: &Cluster, node: Node, port: Port) -> Result<Self, PortError> {
        let id = NodeId::from_number(node.number())
            .map_err(|source| PortError::NoNetworkPlace { node, source })?;
        let path = port.device(id);
        match (SimulatedPort::of(cluster, node, id, port), cluster.backend.root()) {
            (Some(port), _) => Ok(Self::Simulated(port)),
            (None, Some(root)) => {
                Ok(Self::Device(root.join(path.strip_prefix("/").unwrap_or(&path))))
            }
            // A node of another cluster.
            (None, None) => Err(PortError::Absent { path }),
        }
    }

    pub(crate) fn open(&self) -> Result<OwnedFd, PortError> {
        match self {
            Self::Device(path) => device::open(path),
            Self::Simulated(port) => port.open(),
        }
    }

    /// What it is called.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Device(path) => path,
            Self::Simulated(port) => port.path(),
        }
    }

    /// A watch on what changes when the port comes.
    pub(super) fn watch(&self) -> io::Result<FileWatch> {
        match self {
            Self::Device(path) => FileWatch::of_devices(path.parent()),
            Self::Simulated(port) => FileWatch::of_files(port.folder().as_deref()),
        }
    }

    /// How long it takes until it may come without a change of a file.
    pub(super) fn due(&self) -> Option<Duration> {
        match self {
            Self::Device(_) => None,
            Self::Simulated(port) => port.due(),
        }
    }
}
