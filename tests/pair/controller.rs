//! The controller's machine.

use clusterhat_tests::vm::{Programs, Spec, Vm, protocol::HOST};

use crate::cable::{sh, usbip};

/// As the vendor's images have it.
pub(crate) const ADDRESS: &str = "172.19.181.254";

const MODULES: [&str; 2] = ["cdc_ncm", "cdc-acm"];

/// Whether all ports of the virtual host controller are empty (state 004).
pub(crate) const UNPLUGGED: &str =
    "! grep '^hs' /sys/devices/platform/vhci_hcd.0/status | grep -qv '^hs *[0-9]* 004 '";

pub(crate) fn boot() -> Vm {
    let spec = Spec { programs: &[Programs::Usbip], ..Spec::default() };
    let vm = Vm::boot_spec(&spec).unwrap_or_else(|e| panic!("{e}"));
    for module in MODULES {
        sh(&vm, &format!("modprobe {module}"));
    }
    vm
}

/// Plugs the node's cable in, if it is not.
pub(crate) fn plug(vm: &Vm, port: u16) {
    if vm.run(&["sh", "-c", UNPLUGGED]).unwrap().status == 0 {
        usbip(vm, &format!("--tcp-port {port} attach -r {HOST} -d usbip-vudc.0"));
    }
}
