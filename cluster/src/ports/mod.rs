//! The serial ports of a node, which its USB gadget shows to the controller.
//!
//! A node has a [console](Port::Console) and, with two serial functions in its gadget, a [second
//! port](Port::Agent) for its agent. udev names them after the node's ID: `/dev/ttypi3` and `/dev/ttypi3a`
//! (`60-clusterhat-node.rules`).

mod device;
mod error;
mod lines;
mod opens;
mod place;
mod port;
mod watch;
mod yielding;

use std::os::fd::OwnedFd;

use hat_driver::linux::Node;

use crate::cluster::Cluster;

pub use error::PortError;
pub use lines::{Line, Lines};
pub(crate) use opens::{Opened, Opens};
pub(crate) use place::Place;
pub use port::Port;
pub use watch::{PortWatch, PortsWatch};
pub(crate) use yielding::YieldingPort;

/// Opens a port of a node. Bytes pass unchanged in both directions and nothing is echoed. Reading and writing
/// do not block (`O_NONBLOCK`): a node that hangs takes no bytes, so wait for the port with `poll(2)`.
///
/// The port is exclusive to the caller until it is closed: it is locked with `flock(2)`, and the terminal is
/// in exclusive mode (`TIOCEXCL`, ioctl_tty(2)). When the node loses its power, reading ends.
///
/// A simulated node has both ports while it is on the USB; a thread of this process is the node.
///
/// # Errors
/// [`PortError::Absent`] while the node has no such port, [`PortError::Busy`] with the process that
/// has it. A process that merely listens to the node's agent releases the port as soon as another one tries to open
/// it, so that a retry after 50 ms succeeds.
pub fn open(cluster: &Cluster, node: Node, port: Port) -> Result<OwnedFd, PortError> {
    Place::of(cluster, node, port)?.open()
}
