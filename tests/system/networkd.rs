//! The same whole system without NetworkManager: systemd-networkd manages the networks.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::sync::{LazyLock, Mutex, MutexGuard};

use clusterhat_tests::vm::system::{Network, System};

mod bridge;
mod cloned;
mod guest;
mod machine;
mod network;

static SYSTEM: LazyLock<Mutex<System>> =
    LazyLock::new(|| Mutex::new(machine::boot(Network::Networkd)));

/// The machine, for one test at a time.
fn system() -> MutexGuard<'static, System> {
    machine::lock(&SYSTEM)
}

#[test]
#[ignore = "10 minutes: tests/long system-networkd"]
fn networkd_alone_manages_the_uplink() {
    let system = system();
    let manager =
        "systemctl is-active systemd-networkd NetworkManager || true; command -v nmcli || true";
    assert_eq!(guest::sh(&system, manager), "active\ninactive");
    guest::until(&system, "networkctl --no-legend | grep -q 'en.*routable.*configured'");
}

#[test]
#[ignore = "10 minutes: tests/long system-networkd"]
fn nat_gives_addresses_names_and_internet_access_until_it_is_undone() {
    network::nat_until_it_is_undone();
}

#[test]
#[ignore = "10 minutes: tests/long system-networkd"]
fn a_bridge_puts_the_nodes_on_the_lan_until_it_is_undone() {
    bridge::bridge_until_it_is_undone();
}
