//! Options over `/etc/clusterhat/node.toml` over defaults.

use std::path::Path;

use gadget_config::node_file::NODE_FILE;
use gadget_config::{NodeFile, Profile};
use node_link::text::TomlText;
use system_config::changes::read as read_below;

use crate::args::SettingArgs;
use crate::error::NodeError;

/// A gadget, and where it is bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GadgetSettings {
    pub(crate) profile: Profile,
    /// The USB device controller's name; none for the only hardware one.
    pub(crate) udc: Option<String>,
}

/// The settings; lines of the file that have no effect become warnings.
///
/// # Errors
/// The file has an error, or neither it nor the options have an ID.
pub(crate) fn resolve(
    root: &Path,
    flags: &SettingArgs,
    warnings: &mut Vec<String>,
) -> Result<GadgetSettings, NodeError> {
    let file = read(root, warnings)?;
    merge(file, flags).ok_or_else(|| NodeError::NoId(root.join(NODE_FILE)))
}

/// The file's settings; none without a file, or without an ID in it.
///
/// # Errors
/// The file has an error.
pub(crate) fn if_configured(
    root: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<GadgetSettings>, NodeError> {
    Ok(merge(read(root, warnings)?, &SettingArgs::default()))
}

fn read(root: &Path, warnings: &mut Vec<String>) -> Result<NodeFile, NodeError> {
    let path = &root.join(NODE_FILE);
    let unreadable = |source| NodeError::Unreadable { path: path.clone(), source };
    let bytes = read_below(root, Path::new(NODE_FILE)).map_err(unreadable)?.unwrap_or_default();
    let text = TomlText::of_bytes(path, &bytes)?.as_str();
    let (file, told) = NodeFile::parse(text, path)?;
    warnings.extend(told.iter().map(ToString::to_string));
    Ok(file)
}

fn merge(file: NodeFile, flags: &SettingArgs) -> Option<GadgetSettings> {
    let id = flags.id.or(file.id)?;
    let vendor = Profile::new(id, flags.boot.or(file.boot).unwrap_or_default());
    Some(GadgetSettings {
        profile: Profile {
            ethernet: flags.ethernet.or(file.ethernet).unwrap_or(vendor.ethernet),
            admin_console: flags
                .second_port()
                .or(file.admin_console)
                .unwrap_or(vendor.admin_console),
            cluster: flags.cluster.clone().or(file.cluster),
            ..vendor
        },
        udc: flags.udc.clone().or(file.udc),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gadget_config::{BootMethod, Ethernet};

    fn file(text: &str) -> NodeFile {
        NodeFile::parse(text, Path::new("node.toml")).unwrap().0
    }

    #[test]
    fn options_win_over_the_file() {
        let text = "id = 3\nboot = \"usbboot\"\nethernet = \"rndis\"\nserial-ports = 1\n\
                    cluster = \"a\"\nudc = \"a.usb\"";
        let settings = merge(file(text), &SettingArgs::default()).unwrap();
        assert_eq!(settings.profile.boot, BootMethod::Usbboot);
        assert_eq!(settings.profile.ethernet, Ethernet::Rndis);
        assert!(!settings.profile.admin_console);
        assert_eq!(settings.udc.as_deref(), Some("a.usb"));
        let flags = SettingArgs {
            id: "4".parse().ok(),
            boot: Some(BootMethod::Card),
            ethernet: Some(Ethernet::Ecm),
            serial_ports: Some(2),
            admin_console: None,
            cluster: "b".parse().ok(),
            udc: Some("b.usb".into()),
        };
        let settings = merge(file(text), &flags).unwrap();
        assert_eq!(settings.profile.id.get(), 4);
        assert_eq!(settings.profile.boot, BootMethod::Card);
        assert_eq!(settings.profile.ethernet, Ethernet::Ecm);
        assert!(settings.profile.admin_console);
        assert_eq!(settings.profile.cluster, "b".parse().ok());
        assert_eq!(settings.udc.as_deref(), Some("b.usb"));
    }

    #[test]
    fn the_boot_method_chooses_the_ethernet_function() {
        let ethernet = |text| merge(file(text), &SettingArgs::default()).unwrap().profile.ethernet;
        assert_eq!(ethernet("id = 1"), Ethernet::Ncm);
        assert_eq!(ethernet("id = 1\nboot = \"usbboot\""), Ethernet::Ecm);
        assert_eq!(merge(file(""), &SettingArgs::default()), None);
    }
}
