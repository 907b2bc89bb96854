//! Why there is no chaos.

use std::io;
use std::path::PathBuf;

/// Why there is no chaos.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChaosError {
    /// A plan that makes no sense.
    #[error("{what} is {value}: it has to be {allowed}")]
    Plan {
        /// Which value.
        what: &'static str,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// No node would fail.
    #[error("none of these nodes is on: only nodes that are on lose their power")]
    NothingOn,
    /// Real nodes were to hang.
    #[error(
        "only simulated nodes can be made to hang: a board can only cut a node's power, and its agent may only power it off or restart it; on a node itself, \"echo c\" into /proc/sysrq-trigger crashes its kernel"
    )]
    NoHang,
    /// Another run is under way.
    #[error("nodes are being switched off at random already, by {0}")]
    Running(String),
    /// The note of what is off cannot be kept, so that nobody would put it back after a kill.
    #[error("cannot keep the note {} of nodes without power", .path.display())]
    Note {
        /// The note.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The note is not one that was written here.
    #[error("{} does not hold the nodes without power: {problem}; correct or remove it", .path.display())]
    Damaged {
        /// The note.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The note names nodes that are not there, and cannot get their power back.
    #[error("absent, because their HAT is not connected: {}; connect it, or remove the file {}, which names them", .nodes.join(" "), .path.display())]
    Gone {
        /// The note.
        path: PathBuf,
        /// The nodes.
        nodes: Vec<String>,
    },
}
