//! NetworkManager: two profiles for `usb0`, tried one after the other.
//!
//! After nm-settings-nmcli(5), nm-settings-keyfile(5) and NetworkManager.conf(5):
//! - of several profiles the one with the higher `autoconnect-priority` is tried first, and
//!   `autoconnect-retries=1` blocks it after one failure, so that the other gets its turn;
//! - `may-fail=false` makes a lease a condition: with it true the profile would be up by IPv6
//!   alone, and the fixed address never tried;
//! - a profile that is static only is up without a carrier, and stays when the carrier comes: the
//!   fixed one demands an IPv6 link-local address, for which it has to wait for the carrier too;
//! - a gadget's interface is unmanaged by NetworkManager's own udev rule (85-nm-unmanaged.rules);
//!   `managed=1` in its configuration overrides that rule.

use node_link::{NodeId, Subnet};

use super::network::{INTERFACE, Profile, address};
use crate::changes::SysPath;

/// The file that makes it manage the gadget.
pub(super) const MANAGED: &str = "etc/NetworkManager/conf.d/90-clusterhat-usb0.conf";

const FOLDER: &str = "etc/NetworkManager/system-connections";

/// A bridge with STP, which NetworkManager's are, passes nothing on for its first 30 s.
const LEASE_TIMEOUT_S: u32 = 45;

/// Less urgent than Wi-Fi's 600: nobody answered on this link.
const FIXED_ROUTE_METRIC: u32 = 700;

pub(super) fn profiles(id: NodeId, subnet: Subnet) -> Vec<Profile> {
    let profile = |name: &str, text| Profile {
        sys_path: SysPath::root(FOLDER).below(format!("{name}.nmconnection")),
        text,
        // NetworkManager ignores keyfiles that others can read.
        mode: 0o600,
    };
    let managed = format!(
        "# clusterhat-node setup: NetworkManager leaves gadgets alone otherwise.\n\
         [device-clusterhat-{INTERFACE}]\nmatch-device=interface-name:{INTERFACE}\nmanaged=1\n"
    );
    vec![
        Profile { sys_path: SysPath::root(MANAGED), text: managed, mode: 0o644 },
        profile("clusterhat-usb0", lease()),
        profile("clusterhat-usb0-fixed", fixed(id, subnet)),
    ]
}

fn lease() -> String {
    format!(
        "# clusterhat-node setup: an address from the controller or its network.\n\
         [connection]\nid=clusterhat-usb0\nuuid=8a4f1c52-6f0e-4f6b-9d43-5f7d1f1f2b01\n\
         type=ethernet\ninterface-name={INTERFACE}\nautoconnect-priority=20\n\
         autoconnect-retries=1\n\n\
         [ipv4]\nmethod=auto\nmay-fail=false\ndhcp-timeout={LEASE_TIMEOUT_S}\n\n\
         [ipv6]\nmethod=auto\n"
    )
}

fn fixed(id: NodeId, subnet: Subnet) -> String {
    format!(
        "# clusterhat-node setup: the fixed address, where nobody gives one.\n\
         [connection]\nid=clusterhat-usb0-fixed\nuuid=8a4f1c52-6f0e-4f6b-9d43-5f7d1f1f2b02\n\
         type=ethernet\ninterface-name={INTERFACE}\nautoconnect-priority=10\n\n\
         [ipv4]\nmethod=manual\naddress1={}\ngateway={}\n\
         route-metric={FIXED_ROUTE_METRIC}\n\n\
         [ipv6]\nmethod=link-local\nmay-fail=false\n",
        address(id, subnet),
        subnet.controller()
    )
}
