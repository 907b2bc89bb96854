//! Who configures a system's network.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::changes::{ChangeError, Snapshot, SysPath, Sysroot};
use crate::units;

/// A network manager that can do by itself what nodes and controllers need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Manager {
    /// NetworkManager, as on Raspberry Pi OS from bookworm on.
    NetworkManager,
    /// systemd-networkd.
    Networkd,
}

/// A word that is no manager.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network manager: use networkmanager or networkd")]
pub struct ManagerError(String);

impl Manager {
    const ALL: [Self; 2] = [Self::NetworkManager, Self::Networkd];

    /// The unit that runs it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::NetworkManager => "NetworkManager.service",
            Self::Networkd => "systemd-networkd.service",
        }
    }

    /// Takes in what [`Self::find`] looks at.
    pub(crate) fn look(system: &mut Snapshot) -> Result<(), ChangeError> {
        for manager in Self::ALL {
            units::add(system, manager.unit())?;
        }
        units::add_enabling_links(system)
    }

    /// The one that the system starts at boot: NetworkManager where it starts both, as that takes
    /// every interface that nobody else claims.
    pub(crate) fn find(system: &Snapshot) -> Option<Self> {
        let usable = |manager: Self| units::is_usable(system, manager.unit());
        let mut all = Self::ALL.into_iter();
        all.find(|manager| manager.is_on(system))
            // Installed is as good as enabled where nobody is: a package enables its unit later.
            .or_else(|| Some(Self::NetworkManager).filter(|manager| usable(*manager)))
    }

    /// Whether the system starts it at boot.
    pub(crate) fn is_on(self, system: &Snapshot) -> bool {
        units::is_usable(system, self.unit()) && units::enabling_link(system, self.unit()).is_some()
    }

    /// What there is instead, where there is none.
    pub(crate) fn instead(sysroot: &Sysroot) -> String {
        let known = [
            ("usr/sbin/NetworkManager", "NetworkManager is masked"),
            ("etc/dhcpcd.conf", "dhcpcd is installed"),
            ("usr/sbin/ifup", "ifupdown is installed"),
            ("usr/lib/systemd/systemd-networkd", "systemd-networkd is installed but not enabled"),
        ];
        let there = |path: &str| sysroot.has(&SysPath::root(path)).unwrap_or(false);
        let found: Vec<_> =
            known.iter().filter(|(path, _)| there(path)).map(|(_, what)| *what).collect();
        if found.is_empty() { "none is installed".to_owned() } else { found.join(", ") }
    }
}

impl FromStr for Manager {
    type Err = ManagerError;

    fn from_str(text: &str) -> Result<Self, ManagerError> {
        match text {
            "networkmanager" => Ok(Self::NetworkManager),
            "networkd" => Ok(Self::Networkd),
            _ => Err(ManagerError(text.to_owned())),
        }
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NetworkManager => "NetworkManager",
            Self::Networkd => "systemd-networkd",
        })
    }
}
