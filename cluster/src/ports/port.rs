//! The two serial ports that a node may have.

use std::path::PathBuf;

use node_link::NodeId;

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
