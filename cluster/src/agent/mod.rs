//! The agent on a node, as the controller talks to it: by the node's second serial port, which needs neither network nor keys, else by
//! the system's ssh with the user's configuration.
//!
//! Whatever a node says is bounded ([`node_link::agent::LINE_LIMIT`]), checked, and harmless to a terminal
//! ([`node_link::agent::Printable`]).

mod connection;
mod endpoint;
mod error;
mod line;
mod ssh;

pub use connection::{Agent, Transport};
pub(crate) use endpoint::Endpoint;
pub use error::AgentError;
