//! Why the network cannot be set up, looked at or undone.

use std::io;
use std::path::PathBuf;

use super::Finding;
use crate::{Manager, changes};

/// What went wrong. What to do about it is said where that is the same for every program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A program of the system is not there.
    #[error("cannot run `{call}`")]
    NoTool {
        /// What was to be run.
        call: String,
        /// Why not.
        source: io::Error,
    },
    /// A program of the system failed, or what it printed makes no sense.
    #[error("`{call}` failed: {said}")]
    ToolFailed {
        /// What was run.
        call: String,
        /// What it printed.
        said: String,
    },
    /// Neither NetworkManager nor systemd-networkd is enabled.
    #[error("no network manager below {}: {found}; install NetworkManager or enable systemd-networkd", .root.display())]
    NoManager {
        /// The root.
        root: PathBuf,
        /// What is installed instead.
        found: String,
    },
    /// The manager that was asked for does not run here.
    #[error("{0} is not enabled: enable it (systemctl enable --now {unit})", unit = .0.unit())]
    ManagerOff(Manager),
    /// There is no default route.
    #[error("no default route, so the uplink is unknown")]
    NoUplink,
    /// What no interface can be called, or one that cannot be an uplink.
    #[error("{name} cannot be the uplink: {why}")]
    UplinkName {
        /// The name, quoted and cut.
        name: String,
        /// Why.
        why: &'static str,
    },
    /// There is no such interface.
    #[error("there is no network interface {name}; there are: {known}")]
    NoSuchLink {
        /// What was given.
        name: String,
        /// What there is.
        known: String,
    },
    /// A node has the controller's own name, which would lead to the node from then on.
    #[error(
        "node {node} has the name {name}, which is this controller's own (etc/hostname): {}",
        if .node == .name { "give the controller another" } else { "change one of them" }
    )]
    NamedAsController {
        /// `pN`.
        node: String,
        /// Its name.
        name: String,
    },
    /// An uplink was given for NAT that is not the interface of the default route, which NAT uses.
    #[error("with NAT nodes use the controller's default route, through {actual}, and not {asked}")]
    NotDefaultRoute {
        /// What was given.
        asked: String,
        /// The interface of the default route.
        actual: String,
    },
    /// The settings of the uplink cannot be moved to a bridge.
    #[error("{} has {what}, which cannot be moved from {uplink} to a bridge: set up the bridge by hand", .path.display())]
    Uplink {
        /// The interface.
        uplink: String,
        /// Its file.
        path: PathBuf,
        /// What prevents it.
        what: String,
    },
    /// Problems that would keep the network from working.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Blocked(Vec<Finding>),
    /// The network did not come up; the previous state was restored.
    #[error("{why}; {what}")]
    PutBack {
        /// What was waited for.
        why: String,
        /// What was restored.
        what: String,
    },
    /// The network did not come up, and restoring the previous state failed too.
    #[error(
        "{why}; the files were restored, but {then}: restart the network ({restart}) or the controller"
    )]
    NotPutBack {
        /// What was waited for.
        why: String,
        /// What failed then.
        then: String,
        /// The command that restarts the network.
        restart: String,
    },
    /// The nodes' network is not set up.
    #[error("the nodes' network is not set up")]
    NotSetUp,
    /// Reading the packet filter's rules takes root.
    #[error("cannot read the packet filter's rules: run this as root")]
    FilterUnread,
    /// Rules that still block the nodes' traffic and cannot be changed here.
    #[error(
        "{0} still blocks the nodes' traffic: its rules cannot be analysed or changed here; allow {bridge} there with the program that made the chain", bridge = super::BRIDGE
    )]
    StillBlocked(String),
    /// The file of the settings cannot be understood.
    #[error("{}: {message}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The files.
    #[error(transparent)]
    Changes(#[from] changes::ChangeError),
}

impl NetworkError {
    /// Whether the request is wrong, and not the system.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::ManagerOff(_)
            | Self::NoUplink
            | Self::UplinkName { .. }
            | Self::NoSuchLink { .. }
            | Self::NamedAsController { .. }
            | Self::NotDefaultRoute { .. } => true,
            Self::Changes(error) => error.is_usage(),
            _ => false,
        }
    }
}
