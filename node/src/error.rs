//! Why a command failed, and with which exit status.

use std::io;
use std::path::PathBuf;

use gadget_config::GadgetError;
use node_link::text::{FileMessage, chain};
use serde::Serialize;
use system_config::card::CardError;

/// An error of any stage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    #[error("{0}")]
    Usage(String),
    #[error("cannot read {}; check its permissions", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    NodeFile(#[from] FileMessage),
    #[error("{} has no id: write `id = N` there, 1 to 252, or give --id N", .0.display())]
    NoId(PathBuf),
    #[error(transparent)]
    Gadget(#[from] GadgetError),
    #[error(transparent)]
    Card(#[from] CardError),
}

/// An error in the JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct NodeErrorReport {
    /// One of [`NodeError::kind`].
    kind: &'static str,
    /// The error and its causes on one line.
    message: String,
    exit_status: u8,
}

impl NodeError {
    /// 1 failed, 2 usage or configuration, 3 timed out.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Unreadable { .. } | Self::NodeFile(_) | Self::NoId(_) => 2,
            Self::Gadget(GadgetError::SeveralUdcs { .. }) => 2,
            Self::Gadget(error) if error.is_timeout() => 3,
            Self::Card(error) if error.is_usage() => 2,
            Self::Card(error) if error.is_timeout() => 3,
            Self::Gadget(_) | Self::Card(_) => 1,
        }
    }

    /// What programs tell errors apart by.
    fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Unreadable { .. } | Self::NodeFile(_) | Self::NoId(_) => "configuration",
            Self::Gadget(GadgetError::NoUdc { .. }) => "no-udc",
            Self::Gadget(GadgetError::SeveralUdcs { .. }) => "several-udcs",
            Self::Gadget(GadgetError::Owned { .. }) => "udc-in-use",
            Self::Gadget(GadgetError::TtyOpen(_)) => "serial-port-in-use",
            Self::Gadget(error) if error.is_timeout() => "locked",
            Self::Card(error) if error.is_timeout() => "locked",
            Self::Card(error) if error.is_usage() => "usage",
            Self::Gadget(_) => "gadget",
            Self::Card(_) => "setup",
        }
    }

    pub(crate) fn report(&self) -> NodeErrorReport {
        let (kind, exit_status) = (self.kind(), self.exit_status());
        NodeErrorReport { kind, message: chain(self), exit_status }
    }
}
