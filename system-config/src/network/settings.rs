//! What was set up, kept for those who ask later.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use node_link::{ClusterName, NodeId, Subnet};
use serde::{Deserialize, Serialize};

use super::{NetworkError, NetworkMode};
use crate::Manager;
use crate::changes::{Snapshot, SysPath, Sysroot};

/// Below the root.
pub const SETTINGS_FILE: &str = "etc/clusterhat/network.toml";

/// The network as it was set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NetworkSettings {
    /// How the nodes get out.
    pub mode: NetworkMode,
    /// Who does it.
    pub manager: Manager,
    /// The nodes' own network (NAT).
    pub subnet: Option<Subnet>,
    /// The controller's interface that is a port of the bridge (bridge mode).
    pub uplink: Option<String>,
    /// From whose name the nodes' MAC addresses are derived; none = the vendor's.
    pub cluster: Option<ClusterName>,
    /// Whether nodes are kept from each other.
    #[serde(default)]
    pub isolate: bool,
    /// Whether a unit lets them through the packet filter.
    #[serde(default)]
    pub allow_forwarding: bool,
}

impl NetworkSettings {
    /// Of the system below a root; nothing if none was set up.
    ///
    /// # Errors
    /// A file that cannot be read or makes no sense.
    pub fn read(sysroot: &Sysroot) -> Result<Option<Self>, NetworkError> {
        let mut system = Snapshot::new(sysroot);
        let sys_path = SysPath::root(SETTINGS_FILE);
        system.add_file(sys_path.clone())?;
        let Some(file) = system.file(&sys_path) else { return Ok(None) };
        let wrong =
            |message: String| NetworkError::Settings { path: sysroot.shown(&sys_path), message };
        let text = std::str::from_utf8(&file.bytes).map_err(|error| wrong(error.to_string()))?;
        let settings = toml::from_str(text).map_err(|error| wrong(error.message().to_owned()))?;
        Ok(Some(settings))
    }

    /// A node's address, where it has a fixed one.
    #[must_use]
    pub fn address(&self, id: NodeId) -> Option<Ipv4Addr> {
        self.subnet.map(|subnet| subnet.node(id))
    }

    pub(super) fn text(&self) -> String {
        let manager = match self.manager {
            Manager::NetworkManager => "networkmanager",
            Manager::Networkd => "networkd",
        };
        let mut text = "# Written by `clusterhat network setup`, which changes it.\n".to_owned();
        let mut line = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                // Names and addresses hold nothing that TOML would have escaped.
                let _ = writeln!(text, "{key} = \"{value}\"");
            }
        };
        line("mode", Some(self.mode.to_string()));
        line("manager", Some(manager.to_owned()));
        line("subnet", self.subnet.map(|subnet| subnet.to_string()));
        line("uplink", self.uplink.clone());
        line("cluster", self.cluster.as_ref().map(ToString::to_string));
        for (key, is_set) in
            [("isolate", self.isolate), ("allow-forwarding", self.allow_forwarding)]
        {
            if is_set {
                let _ = writeln!(text, "{key} = true");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let nat = NetworkSettings {
            mode: NetworkMode::Nat,
            manager: Manager::NetworkManager,
            subnet: Some(Subnet::VENDOR),
            uplink: None,
            cluster: Some("rack-1".parse().unwrap()),
            isolate: false,
            allow_forwarding: true,
        };
        let bridge = NetworkSettings {
            mode: NetworkMode::Bridge,
            manager: Manager::Networkd,
            subnet: None,
            uplink: Some("eth0".to_owned()),
            cluster: None,
            isolate: true,
            allow_forwarding: false,
        };
        for settings in [nat, bridge] {
            assert_eq!(toml::from_str(&settings.text()), Ok(settings));
        }
    }
}
