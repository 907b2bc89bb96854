//! Why a command failed, and with which exit status.

use std::io;
use std::path::PathBuf;

use gadget_config::GadgetError;
use node_link::text::{FileMessage, chain, shorten};
use serde::Serialize;
use system_config::card::CardError;
use system_config::changes::ParameterNames;

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
    #[error("the agent cannot wait for its connection")]
    Agent { source: io::Error },
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
    Agent,
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
            Self::Gadget(_) | Self::Card(_) | Self::Agent { .. } => 1,
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
            Self::Agent { .. } => NodeErrorKind::Agent,
        }
    }

    /// The error with its causes and what to do about it, on one line.
    pub(crate) fn message(&self) -> String {
        const OPTIONS: ParameterNames<'_> =
            ParameterNames { root: "--root", boot_dir: "--boot-dir", overwrite: "--force" };
        let advice = match self {
            Self::Card(CardError::BootDirAlone(dir)) => {
                return format!(
                    "--boot-dir {} needs --root: give the root directory of the same card, or / for \
                     this machine",
                    dir.display()
                );
            }
            Self::Card(CardError::NotAZero(_)) => Some(
                ": give --root and --boot-dir to prepare a card, or --root / to set up this machine \
                 nevertheless"
                    .to_owned(),
            ),
            Self::Card(CardError::Changes(error)) => OPTIONS.advice(error),
            _ => None,
        };
        shorten(&(chain(self) + &advice.unwrap_or_default())).into_owned()
    }

    pub(crate) fn report(&self) -> NodeErrorReport {
        let (kind, exit_status) = (self.kind(), self.exit_status());
        NodeErrorReport { kind, message: self.message(), exit_status }
    }
}

#[cfg(test)]
mod tests {
    use system_config::changes::ChangeError;

    use super::*;

    #[test]
    fn errors_of_a_card_name_the_options() {
        let message = |error: CardError| NodeError::from(error).message();
        assert_eq!(
            message(CardError::BootDirAlone("/mnt/boot".into())),
            "--boot-dir /mnt/boot needs --root: give the root directory of the same card, or / for \
             this machine"
        );
        assert!(message(CardError::NotAZero("Raspberry Pi 4".into())).ends_with(
            "not a Zero: give --root and --boot-dir to prepare a card, or --root / to set up this \
             machine nevertheless"
        ));
        assert_eq!(
            message(ChangeError::NoConfigTxt("/mnt".into()).into()),
            "/mnt has no config.txt: give the directory on which the card's boot partition is \
             mounted as --boot-dir"
        );
    }
}
