//! The machine with the programs under test.

use std::sync::{Mutex, MutexGuard};

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    command,
    vm::system::{Network, System},
};
use hat_driver::expander::Chip;

/// Boots it; its HAT has just got its power.
///
/// # Panics
/// If it does not come up.
pub(crate) fn boot(network: Network) -> System {
    let programs = [
        (command::clusterhat(), "/usr/bin/clusterhat"),
        (command::clusterhat_node(), "/usr/bin/clusterhat-node"),
        (command::clusterhatd(), "/usr/bin/clusterhatd"),
    ];
    System::boot(network, &programs, expanders()).unwrap_or_else(|e| panic!("{e}"))
}

/// The machine, for one test at a time. What a test that failed has left there is not the next one's trouble.
///
/// # Panics
/// If it does not come up again.
pub(crate) fn lock(machine: &Mutex<System>) -> MutexGuard<'_, System> {
    machine.lock().unwrap_or_else(|failed| {
        let mut system = failed.into_inner();
        machine.clear_poison();
        system.renew(expanders()).unwrap_or_else(|e| panic!("{e}"));
        system
    })
}

fn expanders() -> Expanders {
    Expanders::new(Chip::Xra1200p, &[ADDRESS])
}
