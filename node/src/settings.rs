//! Options over `/etc/clusterhat/node.toml` over defaults.

use std::io;
use std::path::Path;

use gadget_config::node_file::NODE_FILE;
use gadget_config::{NodeFile, Profile};
use system_config::changes::read as read_below;

use crate::args::Identity;
use crate::failure::Failure;

/// What `up` needs to know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    /// The controller's name; none for the only real one.
    pub(crate) udc: Option<String>,
}

/// The settings, and warnings of what has no effect.
///
/// # Errors
/// If the file has an error, or the ID stands nowhere.
pub(crate) fn resolve(
    root: &Path,
    identity: &Identity,
) -> Result<(Settings, Vec<String>), Failure> {
    let (file, warnings) = read(root)?;
    let settings = merge(file, identity).ok_or_else(|| Failure::NoId(root.join(NODE_FILE)))?;
    Ok((settings, warnings))
}

/// The file's settings, if it says what the node is.
///
/// # Errors
/// If the file has an error.
pub(crate) fn if_configured(root: &Path) -> Result<(Option<Settings>, Vec<String>), Failure> {
    let (file, warnings) = read(root)?;
    Ok((merge(file, &Identity::default()), warnings))
}

fn read(root: &Path) -> Result<(NodeFile, Vec<String>), Failure> {
    let path = &root.join(NODE_FILE);
    let unreadable = |source| Failure::Unreadable { path: path.clone(), source };
    let bytes = read_below(root, Path::new(NODE_FILE)).map_err(unreadable)?.unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(io::Error::other).map_err(unreadable)?;
    let (file, warnings) = NodeFile::parse(&text, path)?;
    Ok((file, warnings.iter().map(ToString::to_string).collect()))
}

fn merge(file: NodeFile, flags: &Identity) -> Option<Settings> {
    let id = flags.id.or(file.id)?;
    let vendor = Profile::new(id, flags.boot.or(file.boot).unwrap_or_default());
    Some(Settings {
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
        let settings = merge(file(text), &Identity::default()).unwrap();
        assert_eq!(settings.profile.boot, BootMethod::Usbboot);
        assert_eq!(settings.profile.ethernet, Ethernet::Rndis);
        assert!(!settings.profile.admin_console);
        assert_eq!(settings.udc.as_deref(), Some("a.usb"));
        let flags = Identity {
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
        let ethernet = |text| merge(file(text), &Identity::default()).unwrap().profile.ethernet;
        assert_eq!(ethernet("id = 1"), Ethernet::Ncm);
        assert_eq!(ethernet("id = 1\nboot = \"usbboot\""), Ethernet::Ecm);
        assert_eq!(merge(file(""), &Identity::default()), None);
    }
}
