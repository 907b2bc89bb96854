//! systemd-networkd: one file for `usb0`.
//!
//! systemd.network(5) knows a fallback for DHCPv4 only as a link-local address, so the fixed
//! address is kept beside the lease. From our controller both are the same one; its route has a
//! higher metric than the lease's (1024), which therefore wins.
//!
//! The client names itself by its MAC address, by which the controller's leases and those of a network's
//! administrator go: networkd's own identifier comes from the machine's ID, which copied cards share.

use node_link::{NodeId, Subnet};

use super::network::{INTERFACE, Profile, address};
use crate::changes::SysPath;

const FILE: &str = "etc/systemd/network/10-clusterhat-usb0.network";

const FIXED_ROUTE_METRIC: u32 = 2048;

pub(super) fn profiles(id: NodeId, subnet: Subnet) -> Vec<Profile> {
    let text = format!(
        "# clusterhat-node setup: a lease and the fixed address.\n\
         [Match]\nName={INTERFACE}\n\n\
         [Link]\nRequiredForOnline=no\n\n\
         [Network]\nDHCP=ipv4\nIPv6AcceptRA=yes\n\n\
         [DHCPv4]\nClientIdentifier=mac\n\n\
         [Address]\nAddress={}\n\n\
         [Route]\nGateway={}\nMetric={FIXED_ROUTE_METRIC}\n",
        address(id, subnet),
        subnet.controller()
    );
    vec![Profile { sys_path: SysPath::root(FILE), text, mode: 0o644 }]
}
