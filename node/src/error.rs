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

/// What programs tell errors apart by. Written with hyphens in documents: `no-udc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NodeErrorKind {
    Usage,
    Configuration,
    NoUdc,
    SeveralUdcs,
    UdcInUse,
    SerialPortInUse,
    Locked,
    Gadget,
    Setup,
}

/// An error in the JSON document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NodeErrorReport {
    kind: NodeErrorKind,
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

    fn kind(&self) -> NodeErrorKind {
        match self {
            Self::Usage(_) => NodeErrorKind::Usage,
            Self::Unreadable { .. } | Self::NodeFile(_) | Self::NoId(_) => {
                NodeErrorKind::Configuration
            }
            Self::Gadget(GadgetError::NoUdc { .. }) => NodeErrorKind::NoUdc,
            Self::Gadget(GadgetError::SeveralUdcs { .. }) => NodeErrorKind::SeveralUdcs,
            Self::Gadget(GadgetError::Owned { .. }) => NodeErrorKind::UdcInUse,
            Self::Gadget(GadgetError::TtyOpen(_)) => NodeErrorKind::SerialPortInUse,
            Self::Gadget(error) if error.is_timeout() => NodeErrorKind::Locked,
            Self::Card(error) if error.is_timeout() => NodeErrorKind::Locked,
            Self::Card(error) if error.is_usage() => NodeErrorKind::Usage,
            Self::Gadget(_) => NodeErrorKind::Gadget,
            Self::Card(_) => NodeErrorKind::Setup,
        }
    }

    pub(crate) fn report(&self) -> NodeErrorReport {
        let (kind, exit_status) = (self.kind(), self.exit_status());
        NodeErrorReport { kind, message: chain(self), exit_status }
    }
}
