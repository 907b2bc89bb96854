//! The controller's end of the connection to a node's agent: over the node's second serial port, which needs neither network nor keys, or else
//! through the system's ssh with the user's configuration.
//!
//! Data from a node is bounded ([`node_link::agent::LINE_LIMIT`]), validated, and safe to print on a terminal
//! ([`node_link::agent::Printable`]).

mod connection;
mod endpoint;
mod error;
mod line;
mod ssh;

pub use connection::{Agent, Transport};
pub(crate) use endpoint::Endpoint;
pub use error::AgentError;
