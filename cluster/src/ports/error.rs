//! Why a port is not open.

use std::io;
use std::path::PathBuf;

use hat_driver::linux::Node;
use hat_driver::linux::lock::Holder;
use node_link::NodeIdError;

/// Why a node's port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// There is no such device: the node is off, or has not come up to its USB gadget, or its gadget has no
    /// such port.
    #[error("{} is not there: the node is off or still starting, or its gadget has no such port", .path.display())]
    Absent {
        /// The device.
        path: PathBuf,
    },
    /// Another process has the port.
    #[error("{} is in use{}", .path.display(), by(.holder.as_ref()))]
    Busy {
        /// The device.
        path: PathBuf,
        /// Who has it, if known.
        holder: Option<Holder>,
    },
    /// The device cannot be used as a port.
    #[error("cannot open {}", .path.display())]
    Io {
        /// The device.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The number of the node is too large for its devices to have names.
    #[error("{node} has no serial ports")]
    NoNetworkPlace {
        /// The node.
        node: Node,
        /// Why its number is no ID.
        source: NodeIdError,
    },
}

fn by(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!(" by {holder}: end that process first"),
        None => " by another process; only root may see which".to_owned(),
    }
}
