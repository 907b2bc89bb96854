//! Why the command ends without success, and with which exit status.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use gadget_config::node_file::NodeFileError;
use serde::Serialize;

/// An error of any stage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot read {}; check its permissions", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    NodeFile(#[from] NodeFileError),
    #[error("{} says no id, a whole number from 1 to 252: write one there or give --id", .0.display())]
    NoId(PathBuf),
    #[error(transparent)]
    Gadget(#[from] gadget_config::Error),
    #[error(transparent)]
    Setup(#[from] system_config::card::Error),
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

/// An error for machines.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport {
    error: String,
    exit_status: u8,
}

impl Failure {
    /// 1 failed, 2 usage or configuration, 3 timed out.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::NodeFile(_) | Self::NoId(_) => 2,
            Self::Gadget(gadget_config::Error::SeveralUdcs { .. }) => 2,
            Self::Gadget(error) if error.is_timeout() => 3,
            Self::Setup(error) if error.is_usage() => 2,
            Self::Setup(error) if error.is_timeout() => 3,
            Self::Gadget(_) | Self::Setup(_) | Self::Output(_) => 1,
        }
    }

    /// The error and its causes on one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }

    pub(crate) fn report(&self) -> FailureReport {
        FailureReport { error: self.chain(), exit_status: self.exit_status() }
    }
}
