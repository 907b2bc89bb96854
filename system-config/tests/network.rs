//! `clusterhat network` as a library, on systems in temporary folders and with made-up answers of
//! the system's programs.

#![allow(clippy::unwrap_used)]

#[path = "network/activation.rs"]
mod activation;
#[path = "network/cases.rs"]
mod cases;
#[path = "network/filters.rs"]
mod filters;
#[path = "network/findings.rs"]
mod findings;
#[path = "network/machine.rs"]
mod machine;
#[path = "network/status.rs"]
mod status;
#[path = "network/undo.rs"]
mod undo;

#[allow(dead_code, reason = "shared with the tests of the setup of cards")]
#[path = "card/tree.rs"]
mod tree;
