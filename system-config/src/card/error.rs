//! Why a card cannot be set up, and what to do about it.

use std::path::PathBuf;

use crate::changes;

/// Why a card cannot be set up, or a setup not undone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// A boot folder alone would mix a card's boot partition with this machine's root.
    #[error("{} has a boot partition only: the root of the same card is missing", .0.display())]
    BootDirAlone(PathBuf),
    /// The running machine is no Zero.
    #[error("this machine is a {0}, not a Zero")]
    NotAZero(String),
    /// Other software makes a gadget of the USB port.
    #[error("{what} is switched on ({}) and claims the USB port; to switch it off: {fix}", .path.display())]
    Conflict {
        /// The software.
        what: &'static str,
        /// The file that says so.
        path: PathBuf,
        /// A command that switches it off.
        fix: String,
    },
    /// Other software will make one at the first boot.
    #[error(
        "cloud-init switches rpi-usb-gadget on at the first boot ({}), which claims the USB port; to leave it off: {fix}",
        .path.display()
    )]
    ConflictAtFirstBoot {
        /// Its settings.
        path: PathBuf,
        /// A command that takes that out.
        fix: String,
    },
    /// The node's unit is not installed.
    #[error("{unit} is not installed below {}: {fix}", .root.display())]
    UnitMissing {
        /// Its name.
        unit: &'static str,
        /// The root.
        root: PathBuf,
        /// What to do.
        fix: String,
    },
    /// A unit is masked.
    #[error("{unit} is masked by {}: remove that link first (systemctl unmask {unit})", .path.display())]
    UnitMasked {
        /// Its name.
        unit: &'static str,
        /// The link.
        path: PathBuf,
    },
    /// Neither of the two network managers.
    #[error(
        "no network manager for usb0 below {}: {found}; install NetworkManager or enable systemd-networkd",
        .root.display()
    )]
    NoNetworkManager {
        /// The root.
        root: PathBuf,
        /// What there is instead.
        found: String,
    },
    /// A name that no host can have.
    #[error(
        "{0:?} is not a host name: use 1 to 63 of A-Z, a-z, 0-9 and -, with no - at either end, and not localhost"
    )]
    HostName(String),
    /// The card's files.
    #[error(transparent)]
    Changes(#[from] changes::ChangeError),
}

impl CardError {
    /// Whether what was asked for is wrong, not the card.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::BootDirAlone(_) | Self::NotAZero(_) | Self::HostName(_) => true,
            Self::Changes(error) => error.is_usage(),
            _ => false,
        }
    }

    /// Whether another setup held the lock for too long.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Changes(error) if error.is_timeout())
    }
}
