//! Tests in virtual machines with a stock Debian kernel: of the rig, and of the `clusterhat` command
//! on real `/dev/i2c-N` nodes. Those of HATs share one boot; those of ClusterCTRL boards share
//! another, with systemd-udevd. At each machine one runs after the other.

use std::{
    path::Path,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use clusterhat_tests::{command, vm::Vm};

mod boards;
mod ctrl;
mod ctrl_commands;
mod ctrl_faults;
mod ctrl_transfers;
mod faults;
mod hat;
mod kernel_driver;
mod locks;
mod power;
mod rig;
mod smbus;
mod transfers;
mod udev;
mod users;
mod vendor;

static VM: LazyLock<Mutex<Vm>> = LazyLock::new(|| {
    let booted = Vm::boot(&[(command::clusterhat(), hat::PROGRAM)]).and_then(|vm| {
        // As on Debian: a folder for everybody's locks.
        vm.run(&["mkdir", "-p", "-m", "1777", "/run/lock"])?;
        vm.run(&["mkdir", "-p", "/etc/clusterhat"])?;
        Ok(vm)
    });
    Mutex::new(booted.unwrap_or_else(|e| panic!("{e}")))
});

/// The rules that the package ships.
const RULES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../udev/lib/udev/rules.d/60-clusterhat.rules");

static UDEV_VM: LazyLock<Mutex<Vm>> = LazyLock::new(|| {
    let files = [(command::clusterhat(), hat::PROGRAM), (Path::new(RULES), udev::RULES)];
    let booted = Vm::boot_with_udev(&files).and_then(|vm| {
        vm.run(&["mkdir", "-p", "-m", "1777", "/run/lock"])?;
        vm.run(&["mkdir", "-p", "/etc/clusterhat", "/etc/default"])?;
        vm.run(&["ln", "-s", hat::PROGRAM, ctrl::VENDOR_PROGRAM])?;
        Ok(vm)
    });
    Mutex::new(booted.unwrap_or_else(|e| panic!("{e}")))
});

/// The machine of the ClusterCTRL boards, for one test at a time.
fn udev_vm() -> MutexGuard<'static, Vm> {
    without_delays(UDEV_VM.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The machine of the HATs, for one test at a time.
fn vm() -> MutexGuard<'static, Vm> {
    without_delays(VM.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The node that the test before switched on asks for no delay now.
fn without_delays(vm: MutexGuard<'static, Vm>) -> MutexGuard<'static, Vm> {
    let record = "/run/lock/clusterhat-power.record";
    // Nor is it known since when nodes of earlier boards are off.
    let removed = vm
        .run(&["rm", "-rf", record, "/run/clusterhat-nodes"])
        .unwrap_or_else(|e| panic!("rm {record}: {e}"));
    assert_eq!(removed.status, 0, "rm {record}: {}", removed.stderr);
    vm
}
