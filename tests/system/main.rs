//! A whole Debian 13 with systemd and NetworkManager as the controller, and with its nodes: what the
//! project installs beside its programs, at work. The tests share one machine, and run one after the
//! other.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::sync::{LazyLock, Mutex, MutexGuard};

use clusterhat_tests::vm::system::{Network, System};

mod agent;
mod boot;
mod bridge;
mod cloned;
mod daemon;
mod fan;
mod fat;
mod guest;
mod machine;
mod moments;
mod names;
mod network;
mod power;
mod power_off;
mod service;
mod shipped;
mod start;

static SYSTEM: LazyLock<Mutex<System>> =
    LazyLock::new(|| Mutex::new(machine::boot(Network::NetworkManager)));

/// The machine, for one test at a time.
fn system() -> MutexGuard<'static, System> {
    machine::lock(&SYSTEM)
}

#[test]
#[ignore = "10 to 20 minutes: tests/long system"]
fn nat_gives_addresses_names_and_internet_access_until_it_is_undone() {
    network::nat_until_it_is_undone();
}

#[test]
#[ignore = "4 minutes: tests/long system"]
fn a_bridge_puts_the_nodes_on_the_lan_until_it_is_undone() {
    bridge::bridge_until_it_is_undone();
}
