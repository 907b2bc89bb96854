//! `clusterhat-node` in a virtual machine with a stock Debian kernel: dummy_hcd joins a device
//! controller to a host controller, so that the guest is both the node and the controller. The tests
//! share one boot, and run one after the other.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use clusterhat_tests::{command, vm::Vm};

mod guest;
mod life;
mod link;
mod refuse;
mod repair;

/// One after the other, in the order of need. Without udev nothing loads them by itself; usb_f_ecm
/// is left for the test of a kernel that lacks it.
const MODULES: [&str; 9] = [
    "dummy_hcd num=2",
    "libcomposite",
    "usb_f_ncm",
    "usb_f_rndis",
    "usb_f_acm",
    "cdc_ncm",
    "cdc_ether",
    "rndis_host",
    "cdc-acm",
];

static VM: LazyLock<Mutex<Vm>> = LazyLock::new(|| {
    let vm = Vm::boot(&[(command::clusterhat_node(), guest::PROGRAM)]);
    let vm = vm.unwrap_or_else(|e| panic!("{e}"));
    for module in MODULES {
        guest::sh(&vm, &format!("modprobe {module}"));
    }
    guest::sh(&vm, "mount -t configfs none /sys/kernel/config; mkdir -p /etc/clusterhat");
    Mutex::new(vm)
});

/// The machine, for one test at a time, without a gadget of anybody's.
fn vm() -> MutexGuard<'static, Vm> {
    let vm = VM.lock().unwrap_or_else(PoisonError::into_inner);
    guest::clear(&vm);
    vm
}
