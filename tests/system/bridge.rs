//! `clusterhat network` on a running system, as a bridge: the nodes get addresses of the LAN that the controller is on,
//! which keeps its own, before and after a reboot, until it is undone.

use clusterhat_tests::vm::Vm;

use crate::{
    cloned,
    guest::{sh, until},
    network::{
        FILES, OUTSIDE, await_address, await_carrier, await_off, await_reach, await_uplink, status,
        undo,
    },
    system,
};

/// The LAN that the uplink is on.
const LAN: &str = "192.0.2.";

/// Node 2 has an address of the LAN, and so has the controller, the same as before.
#[track_caller]
fn bridge_works(vm: &Vm, controller: &str) {
    await_carrier(vm, 2);
    await_address(vm, 2, LAN);
    await_reach(vm, 2);
    until(vm, &format!("ip -4 address show dev clusterhat0 | grep -q 'inet {controller}'"));
    until(vm, &format!("ping -c 1 -W 2 {OUTSIDE}"));
    let (code, status) = status(vm);
    assert_eq!(code, 0, "{status}");
}

/// Those that the rig's client had for the same MAC addresses, which a server that knows a client by its identifier
/// gives to no other.
#[track_caller]
fn copied_cards_keep_their_leases(vm: &Vm) {
    let nodes = [1, 2];
    await_carrier(vm, 1);
    let address = format!("ip -4 -o address show scope global | grep -o '{LAN}[0-9]*/24'");
    until(vm, &format!("ip netns exec node1 {address}"));
    let had = nodes.map(|node| sh(vm, &format!("ip netns exec node{node} {address}")));
    cloned::under_networkd(vm, &nodes);
    assert_eq!(nodes.map(|node| cloned::leased(vm, node, LAN)), had);
}

/// A bridge from its setup to its undoing; a test of each manager's machine.
pub(crate) fn bridge_until_it_is_undone() {
    let mut system = system();
    await_uplink(&system);
    let files = sh(&system, FILES);
    let controller = sh(
        &system,
        &format!("ip -4 -o address show scope global | grep -o '{LAN}[0-9]*/24' | head -n 1"),
    );
    sh(&system, "clusterhat off; clusterhat network setup --mode bridge; clusterhat on p1 p2");
    bridge_works(&system, &controller);
    copied_cards_keep_their_leases(&system);
    system.reboot().unwrap();
    bridge_works(&system, &controller);
    await_off(&system);
    undo(&system, &files);
}
