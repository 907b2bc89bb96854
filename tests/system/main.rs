//! A whole Debian 13 with systemd as the controller, and with its nodes: what the project installs
//! beside its programs, at work. The tests share a machine for each manager of networks, and run one
//! after the other.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    command,
    vm::system::{Network, System},
};
use hat_driver::sim::chip::Kind;

mod guest;
mod power;
#[path = "../gadget/program.rs"]
mod program;
mod shipped;

static SYSTEM: LazyLock<Mutex<System>> =
    LazyLock::new(|| Mutex::new(boot(Network::NetworkManager)));

fn boot(network: Network) -> System {
    let programs = [
        (command::clusterhat(), "/usr/bin/clusterhat"),
        (program::clusterhat_node(), "/usr/bin/clusterhat-node"),
    ];
    let expanders = Expanders::new(Kind::Xra1200p, &[ADDRESS]);
    System::boot(network, &programs, expanders).unwrap_or_else(|e| panic!("{e}"))
}

/// The machine with NetworkManager, for one test at a time.
fn system() -> MutexGuard<'static, System> {
    SYSTEM.lock().unwrap_or_else(PoisonError::into_inner)
}
