//! What `clusterhatd` offers to programs on its controller, over its unix socket: its events. Its consoles are in
//! [`consoles`](crate::consoles).

mod answer;
mod event;
mod events;

pub use event::{Event, EventKind, unix_millis};
pub use events::{Next, ServiceEvents};

pub(crate) use answer::Answer;

use std::io;
use std::path::PathBuf;

/// Its socket on an installed system, below the root.
pub const SOCKET: &str = "run/clusterhat/clusterhatd.sock";

/// Why the service does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No service listens on the socket, or this user may not connect to it.
    #[error("cannot reach clusterhatd at {}", .path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The service refuses, with its reason.
    #[error("clusterhatd refused the request: {0}")]
    Refused(String),
}
