//! The USB-gadget identity of a Cluster HAT node.
//!
//! ```
//! use gadget_config::NodeId;
//!
//! let id: NodeId = "3".parse()?;
//! assert_eq!(id.get(), 3);
//! assert!("253".parse::<NodeId>().is_err());
//! # Ok::<(), gadget_config::NodeIdError>(())
//! ```

mod node_id;

pub use node_id::{NodeId, NodeIdError};
