//! Which names an uplink can have. A system that does not run has no list of its interfaces.

use node_link::names::INTERFACES;

use super::{BRIDGE, NetworkError};

/// The kernel's IFNAMSIZ, without the zero at the end.
const LONGEST: usize = 15;

pub(super) fn check(name: &str) -> Result<(), NetworkError> {
    // The kernel's dev_valid_name(); the others mean more than one interface to the network managers, or end a value
    // in their files.
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "/:*?[]!\"'\\;#".contains(c);
    let why = if name.is_empty() {
        "the name is empty"
    } else if name.len() > LONGEST {
        "an interface has a name of at most 15 bytes"
    } else if matches!(name, "." | "..") || name.contains(is_bad) {
        "an interface cannot be called that"
    } else if name == "lo" {
        "this is the loopback interface"
    } else if name == BRIDGE {
        "this is the nodes' bridge, of which the uplink becomes a port"
    } else if INTERFACES.iter().any(|prefix| name.starts_with(prefix)) {
        "this is the interface of a node"
    } else {
        return Ok(());
    };
    let cut = name.char_indices().nth(LONGEST).map_or(name, |(at, _)| &name[..at]);
    let dots = if cut.len() < name.len() { "..." } else { "" };
    Err(NetworkError::UplinkName { name: format!("{cut:?}{dots}"), why })
}
