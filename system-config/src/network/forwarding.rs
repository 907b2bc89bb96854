//! Lets the nodes through the packet filter for good: a unit that does so at every boot, and again when a
//! program that makes rules is started or reloaded (systemd.unit(5)); for firewalld a zone of its own.

use std::path::{Path, PathBuf};

use super::BRIDGE;
use super::manager_files::ConfigFile;
use crate::Manager;
use crate::changes::SysPath;

pub(super) const UNIT: &str = "clusterhat-forwarding.service";

const UNITS: &str = "etc/systemd/system";

/// Who makes rules.
const FILTERS: [&str; 5] = [
    "docker.service",
    "firewalld.service",
    "netfilter-persistent.service",
    "nftables.service",
    "ufw.service",
];

const ZONE: &str = "etc/firewalld/zones/clusterhat.xml";
const POLICY: &str = "etc/firewalld/policies/clusterhat-out.xml";

/// Where a package puts the program.
pub(super) const PROGRAM: &str = "/usr/bin/clusterhat";

/// All that planning has to know of.
pub(super) fn sys_paths() -> (Vec<SysPath>, Vec<SysPath>) {
    let files = [format!("{UNITS}/{UNIT}"), ZONE.to_owned(), POLICY.to_owned()];
    (
        files.into_iter().map(SysPath::root).collect(),
        wants().into_iter().map(SysPath::root).collect(),
    )
}

pub(super) fn files(program: &Path, has_firewalld: bool, manager: Manager) -> Vec<ConfigFile> {
    let mut files = vec![ConfigFile::public(&format!("{UNITS}/{UNIT}"), unit(program))];
    // NetworkManager has put what it shares into a zone that lets it out already.
    if manager == Manager::Networkd && has_firewalld {
        files.push(ConfigFile::public(ZONE, zone()));
        files.push(ConfigFile::public(POLICY, policy()));
    }
    files
}

/// Links and their targets.
pub(super) fn links() -> Vec<(SysPath, PathBuf)> {
    let target = Path::new("/").join(UNITS).join(UNIT);
    wants().into_iter().map(|path| (SysPath::root(path), target.clone())).collect()
}

fn wants() -> Vec<String> {
    let by = ["multi-user.target"].into_iter().chain(FILTERS);
    by.map(|unit| format!("{UNITS}/{unit}.wants/{UNIT}")).collect()
}

fn unit(program: &Path) -> String {
    let filters = FILTERS.join(" ");
    let program = program.display();
    format!(
        "# Written by `clusterhat network setup`.\n\
         [Unit]\nDescription=Let the nodes of the Cluster HAT through the packet filter\n\
         Documentation=man:clusterhat-network-allow(1)\n\
         After={filters}\nPartOf={filters}\nReloadPropagatedFrom={filters}\n\n\
         [Service]\nType=oneshot\nRemainAfterExit=yes\n\
         ExecStart={program} network allow\nExecReload={program} network allow\n"
    )
}

/// firewalld.zone(5): nodes may ask the controller for addresses and names.
fn zone() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <!-- Written by `clusterhat network setup`. -->\n\
         <zone>\n  <short>Cluster HAT</short>\n  <interface name=\"{BRIDGE}\"/>\n\
         \x20 <service name=\"dhcp\"/>\n  <service name=\"dns\"/>\n  <forward/>\n</zone>\n"
    )
}

/// firewalld.policy(5): and go everywhere beyond it.
fn policy() -> String {
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
     <!-- Written by `clusterhat network setup`. -->\n\
     <policy target=\"ACCEPT\">\n  <short>Cluster HAT</short>\n\
     \x20 <ingress-zone name=\"clusterhat\"/>\n  <egress-zone name=\"ANY\"/>\n</policy>\n"
        .to_owned()
}
