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
        /// What it said.
        said: String,
    },
    /// Neither of the two managers.
    #[error("no network manager below {}: {found}; install NetworkManager or enable systemd-networkd", .root.display())]
    NoManager {
        /// The root.
        root: PathBuf,
        /// What there is instead.
        found: String,
    },
    /// The manager that was asked for does not run here.
    #[error("{0} is not enabled: enable it (systemctl enable --now {unit})", unit = .0.unit())]
    ManagerOff(Manager),
    /// There is no default route.
    #[error("no default route, so the uplink is unknown")]
    NoUplink,
    /// No such interface.
    #[error("there is no network interface {name}; there are: {known}")]
    NoSuchLink {
        /// What was given.
        name: String,
        /// What there is.
        known: String,
    },
    /// With NAT the default route decides, not the caller.
    #[error("with NAT nodes use the controller's default route, through {actual}, and not {asked}")]
    NotTheWayOut {
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
    /// Something would break it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Blocked(Vec<Finding>),
    /// It did not come up, and everything is as before.
    #[error("{why}; {what}")]
    PutBack {
        /// What was waited for.
        why: String,
        /// What is there now.
        what: String,
    },
    /// It did not come up, and putting everything back failed too.
    #[error(
        "{why}; the files were restored, but {then}: restart the network ({restart}) or the controller"
    )]
    NotPutBack {
        /// What was waited for.
        why: String,
        /// What failed then.
        then: String,
        /// How.
        restart: String,
    },
    /// Nothing to look at.
    #[error("the nodes' network is not set up")]
    NotSetUp,
    /// No right to.
    #[error("cannot read the packet filter's rules: run this as root")]
    FilterUnread,
    /// Rules that are not ours to change.
    #[error(
        "{0} still blocks the nodes' traffic: its rules cannot be analysed or changed here; allow {bridge} there with the program that made the chain", bridge = super::BRIDGE
    )]
    StillStopped(String),
    /// The record of the settings.
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
    /// Whether what was asked for is wrong.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::ManagerOff(_)
            | Self::NoUplink
            | Self::NoSuchLink { .. }
            | Self::NotTheWayOut { .. } => true,
            Self::Changes(error) => error.is_usage(),
            _ => false,
        }
    }
}
