//! The serial ports of a node, which its USB gadget shows to the controller.
//!
//! A node has a [console](Port::Console) and, with two serial functions in its gadget, a [second
//! port](Port::Agent) for its agent. udev names them after the node's ID: `/dev/ttypi3` and `/dev/ttypi3a`
//! (`60-clusterhat-node.rules`).

mod device;
mod error;

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use hat_driver::linux::Node;
use node_link::NodeId;

use crate::cluster::Cluster;
use crate::simulated::{self, SimulatedNode};

pub use error::PortError;

/// Which serial port of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// The node's console: `/dev/ttypiN`.
    Console,
    /// The port of the node's agent: `/dev/ttypiNa`.
    Agent,
}

impl Port {
    /// The device of a node's port, on a machine whose root is `/`.
    #[must_use]
    pub fn device(self, id: NodeId) -> PathBuf {
        match self {
            Self::Console => id.console(),
            Self::Agent => id.admin_console(),
        }
        .into()
    }
}

/// Opens a port of a node. Bytes pass unchanged in both directions and nothing is echoed. Reading and writing
/// do not block (`O_NONBLOCK`): a node that hangs takes no bytes, so wait for the port with `poll(2)`.
///
/// The port belongs to the caller alone until it is closed: it is locked with `flock(2)`, and the terminal is
/// in exclusive mode (`TIOCEXCL`, ioctl_tty(2)). When the node loses its power, reading ends.
///
/// # Errors
/// [`PortError::Absent`] as long as the node shows no such port, [`PortError::Busy`] with the process that
/// has it.
///
/// A simulated node has both ports while it is on the USB; a thread of this process is the node.
pub fn open(cluster: &Cluster, node: Node, port: Port) -> Result<OwnedFd, PortError> {
    let id = NodeId::from_number(node.number())
        .map_err(|source| PortError::NoNetworkPlace { node, source })?;
    let path = port.device(id);
    match (SimulatedNode::of(cluster, node), cluster.backend.root()) {
        (Some(node), _) => simulated::open(node, id, port, &path),
        (None, Some(root)) => device::open(&root.join(path.strip_prefix("/").unwrap_or(&path))),
        // A node of another cluster.
        (None, None) => Err(PortError::Absent { path }),
    }
}
