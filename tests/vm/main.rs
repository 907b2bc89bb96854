//! Tests in a virtual machine with a stock Debian kernel: of the rig, and of the `clusterhat`
//! command on real `/dev/i2c-N` nodes. They share one boot, and run one after the other.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use clusterhat_tests::{command, vm::Vm};

mod boards;
mod faults;
mod hat;
mod kernel_driver;
mod locks;
mod power;
mod rig;
mod smbus;
mod transfers;
mod users;

static VM: LazyLock<Mutex<Vm>> = LazyLock::new(|| {
    let booted = Vm::boot(&[(command::clusterhat(), hat::PROGRAM)]).and_then(|vm| {
        // As on Debian: a folder for everybody's locks.
        vm.run(&["mkdir", "-p", "-m", "1777", "/run/lock"])?;
        vm.run(&["mkdir", "-p", "/etc/clusterhat"])?;
        Ok(vm)
    });
    Mutex::new(booted.unwrap_or_else(|e| panic!("{e}")))
});

/// The machine, for one test at a time.
fn vm() -> MutexGuard<'static, Vm> {
    VM.lock().unwrap_or_else(PoisonError::into_inner)
}
