//! Errors of `chaos`.

use std::io;
use std::path::PathBuf;

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChaosError {
    /// A value of the plan is out of range.
    #[error("{what} is {value}: it must be {allowed}")]
    Plan {
        /// Which value.
        what: &'static str,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// None of the nodes is on.
    #[error("none of these nodes is on: only nodes that are on lose their power")]
    NothingOn,
    /// Hangs were requested for real nodes.
    #[error(
        "only simulated nodes can be made to hang: a board can only cut a node's power, and its agent may only power it off or restart it; to crash a real node's kernel, run \"echo c > /proc/sysrq-trigger\" there as root"
    )]
    NoHang,
    /// Another run is under way.
    #[error("chaos is already running: {0}; only one run at a time is possible")]
    Running(String),
    /// The file of nodes without power cannot be written, so that they could not be restored after a kill.
    #[error("cannot keep the note {} of nodes without power", .path.display())]
    Note {
        /// The note.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The note is not one that was written here.
    #[error("{} is not a list of the nodes that `chaos` has left without power: {problem}; correct or remove it", .path.display())]
    Damaged {
        /// The note.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The note names nodes that are not there, and cannot get their power back.
    #[error("not here: {}; connect their board, or remove the file {}, which names them", .nodes.join(" "), .path.display())]
    Gone {
        /// The note.
        path: PathBuf,
        /// The nodes.
        nodes: Vec<String>,
    },
}
